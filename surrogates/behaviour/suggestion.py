"""Which pieces to label next: the behaviours that a model predicts come in turn, drawn at random in each.

Equal shares of the predicted classes follow Bengar et al. 2022 ("Class-balanced active learning for image
classification", WACV). With few labels it does not pay to choose what a model is unsure of (Hacohen et al. 2022,
"Active learning on a budget", ICML; `docs/results/behaviour.md`), so that nothing else is weighed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Int

from datasets.behaviour.importing import labels_of, require_behaviours
from datasets.behaviour.labels import UNLABELLED
from datasets.dataset import Dataset, Trial, contiguous_runs
from neuron_models.foundation.errors import require, require_seed
from neuron_models.foundation.units import Fraction, Seconds
from surrogates.backend import keras
from surrogates.behaviour.evaluation import prepared_for, probabilities_of
from surrogates.runs.model_file import ModelSignature

LONGEST: Seconds = 5.0
"""No piece is longer."""


@dataclass(frozen=True)
class Suggestion:
    """A piece to label, from one frame to before another, and what it is predicted to be.

    `behaviour` is the likeliest over the piece, `probability` its mean over the frames, and `share` that of the
    pieces that nobody labelled which are predicted to be the same.
    """

    recording: str
    behaviour: str
    start: int
    end: int
    probability: Fraction
    share: Fraction


def proposed(kinds: Int[np.ndarray, " piece"], number: int, seed: int) -> Int[np.ndarray, " proposed"]:
    """The pieces to label next: every predicted behaviour in turn, the rarest first, at random in each.

    Args:
        kinds: the index of the behaviour that each is predicted to be.
        number: how many to propose.
        seed: of the draws.

    Returns:
        Their indices, the first to label first.

    >>> proposed(np.array([0, 0, 0, 0, 1]), 3, seed=0).tolist()[0]
    4
    """
    drawn = np.random.default_rng(seed).permutation(len(kinds))
    turn = np.empty(len(kinds), int)
    for kind in np.unique(kinds):
        its = drawn[kinds[drawn] == kind]
        turn[its] = np.arange(len(its))
    return np.lexsort((np.bincount(kinds)[kinds], turn))[:number]


def suggest_bouts(model: keras.Model, dataset: Dataset, number: int, seed: int = 0) -> list[Suggestion]:
    """Pieces of frames that nobody labelled, in the order in which to label them.

    Args:
        model: of behaviours.
        dataset: as it is stored.
        number: of pieces.
        seed: of the draws.

    Raises:
        InputError: every frame is labelled, or a seed out of range.
    """
    require_seed(seed, "the seed of suggestions")
    prepared, classes = prepared_for(model, dataset), list(dataset.extra["classes"])
    require(prepared.trials[0].x.shape[1] == model.input_shape[-1], f"dataset {dataset.name!r} has other features")
    places: list[tuple[str, int, int]] = []
    chances = []
    for stored, trial in zip(dataset, prepared, strict=True):
        each = probabilities_of(model, trial)
        for first, end in pieces(labels_of(stored) == UNLABELLED, round(LONGEST * 1000 / dataset.dt)):
            places.append((stored.name, first, end))
            chances.append(each[first:end].mean(axis=0))
    require(bool(places), f"every frame of dataset {dataset.name!r} is labelled: there is nothing to suggest")
    likely = np.stack(chances)
    kinds = likely.argmax(axis=1)
    shares = np.bincount(kinds, minlength=len(classes)) / len(kinds)
    return [
        Suggestion(name, classes[kinds[row]], first, end, float(likely[row].max()), float(shares[kinds[row]]))
        for row in proposed(kinds, number, seed)
        for name, first, end in [places[row]]
    ]


def pieces(free: Bool[np.ndarray, " frame"], longest: int) -> Iterator[tuple[int, int]]:
    """Pieces of frames that are free, from one to before another, none longer than `longest`."""
    for first, end in contiguous_runs(free):
        for start in range(int(first), int(end), max(1, longest)):
            yield start, min(start + longest, int(end))


def unlabelled(dataset: Dataset, signature: ModelSignature) -> Dataset:
    """The dataset as a model's: where it has no labels, nobody has labelled any frame.

    Raises:
        InputError: it holds no behaviours, or has other features or behaviours than the model.
    """
    require_behaviours(dataset)
    names: dict[str, Any] = {"y_names": signature.y_names, "task": "classification"}
    if "classes" not in dataset.extra:
        extra = {**dataset.extra, "classes": list(signature.classes)}
        dataset = replace(dataset, trials=tuple(blank(trial) for trial in dataset), extra=extra, **names)
    same = tuple(dataset.extra["classes"]) == signature.classes
    require(same, f"the model separates {', '.join(signature.classes)}, {dataset.name!r} has other behaviours")
    return dataset


def blank(trial: Trial) -> Trial:
    """The recording as it is where nobody has labelled it."""
    return replace(trial, y=np.zeros((len(trial), 1), np.int32), weight=np.zeros(len(trial)))
