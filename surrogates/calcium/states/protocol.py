"""The benchmark's smallest piece: one model, one state rule, some worms to learn from; every fold of both protocols."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from datasets.dataset import Dataset
from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Dimensionless
from surrogates.calcium.states.classification import confusion_of, require_learned
from surrogates.calcium.states.folds import PROTOCOLS, Fold, folds
from surrogates.calcium.states.inputs import Inputs, prepared
from surrogates.calcium.states.models import STATE_MODELS
from surrogates.calcium.states.windows import LabelledWindows, label_windows, with_correlations
from surrogates.training.configuration import EarlyStopping
from surrogates.training.jax_program import compiled_training
from surrogates.training.model_kind import ModelKind


@dataclass(frozen=True)
class FoldTraining:
    """How networks are trained: folds of shuffled windows, of blocks of time, batches, and steps.

    The steps are the same for one worm and for many, and the epochs as many as these steps make. Wang et al. 2020 train
    for 800 epochs at a rate that falls when nothing is gained; here a few suffice, at a rate that falls along a cosine
    from the first batch to the last. Of the rates, the held windows of the worms that are learned from chose.
    """

    folds: int = 10
    blocks: int = 5
    batch_size: int = 64
    steps: int = 150
    learning_rate: Dimensionless = 0.02
    seed: int = 0


def training_sets(worms: int) -> list[tuple[int, ...]]:
    """Every combination of worms to learn from, one worm first, all of them last.

    >>> training_sets(3)
    [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)]
    """
    sizes = range(1, worms + 1)
    return [chosen for size in sizes for chosen in itertools.combinations(range(worms), size)]


def evaluate_set(
    dataset: Dataset, model: str, worms: Sequence[int], inputs: Inputs, training: FoldTraining
) -> list[dict[str, Any]]:
    """Train a model in every fold of both protocols on some worms; ask the held windows and the unseen worms.

    Args:
        dataset: all worms, with traces and a state rule applied.
        model: one of `STATE_MODELS`.
        worms: the places of those to learn from.
        inputs: what was chosen inside these worms.
        training: how to train.

    Returns:
        A record a fold: protocol, fold, confusion of the seen worms' held windows, and of each unseen worm.

    Raises:
        InputError: a state of an unseen worm never comes in training.
    """
    kind, seen = STATE_MODELS[model], prepared(dataset.select(worms), inputs)
    unseen = [i for i in range(len(dataset)) if i not in worms]
    windows = windows_for(kind, seen)
    others = {dataset.trials[i].name: windows_for(kind, prepared(dataset.select([i]), inputs)) for i in unseen}
    classes = seen.extra["classes"]
    test = {int(label) for each in others.values() for label in each.y}
    require_learned(windows.y.tolist(), test, classes, ", ".join(trial.name for trial in seen))
    learner = Learner(kind, seen, training)
    records = []
    for protocol in PROTOCOLS:
        parts = training.folds if protocol == "paper" else training.blocks
        for number, fold in enumerate(folds(windows, seen, protocol, parts, training.seed)):
            weights = learner.fit(windows, fold, number)
            tables = {name: learner.confusion(weights, each) for name, each in others.items()}
            held = learner.confusion(weights, windows.select(fold.test))
            records.append({"protocol": protocol, "fold": number, "seen": held, "unseen": tables})
    return records


def windows_for(kind: ModelKind, dataset: Dataset) -> LabelledWindows:
    """The windows of a prepared dataset, with what the kind of model sees beside them."""
    windows = label_windows(dataset)
    return with_correlations(windows, dataset) if kind.fixed.get("edges") == "static" else windows


class Learner:
    """A model that is built once and trained many times, from the same first weights.

    Args:
        kind: of model.
        dataset: gives neurons and classes.
        training: how to train.
    """

    def __init__(self, kind: ModelKind, dataset: Dataset, training: FoldTraining) -> None:
        seed = {"seed": training.seed} if "seed" in kind.settings else {}
        self._kind, self._effort = kind, training
        self.model = kind.for_data(dataset, **seed)
        self._first, self._program = self.model.get_weights(), compiled_training(self.model)
        self._classes = len(dataset.extra["classes"])

    def fit(self, windows: LabelledWindows, fold: Fold, seed: int = 0) -> list[np.ndarray]:
        """The weights that a fold's windows teach."""
        train = windows.select(fold.train)
        require(len(set(train.y.tolist())) > 1, "a fold of training has one state only: use more worms")
        if self._kind.fit_windows is not None:
            return self._kind.fit_windows(self.model, train.x, train.y)
        training, validation = self._effort, windows.select(fold.validation)
        batch = min(training.batch_size, len(train))
        done = self._program.fit(
            self._first,
            (train.x, train.y, None),
            (validation.x, validation.y, None),
            epochs=max(1, round(training.steps / (len(train) // batch))),
            batch_size=batch,
            learning_rate=training.learning_rate,
            seed=training.seed + seed,
            stopping=EarlyStopping(rate_patience=training.steps, cosine_decay=True),
        )
        if done.best < 0:
            raise FloatingPointError("training diverged: its loss was never finite")
        return done.weights

    def predicted(self, weights: list[np.ndarray], windows: LabelledWindows) -> np.ndarray:
        """The class that each window is given."""
        return self._program.predict(weights, windows.x).argmax(axis=1)

    def confusion(self, weights: list[np.ndarray], windows: LabelledWindows) -> list[list[int]]:
        """The number of windows by true and given class."""
        return confusion_of(windows.y, self.predicted(weights, windows), self._classes).tolist()
