"""How likely one fragment goes on as another, by where it was heading: learned from the fragments themselves."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from datasets.identity.detections import Detections
from datasets.identity.fragments import Fragments
from neuron_models.foundation.units import DataUnits

_SPAN = 3  # frames that give a velocity
_TAIL = 3.0  # degrees of freedom of Student's t: animals turn suddenly now and then
_GAPS = (1, 2, 4, 8, 16, 32)
_SAMPLES = 4000
_CANDIDATES = 8  # continuations of a fragment that are weighed
_THROUGH = 2.0  # log odds: what goes into a crossing comes out of it


@dataclass(frozen=True, eq=False)
class MotionModel:
    """The spread (px, in x and in y) of a place about its prediction after gaps of frames, and the area used (px²)."""

    gaps: Int[np.ndarray, " gap"]
    spread: Float[np.ndarray, " gap"]
    area: DataUnits

    def log_odds(self, away: Float[np.ndarray, " link"], gap: Int[np.ndarray, " link"]) -> Float[np.ndarray, " link"]:
        """Log odds (dimensionless) that a fragment goes on where it is `away` px from its prediction, against chance.

        Student's t in the plane, against a place drawn anywhere in the area.
        """
        spread = np.interp(np.log(gap), np.log(self.gaps), self.spread)
        spread = spread * np.maximum(gap / self.gaps[-1], 1.0)
        density = (1 + away**2 / (_TAIL * spread**2)) ** (-(_TAIL + 2) / 2) / (2 * np.pi * spread**2)
        return np.log(density * self.area)


def learn_motion(regions: Detections, fragments: Fragments) -> MotionModel:
    """Cut gaps into the fragments of single animals and see how far their ends miss each other."""
    rng = np.random.default_rng(0)
    chains = [rows for rows, single in zip(fragments.rows, fragments.single, strict=True) if single]
    xy = regions.xy
    spread = []
    for gap in _GAPS:
        long = [rows for rows in chains if len(rows) >= gap + 2 * _SPAN]
        if not long:
            break
        share = np.array([len(rows) - gap - 2 * _SPAN + 1 for rows in long], float)
        misses = []
        for which in rng.choice(len(long), _SAMPLES // len(_GAPS), p=share / share.sum()):
            start = int(rng.integers(share[which])) + _SPAN - 1
            path = xy[long[which]]
            misses.append(_miss(path[start - _SPAN + 1 : start + 1], path[start + gap : start + gap + _SPAN], gap))
        spread.append(max(0.5, float(np.median(misses) / 1.2)))  # the median of a t with 3 degrees, in the plane
    if not spread:
        spread = [float(np.sqrt(np.median(regions.column("area"))))]
    spread = np.maximum.accumulate(spread).tolist()
    extent = np.ptp(xy, axis=0) + 1.0
    return MotionModel(np.array(_GAPS[: len(spread)]), np.array(spread), float(np.prod(extent)))


def _miss(before: Float[np.ndarray, "frame 2"], after: Float[np.ndarray, "later 2"], gap: int) -> float:
    """How far (px) the middle of a gap misses itself, extrapolated from both of its sides."""
    ahead, back = (np.diff(path, axis=0).mean(axis=0) if len(path) > 1 else np.zeros(2) for path in (before, after))
    return float(np.hypot(*(after[0] - before[-1] - gap * (ahead + back) / 2)))


def continuations(
    regions: Detections, fragments: Fragments, motion: MotionModel, longest: int
) -> tuple[Int[np.ndarray, "link 2"], Float[np.ndarray, " link"]]:
    """Pairs of single fragments of which the second may go on the first, and the log odds of each by motion.

    Args:
        regions: of all frames.
        fragments: of these.
        motion: how animals move.
        longest: gap in frames.
    """
    singles = np.flatnonzero(fragments.single)
    crossing = crossings_of(fragments)
    into, out_of = _touching(fragments, crossing)
    pairs, odds = [], []
    order = singles[np.argsort(fragments.first[singles], kind="stable")]
    starts = fragments.first[order]
    for before in singles.tolist():
        low = np.searchsorted(starts, fragments.last[before], side="right")
        high = np.searchsorted(starts, fragments.last[before] + longest, side="right")
        later = order[low:high]
        if not len(later):
            continue
        gap = fragments.first[later] - fragments.last[before]
        tail = regions.xy[fragments.rows[before][-_SPAN:]]
        away = np.array(
            [
                _miss(tail, regions.xy[fragments.rows[after][:_SPAN]], int(g))
                for after, g in zip(later, gap, strict=True)
            ]
        )
        value = motion.log_odds(away, gap)
        if into[before] >= 0:
            value += np.where(out_of[later] == into[before], _THROUGH, -_THROUGH)
        best = np.argsort(-value)[:_CANDIDATES]
        best = best[value[best] > 0]
        pairs += [(before, int(after)) for after in later[best]]
        odds += value[best].tolist()
    return np.array(pairs, int).reshape(-1, 2), np.array(odds, float)


def crossings_of(fragments: Fragments) -> Int[np.ndarray, " fragment"]:
    """The index of the crossing that each fragment of several animals belongs to; -1 for fragments of one animal."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    several = ~fragments.single
    links = fragments.links[several[fragments.links].all(axis=1)] if len(fragments.links) else fragments.links
    graph = coo_matrix((np.ones(len(links)), (links[:, 0], links[:, 1])), (len(fragments),) * 2)
    _, index = connected_components(graph, directed=False)
    kept, number = np.unique(index[several], return_inverse=True)
    out = np.full(len(fragments), -1)
    out[several] = number if len(kept) else out[several]
    return out


def _touching(
    fragments: Fragments, crossing: Int[np.ndarray, " fragment"]
) -> tuple[Int[np.ndarray, " fragment"], Int[np.ndarray, " fragment"]]:
    """The crossing that each single fragment runs into, and the one that it comes out of; -1 where there is none."""
    into, out_of = np.full(len(fragments), -1), np.full(len(fragments), -1)
    for before, after in fragments.links.tolist():
        if crossing[after] >= 0 and crossing[before] < 0:
            into[before] = crossing[after]
        if crossing[before] >= 0 and crossing[after] < 0:
            out_of[after] = crossing[before]
    return into, out_of
