"""How far predicted key points are from labelled ones: in pixels, in body lengths, and as precision."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from datasets.dataset import Dataset, Trial
from datasets.pose.crops import crops_of
from datasets.pose.labelled import keypoints_of
from datasets.pose.sampling.splits import is_labelled
from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Fraction, Pixels
from surrogates.pose.prediction import KeyPoints

NEAR = (0.025, 0.05, 0.1)
"""Fractions of the body length within which key points count; the first is 2.5 % (Pereira et al. 2019: of 192 px)."""
OKS_SIGMA = 0.025
"""Standard deviation of a label over the root of the animal's area, alike for all key points, as SLEAP takes it."""
_THRESHOLDS = np.linspace(0.5, 0.95, 10)
_RECALLS = np.linspace(0.0, 1.0, 101)


@dataclass(frozen=True)
class KeyPointScore:
    """The error of one key point, or of all: labelled key points, percentiles in px, and median error over body length.

    `rmse` is the root of the mean square distance in px; pixels are those of the images. `near` is the share of key
    points within each fraction of the body length (PCK).
    """

    number: int
    median: Pixels
    p90: Pixels
    p95: Pixels
    rmse: Pixels
    relative: Fraction
    near: Mapping[str, float]


@dataclass(frozen=True)
class PoseScore:
    """The score of a split.

    `precision` is the mean average precision over object keypoint similarities of 0.5 to 0.95 (COCO).
    """

    frames: int
    keypoints: KeyPointScore
    by_keypoint: Mapping[str, KeyPointScore]
    precision: Fraction


def score_keypoints(dataset: Dataset, keypoints: Sequence[KeyPoints]) -> dict[str, PoseScore]:
    """Score predictions by split; trials of no split are scored together as "all".

    Args:
        dataset: of labelled images.
        keypoints: for each trial, the key points of each of its frames.

    Raises:
        InputError: no key point is labelled, or there is not one prediction a frame.
    """
    require(len(keypoints) == len(dataset), f"{len(keypoints)} predictions for {len(dataset)} trials")
    parts = dataset.by_part()
    return {split: _score(dataset, [keypoints[i] for i in rows], rows, split) for split, rows in parts.items()}


def _score(dataset: Dataset, predictions: Sequence[KeyPoints], rows: Sequence[int], split: str) -> PoseScore:
    labels, predicted, sure, lengths = [], [], [], []
    for keypoints, index in zip(predictions, rows, strict=True):
        trial = dataset.trials[index]
        true = keypoints_of(trial)
        require(keypoints.points.shape == true.shape, f"trial {trial.name!r}: {len(keypoints.points)} predicted frames")
        rows_here = is_labelled(trial)
        labels.append(true[rows_here])
        predicted.append(keypoints.points[rows_here])
        sure.append(keypoints.confidence[rows_here])
        lengths.append(np.full(rows_here.sum(), body_length(dataset, trial)))
    true, points, confidence, length = (np.concatenate(each) for each in (labels, predicted, sure, lengths))
    require(len(true) > 0, f"dataset {dataset.name!r}: no key point is labelled in its {split} split")
    away = np.linalg.norm(points - true, axis=-1)
    relative = away / length[:, None]
    by_keypoint = {name: keypoint_score(away[:, j], relative[:, j]) for j, name in enumerate(dataset.y_names)}
    similar = similarities(true, points, extent_area(true))
    return PoseScore(
        len(true), keypoint_score(away, relative), by_keypoint, mean_average_precision(similar, confidence.mean(axis=1))
    )


def keypoint_score(away: Float[np.ndarray, "..."], relative: Float[np.ndarray, "..."]) -> KeyPointScore:
    """The score of errors in px and in body lengths; NaN are key points that are not labelled."""
    away, relative = away[np.isfinite(away)], relative[np.isfinite(relative)]
    nan = float("nan")
    if len(away) == 0:
        return KeyPointScore(0, nan, nan, nan, nan, nan, {f"{each:g}": nan for each in NEAR})
    near = {f"{each:g}": float((relative <= each).mean()) for each in NEAR}
    median, p90, p95 = (float(each) for each in np.percentile(away, (50, 90, 95)))
    rmse = float(np.sqrt(np.mean(np.square(away))))
    return KeyPointScore(len(away), median, p90, p95, rmse, float(np.median(relative)), near)


def video_pixels(dataset: Dataset) -> tuple[float, float]:
    """How many pixels of their video a pixel of the images is, the least and the most; 1 where nothing says so."""
    scales = [np.sqrt(np.abs(np.linalg.det(each.matrices[:, :, :2]))) for each in crops_of(dataset).values()]
    every = np.concatenate([*scales, np.ones(0)])
    return (float(every.min()), float(every.max())) if len(every) else (1.0, 1.0)


def body_length(dataset: Dataset, trial: Trial) -> Pixels:
    """The length of a trial's animal: as the dataset says, else the median extent of its labelled key points."""
    text = dataset.extra.get("body_length")
    if isinstance(text, Mapping):
        text = text.get(trial.name)
    if text is not None:
        return float(text)
    true = keypoints_of(trial)
    enough = np.isfinite(true).all(axis=-1).sum(axis=1) >= 2
    return float(np.median(_extents(true[enough]).max(axis=-1))) if enough.any() else float("nan")


def extent_area(true: Float[np.ndarray, "frame keypoint 2"]) -> Float[np.ndarray, " frame"]:
    """The area of the rectangle around each frame's labelled key points, px², at least 1."""
    return np.maximum(_extents(true).prod(axis=-1), 1.0)


def _extents(true: Float[np.ndarray, "frame keypoint 2"]) -> Float[np.ndarray, "frame 2"]:
    low, high = (
        fill(np.where(np.isfinite(true), true, other), axis=1) for fill, other in ((np.min, np.inf), (np.max, -np.inf))
    )
    return high - low


def similarities(
    true: Float[np.ndarray, "frame keypoint 2"],
    predicted: Float[np.ndarray, "frame keypoint 2"],
    area: Float[np.ndarray, " frame"],
    sigma: float = OKS_SIGMA,
) -> Float[np.ndarray, " frame"]:
    """Object keypoint similarity of each frame: mean over labelled key points of exp(-d² / (2 area (2 sigma)²)).

    Args:
        true: labelled key points, px; NaN where not labelled.
        predicted: those that were found, px.
        area: of the animal, px².
        sigma: spread of a label over the root of the area.

    Returns:
        From 0 to 1, dimensionless.
    """
    squares = ((predicted - true) ** 2).sum(axis=-1)
    return np.nanmean(np.exp(-squares / (2 * (2 * sigma) ** 2 * area[:, None])), axis=1)


def mean_average_precision(similar: Float[np.ndarray, " frame"], confidence: Float[np.ndarray, " frame"]) -> Fraction:
    """The mean of the average precisions at similarities of 0.5, 0.55, ... 0.95, one animal and prediction a frame.

    Similarities (see `similarities`) and confidence are from 0 to 1; of confidence the order alone counts.
    """
    order = np.argsort(-confidence, kind="stable")
    return float(np.mean([_average_precision(similar[order] >= each) for each in _THRESHOLDS]))


def _average_precision(right: Bool[np.ndarray, " prediction"]) -> Fraction:
    """The mean of the best precision at or beyond 101 recalls, predictions in order of confidence (COCO)."""
    hits = np.cumsum(right)
    recall, precision = hits / len(right), hits / np.arange(1, len(right) + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    indices = np.searchsorted(recall, _RECALLS, side="left")
    return float(np.where(indices < len(best), best[np.minimum(indices, len(best) - 1)], 0.0).mean())
