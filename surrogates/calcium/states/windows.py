"""Recordings as windows with one label each: what every classifier of behaviour states learns from.

A window is labelled by the frame near its middle, so that it shows what comes before and after. Frames that a state
rule masks are no labels, but they were measured, and windows may show them; none shows a frame that was not measured.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from datasets.calcium.features import with_features
from datasets.dataset import Dataset, Trial, classes_of
from neuron_models.foundation.errors import require
from surrogates.calcium.states.networks import WINDOW
from surrogates.training.configuration import Arrays

AHEAD = 4
"""Frames of a window after the labelled one."""
BEFORE = WINDOW - 1 - AHEAD
"""Frames of a window before the labelled one."""


@dataclass(frozen=True, eq=False)
class LabelledWindows:
    """Windows `x` (window, step, channel), their class `y`, the trial that each is from and its labelled frame `at`."""

    x: Float[np.ndarray, "window step channel"]
    y: Int[np.ndarray, " window"]
    trial: Int[np.ndarray, " window"]
    at: Int[np.ndarray, " window"]

    def __len__(self) -> int:
        return len(self.y)

    def select(self, rows: np.ndarray) -> "LabelledWindows":
        """Some of them, by place or by mask."""
        return LabelledWindows(self.x[rows], self.y[rows], self.trial[rows], self.at[rows])


def featured(dataset: Dataset) -> Dataset:
    """The dataset with traces and derivatives as inputs, if it has not got them yet."""
    return dataset if "smoothing" in dataset.extra else with_features(dataset)


def neurons_of(dataset: Dataset) -> tuple[str, ...]:
    """The neurons whose traces, and in a dataset with features whose derivatives, are the inputs."""
    return tuple(name for name in dataset.x_names if not name.startswith("d "))


def label_windows(dataset: Dataset) -> LabelledWindows:
    """Every window whose labelled frame counts, of a dataset with features.

    Raises:
        InputError: a recording is shorter than a window, or no window counts.
    """
    classes_of(dataset)
    parts = []
    for index, trial in enumerate(dataset):
        require(
            len(trial) >= WINDOW,
            f"recording {trial.name!r} has {len(trial)} frames: too few for a window of {WINDOW}",
        )
        require(trial.y is not None, f"recording {trial.name!r} has no states")
        at = np.flatnonzero(trial.valid() & whole_windows(trial))
        x = np.asarray(trial.x[:], np.float32)[at[:, None] + np.arange(-BEFORE, AHEAD + 1)]
        y = np.asarray(trial.y[:])[at, 0].astype(np.int32)  # type: ignore[index]
        parts.append(LabelledWindows(x, y, np.full(len(at), index), at))
    require(
        sum(map(len, parts)) > 0, f"dataset {dataset.name!r} has no window of {WINDOW} measured frames with a state"
    )
    return joined(parts)


def joined(parts: list[LabelledWindows]) -> LabelledWindows:
    """Windows after one another."""
    return LabelledWindows(*(np.concatenate([getattr(p, name) for p in parts]) for name in ("x", "y", "trial", "at")))


def whole_windows(trial: Trial) -> Bool[np.ndarray, " time"]:
    """Around which frames there is a window inside the recording, all of it measured: features are 0 in gaps."""
    measured = np.isfinite(np.asarray(trial.x[:])).all(axis=1) & (np.asarray(trial.x[:]) != 0).any(axis=1)
    whole = np.zeros(len(trial), dtype=bool)
    if len(trial) >= WINDOW:
        whole[BEFORE : len(trial) - AHEAD] = np.lib.stride_tricks.sliding_window_view(measured, WINDOW).all(axis=1)
    return whole


def correlations(trial: Trial, neurons: int) -> Float[np.ndarray, "neuron channel"]:
    """How every neuron's trace goes with every channel over the whole recording; 0 for channels that never change."""
    x = np.asarray(trial.x[:], dtype=float)
    x = x[(x != 0).any(axis=1)]
    centred = x - x.mean(0)
    scale = np.sqrt((centred**2).mean(0))
    unit = centred / np.where(scale > 0, scale, np.inf)
    return (unit[:, :neurons].T @ unit / len(unit)).astype(np.float32)


def with_correlations(windows: LabelledWindows, dataset: Dataset) -> LabelledWindows:
    """Windows followed by rows of their recording's correlations, which know nothing of labels."""
    neurons = len(neurons_of(dataset))
    rows = np.stack([correlations(trial, neurons) for trial in dataset])[windows.trial]
    # Row i of a node's features must be its own: the correlations of neuron i stand in the columns of neuron i.
    kinds = len(dataset.x_names) // neurons
    apart = rows.reshape(len(rows), neurons, kinds, neurons)
    turned = apart.transpose(0, 3, 2, 1).reshape(rows.shape)
    return replace(windows, x=np.concatenate([windows.x, turned], axis=1))


def arrays(dataset: Dataset) -> Arrays:
    """x, y and no weight of all windows that count, for `train`."""
    windows = label_windows(featured(dataset))
    return windows.x, windows.y, None


def arrays_with_correlations(dataset: Dataset) -> Arrays:
    """The same with the correlations of the whole recording."""
    dataset = featured(dataset)
    windows = with_correlations(label_windows(dataset), dataset)
    return windows.x, windows.y, None
