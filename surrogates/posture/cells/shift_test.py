"""Is a cell related to a feature? Tested by shifting the feature in time, which keeps the autocorrelation of both.

Slow signals correlate by chance far more than independent frames would, so that frames must not be shuffled. Here the
feature of each recording is shifted round by a random time of at least half a minute (in recordings shorter than five
minutes, of a tenth); what a cell's correlation is then like is its distribution without a relation. The largest size
over all cells of each round of shifts makes the test hold for all cells together (Westfall and Young 1993).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Float32, Int
from scipy import fft

from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Dimensionless, Seconds

APART: Seconds = 30.0
"""The least shift."""
SHARE = 10
"""The least shift is at most this part of a recording (a tenth), so that short ones can be shifted too."""
_ROWS = 64  # cells that are transformed at once
_STILL = 1e-6  # of a sum of squares: a feature that never varies


@dataclass(frozen=True, eq=False)
class Relation:
    """How cells go with a feature.

    Attributes:
        correlation: (cell,) over all frames, about the means of each recording.
        p: (cell,) the probability of a correlation at least as large in size under shifts, of this cell alone.
        p_all: (cell,) the same for the largest of all cells: below 0.05 for any cell once in twenty by chance.
        threshold: the size of the correlation that 5 % of the rounds of shifts exceed in some cell.
    """

    correlation: Float[np.ndarray, " cell"]
    p: Float[np.ndarray, " cell"]
    p_all: Float[np.ndarray, " cell"]
    threshold: Dimensionless


@dataclass(frozen=True, eq=False)
class ShiftSums:
    """Sums over the frames where cell and feature are known, at each chosen shift; the first shift is 0.

    Attributes:
        both: (feature, shift, cell) products of cell and feature about their means in a recording.
        cells: (feature, shift, cell) squares of the cell about its mean.
        features: (feature, shift) squares of the feature about its mean.
    """

    both: Float32[np.ndarray, "feature shift cell"]
    cells: Float32[np.ndarray, "feature shift cell"]
    features: Float[np.ndarray, "feature shift"]

    def __add__(self, other: "ShiftSums") -> "ShiftSums":
        """Those of two recordings, each shifted by itself."""
        return ShiftSums(self.both + other.both, self.cells + other.cells, self.features + other.features)


def draw_shifts(frames: int, fps: float, rounds: int, rng: np.random.Generator) -> Int[np.ndarray, " shift"]:
    """No shift, then so many random ones of a recording, in frames; `fps` is in Hz."""
    least = max(1, min(round(APART * fps), frames // SHARE))
    require(frames > 2 * least, f"a recording of {frames} frames is too short to be shifted")
    return np.concatenate(([0], rng.integers(least, frames - least + 1, rounds)))


def shift_sums(
    memory: Float[np.ndarray, "frame cell"],
    features: Float[np.ndarray, "frame feature"],
    shifts: Int[np.ndarray, " shift"],
) -> ShiftSums:
    """The sums of one recording at chosen circular shifts of the features, by Fourier transform.

    NaN in either is left out at every shift, so that gaps stay in their places.

    Args:
        memory: cell states, dimensionless.
        features: each in a unit of its own.
        shifts: in frames.
    """
    known = np.isfinite(memory).all(axis=1)
    backs = [_Shifted.of(feature) for feature in features.T]
    room = (features.shape[1], len(shifts), memory.shape[1])
    both, cells = np.zeros(room, np.float32), np.zeros(room, np.float32)
    squares = np.zeros(room[:2])
    number = fft.rfft(known.astype(float))
    for index, back in enumerate(backs):
        count = np.maximum(np.rint(back.at(number, back.known, shifts)), 1.0)
        sums = back.at(number, back.values, shifts)
        squares[index] = np.maximum(back.at(number, back.squares, shifts) - sums**2 / count, 0.0)
    for first in range(0, memory.shape[1], _ROWS):
        block = slice(first, first + _ROWS)
        m = np.where(known[:, None], memory[:, block] - _mean(memory[known, block]), 0).astype(np.float32)
        m, m2 = fft.rfft(m, axis=0), fft.rfft(m * m, axis=0)
        for index, back in enumerate(backs):
            count = np.maximum(np.rint(back.at(number, back.known, shifts)), 1.0)[:, None]
            share = back.at(number, back.values, shifts)[:, None] / count
            m_sum = back.at(m, back.known, shifts)
            both[index, :, block] = back.at(m, back.values, shifts) - m_sum * share
            cells[index, :, block] = np.maximum(back.at(m2, back.known, shifts) - m_sum**2 / count, 0.0)
    return ShiftSums(both, cells, squares)


@dataclass(frozen=True, eq=False)
class _Shifted:
    """The transforms, turned round in time, of a feature about its mean, of its squares, and of where it is known."""

    known: np.ndarray
    values: np.ndarray
    squares: np.ndarray
    frames: int

    @classmethod
    def of(cls, feature: Float[np.ndarray, " frame"]) -> "_Shifted":
        known = np.isfinite(feature)
        values = np.where(known, feature - _mean(feature[known]), 0.0)
        where, itself, squares = (
            np.conj(fft.rfft(each.astype(np.float32))) for each in (known, values, values * values)
        )
        return cls(where, itself, squares, len(feature))

    def at(self, other: np.ndarray, own: np.ndarray, shifts: Int[np.ndarray, " shift"]) -> np.ndarray:
        """Sums over frames of the other, whose transform this is, times this feature shifted by each of the shifts."""
        spread = own.reshape(-1, *(1,) * (other.ndim - 1))
        return fft.irfft(other * spread, self.frames, axis=0)[shifts]


def relate(sums: ShiftSums) -> list[Relation | None]:
    """The test of each feature; None for one that never varies."""
    return [
        _relation(both, cells, feature) if feature[0] > _STILL else None
        for both, cells, feature in zip(sums.both, sums.cells, sums.features, strict=True)
    ]


def _relation(
    both: Float[np.ndarray, "shift cell"], cells: Float[np.ndarray, "shift cell"], feature: Float[np.ndarray, " shift"]
) -> Relation:
    scale = np.sqrt(cells * feature[:, None])
    correlation = np.divide(both, scale, out=np.zeros_like(scale), where=scale > 0)
    size, rounds = np.abs(correlation), len(correlation) - 1
    largest = size[1:].max(axis=1)
    return Relation(
        correlation=correlation[0],
        p=(1 + (size[1:] >= size[0]).sum(axis=0)) / (1 + rounds),
        p_all=(1 + (largest[:, None] >= size[0]).sum(axis=0)) / (1 + rounds),
        threshold=float(np.quantile(largest, 0.95, method="higher")),
    )


def _mean(values: np.ndarray) -> Any:
    return values.mean(axis=0) if len(values) else 0.0
