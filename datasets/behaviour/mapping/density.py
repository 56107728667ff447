"""A map's density and its regions: hills of the density, divided where the ground between them is lowest."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from neuron_models.foundation.errors import require
from neuron_models.foundation.extras import require_extra
from neuron_models.foundation.units import DataUnits, Fraction, Hertz

GRID = 256
"""Cells along a side of the map."""
_MARGIN = 3.5
"""Standard deviations of the smoothing between the outermost points and the edge."""


@dataclass(frozen=True, eq=False)
class Regions:
    """A square map cut into regions.

    Attributes:
        density: (column, row) frames a cell, smoothed, with a sum of 1; columns go with the map's x, rows with its y.
        labels: (column, row) the region of each cell, from 0, the one with most frames first; all cells have one.
        low: the map's least x and y.
        side: of the map.
    """

    density: Float[np.ndarray, "column row"]
    labels: Int[np.ndarray, "column row"]
    low: tuple[DataUnits, DataUnits]
    side: DataUnits

    @property
    def number(self) -> int:
        """How many regions there are."""
        return int(self.labels.max()) + 1

    def of(self, points: Float[np.ndarray, "point 2"]) -> Int[np.ndarray, " point"]:
        """The region of each point in the map's units; beyond the edge, that of the nearest cell."""
        column, row = _cells(points, self.low, self.side).T
        return self.labels[column, row]

    def height(self, points: Float[np.ndarray, "point 2"]) -> Float[np.ndarray, " point"]:
        """The density at each point over the map's highest; 0 where a point is NaN."""
        known = np.isfinite(points).all(axis=1)
        column, row = _cells(np.where(known[:, None], points, 0.0), self.low, self.side).T
        return np.where(known, self.density[column, row] / self.density.max(), 0.0)


def require_cut(width: DataUnits, merge: Fraction, most: int | None) -> None:
    """Raise an `InputError` unless regions can be cut with these settings of `cut_regions`."""
    require(0 < width < np.inf, f"the width of the smoothing must be > 0, got {width}")
    require(0 < merge <= 1, f"hills are joined at a share of 0 to 1, got {merge}")
    require(most is None or most >= 1, f"a map has 1 region or more, got {most}")


def cut_regions(
    points: Float[np.ndarray, "point 2"], width: DataUnits, *, merge: Fraction = 0.5, most: int | None = None
) -> Regions:
    """Smooth the density of points and cut it by a watershed.

    Args:
        points: in any unit, finite.
        width: the standard deviation of the Gaussian that smooths, in the same unit.
        merge: two hills are one where the pass between them is higher than this share of the lower summit.
        most: regions; the hills with the highest passes between them are joined until no more are left.

    Returns:
        Regions, the one with most points first.

    Raises:
        InputError: a setting is out of range, or scikit-image is not installed.
    """
    require_cut(width, merge, most)
    from scipy.ndimage import gaussian_filter

    low, high = points.min(axis=0) - _MARGIN * width, points.max(axis=0) + _MARGIN * width
    side = float((high - low).max())
    corner = (float(low[0]), float(low[1]))
    counts = np.zeros((GRID, GRID))
    np.add.at(counts, tuple(_cells(points, corner, side).T), 1.0)
    density = gaussian_filter(counts / len(points), width / side * GRID, mode="constant")
    hills = _hills(density)
    joined = _joined(density, hills, merge, most)[hills]
    return Regions(density, _ranks(np.bincount(joined.ravel(), counts.ravel()))[joined], corner, side)


def _ranks(frames: Float[np.ndarray, " region"]) -> Int[np.ndarray, " region"]:
    """Regions numbered anew, the one with most frames first."""
    rank = np.empty(len(frames), int)
    rank[np.argsort(-frames, kind="stable")] = np.arange(len(frames))
    return rank


