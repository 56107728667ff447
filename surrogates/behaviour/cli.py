"""`wormtwin behaviour predict`; the other commands of learned behaviours are mounted here."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from datasets.behaviour.cli import behaviour_app
from datasets.options import DataArgument, OutOption
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import require_writable
from neuron_models.foundation.wording import counted


@behaviour_app.command()
def predict(
    data: DataArgument,
    model: Annotated[Path, typer.Option(help="A model (.keras) that `wormtwin train` wrote.")],
    out: OutOption,
) -> None:
    """Give each frame of a dataset its behaviour; `ethogram` draws and writes the result."""
    import numpy as np

    from datasets.store import load_dataset, save_dataset
    from surrogates.behaviour.evaluation import prepared_for, probabilities_of
    from surrogates.behaviour.smoothing import kept_smoothing
    from surrogates.runs.model_file import RATE_TOLERANCE, load_model

    require_writable(out)
    dataset = load_dataset(data)
    network, signature = load_model(model)
    smoothing = kept_smoothing(signature.details) if signature is not None else None
    if smoothing is None or signature is None:
        raise InputError(f"{model} is no model of behaviours")
    prepared = prepared_for(network, dataset)
    extra = {**dataset.extra, "classes": list(signature.classes)}
    blank = tuple(replace(trial, y=np.zeros((len(trial), 1)), weight=None) for trial in prepared)
    names: dict[str, Any] = {"y_names": signature.y_names, "task": "classification", "extra": extra}
    learned, its = 1000 / signature.dt, 1000 / dataset.dt
    message = (
        f"the model learned {learned:.4g} frames a second, {data} has {its:.4g}: import it with --rate {learned:.4g}"
    )
    require(abs(dataset.dt - signature.dt) <= RATE_TOLERANCE * signature.dt, message)
    signature.require_same(replace(prepared, trials=blank, **names))
    trials = []
    for stored, trial in zip(dataset, prepared, strict=True):
        predicted = smoothing.bouts(probabilities_of(network, trial))
        trials.append(replace(stored, y=predicted[:, None].astype(np.int32), weight=None))
    source = f"{dataset.source}, predicted by {model.name}"
    save_dataset(replace(dataset, trials=tuple(trials), source=source, **names), out)
    print(f"{counted(len(trials), 'recording')} in {out}: `wormtwin behaviour ethogram {out}` draws it")


def register(app: typer.Typer) -> None:
    """Mount the commands of the other modules; `datasets.behaviour.cli` mounts the group."""
    import surrogates.behaviour.judging_cli
    import surrogates.behaviour.labelling.cli
    import surrogates.behaviour.map.cli  # noqa: F401
