"""What the searches over models share: data without its test trials, a folder that belongs to one search."""

import shlex
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from datasets.dataset import Dataset
from datasets.store import load_dataset
from neuron_models.foundation.errors import require
from neuron_models.foundation.result_forms import ResultForm
from neuron_models.foundation.resumable import ResumableFolder, Work, resumable_folder
from surrogates.training.configuration import TrainingConfig


def load_without_test(data: Path) -> Dataset:
    """Read a dataset and drop its test trials, so that no search can choose by them.

    Raises:
        InputError: the file is no dataset, or has no training or no validation trials.
    """
    dataset = load_dataset(data)
    kept = dataset.select(i for i, trial in enumerate(dataset) if trial.split in ("train", "validation"))
    for split in ("train", "validation"):
        held = any(trial.split == split for trial in kept)
        require(held, f"{data} has no {split} trials: a search needs them (wormtwin dataset split makes them)")
    return kept


def search_folder(out: Path, facts: Mapping[str, Any], form: ResultForm) -> AbstractContextManager[ResumableFolder]:
    """The folder of one search, which the user named.

    Args:
        out: the folder; it is made when it is missing.
        facts: what decides the figures; values that JSON can hold.
        form: of what it keeps.

    Raises:
        InputError: the folder belongs to another search or holds something else, its manifest is damaged, or another
            process is at work in it.
    """
    require(not out.is_file() and out != Path(), f"--out must name a folder of its own, got {str(out)!r}")
    return resumable_folder(out, Work("search", facts), form)


def train_command(data: Path, model: str, settings: Mapping[str, Any], config: TrainingConfig, out: Path) -> str:
    """The `wormtwin train` line that trains a model as a search did; numbers are written so that they read back."""
    options = {"data": data, "model": model, **settings, "learning_rate": config.learning_rate}
    options |= {"epochs": config.epochs, "batch_size": config.batch_size, "seed": config.seed, "out": out}
    words = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    return shlex.join(["wormtwin", "train", *words])
