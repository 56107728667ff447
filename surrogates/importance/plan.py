"""What is retrained: read from the command line, or from what lies beside a model."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from datasets.dataset import Dataset
from datasets.parts.splitting import require_training
from neuron_models.foundation.errors import InputError, require, require_distinct, require_seed
from surrogates.registry import model_kind
from surrogates.runs.result import HISTORY_FILE, SCORES_FILE, load_result
from surrogates.training.model_kind import complete_settings
from surrogates.training.selection import parameter_grid

EPOCHS = 1000
"""Passes over the training trials, where nothing says how many the model had."""


@dataclass(frozen=True)
class Retraining:
    """What is trained: a kind of model (one of `MODELS`) with its settings, how long, with how many seeds."""

    kind: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    epochs: int = EPOCHS
    seeds: int = 1
    first_seed: int = 0

    def __post_init__(self) -> None:
        complete_settings(model_kind(self.kind), self.settings)
        for name, value in self.settings.items():
            wanted = setting_type(self.kind, name)
            chosen = value is None and name in model_kind(self.kind).chosen
            require(
                chosen or type(value) is wanted,
                f"model {self.kind}: {name} must be {_WORDS[wanted]}, got {value!r}",
            )
        for name in ("epochs", "seeds"):
            require(getattr(self, name) >= 1, f"retraining: {name} must be >= 1, got {getattr(self, name)}")
        require_seed(self.first_seed, "retraining: first_seed")

    @property
    def numbers(self) -> tuple[int, ...]:
        """The seeds; one alone for a model that needs none."""
        number = self.seeds if "seed" in model_kind(self.kind).settings else 1
        return tuple(range(self.first_seed, self.first_seed + number))


_WORDS: dict[type, str] = {int: "a whole number", float: "a number", str: "a name"}


def setting_type(kind: str, name: str) -> type:
    """The type of a model's setting: that of its default, or of what validation chooses among."""
    definition = model_kind(kind)
    return type(definition.chosen[name][0] if name in definition.chosen else definition.settings[name])


def parse_retraining(text: str, epochs: int | None = None, **how: int) -> Retraining:
    """Read what to retrain from text such as `gru units=8`.

    Args:
        text: a kind of model, then its settings.
        epochs: `EPOCHS` when None.
        how: seeds, first_seed.

    Raises:
        InputError: no such model or setting, or a value that is none.
    """
    kind, *words = text.split() or [""]
    pairs = [word.partition("=") for word in words]
    require(all(equals and value for _, equals, value in pairs), f"--retrain looks like 'gru units=8', got {text!r}")
    require_distinct((name for name, _, _ in pairs), f"--retrain {text!r} gives a setting")
    given = {name: value for name, _, value in pairs}
    complete_settings(model_kind(kind), given)
    settings = {name: _value(text, kind, name, value) for name, value in given.items()}
    return Retraining(kind, settings, EPOCHS if epochs is None else epochs, **how)


def _value(text: str, kind: str, name: str, value: str) -> Any:
    wanted = setting_type(kind, name)
    try:
        return wanted(value)
    except ValueError:
        raise InputError(f"--retrain {text!r}: {name} must be {_WORDS[wanted]}, got {value!r}") from None


def retraining_like(model: Path, epochs: int | None = None, **how: int) -> Retraining:
    """The retraining of the model in a folder that `wormtwin train` wrote: its kind and settings.

    Args:
        model: the model file.
        epochs: when None, as many as its `history.csv` holds, or `EPOCHS` where there is none.
        how: seeds, first_seed.

    Raises:
        InputError: there is no `scores.json` beside the model, or it cannot be read.
    """
    scores = model.parent / SCORES_FILE
    if not scores.is_file():
        raise InputError(
            f"retraining needs {SCORES_FILE} beside {model}, which says what to train: "
            "say it with --retrain, such as --retrain 'gru units=8', or choose other methods"
        )
    result = load_result(scores)
    known = epochs if epochs is not None else _epochs_in(model.parent / HISTORY_FILE) or EPOCHS
    return Retraining(result.model, result.settings, known, **how)


def _epochs_in(history: Path) -> int:
    """The epochs of a training, which has a row for each; 0 where there is no history that can be read."""
    try:
        return len(pd.read_csv(history, usecols=["epoch"]))
    except (OSError, ValueError):
        return 0


def require_trainable(plan: Retraining, dataset: Dataset) -> None:
    """Raise an `InputError` unless there is something to learn from and the model can be built for it."""
    require_training(dataset)
    kind = model_kind(plan.kind)
    settings = next(parameter_grid(complete_settings(kind, plan.settings), kind.chosen))
    kind.build(len(dataset.x_names), len(dataset.y_names), **settings)
