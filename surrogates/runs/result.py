"""The result of one training, and the folder that holds it."""

import importlib.metadata
import json
import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuron_models.foundation.csv_file import write_csv
from neuron_models.foundation.errors import InputError
from neuron_models.foundation.files import atomic_write
from neuron_models.foundation.units import DataUnits, Microseconds, Seconds
from surrogates.training.metrics import Score

if TYPE_CHECKING:
    from surrogates.training.configuration import Training

SCORES_FILE = "scores.json"
HISTORY_FILE = "history.csv"
MODEL_FILE = "model.keras"
HISTORY_PLOT = "history.png"
TRACES_FILE = "traces.png"


@dataclass(frozen=True)
class Result:
    """One trained model: what it is, how well it does by split and by output, what it took.

    `seconds` are those of learning, `compile_seconds` those of compilers (0 in files that do not tell them apart).
    `step_microseconds` is the time of one simulated step in a free run over one trial. `training` holds the steps of
    a training by gradient: epochs, rate, batches, and whether it was scaled, annealed, polished.
    """

    experiment: str
    model: str
    settings: Mapping[str, Any]
    seed: int
    parameters: int
    scores: Mapping[str, Score]
    best_epoch: int
    seconds: Seconds
    data: str
    versions: Mapping[str, str] = field(default_factory=dict)
    diverged: bool = False
    step_microseconds: Microseconds = math.nan
    compile_seconds: Seconds = 0.0
    training: Mapping[str, Any] = field(default_factory=dict)

    def rmse(self, split: str) -> DataUnits:
        """The RMSE of a split, NaN where there is none."""
        return self.scores[split].rmse if split in self.scores else math.nan


def save_result(result: Result, folder: Path) -> Path:
    """Write `scores.json` into a folder."""
    with atomic_write(folder / SCORES_FILE) as temporary:
        temporary.write_text(json.dumps(without_nan(asdict(result)), indent=1))
    return folder / SCORES_FILE


def load_result(path: Path) -> Result:
    """Read a result that `save_result` wrote.

    Raises:
        InputError: the file is missing, half-written or holds something else.
    """
    try:
        content = json.loads(path.read_text())
        content["scores"] = {split: Score(**with_nan(score)) for split, score in content["scores"].items()}
        numbers = {name: with_nan(content[name]) for name in ("seconds", "step_microseconds") if name in content}
        return Result(**{**content, **numbers})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: not a result of wormtwin ({error}): delete it and run again") from None


def save_history(training: "Training", folder: Path) -> Path:
    """Write `history.csv`: epoch (from 1), then a column for each entry of the history."""
    import pandas as pd

    table = pd.DataFrame(training.history)
    table.insert(0, "epoch", range(1, len(table) + 1))
    with atomic_write(folder / HISTORY_FILE) as temporary:
        write_csv(table, temporary, index=False)
    return folder / HISTORY_FILE


def versions() -> dict[str, str]:
    """The versions of what decides a training's figures."""
    backend = os.environ.get("KERAS_BACKEND", "jax")
    names = ("wormtwin", "keras", backend, "numba", "numpy")
    return {"backend": backend, **{name: _version(name) for name in names}}


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "none"  # under another name, or run from its source


def without_nan(value: Any) -> Any:
    """The value with every NaN in it replaced by None, since JSON has none."""
    if isinstance(value, Mapping):
        return {key: without_nan(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(each) for each in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def with_nan(value: Any) -> Any:
    """The other way: every None in a value, or in the mappings in it, becomes NaN."""
    if isinstance(value, Mapping):
        return {key: with_nan(each) for key, each in value.items()}
    return math.nan if value is None else value
