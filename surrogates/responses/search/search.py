"""What the searches over models share: data without its test trials, a folder that belongs to one search."""

import json
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from datasets.dataset import Dataset
from datasets.store import load_dataset
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import atomic_write, require_writable
from surrogates.training.configuration import TrainingConfig

SEARCH_FILE = "search.json"
_LOCK_FILE = "lock"


def load_without_test(data: Path) -> Dataset:
    """Read a dataset and drop its test trials, so that no search can choose by them.

    Raises:
        InputError: the file is no dataset, or has no training or no validation trials.
    """
    dataset = load_dataset(data)
    kept = dataset.select(i for i, trial in enumerate(dataset) if trial.split in ("train", "validation"))
    for split in ("train", "validation"):
        found = any(trial.split == split for trial in kept)
        require(found, f"{data} has no {split} trials: a search needs them (wormtwin dataset split makes them)")
    return kept


@contextmanager
def claimed(out: Path, search: Mapping[str, Any]) -> Iterator[None]:
    """Hold a folder for one search: say there what it is, or check that it is the same.

    Args:
        out: the folder; it is made when it is missing.
        search: what decides the figures; values that JSON can hold.

    Raises:
        InputError: the folder belongs to another search or holds something else, its record is damaged, or another
            process is at work in it.
    """
    require(not out.is_file() and out != Path(), f"--out must name a folder of its own, got {str(out)!r}")
    path = out / SEARCH_FILE
    if not path.exists() and out.exists() and any(each.name != _LOCK_FILE for each in out.iterdir()):
        raise InputError(f"--out {out} holds something else than a search: choose another folder")
    require_writable(path)
    out.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(out / _LOCK_FILE, timeout=0):
            if not path.exists():
                with atomic_write(path) as temporary:
                    temporary.write_text(json.dumps(search, indent=1))
            _require_same(path, json.loads(json.dumps(search)))
            yield
    except Timeout:
        raise InputError(f"another process is searching in {out}: wait for it, or choose another --out") from None


def _require_same(path: Path, search: Mapping[str, Any]) -> None:
    try:
        found = json.loads(path.read_text())
        different = [what for what in search if found.get(what) != search[what]]
    except (ValueError, AttributeError):
        raise InputError(f"{path}: damaged: delete {path.parent} or choose another --out") from None
    for what in different:
        raise InputError(
            f"{path.parent} holds a search with another {what} ({_short(found.get(what))} instead of "
            f"{_short(search[what])}): choose another --out"
        )


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:12]}..."


def train_command(data: Path, model: str, settings: Mapping[str, Any], config: TrainingConfig, out: Path) -> str:
    """The `wormtwin train` line that trains a model as a search did; numbers are written so that they read back."""
    options = {"data": data, "model": model, **settings, "learning_rate": config.learning_rate}
    options |= {"epochs": config.epochs, "batch_size": config.batch_size, "seed": config.seed, "out": out}
    words = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    return shlex.join(["wormtwin", "train", *words])
