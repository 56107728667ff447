"""The whole way on generated recordings: tracks and labels in, a model, bouts, scores and an ethogram."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from datasets.behaviour.generator import BEHAVIOURS, WalkersSettings, make_walkers, save_walkers
from datasets.behaviour.importing import ImportSettings, import_recordings, labels_of
from datasets.behaviour.plots import plot_ethograms
from datasets.plots import save_figure
from datasets.store import save_dataset
from neuron_models.foundation.errors import require
from neuron_models.foundation.files import require_writable
from surrogates.behaviour.comparison import Judged, judge
from surrogates.behaviour.models import BEHAVIOUR_MODELS
from surrogates.runs.fitting import fit_and_save
from surrogates.training.configuration import TrainingConfig

RECORDINGS = 4
_FAULTY = 0.01


def run_demo(out: Path, frames: int = 1800, seed: int = 0) -> list[Judged]:
    """Generate pairs of animals with trackers' faults, learn all but the last recording, and judge that one.

    Args:
        out: the folder; gets `pairN.csv` with labels and faults, `pairs.h5`, `boost/`, `predicted.h5`, `ethogram.png`.
        frames: of each recording.
        seed: of everything that is drawn.

    Returns:
        The model beside a forest and the prior, on the last recording.

    Raises:
        InputError: too few frames, or a folder that cannot be written.
    """
    require(frames >= 200, f"--frames must be >= 200, so that every behaviour is there to learn, got {frames}")
    require_writable(out / "pairs.h5")
    paths = []
    for index in range(RECORDINGS):
        settings = WalkersSettings(frames=frames, faulty=_FAULTY, seed=seed + index)
        paths.append(save_walkers(make_walkers(settings), out, f"pair{index + 1}"))
    how = ImportSettings(30.0, classes=BEHAVIOURS)
    dataset = import_recordings([tracks for tracks, *_ in paths], [labels for _, labels, _ in paths], how, "pairs")
    dataset = dataset.with_split([*["train"] * (RECORDINGS - 1), "test"])
    save_dataset(dataset, out / "pairs.h5")
    kind = BEHAVIOUR_MODELS["behaviour_boost"]
    config = TrainingConfig(seed=seed)
    done = fit_and_save(kind, dataset, {"rounds": 40}, config, out / "boost", data="pairs.h5", progress=False)
    last, predicted = dataset.trials[-1], done.evaluation.predicted[-1]
    trial = replace(last, y=predicted[:, None].astype(np.int32), weight=None)
    save_dataset(replace(dataset, trials=(trial,)), out / "predicted.h5")
    rows = {last.name: {"labels": labels_of(last), "predicted": predicted}}
    save_figure(plot_ethograms(rows, BEHAVIOURS, 30.0), out / "ethogram.png")
    return judge(dataset, [out / "boost" / "model.keras"])[1]
