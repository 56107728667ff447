"""What the classifiers see of a recording: traces and their derivatives, each scaled to [0, 1] (Wang et al. 2020)."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float

from datasets.dataset import Dataset, Trial, contiguous_runs, longest_stretch
from datasets.parts.blocks import recording_of
from neuron_models.foundation.errors import require

WINDOW = 8
"""Frames in a window (Wang et al. 2020): `dataset.windows(WINDOW)` cuts them."""


def scaled(
    traces: Float[np.ndarray, "time neuron"], valid: Bool[np.ndarray, " time"]
) -> Float[np.ndarray, "time neuron"]:
    """Each column, of any unit, brought to [0, 1] by its least and greatest valid value.

    The result is a share of the range; 0 where it never changes, and in gaps. The bounds are those of the whole
    recording, as published: they know nothing of labels, but all of its frames.
    """
    return _brought(traces, valid, bounds_of([traces[valid]]))


def bounds_of(parts: Sequence[Float[np.ndarray, "_time neuron"]]) -> Float[np.ndarray, "2 neuron"]:
    """The least and the greatest value of each neuron, in the units of the traces, over all measured frames.

    `parts` (time, neuron) hold one block each; the bounds are in their units.
    """
    return np.stack([np.min([p.min(0) for p in parts if len(p)], 0), np.max([p.max(0) for p in parts if len(p)], 0)])


def by_recording(dataset: Dataset, parts: Sequence[Float[np.ndarray, "_time neuron"]]) -> list[np.ndarray]:
    """The bounds of each trial, from one array of measured values a trial: blocks of one recording share theirs."""
    names = [recording_of(dataset, trial) for trial in dataset]
    bounds = {name: bounds_of([p for p, each in zip(parts, names, strict=True) if each == name]) for name in set(names)}
    return [bounds[name] for name in names]


def _brought(
    traces: Float[np.ndarray, "time neuron"], valid: Bool[np.ndarray, " time"], bounds: Float[np.ndarray, "2 neuron"]
) -> Float[np.ndarray, "time neuron"]:
    low, high = bounds
    steps = np.where(high > low, high - low, 1.0)
    return np.where(valid[:, None], (traces - low) / steps, 0.0)


def scaled_by_recording(
    dataset: Dataset, traces: Sequence[Float[np.ndarray, "_time neuron"]], valid: Sequence[Bool[np.ndarray, " _time"]]
) -> list[Float[np.ndarray, "_time neuron"]]:
    """As `scaled`, of one array a trial, where the blocks that were cut from one recording are scaled alike.

    Args:
        dataset: says which trials are blocks of one recording.
        traces: (time, neuron) of each trial, in any unit.
        valid: mask (time,) of each trial's measured frames.

    Returns:
        (time, neuron) of each trial, as a share of the recording's range: 0 to 1.
    """
    bounds = by_recording(dataset, [t[v] for t, v in zip(traces, valid, strict=True)])
    return [_brought(*each) for each in zip(traces, valid, bounds, strict=True)]


def derivative(
    traces: Float[np.ndarray, "time neuron"], valid: Bool[np.ndarray, " time"], smoothing: int = 5
) -> Float[np.ndarray, "time neuron"]:
    """Change per frame of the traces' moving average, inside each stretch of valid frames; 0 in gaps.

    Args:
        traces: dF/F.
        valid: which frames were measured.
        smoothing: frames in the average, odd; 1 for none. At the ends of a stretch it takes the frames there are.

    Returns:
        The change in units of the traces a frame.

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
    traces = [np.asarray(trial.x[:], dtype=float) for trial in dataset]
    measured = [np.isfinite(each).all(axis=1) for each in traces]
    blocks = [scaled_by_recording(dataset, traces, measured)]
    if derivatives:
        slopes = [derivative(t, m, smoothing) for t, m in zip(traces, measured, strict=True)]
        blocks.append(scaled_by_recording(dataset, slopes, measured))
    trials = tuple(_featured(t, np.hstack(x), m) for t, m, *x in zip(dataset, measured, *blocks, strict=True))
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


def _featured(trial: Trial, x: Float[np.ndarray, "time channel"], measured: Bool[np.ndarray, " time"]) -> Trial:
    weight = np.ones(len(trial)) if trial.weight is None else np.asarray(trial.weight[:], dtype=float)
    return replace(trial, x=x, weight=weight * measured)


def _moving_average(values: Float[np.ndarray, "time neuron"], frames: int) -> Float[np.ndarray, "time neuron"]:
    """The mean of the `frames` values around each one; at both ends of those that exist."""
    half = min(frames // 2, len(values))
    sums = np.vstack([np.zeros(values.shape[1]), values.cumsum(axis=0)])
    at = np.arange(len(values))
    first, last = np.maximum(at - half, 0), np.minimum(at + half + 1, len(values))
    return (sums[last] - sums[first]) / (last - first)[:, None]
