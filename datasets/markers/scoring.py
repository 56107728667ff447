"""How near tracked marks are to the truth, whether hiding is reported, and whether bouts are found."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from datasets.dataset import PointTracks, contiguous_runs
from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Dimensionless, Fraction, Pixels


@dataclass(frozen=True)
class MarkScore:
    """One mark against the truth.

    Attributes:
        mark: its name.
        frames: in which the truth sees it and so do the tracks.
        rmse: root of the mean square error.
        median: error.
        p95: error that 95 % of the frames do not exceed.
        largest: error.
        missed: frames in which the truth sees it and the tracks do not.
        hidden: frames in which the truth says that it is out of sight.
        reported: share of those in which the tracks say so too; NaN where there are none.
        swapped: frames in which it lies nearer to where another mark truly is, which is farther than 5 px from its own.
    """

    mark: str
    frames: int
    rmse: Pixels
    median: Pixels
    p95: Pixels
    largest: Pixels
    missed: int
    hidden: int
    reported: Fraction
    swapped: int


_APART: Pixels = 5.0


def score_marks(found: PointTracks, truth: PointTracks, animal: int = 0) -> tuple[MarkScore, ...]:
    """Score every mark that both have, joined by name and frame.

    Args:
        found: tracks.
        truth: xy where a mark is seen; a score of 0 where it is known to be out of sight, NaN where nothing is known.
        animal: of the tracks.

    Raises:
        InputError: no mark in common, or the truth has frames that the tracks lack.
    """
    names = [name for name in truth.points if name in found.points]
    require(
        len(names) > 0,
        f"the tracks have {', '.join(found.points)} and the truth {', '.join(truth.points)}: none in common",
    )
    require(
        len(found.xy) >= len(truth.xy),
        f"the truth has frame {len(truth.xy) - 1}, the tracks end at {len(found.xy) - 1}: are they of one video?",
    )
    own = np.stack([found.xy[: len(truth.xy), animal, found.points.index(name)] for name in names], axis=1)
    true = np.stack([truth.xy[:, 0, truth.points.index(name)] for name in names], axis=1)
    known = truth.scores if truth.scores is not None else (~np.isnan(truth.xy[..., 0])).astype(float)
    hidden = np.stack([known[:, 0, truth.points.index(name)] == 0 for name in names], axis=1)
    return tuple(_score(name, k, own, true, hidden[:, k]) for k, name in enumerate(names))


def _score(
    name: str,
    k: int,
    own: Float[np.ndarray, "frame mark 2"],
    true: Float[np.ndarray, "frame mark 2"],
    hidden: Bool[np.ndarray, " frame"],
) -> MarkScore:
    errors = np.hypot(*np.moveaxis(own[:, k, None] - true, -1, 0))
    mine = errors[:, k]
    both = ~np.isnan(mine)
    others = np.delete(errors, k, axis=1)
    nearer = (others < mine[:, None]).any(axis=1) & (mine > _APART) if others.shape[1] else np.zeros(len(mine), bool)
    e = mine[both]
    stats = (np.sqrt((e**2).mean()), np.median(e), np.quantile(e, 0.95), e.max()) if len(e) else (np.nan,) * 4
    lost = np.isnan(own[:, k, 0])
    seen = ~np.isnan(true[:, k, 0])
    reported = float(lost[hidden].mean()) if hidden.any() else np.nan
    rmse, median, p95, largest = (float(value) for value in stats)
    return MarkScore(
        name, int(both.sum()), rmse, median, p95, largest, int((seen & lost).sum()), int(hidden.sum()), reported,
        int(nearer.sum()),
    )  # fmt: skip


def similarity_fit(
    points: Float[np.ndarray, "point 2"], onto: Float[np.ndarray, "point 2"]
) -> tuple[Dimensionless, Float[np.ndarray, "2 2"], Float[np.ndarray, "2"]]:
    """Scale, rotation and shift that bring points nearest to others in the mean square (Umeyama 1991), no mirror.

    Raises:
        InputError: fewer than two points that both are known.
    """
    known = ~np.isnan(points).any(axis=1) & ~np.isnan(onto).any(axis=1)
    require(int(known.sum()) >= 2, "a similarity needs two points that are known in both")
    a, b = points[known], onto[known]
    middle_a, middle_b = a.mean(axis=0), b.mean(axis=0)
    u, values, vt = np.linalg.svd((b - middle_b).T @ (a - middle_a))
    sign = np.array([1.0, np.sign(np.linalg.det(u @ vt))])
    turn = (u * sign) @ vt
    scale = float((values * sign).sum() / max(((a - middle_a) ** 2).sum(), 1e-12))
    return scale, turn, middle_b - scale * turn @ middle_a


def fitted_onto(found: PointTracks, truth: PointTracks, animal: int = 0) -> PointTracks:
    """Tracks of another pixel grid, such as M-Track's cage, brought onto the truth by one similarity."""
    from dataclasses import replace

    names = [name for name in truth.points if name in found.points]
    require(len(names) > 0, "the tracks and the truth have no mark in common")
    frames = min(len(found.xy), len(truth.xy))
    own, true = (
        np.concatenate([each.xy[:frames, row, each.points.index(name)] for name in names])
        for each, row in ((found, animal), (truth, 0))
    )
    scale, turn, shift = similarity_fit(own, true)
    return replace(found, xy=scale * found.xy @ turn.T + shift)


@dataclass(frozen=True)
class BoutScore:
    """Bouts found against true ones, one to one at an overlap (intersection over union) of at least a half."""

    true: int
    found: int
    matched: int

    @property
    def f1(self) -> Fraction:
        """Of the bouts; 1 where there are none and none was found."""
        both = self.true + self.found
        return 2 * self.matched / both if both else 1.0


def score_bouts(found: Sequence[tuple[int, int]], true: Sequence[tuple[int, int]], least: Fraction = 0.5) -> BoutScore:
    """Match bouts (first frame, frame after the last) one to one by the most overlap in all."""
    from scipy.optimize import linear_sum_assignment

    if not len(found) or not len(true):
        return BoutScore(len(true), len(found), 0)
    a, b = np.array(found)[:, None], np.array(true)[None]
    shared = np.maximum(np.minimum(a[..., 1], b[..., 1]) - np.maximum(a[..., 0], b[..., 0]), 0)
    overlap = shared / (a[..., 1] - a[..., 0] + b[..., 1] - b[..., 0] - shared)
    rows, columns = linear_sum_assignment(-np.where(overlap >= least, overlap, 0))
    return BoutScore(len(true), len(found), int((overlap[rows, columns] >= least).sum()))


def runs_of(mask: Bool[np.ndarray, " frame"]) -> Int[np.ndarray, "run 2"]:
    """First frame and frame after the last of each run of a mask."""
    return contiguous_runs(mask)
