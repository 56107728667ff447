"""Which bouts to label next: those that a model is unsure of, that are rare, and unlike what is labelled already."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from datasets.behaviour.importing import labels_of, require_behaviours
from datasets.behaviour.labels import UNLABELLED, bouts_of
from datasets.dataset import Dataset, Trial, contiguous_runs
from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Dimensionless, Fraction, Seconds
from surrogates.backend import keras
from surrogates.behaviour.evaluation import prepared_for, probabilities_of
from surrogates.behaviour.smoothing import Smoothing
from surrogates.runs.model_file import ModelSignature

LONGEST: Seconds = 5.0
"""Longer bouts are proposed in parts."""


@dataclass(frozen=True)
class Suggestion:
    """A bout to label, from one frame to before another, what it is predicted to be, and why it is proposed.

    `uncertainty` is the mean entropy of its frames over the greatest there is, `rarity` one less the share of the
    predicted behaviour, `distance` that of its features from the nearest labelled bout over the greatest there is;
    `score` is their product.
    """

    recording: str
    behaviour: str
    start: int
    end: int
    uncertainty: Fraction
    rarity: Fraction
    distance: Fraction
    score: Dimensionless


def entropy_of(probabilities: Float[np.ndarray, "frame class"]) -> Float[np.ndarray, " frame"]:
    """How unsure each frame is, from 0 to 1 where all classes are as likely."""
    p = np.maximum(probabilities, 1e-12)
    return -(p * np.log(p)).sum(axis=1) / np.log(p.shape[1])


def proposed(
    uncertainty: Float[np.ndarray, " bout"],
    rarity: Float[np.ndarray, " bout"],
    features: Float[np.ndarray, "bout feature"],
    labelled: Float[np.ndarray, "other feature"],
    number: int,
) -> tuple[Int[np.ndarray, " proposed"], Float[np.ndarray, " proposed"], Float[np.ndarray, " proposed"]]:
    """The bouts to label next, the best first; each chosen one counts as labelled when the next is chosen.

    Args:
        uncertainty: of each bout.
        rarity: of what it is predicted to be.
        features: of each bout, standardised.
        labelled: features of those that are labelled.
        number: how many.

    Returns:
        Their indices, distances from what was labelled before, and scores.
    """
    near = np.full(len(features), np.inf)
    for row in labelled:
        near = np.minimum(near, np.linalg.norm(features - row, axis=1))
    if not np.isfinite(near).any():
        near = np.linalg.norm(features, axis=1)
    free = np.ones(len(features), bool)
    chosen, distances, scores = [], [], []
    for _ in range(min(number, len(features))):
        distance = near / max(float(near[free].max()), 1e-12)
        score = np.where(free, (0.05 + uncertainty) * (0.05 + rarity) * (0.05 + distance), -np.inf)
        best = int(np.argmax(score))
        chosen.append(best)
        distances.append(distance[best])
        scores.append(score[best])
        free[best] = False
        near = np.minimum(near, np.linalg.norm(features - features[best], axis=1))
    return np.array(chosen, int), np.array(distances), np.array(scores)


def suggest_bouts(model: keras.Model, smoothing: Smoothing, dataset: Dataset, number: int) -> list[Suggestion]:
    """Bouts of frames that nobody labelled, the most instructive first.

    Args:
        model: of behaviours.
        smoothing: that goes with it.
        dataset: as it is stored.
        number: of bouts.

    Raises:
        InputError: every frame is labelled.
    """
    prepared, classes = prepared_for(model, dataset), list(dataset.extra["classes"])
    require(prepared.trials[0].x.shape[1] == model.input_shape[-1], f"dataset {dataset.name!r} has other features")
    bouts, labelled = [], []
    for stored, trial in zip(dataset, prepared, strict=True):
        chances = probabilities_of(model, trial)
        predicted, free = smoothing.bouts(chances), labels_of(stored) == UNLABELLED
        unsure, x = entropy_of(chances), np.asarray(stored.x[:], float)
        for first, end in _parts(predicted, free, round(LONGEST * 1000 / dataset.dt)):
            about = (stored.name, int(predicted[first]), first, end)
            bouts.append((about, float(unsure[first:end].mean()), mean_of(x[first:end])))
        labelled += [mean_of(x[bout.start : bout.end]) for bout in bouts_of(labels_of(stored), classes)]
    require(bool(bouts), f"every frame of dataset {dataset.name!r} is labelled: there is nothing to suggest")
    features = standardised(np.stack([each[2] for each in bouts] + labelled))
    frames = np.zeros(len(classes))
    for (_, kind, first, end), *_ in bouts:
        frames[kind] += end - first
    rarity = 1 - frames / frames.sum()
    unsure = np.array([each[1] for each in bouts])
    kinds = np.array([each[0][1] for each in bouts])
    rows, distances, scores = proposed(unsure, rarity[kinds], features[: len(bouts)], features[len(bouts) :], number)
    return [
        Suggestion(name, classes[kind], first, end, unsure[row], float(rarity[kind]), float(distance), float(score))
        for row, distance, score in zip(rows, distances, scores, strict=True)
        for name, kind, first, end in [bouts[row][0]]
    ]


def _parts(
    predicted: Int[np.ndarray, " frame"], free: Bool[np.ndarray, " frame"], longest: int
) -> Iterator[tuple[int, int]]:
    """Stretches of one predicted behaviour in frames that nobody labelled, none longer than `longest`."""
    for kind in np.unique(predicted):
        for first, end in contiguous_runs((predicted == kind) & free):
            for start in range(int(first), int(end), longest):
                yield start, min(start + longest, int(end))


def mean_of(x: Float[np.ndarray, "frame feature"]) -> Float[np.ndarray, " feature"]:
    """The mean of the known values of each feature of a bout, in its units; 0 where none is."""
    known = np.isfinite(x)
    return np.where(known, x, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)


def standardised(features: Float[np.ndarray, "bout feature"]) -> Float[np.ndarray, "bout feature"]:
    """Dimensionless features of mean 0 and deviation 1."""
    spread = features.std(axis=0)
    return (features - features.mean(axis=0)) / np.where(spread > 1e-9, spread, 1.0)


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