def join_by_changes(
    regions: Regions, stays: Sequence[tuple[Int[np.ndarray, " frame"], Hertz]], often: Hertz = 10.0
) -> Regions:
    """Join regions that animals change between so often that they are phases of one behaviour, such as a step.

    How often is counted, there and back, per second that is spent in the one of the two that has less time. The two
    with most changes are joined first, then all is counted again.

    Args:
        regions: of a map.
        stays: of each animal, the region of each frame (-1: not on the map), and frames a second.
        often: regions with more changes than this a second are one.
    """
    number = regions.number
    changes, seconds, total = np.zeros((number, number)), np.zeros(number), np.zeros(number)
    for frames, fps in stays:
        before, after = frames[:-1], frames[1:]
        known = (before >= 0) & (after >= 0)
        pairs = np.bincount(before[known] * number + after[known], minlength=number**2).reshape(number, number)
        changes += (pairs + pairs.T) * (1 - np.eye(number))
        here = np.bincount(frames[frames >= 0], minlength=number)
        seconds, total = seconds + here / fps, total + here
    region = np.arange(number)
    for _ in range(number - 1):
        with np.errstate(invalid="ignore", divide="ignore"):
            rate = np.nan_to_num(changes / np.minimum(seconds[:, None], seconds))
        one, other = np.unravel_index(int(np.argmax(rate)), rate.shape)
        if rate[one, other] <= often:
            break
        region[region == other] = one
        changes[one] += changes[other]
        changes[:, one] += changes[:, other]
        changes[other] = changes[:, other] = changes[one, one] = 0.0
        seconds[one], seconds[other] = seconds[one] + seconds[other], 0.0
    region = np.unique(region, return_inverse=True)[1]
    return replace(regions, labels=_ranks(np.bincount(region, total))[region][regions.labels])


def _cells(points: Float[np.ndarray, "point 2"], low: tuple[float, float], side: float) -> Int[np.ndarray, "point 2"]:
    return np.clip(((points - np.asarray(low)) / side * GRID).astype(int), 0, GRID - 1)


def _hills(density: Float[np.ndarray, "column row"]) -> Int[np.ndarray, "column row"]:
    """A hill for each summit, from 0, by the watershed of the density turned over."""
    require_extra("skimage", extra="map", purpose="cutting a map into regions")
    from scipy.ndimage import label
    from skimage.morphology import local_maxima
    from skimage.segmentation import watershed

    floor = density.max() * 1e-4
    summits, number = label(local_maxima(np.where(density > floor, density, 0.0)), structure=np.ones((3, 3)))
    require(number > 0, "the map has no summit")
    return watershed(-density, summits) - 1


def _joined(
    density: Float[np.ndarray, "column row"], hills: Int[np.ndarray, "column row"], merge: Fraction, most: int | None
) -> Int[np.ndarray, " hill"]:
    """For each hill the number, from 0, of the region that it belongs to."""
    number = int(hills.max()) + 1
    summit = np.zeros(number)
    np.maximum.at(summit, hills.ravel(), density.ravel())
    passes = _passes(density, hills, number)
    region = np.arange(number)
    for _ in range(number - 1):
        share = passes / np.minimum(summit[:, None], summit)
        one, other = np.unravel_index(int(np.argmax(share)), share.shape)
        left = len(np.unique(region))
        if share[one, other] <= 0 or (share[one, other] < merge and (most is None or left <= most)):
            break
        kept, gone = (one, other) if summit[one] >= summit[other] else (other, one)
        region[region == gone] = kept
        passes[kept] = np.maximum(passes[kept], passes[gone])
        passes[:, kept] = passes[kept]
        passes[gone] = passes[:, gone] = 0.0
        passes[kept, kept] = 0.0
    return np.unique(region, return_inverse=True)[1]


def _passes(
    density: Float[np.ndarray, "column row"], hills: Int[np.ndarray, "column row"], number: int
) -> Float[np.ndarray, "hill hill"]:
    """The highest ground over which one comes from a hill to another; 0 where they do not meet."""
    passes = np.zeros((number, number))
    for axis in (0, 1):
        a, b = (np.moveaxis(hills, axis, 0)[part] for part in (slice(None, -1), slice(1, None)))
        p, q = (np.moveaxis(density, axis, 0)[part] for part in (slice(None, -1), slice(1, None)))
        apart: Bool[np.ndarray, "..."] = a != b
        lower = np.minimum(p, q)[apart]
        np.maximum.at(passes, (a[apart], b[apart]), lower)
        np.maximum.at(passes, (b[apart], a[apart]), lower)
    return passes
