"""What the classifiers see of a recording: traces and their derivatives, each scaled to [0, 1] (Wang et al. 2020)."""

from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float

from datasets.dataset import Dataset, Trial, contiguous_runs, longest_stretch
from neuron_models.foundation.errors import require

WINDOW = 8
"""Frames in a window (Wang et al. 2020): `dataset.windows(WINDOW)` cuts them."""


def scaled(
    traces: Float[np.ndarray, "time neuron"], valid: Bool[np.ndarray, " time"]
) -> Float[np.ndarray, "time neuron"]:
    """Each column brought to [0, 1] by its least and greatest valid value; 0 where it never changes, and in gaps.

    The bounds are those of the whole recording, as published: they know nothing of labels, but all of its frames.
    """
    low, high = traces[valid].min(0), traces[valid].max(0)
    steps = np.where(high > low, high - low, 1.0)
    return np.where(valid[:, None], (traces - low) / steps, 0.0)


def derivative(
    traces: Float[np.ndarray, "time neuron"], valid: Bool[np.ndarray, " time"], smoothing: int = 5
) -> Float[np.ndarray, "time neuron"]:
    """Change per frame of the traces' moving average, inside each stretch of valid frames; 0 in gaps.

    Args:
        traces: dF/F.
        valid: which frames were measured.
        smoothing: frames in the average, odd; 1 for none. At the ends of a stretch it takes the frames there are.

    Raises:
        InputError: the smoothing is even or below 1.
    """
    require(smoothing >= 1 and smoothing % 2 == 1, f"smoothing must be an odd number of frames >= 1, got {smoothing}")
    result = np.zeros_like(traces)
    for first, last in contiguous_runs(valid):
        if last - first > 1:
            result[first:last] = np.gradient(_moving_average(traces[first:last], smoothing), axis=0)
    return result


def with_features(dataset: Dataset, smoothing: int = 5, derivatives: bool = True) -> Dataset:
    """The dataset whose inputs are the scaled traces and then the scaled derivatives (`AVAL`, ..., `d AVAL`, ...).

    Frames that were not measured get weight 0 and inputs of 0. Frames that a state rule masks are measured: their
    traces count for scaling and derivatives, so that rule and features can be applied in either order.

    Args:
        dataset: traces, as `as_dataset` makes it.
        smoothing: frames in the moving average before the derivative is taken, odd; 1 for none.
        derivatives: False for the scaled traces alone.

    Raises:
        InputError: the dataset already has features, or an even smoothing.
    """
    require("smoothing" not in dataset.extra, f"dataset {dataset.name!r} already has features")
    names = (*dataset.x_names, *(f"d {name}" for name in dataset.x_names if derivatives))
    trials = tuple(_featured(trial, smoothing, derivatives) for trial in dataset)
    extra = {**dataset.extra, "smoothing": smoothing}
    return replace(dataset, trials=trials, x_names=names, x_units="of the range", extra=extra)


def require_windows(dataset: Dataset, length: int = WINDOW) -> None:
    """Raise an `InputError` that names the first recording without `length` frames in a row that count."""
    for trial in dataset:
        longest = longest_stretch(trial.valid())
        require(
            longest >= length,
            f"recording {trial.name!r} is shorter than a window: {longest} of its {len(trial)} frames count in a row, "
            f"a window has {length}",
        )


def _featured(trial: Trial, smoothing: int, derivatives: bool) -> Trial:
    traces = np.asarray(trial.x[:], dtype=float)
    measured = np.isfinite(traces).all(axis=1)
    blocks = [scaled(traces, measured)]
    if derivatives:
        blocks.append(scaled(derivative(traces, measured, smoothing), measured))
    weight = np.ones(len(trial)) if trial.weight is None else np.asarray(trial.weight[:], dtype=float)
    return replace(trial, x=np.hstack(blocks), weight=weight * measured)


def _moving_average(values: Float[np.ndarray, "time neuron"], frames: int) -> Float[np.ndarray, "time neuron"]:
    """The mean of the `frames` values around each one; at both ends of those that exist."""
    half = min(frames // 2, len(values))
    sums = np.vstack([np.zeros(values.shape[1]), values.cumsum(axis=0)])
    at = np.arange(len(values))
    first, last = np.maximum(at - half, 0), np.minimum(at + half + 1, len(values))
    return (sums[last] - sums[first]) / (last - first)[:, None]
