"""How classifiers of behaviours are scored: by frame and by bout, after smoothing, beside what chance would give."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float, Int
from matplotlib.figure import Figure

from datasets.behaviour.cli import print_agreement
from datasets.behaviour.importing import labels_of
from datasets.behaviour.plots import plot_ethograms
from datasets.behaviour.scoring import Agreement, agreement
from datasets.dataset import Dataset, Trial, classes_of
from surrogates.backend import keras, tensorflow_unseen
from surrogates.behaviour.samples import windowed
from surrogates.behaviour.smoothing import Smoothing, kept_smoothing, learned_smoothing
from surrogates.behaviour.tcn import filled
from surrogates.runs.model_file import ModelSignature
from surrogates.training.model_kind import Evaluation, ModelKind

_AT_ONCE = 8192
"""Frames that are predicted together."""


@dataclass(frozen=True, eq=False)
class BehaviourEvaluation(Evaluation):
    """Agreement with the labels by split, calibration of the probabilities, and the bouts of all recordings."""

    figure_file: ClassVar[str] = "ethograms.png"

    dataset: Dataset
    scores: Mapping[str, Agreement]
    calibration: Mapping[str, float]
    chance: Mapping[str, float]
    smoothing: Smoothing
    predicted: tuple[Int[np.ndarray, " _"], ...]
    chances: tuple[Float[np.ndarray, "frame class"], ...]

    def record(self) -> dict[str, Any]:
        """All scores by split."""
        scores = {split: asdict(score) for split, score in self.scores.items()}
        return {"scores": scores, "calibration": dict(self.calibration), "chance": dict(self.chance)}

    def print_scores(self) -> None:
        """Print a table a split, with the mean F1 that the commonest behaviour everywhere would have."""
        for split, score in self.scores.items():
            print_agreement(score, split)
            print(f"expected calibration error {self.calibration[split]:.3f}; chance: mean F1 {self.chance[split]:.3f}")

    def plot(self) -> Figure:
        """Draw labels and predictions of the recordings that were not learned, or of all."""
        rows = {
            trial.name: {"labels": labels_of(trial), "predicted": predicted}
            for trial, predicted in zip(self.dataset, self.predicted, strict=True)
            if trial.split != "train" or "test" not in self.scores
        }
        return plot_ethograms(rows, classes_of(self.dataset), 1000 / self.dataset.dt)

    def details(self) -> dict[str, Any]:
        """What is known of bouts."""
        return self.smoothing.details()


def prepared_for(model: keras.Model, dataset: Dataset) -> Dataset:
    """The dataset as a model of behaviours sees it: window features, or those of frames where it takes sequences.

    Raises:
        InputError: it holds no behaviours.
    """
    return filled(dataset) if len(model.input_shape) == 3 else windowed(dataset)


def probabilities_of(model: keras.Model, trial: Trial) -> Float[np.ndarray, "frame class"]:
    """The probability of each behaviour in each frame of a recording that is prepared; memory holds a stretch of it."""
    if len(model.input_shape) == 3:
        return _of_sequence(model, trial)
    parts = [_predict(model, np.asarray(trial.x[first : first + _AT_ONCE])) for first in range(0, len(trial), _AT_ONCE)]
    return np.concatenate(parts)


def _of_sequence(model: keras.Model, trial: Trial) -> Float[np.ndarray, "frame class"]:
    """Stretch by stretch, each with as many frames on either side as a network sees."""
    beyond = 2 ** sum("convolution" in layer.name for layer in model.layers)
    parts = []
    for first in range(0, len(trial), _AT_ONCE):
        low = max(0, first - beyond)
        x = np.asarray(trial.x[low : first + _AT_ONCE + beyond], np.float32)
        parts.append(_predict(model, x[None])[0, first - low : first - low + _AT_ONCE])
    return np.concatenate(parts)


def _predict(model: keras.Model, x: np.ndarray) -> np.ndarray:
    with tensorflow_unseen():
        return np.asarray(model.predict(x, batch_size=2048, verbose=0), dtype=float)


def evaluate_behaviours(
    model: keras.Model, kind: ModelKind, dataset: Dataset, signature: ModelSignature | None
) -> BehaviourEvaluation:
    """Score a classifier on window features; bouts are smoothed as the training recordings were labelled."""
    classes, labels = classes_of(dataset), [labels_of(trial) for trial in dataset]
    smoothing = kept_smoothing(signature.details) if signature is not None else None
    if smoothing is None:
        taught = [each for each, trial in zip(labels, dataset, strict=True) if trial.split == "train"] or labels
        smoothing = learned_smoothing(taught, classes)
    chances = tuple(probabilities_of(model, trial) for trial in dataset)
    predicted = tuple(smoothing.bouts(each) for each in chances)
    parts = dataset.by_part()
    scores, calibration, chance = {}, {}, {}
    for split, rows in parts.items():
        true = [labels[row] for row in rows]
        scores[split] = agreement(true, [predicted[row] for row in rows], classes)
        seen = np.concatenate(true)
        calibration[split] = calibration_error(np.concatenate([chances[row] for row in rows]), seen)
        commonest = int(np.argmax(smoothing.shares))
        chance[split] = agreement(true, [np.full(len(each), commonest) for each in true], classes).macro_f1
    return BehaviourEvaluation(dataset, scores, calibration, chance, smoothing, predicted, chances)


def calibration_error(
    probabilities: Float[np.ndarray, "frame class"], true: Int[np.ndarray, " frame"], bins: int = 10
) -> float:
    """How far confidence is from accuracy, 0 to 1, over bins of it (expected calibration error; Guo et al. 2017)."""
    counts = true >= 0
    sure, right = probabilities[counts].max(axis=1), probabilities[counts].argmax(axis=1) == true[counts]
    at = np.minimum((sure * bins).astype(int), bins - 1)
    number = np.bincount(at, minlength=bins)
    off = np.abs(np.bincount(at, sure, bins) - np.bincount(at, right, bins))
    return float(off.sum() / max(1, number.sum()))
