"""Checksums of datasets: of all that can be learned of one, and of a trial; arrays are read a stretch at a time."""

import hashlib
import json
import math
from collections.abc import Iterator

import numpy as np

from datasets.dataset import ArrayLike, Dataset, Trial

MOST = 2**24
"""Bytes that are read or written at once."""


def content_checksum(dataset: Dataset) -> str:
    """The SHA-256 of all that can be learned of a dataset: channels, sampling, details and trials, but not its name."""
    channels = (dataset.x_names, dataset.y_names, dataset.x_units, dataset.y_units, dataset.dt, dataset.task)
    trials = [(trial.name, trial.group, trial.split) for trial in dataset]
    digest = hashlib.sha256(repr((channels, trials)).encode())
    digest.update(json.dumps(dataset.extra, sort_keys=True).encode())
    for trial in dataset:
        for array in (trial.x, trial.y, trial.weight):
            digest.update(b"none" if array is None else f"{array.shape} {array.dtype}".encode())
            if array is not None:
                for block in blocks(array):
                    digest.update(np.ascontiguousarray(array[block]).tobytes())
    return digest.hexdigest()


def trial_checksum(trial: Trial) -> str:
    """The SHA-256 of a trial's inputs and outputs: their shapes, types and values, not its name, weights or split."""
    digest = hashlib.sha256()
    for array in (trial.x, trial.y):
        if array is not None:
            digest.update(repr((tuple(array.shape), str(array.dtype))).encode())
            for block in blocks(array):
                digest.update(np.ascontiguousarray(array[block]).tobytes())
    return digest.hexdigest()


def blocks(array: ArrayLike) -> Iterator[slice]:
    """Stretches of an array's first axis: one that is lazy is never whole in memory."""
    return stretches(len(array), math.prod(array.shape[1:]) * array.dtype.itemsize)


def stretches(rows: int, size: int) -> Iterator[slice]:
    """Stretches of rows of `size` bytes each, of at most `MOST` bytes or one row."""
    step = max(1, MOST // max(1, size))
    return (slice(start, min(start + step, rows)) for start in range(0, rows, step))
