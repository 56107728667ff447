"""Recordings of eigenworm amplitudes as uninterrupted segments: what the network learns from, and is judged on.

A frame is predicted from those before it in its segment; nothing reaches across a gap, nor across the border of the
last tenth of a recording, which is held out.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float

from datasets.dataset import Dataset, Trial, contiguous_runs
from datasets.posture.recording import AMPLITUDES, require_form
from neuron_models.foundation.errors import InputError
from surrogates.posture.network.networks import WINDOW
from surrogates.training.configuration import Arrays

HELD_OUT = 0.1
"""The share at the end of each recording that validates (Li et al. 2017)."""
CONTEXT = 5
"""A predicted frame counts if there are so many before it in its segment."""
PIECES = (75, 150, 300)
"""Frames of a piece of a segment that is learned at once: of these, what leaves least to fill up."""


def segments(dataset: Dataset) -> Dataset:
    """Cut recordings into segments, a trial each: x holds its frames but the last, y the frame after each.

    Of recordings without a split, or of the split "train" if none is of "validation", the last tenth is cut off for
    validation.

    Raises:
        InputError: the dataset holds no amplitudes, or there is no segment of 51 frames (a window and the frame after).
    """
    if "stretches_of" in dataset.extra:
        return dataset
    require_form(dataset, AMPLITUDES)
    splits = {trial.split for trial in dataset}
    cut = {"", "train"} if "validation" not in splits else {""}
    trials = [piece for trial in dataset for piece in _pieces(trial, trial.split in cut)]
    if max((len(trial) for trial in trials), default=0) < WINDOW:
        raise InputError(
            f"dataset {dataset.name!r} has no uninterrupted segment of {WINDOW + 1} frames: the network predicts a "
            f"frame from the {WINDOW} before it"
        )
    return replace(
        dataset,
        trials=tuple(trials),
        y_names=dataset.x_names,
        y_units=dataset.x_units,
        extra={**dataset.extra, "stretches_of": [trial.name for trial in dataset]},
    )


def _pieces(trial: Trial, cut: bool) -> list[Trial]:
    """The segments of a recording; where it is cut, they end at the border of its last tenth, and others begin."""
    x, valid = np.asarray(trial.x[:], dtype=float), measured(trial)
    border = round((1 - HELD_OUT) * len(x)) if cut else len(x)
    sides = [(0, border, "train" if cut else trial.split), (border, len(x), "validation")]
    segments = []
    for first, last, split in sides:
        for start, end in contiguous_runs(valid[first:last]):
            if end - start > CONTEXT + 1:
                frames = x[first + start : first + end]
                name = f"{trial.name}:{first + start}"
                segments.append(Trial(name, frames[:-1], frames[1:], group=trial.group or trial.name, split=split))
    return segments


def measured(trial: Trial) -> Bool[np.ndarray, " frame"]:
    """Mask of the frames that count and have all their channels."""
    return trial.valid() & np.isfinite(np.asarray(trial.x[:], dtype=float)).all(axis=1)


def training_chunks(dataset: Dataset, targets: list[Float[np.ndarray, "_frame channel"]]) -> Arrays:
    """x, y and weight of equally long pieces of segments, for training with a loss at every frame.

    One pass over a piece of 300 frames learns 250 of them; with windows of 50 frames it takes 250 passes over 50.

    Args:
        dataset: of segments.
        targets: of each segment, what its frames are to give, in the units of the dataset.

    Returns:
        x and y (piece, frame, channel), filled up with zeros, and weight (piece, frame), zero where nothing counts: in
        the first `CONTEXT` - 1 frames of a segment, and in the first `WINDOW` of a piece that begins inside one.
    """
    starts = {length: [_starts(len(trial), length) for trial in dataset] for length in PIECES}
    length = min(starts, key=lambda each: each * sum(map(len, starts[each])))
    parts = []
    for trial, wanted, firsts in zip(dataset, targets, starts[length], strict=True):
        frames = np.asarray(trial.x[:])
        for start in firsts:
            x, y, weight = (np.zeros((length, *shape)) for shape in (frames.shape[1:], wanted.shape[1:], ()))
            some = min(length, len(frames) - start)
            x[:some], y[:some] = frames[start : start + some], wanted[start : start + some]
            weight[(WINDOW if start else CONTEXT - 1) : some] = 1.0
            parts.append((x, y, weight))
    x, y, weight = (np.stack(each) for each in zip(*parts, strict=True))
    return x, y, weight


def _starts(frames: int, length: int) -> range:
    """Where the pieces of a segment begin: each `WINDOW` frames before the end of the one before."""
    return range(0, max(1, frames - WINDOW), length - WINDOW)


def windows(dataset: Dataset, targets: list[Float[np.ndarray, "_frame channel"]], length: int = WINDOW) -> Arrays:
    """x, y and weight of all windows, of which only the last frame counts (Li et al. 2017): see `training_chunks`."""
    xs: list[np.ndarray] = []
    ys: list[np.ndarray] = []
    for trial, wanted in zip(dataset, targets, strict=True):
        if len(trial) >= length:
            for store, array in ((xs, np.asarray(trial.x[:])), (ys, wanted)):
                store.append(np.lib.stride_tricks.sliding_window_view(array, length, axis=0).swapaxes(1, 2))
    if not xs:
        raise InputError(f"dataset {dataset.name!r} has no uninterrupted segment of {length + 1} frames")
    x, y = np.concatenate(xs), np.concatenate(ys)
    weight = np.zeros(x.shape[:2])
    weight[:, -1] = 1.0
    return x, y, weight
