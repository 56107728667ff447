"""`wormtwin calibrate`: bands about a model's answers, kept in its file."""

from pathlib import Path
from typing import Annotated

import typer

from datasets.options import DataOption
from neuron_models.foundation.errors import require


def calibrate(
    model: Annotated[
        list[Path], typer.Option(help="A model.keras; give the option again for each model of an ensemble.")
    ],
    data: DataOption,
    coverage: Annotated[float, typer.Option(help="The share of new trials that lie in the band whole.")] = 0.9,
    seed: Annotated[int, typer.Option(help="Of the choice of the trials that shape the band.")] = 0,
) -> None:
    """Give models bands that hold whole new trials with a probability; they are kept in the model files.

    Trials that a model has learned are left out. `evaluate` draws the bands, `export` writes them.
    """
    from datasets.store import load_dataset
    from neuron_models.foundation.errors import require_seed
    from surrogates.responses.calibration.calibrating import calibrate_file, ensemble_error
    from surrogates.runs.model_file import load_model

    require_seed(seed, "--seed")
    require(len(set(model)) == len(model), "--model names a file twice")
    dataset = load_dataset(data)
    for path in model:
        done = calibrate_file(path, dataset, coverage, seed)
        left = f", {done.left_out} more it had learned" if done.left_out else ""
        print(
            f"{path}: {100 * coverage:g} % of new trials lie whole in a band {done.width:.4g} {dataset.y_units} "
            f"wide in the mean ({done.bands.trials} trials gave it{left})"
        )
    if len(model) > 1:
        found = ensemble_error([load_model(path)[0] for path in model], dataset)
        alone = ", ".join(f"{each:.4g}" for each in found.alone)
        print(
            f"RMSE alone {alone}; of the mean of all {found.together:.4g} {dataset.y_units}, their spread "
            f"{found.spread:.4g}; rank correlation of spread and error over trials {found.spearman:.2f}"
        )


def register(app: typer.Typer) -> None:
    """Mount this command."""
    app.command()(calibrate)
