"""How well identities agree with the truth: IDF1 and switches."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Fraction, Pixels


@dataclass(frozen=True)
class IdentityScores:
    """IDF1 (Ristani et al. 2016, ECCV), switches (Bernardin and Stiefelhagen 2008), and what the matches cover.

    Attributes:
        idf1: the harmonic mean of identity precision and recall.
        switches: how often the track that follows a true animal changes.
        matched: share of true places that some track is at.
        correct: share of true places that the one right track is at.
        distance: within which a place is at another.
    """

    idf1: Fraction
    switches: int
    matched: Fraction
    correct: Fraction
    distance: Pixels


def score_identities(
    found: Float[np.ndarray, "tracked track 2"], truth: Float[np.ndarray, "frame animal 2"], distance: Pixels
) -> IdentityScores:
    """Compare tracks with the truth, in px of the same frames.

    In each frame, tracks and animals are matched one to one within `distance`, and stay matched as long as they are
    near. IDF1 gives each animal one track for all frames, such that most places agree.

    Raises:
        InputError: they have different numbers of frames, or there is no truth.
    """
    from scipy.optimize import linear_sum_assignment

    require(
        len(found) == len(truth), f"the tracks have {len(found)} frames and the truth {len(truth)}: is it one video?"
    )
    require(distance > 0, f"--distance must be > 0 px, got {distance:g}")
    there, seen = ~np.isnan(truth[..., 0]), ~np.isnan(found[..., 0])
    require(bool(there.any()), "the truth has no place of any animal")
    away = np.linalg.norm(truth[:, :, None] - found[:, None], axis=-1)
    near = np.nan_to_num(away, nan=np.inf) <= distance
    shared = near.sum(axis=0)
    animal, track = linear_sum_assignment(-shared)
    right = int(shared[animal, track].sum())
    matches = _matched(np.where(near, away, np.inf))
    switches = 0
    for who in range(truth.shape[1]):
        followed = matches[matches[:, who] >= 0, who]
        switches += int((np.diff(followed) != 0).sum())
    return IdentityScores(
        2 * right / max(int(there.sum() + seen.sum()), 1),
        switches,
        float((matches >= 0).sum() / there.sum()),
        float(right / there.sum()),
        float(distance),
    )


def _matched(away: Float[np.ndarray, "frame animal track"]) -> Int[np.ndarray, "frame animal"]:
    """The track at each animal, -1 for none; what was matched stays so while it is near (px; inf is too far)."""
    from scipy.optimize import linear_sum_assignment

    matches = np.full(away.shape[:2], -1)
    before = np.full(away.shape[1], -1)
    for now, distance in enumerate(away):
        cost = np.where(np.isfinite(distance), distance, 1e6)
        for who, track in enumerate(before):
            if track >= 0 and cost[who, track] < 1e6:
                cost[who, track] -= 1e5
        for who, track in zip(*linear_sum_assignment(cost), strict=True):
            if cost[who, track] < 9e5:
                matches[now, who] = track
        before = np.where(matches[now] >= 0, matches[now], before)
    return matches
