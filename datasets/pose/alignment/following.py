"""Which region is which animal: followed from frame to frame, and flagged where that is uncertain."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from datasets.segmentation.regions import Blob
from neuron_models.foundation.units import Pixels

STATUS = ("found", "lost", "touching", "doubtful")
FOUND, LOST, TOUCHING, DOUBTFUL = range(4)
MEASURES = ("status", "x", "y", "axis", "area", "length", "width", "light")
_MERGED = 1.5  # times the area of one animal


@dataclass(frozen=True)
class Rules:
    """When a region is an animal: no further than `jump` from where it was, not much larger than `area`."""

    jump: Pixels
    area: Pixels


def follow(
    before: Float[np.ndarray, "animal 2"], blobs: Sequence[Blob], rules: Rules
) -> Float[np.ndarray, "animal measure"]:
    """Give each animal the nearest region of a frame, all together at the least sum of distances.

    An animal gets no region, and a status instead, where none is near enough (lost), or where it would be a region too
    large for one animal (touching).

    Args:
        before: where each animal was seen last (x, y; px), NaN before it was first seen.
        blobs: the regions, largest first.
        rules: see `Rules`.

    Returns:
        A row of `MEASURES` for each animal, in the units of `Blob`, NaN but for the status where it was not found.
    """
    from scipy.optimize import linear_sum_assignment

    rows = np.full((len(before), len(MEASURES)), np.nan)
    rows[:, 0] = LOST
    single = [blob for blob in blobs if blob.area <= _MERGED * rules.area]
    merged = [blob for blob in blobs if blob.area > _MERGED * rules.area]
    new = np.isnan(before[:, 0])
    if single:
        indices = np.array([(blob.x, blob.y) for blob in single])
        away = np.hypot(*(before[:, None] - indices).transpose(2, 0, 1))
        # An animal that was never seen may be anywhere, but takes only what the others leave, the largest region first.
        cost = np.where(new[:, None], 2 * rules.jump + 1e-3 * np.arange(len(single)), away)
        cost = np.where(~new[:, None] & (away > rules.jump), 1e6, cost)
        for animal, blob in zip(*linear_sum_assignment(cost), strict=True):
            if cost[animal, blob] < 1e6:
                rows[animal] = _row(single[blob])
    for blob in merged:
        near = np.hypot(*(before - (blob.x, blob.y)).T) < rules.jump + 3 * blob.length
        rows[(rows[:, 0] == LOST) & (near | new), 0] = TOUCHING
    return rows


def _row(blob: Blob) -> tuple[float, ...]:
    return (FOUND, blob.x, blob.y, blob.axis, blob.area, blob.length, blob.width, blob.light)
