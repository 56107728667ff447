"""Frames in which a tracker took the tail for the head: found by comparing each midline with the one before."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from datasets.dataset import contiguous_runs
from neuron_models.foundation.units import Hertz, Seconds

LONGEST_BRIDGE: Seconds = 0.5
"""Over longer gaps nothing is compared: an omega turn, which often is such a gap, turns a worm round in place."""
CLEARLY_NEARER = 0.5
"""Over a gap, the nearer of a midline and its reverse must be at most this part of the other's distance away."""


@dataclass(frozen=True, eq=False)
class Swaps:
    """What was found: the frames whose ends were exchanged, as stretches (first frame, frame after the last)."""

    swapped: Int[np.ndarray, "stretch 2"]

    @property
    def count(self) -> int:
        """How many frames were swapped."""
        return int((self.swapped[:, 1] - self.swapped[:, 0]).sum())


def mended(
    midlines: Float[np.ndarray, "frame point 2"], fps: Hertz
) -> tuple[Float[np.ndarray, "frame point 2"], Swaps]:
    """Exchange head and tail where they were swapped.

    From one frame to the next, a midline is swapped against the one before when its reverse is nearer (mean squared
    distance of points). So it is over gaps up to `LONGEST_BRIDGE`, if one of the two is clearly nearer; a longer or
    unclear gap begins a new part. Within a part, whose frames all agree once mended, the end that most frames call the
    head is the head, the first frame's when as many say either; so a part that is wrong throughout is not found.

    Args:
        midlines: head first, (frame, point, xy); frames that lack a point are gaps.
        fps: frames a second.
    """
    wrong = _swapped(midlines, fps)
    turned = np.where(wrong[:, None, None], midlines[:, ::-1], midlines)
    return turned, Swaps(contiguous_runs(wrong))


def _swapped(midlines: Float[np.ndarray, "frame point 2"], fps: Hertz) -> Bool[np.ndarray, " frame"]:
    wrong = np.zeros(len(midlines), dtype=bool)
    rows = np.flatnonzero(np.isfinite(midlines).all(axis=(1, 2)))
    if len(rows) < 2:
        return wrong
    kept = midlines[rows]
    same = ((kept[1:] - kept[:-1]) ** 2).mean(axis=(1, 2))
    reverse = ((kept[1:, ::-1] - kept[:-1]) ** 2).mean(axis=(1, 2))
    gap = np.diff(rows)
    clear = np.minimum(same, reverse) <= CLEARLY_NEARER * np.maximum(same, reverse)
    apart = (gap > 1) & ~((gap <= 1 + LONGEST_BRIDGE * fps) & clear)
    flips = np.concatenate(([0], np.cumsum((reverse < same) & ~apart))) % 2
    part = np.concatenate(([0], np.cumsum(apart)))
    flipped, size = np.bincount(part, flips), np.bincount(part)
    first = flips[np.searchsorted(part, np.arange(len(size)))]
    most = np.where(2 * flipped == size, first, 2 * flipped > size)
    wrong[rows] = flips != most[part]
    return wrong
