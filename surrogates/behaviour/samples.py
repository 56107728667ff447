"""Window features of recordings, made when they are read, and the samples that classifiers learn from."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from datasets.behaviour.importing import labels_of, require_behaviours
from datasets.behaviour.windows import margin, window_features, window_names
from datasets.dataset import ArrayLike, Dataset, classes_of
from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Hertz

MOST = 20_000
"""Samples that are learned from; frames follow each other closely, so every so many serve as well."""
_AT_ONCE, _CELLS = 65_536, 2e7
"""Rows that are found at once, and numbers that are held while they are computed."""


@dataclass(frozen=True, eq=False)
class WindowArray:
    """The window features of a recording: computed for the frames that are read, whenever they are."""

    frames: ArrayLike
    fps: Hertz
    width: int

    @property
    def shape(self) -> tuple[int, int]:
        """Frames and features."""
        return (len(self.frames), self.width)

    @property
    def dtype(self) -> np.dtype:
        """Of the values."""
        return np.dtype(np.float32)

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, index: Any, /) -> np.ndarray:
        rows = np.atleast_1d(np.arange(len(self))[index])
        parts = [self._near(rows[first : first + _AT_ONCE]) for first in range(0, len(rows), _AT_ONCE)]
        return np.concatenate(parts) if parts else np.empty((0, self.width), np.float32)

    def _near(self, rows: Int[np.ndarray, " row"]) -> Float[np.ndarray, "row feature"]:
        """Window features of rows that ascend, from the frames that their windows reach."""
        beyond = margin(self.fps)
        first, end = max(0, int(rows[0]) - beyond), int(rows[-1]) + beyond + 1
        frames = np.asarray(self.frames[first:end])
        out = np.empty((len(rows), self.width), np.float32)
        step = max(1, round(_CELLS / self.width))
        for low in range(first, first + len(frames), step):  # so that a long stretch of sparse rows needs little memory
            inside = (rows >= low) & (rows < low + step)
            if inside.any():
                start = max(first, low - beyond)
                near = window_features(frames[start - first : low + step + beyond - first], self.fps)
                out[inside] = near[rows[inside] - start]
        return out


def windowed(dataset: Dataset) -> Dataset:
    """The dataset with window features for inputs.

    Raises:
        InputError: it holds no behaviours.
    """
    require_behaviours(dataset)
    names, fps = window_names(dataset.x_names), 1000 / dataset.dt
    trials = tuple(replace(trial, x=WindowArray(trial.x, fps, len(names))) for trial in dataset)
    return replace(dataset, trials=trials, x_names=names)


def samples_of(
    dataset: Dataset, most: int = MOST
) -> tuple[Float[np.ndarray, "sample feature"], Int[np.ndarray, " sample"]]:
    """Labelled frames of a windowed dataset (features in their units), evenly spread, and their classes.

    Args:
        dataset: of window features.
        most: samples.
    """
    labels = [labels_of(trial) for trial in dataset]
    number = sum(int((each >= 0).sum()) for each in labels)
    stride = max(1, -(-number // most))
    x, y = [], []
    for trial, its in zip(dataset, labels, strict=True):
        rows = np.flatnonzero(its >= 0)[::stride]
        x.append(trial.x[rows])
        y.append(its[rows])
    return np.concatenate(x), np.concatenate(y)


def require_taught(kind: Any, dataset: Dataset) -> None:
    """Raise an `InputError` unless the training recordings show two behaviours or more, and all that are labelled."""
    classes, parts = classes_of(dataset), dataset.by_split()
    require("train" in parts, f"dataset {dataset.name!r} has no training recordings: `wormtwin dataset split FILE`")
    seen = {int(c) for trial in parts["train"] for c in np.unique(labels_of(trial)) if c >= 0}
    labelled = {int(c) for trial in dataset for c in np.unique(labels_of(trial)) if c >= 0}
    require(
        len(seen) >= 2, f"the training recordings show {', '.join(classes[c] for c in sorted(seen)) or 'nothing'} only"
    )
    missing = [classes[c] for c in sorted(labelled - seen)]
    require(not missing, f"{', '.join(missing)} never comes in the training recordings: train on others")
