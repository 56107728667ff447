"""Which end is the head: decided over whole stretches of time, by how an animal moves and by how its ends differ."""

import numpy as np
from jaxtyping import Bool, Float

from neuron_models.foundation.units import Dimensionless

_BEFORE, _AFTER = 3, 3  # frames, over which a displacement is taken
_WEIGHT = 0.1  # of a frame's evidence: neighbouring frames say the same
_TURN: Dimensionless = 8.0  # cost of a jump by pi from one frame to the next, in logarithms of odds
_SURE = 3.0  # logarithm of the odds from which a stretch's direction is not in doubt


def resolve_heads(
    centre: Float[np.ndarray, "frame animal 2"],
    axis: Float[np.ndarray, "frame animal"],
    length: Float[np.ndarray, "frame animal"],
    ends: Float[np.ndarray, "frame animal measure"],
) -> tuple[Float[np.ndarray, "frame animal"], Bool[np.ndarray, "frame animal"]]:
    """Turn axes into headings.

    Animals move with their heads ahead more often than not. From that, what distinguishes the ends (`ends`: measures
    that change sign with the axis) is learned from all animals and frames together, and then decides where they rest.

    Args:
        centre: px, NaN where an animal was not found.
        axis: rad, 0 to pi.
        length: px, root mean square distance of the body from its centre along the axis.
        ends: asymmetries along the axis.

    Returns:
        Headings in rad (NaN where the animal was not found), and whether a stretch's direction is in doubt.
    """
    ahead = np.stack([np.cos(axis), np.sin(axis)], axis=-1)
    moved = np.tanh(np.nan_to_num((_displacement(centre) * ahead).sum(axis=-1) / length))
    ends = np.nan_to_num(ends / (np.sqrt(np.nanmean(ends**2, axis=(0, 1))) + 1e-12))
    seen = ~np.isnan(axis)
    evidence = 2.0 * moved
    for _ in range(3):  # the direction of a frame and what is learned from it settle together
        signs = np.stack([_signs(evidence[:, k], axis[:, k])[0] for k in range(axis.shape[1])], axis=1)
        evidence = 2.0 * moved + _log_odds(ends, signs, seen)
    headings, doubtful = np.full(axis.shape, np.nan), np.zeros(axis.shape, dtype=bool)
    for k in range(axis.shape[1]):
        signs_k, doubtful[:, k] = _signs(evidence[:, k], axis[:, k])
        headings[:, k] = (axis[:, k] + np.pi * (signs_k < 0) + np.pi) % (2 * np.pi) - np.pi
    return headings, doubtful & seen


def _displacement(centre: Float[np.ndarray, "frame animal 2"]) -> Float[np.ndarray, "frame animal 2"]:
    later = np.concatenate([centre[_AFTER:], np.repeat(centre[-1:], min(_AFTER, len(centre)), axis=0)])
    earlier = np.concatenate([np.repeat(centre[:1], min(_BEFORE, len(centre)), axis=0), centre[:-_BEFORE]])
    return later - earlier


def _log_odds(
    ends: Float[np.ndarray, "frame animal measure"],
    signs: Float[np.ndarray, "frame animal"],
    visible: Bool[np.ndarray, "frame animal"],
) -> Float[np.ndarray, "frame animal"]:
    """The odds by linear discriminants, of measures that are independent and normal given the direction."""
    total = np.zeros(signs.shape)
    for k in range(ends.shape[-1]):
        values = (ends[..., k] * signs)[visible]
        if len(values):
            total += np.clip(2 * values.mean() / (values.var() + 0.05) * ends[..., k], -4, 4)
    return total


def _signs(
    evidence: Float[np.ndarray, " frame"], axis: Float[np.ndarray, " frame"]
) -> tuple[Float[np.ndarray, " frame"], Bool[np.ndarray, " frame"]]:
    """The likeliest sequence of directions along or against the axis (Viterbi), and where a stretch is in doubt."""
    signs, doubtful = np.ones(len(axis)), np.zeros(len(axis), dtype=bool)
    seen = ~np.isnan(axis)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], seen.astype(int), [0]))))
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        signs[first:last] = _stretch(evidence[first:last], axis[first:last])
        odds = _WEIGHT * (evidence[first:last] * signs[first:last]).sum()
        doubtful[first:last] = odds < _SURE
    return signs, doubtful


def _stretch(evidence: Float[np.ndarray, " frame"], axis: Float[np.ndarray, " frame"]) -> Float[np.ndarray, " frame"]:
    turned = np.cos(np.diff(axis))
    score = np.zeros(2)
    back = np.zeros((len(axis), 2), dtype=int)
    for k, value in enumerate(evidence):
        if k:
            stay = _TURN * turned[k - 1]
            ways = np.array([[score[0] + stay, score[1] - stay], [score[0] - stay, score[1] + stay]])
            back[k] = ways.argmax(axis=1)
            score = ways.max(axis=1)
        score = score + np.array([value, -value]) * _WEIGHT
    state, signs = int(score.argmax()), np.empty(len(axis))
    for k in range(len(axis) - 1, -1, -1):
        signs[k] = 1.0 if state == 0 else -1.0
        state = int(back[k, state])
    return signs
