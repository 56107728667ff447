"""How well a classifier separates classes, by split; and its training from a dataset to a folder."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from datasets.dataset import Dataset
from datasets.parts.splitting import require_training
from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Fraction
from surrogates.backend import keras, tensorflow_unseen
from surrogates.training.model_kind import ModelKind


@dataclass(frozen=True)
class ClassScore:
    """How the samples of a split were distinguished.

    `accuracy` is the share that is right, `chance` that of the commonest class, `recall` by class the share of its
    samples that is found (NaN of none), `confusion` the numbers by true class (row) and given class (column).
    """

    accuracy: Fraction
    chance: Fraction
    recall: Mapping[str, float]
    confusion: tuple[tuple[int, ...], ...]


def confusion_of(
    true: Int[np.ndarray, " sample"], predicted: Int[np.ndarray, " sample"], classes: int
) -> Int[np.ndarray, "true given"]:
    """The number of samples by true and given class, from the class number of each."""
    return np.bincount(true * classes + predicted, minlength=classes**2).reshape(classes, classes)


def class_score(confusion: Int[np.ndarray, "true given"], classes: Sequence[str]) -> ClassScore:
    """The score that a table of true and given classes makes, from the number of samples in each cell.

    Raises:
        InputError: no samples.
    """
    total, of_class = int(confusion.sum()), confusion.sum(axis=1)
    require(total > 0, "there is no sample to score")
    recall = np.divide(np.diag(confusion), of_class, out=np.full(len(classes), np.nan), where=of_class > 0)
    return ClassScore(
        float(np.trace(confusion) / total),
        float(of_class.max() / total),
        dict(zip(classes, recall.tolist(), strict=True)),
        tuple(tuple(row) for row in confusion.tolist()),
    )


def score_classes(model: keras.Model, kind: ModelKind, dataset: Dataset) -> dict[str, ClassScore]:
    """Score a classifier on a dataset with features by split; trials of no split are scored together as "all".

    Raises:
        InputError: the dataset has no classes, or no sample of a split counts.
    """
    scores = {}
    for split, indices in dataset.by_part().items():
        if kind.objective.arrays is not None:
            x, y, _ = kind.objective.arrays(dataset.select(indices))
            with tensorflow_unseen():
                predicted = np.asarray(model.predict(x, batch_size=1024, verbose=0)).argmax(axis=-1)
            classes = dataset.extra["classes"]
            scores[split] = class_score(confusion_of(y, predicted, len(classes)), classes)
    return scores


def require_learned(train: Iterable[int], test: Iterable[int], classes: Sequence[str], worms: str) -> None:
    """Check that every class that is asked for comes in training.

    Raises:
        InputError: one does not; the message names it and what was learned from.
    """
    strange = [classes[number] for number in sorted(set(test) - set(train))]
    require(
        not strange,
        f"the state {', '.join(strange)} never comes in training ({worms}): train on others, or use a state rule "
        "without it",
    )


def require_taught(kind: ModelKind, dataset: Dataset) -> None:
    """Check that a dataset with features has training trials, and that they show every state that is asked for.

    Raises:
        InputError: there are no training trials, or a state never comes in them.
    """
    parts = dataset.by_split()
    require_training(dataset)
    if kind.objective.arrays is not None:
        train, test = (kind.objective.arrays(part)[1].tolist() for part in (parts["train"], dataset))
        require_learned(train, test, dataset.extra["classes"], ", ".join(trial.name for trial in parts["train"]))
