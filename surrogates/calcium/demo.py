"""A tour of models of calcium recordings, in minutes and without a download: generated worms, states, trajectories."""

from pathlib import Path

from datasets.calcium.sample import SampleSettings, make_sample
from datasets.dataset import Dataset
from datasets.store import load_dataset, save_dataset
from neuron_models.foundation.errors import InputError, require
from surrogates.calcium.states.protocol import FoldTraining

SAMPLE_FILE = "sample.h5"
SAMPLE = SampleSettings(worms=3, duration=360.0)
RULES = ("four",)
STATE_MODELS = ("logistic", "mlp", "gnn")
TRAJECTORY_MODELS = ("persistence", "linear", "linear_varied", "mlp")
TRAINING = FoldTraining(folds=3, blocks=3, steps=150)


def demo_sample(out: Path) -> Dataset:
    """The generated recordings of a demo, in `sample.h5`, which is written if it is not there yet.

    Raises:
        InputError: the folder holds something else, or another sample.
    """
    require(not out.is_file(), f"--out must name a folder, {out} is a file")
    path = out / SAMPLE_FILE
    if not path.exists():
        others = sorted(each.name for each in out.iterdir() if each.name[0] != ".") if out.is_dir() else []
        require(not others, f"{out} holds something else than a demo ({', '.join(others[:3])}): choose another --out")
        save_dataset(make_sample(SAMPLE), path)
        return load_dataset(path)
    dataset = load_dataset(path)
    if dataset.extra.get("sample") != make_sample(SAMPLE).extra["sample"]:
        raise InputError(f"{path} is another sample than that of a demo: choose another --out")
    return dataset
