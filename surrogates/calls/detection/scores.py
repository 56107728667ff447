"""How well calls were found: one to one by overlap, and millisecond by millisecond."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from datasets.calls.call import Call, intervals
from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Dimensionless, Fraction, Seconds

_PAIRS = 5
_LATE: Seconds = 0.005


@dataclass(frozen=True)
class Counts:
    """How many were found, how many there are, and how many of both go together."""

    matched: Dimensionless
    found: Dimensionless
    true: Dimensionless

    @property
    def precision(self) -> Fraction:
        """1 where nothing was found, as nothing found is wrong."""
        return self.matched / self.found if self.found else 1.0

    @property
    def recall(self) -> Fraction:
        return self.matched / self.true if self.true else 1.0

    @property
    def f1(self) -> Fraction:
        """2 matched / (found + true); 1 where there is nothing and nothing was found."""
        both = self.found + self.true
        return 2 * self.matched / both if both else 1.0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.matched + other.matched, self.found + other.found, self.true + other.true)


def overlaps(found: Sequence[Call], true: Sequence[Call]) -> Float[np.ndarray, "found true"]:
    """Intersection over union in time, 0 to 1, of every detected call with every true one."""
    a, b = intervals(found), intervals(true)
    both = np.minimum(a[:, None, 1], b[None, :, 1]) - np.maximum(a[:, None, 0], b[None, :, 0])
    either = np.ptp(a, axis=1)[:, None] + np.ptp(b, axis=1)[None, :] - both
    return np.clip(both, 0, None) / either


def pairs(found: Sequence[Call], true: Sequence[Call], least: Fraction = 0.0) -> Int[np.ndarray, "pair 2"]:
    """Which call goes with which: as many pairs as possible, and of these the best overlap.

    Args:
        found: by a detector.
        true: by a person or a generator.
        least: intersection over union that a pair needs; 0 is any overlap.
    """
    from scipy.optimize import linear_sum_assignment

    require(0 <= least <= 1, f"an intersection over union is from 0 to 1, got {least:g}")
    if not found or not true:
        return np.empty((0, 2), int)
    score = overlaps(found, true)
    good = (score > 0) & (score >= least)
    rows, columns = linear_sum_assignment(np.where(good, 1 + 1e-3 * score, 0.0), maximize=True)
    kept = good[rows, columns]
    return np.stack([rows[kept], columns[kept]], axis=1)


def event_counts(found: Sequence[Call], true: Sequence[Call], least: Fraction = 0.0) -> Counts:
    """Calls found, calls there are, and pairs of them."""
    return Counts(len(pairs(found, true, least)), len(found), len(true))


def temporal_counts(found: Sequence[Call], true: Sequence[Call], step: Seconds = 0.001) -> Counts:
    """Milliseconds in which there is a call, found, true and both."""
    length = int(np.ceil(max([each.stop for each in (*found, *true)], default=0.0) / step)) + 1
    marked = [_marked(intervals(calls), length, step) for calls in (found, true)]
    return Counts(int((marked[0] & marked[1]).sum()), int(marked[0].sum()), int(marked[1].sum()))


def clock_error(found: Sequence[Call], true: Sequence[Call]) -> Seconds:
    """By how much the times of the calls found are late, where all are: a program's clock can be off.

    The median over pairs of the mean difference of beginning and end; 0 for fewer than `_PAIRS` pairs, below
    `_LATE`, and where the middle half of the pairs differs by more.
    """
    both = pairs(found, true)
    if len(both) < _PAIRS:
        return 0.0
    late = (intervals(found)[both[:, 0]] - intervals(true)[both[:, 1]]).mean(axis=1)
    low, middle, high = np.quantile(late, (0.25, 0.5, 0.75))
    return float(middle) if abs(middle) >= max(_LATE, high - low) else 0.0


def _marked(times: Float[np.ndarray, "call 2"], length: int, step: Seconds) -> np.ndarray:
    out = np.zeros(length, bool)
    for start, stop in np.round(times / step).astype(int):
        out[start:stop] = True
    return out
