"""Whether a key point is there at all: judged from the confidence of a network that has seen images without it.

In DeepLabCut's and SLEAP's files a label that is missing in a labelled frame means that the key point is not visible. A
network learns it (see `surrogates.pose.maps`); the confidence that separates best is chosen on frames that it did not
learn.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from datasets.dataset import Dataset
from datasets.pose.labelled import absence_is_told, keypoints_of
from datasets.pose.sampling.splits import is_labelled
from neuron_models.foundation.units import Fraction
from surrogates.pose.prediction import KeyPoints


@dataclass(frozen=True)
class PresenceScore:
    """How well a threshold of confidence separates key points that are there from those that are not.

    Attributes:
        threshold: key points of a lower confidence count as absent.
        chosen_on: the split that it was chosen on.
        present: key points that are there.
        absent: those that are not.
        precision: of those that are said to be there, the share that is.
        recall: of those that are there, the share that is said to be.
        f1: the harmonic mean of both.
    """

    threshold: Fraction
    chosen_on: str
    present: int
    absent: int
    precision: Fraction
    recall: Fraction
    f1: Fraction


def score_presence(
    dataset: Dataset, keypoints: Sequence[KeyPoints], kept: Mapping[str, Any] | None = None
) -> dict[str, PresenceScore]:
    """Score by split how presence is detected; empty where the data do not show it, as `why_not` says.

    Args:
        dataset: labelled images.
        keypoints: those predicted in each trial.
        kept: the threshold of the model's file and the split that it was chosen on, as `kept_threshold` gives them;
            without it, the threshold is chosen on the validation frames, else on the training frames, else on all.
    """
    if why_not(dataset):
        return {}
    parts: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
    for trial, points in zip(dataset, keypoints, strict=True):
        rows = is_labelled(trial)
        there = np.isfinite(keypoints_of(trial)[rows]).all(axis=-1)
        parts.setdefault(trial.split or "all", []).append((there.ravel(), points.confidence[rows].ravel()))
    there = {split: np.concatenate([each for each, _ in pairs]) for split, pairs in parts.items()}
    sure = {split: np.concatenate([each for _, each in pairs]) for split, pairs in parts.items()}
    if kept is not None:
        threshold, chosen_on = float(kept["threshold"]), str(kept["chosen_on"])
    else:
        chosen_on = next((split for split in ("validation", "train") if split in there), next(iter(there)))
        threshold = best_threshold(there[chosen_on], sure[chosen_on])
    return {split: _score(there[split], sure[split], threshold, chosen_on) for split in parts}


def kept_threshold(presence: Mapping[str, PresenceScore]) -> dict[str, Any]:
    """What a model's file keeps of how presence is decided: under `presence`, the threshold and where it was chosen."""
    first = next(iter(presence.values()), None)
    return {} if first is None else {"presence": {"threshold": first.threshold, "chosen_on": first.chosen_on}}


def why_not(dataset: Dataset) -> str:
    """Why a dataset does not tell which key points are absent; empty where it does."""
    if not absence_is_told(dataset):
        return "a label that is missing does not say that the key point is absent (`pose import --missing absent`)"
    rows = [np.isfinite(keypoints_of(trial)[is_labelled(trial)]).all() for trial in dataset if is_labelled(trial).any()]
    return "every key point is labelled in every frame" if all(rows) else ""


def best_threshold(there: Bool[np.ndarray, " point"], confidence: Float[np.ndarray, " point"]) -> Fraction:
    """The confidence with the largest F1, midway between two that were seen.

    >>> best_threshold(np.array([False, False, True, True]), np.array([0.1, 0.3, 0.5, 0.9]))
    0.4
    """
    order = np.argsort(-confidence, kind="stable")
    hits = np.cumsum(there[order])
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + max(int(there.sum()), 1))
    best = int(np.argmax(f1))
    least = float(confidence[order[best]])
    below = float(confidence[order[best + 1]]) if best + 1 < len(order) else 0.0
    return (least + below) / 2


def _score(
    there: Bool[np.ndarray, " point"], confidence: Float[np.ndarray, " point"], threshold: Fraction, chosen_on: str
) -> PresenceScore:
    detected = confidence >= threshold
    hits, present = int((detected & there).sum()), int(there.sum())
    precision, recall = hits / max(int(detected.sum()), 1), hits / max(present, 1)
    f1 = 2 * hits / max(int(detected.sum()) + present, 1)
    return PresenceScore(threshold, chosen_on, present, len(there) - present, precision, recall, f1)
