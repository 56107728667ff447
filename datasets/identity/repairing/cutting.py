"""Tracks cut to fragments where an exchange is thinkable: at gaps, jumps, and where two animals come close."""

from itertools import combinations

import numpy as np
from jaxtyping import Bool, Float, Int

from datasets.identity.fragments import Fragments
from datasets.identity.repairing.tool_tracks import Placed
from neuron_models.foundation.units import Pixels

_CLOSE = 1.0  # body lengths below which two animals may be taken for one another
_NEIGHBOUR = 2.0  # body lengths from where a track begins or ends, within which others are cut
_JUMP = 0.5  # body lengths that a step may miss its prediction by
_SPREADS = 8.0  # times the usual miss, likewise
_VELOCITY = 3  # frames that give a velocity
_MOST = 4  # cuts of one approach
_LEAST = -3.0  # log odds of an exchange at which an approach is cut more than once
_APART = 3  # frames between two cuts of one approach


def cut_tracks(placed: Placed) -> tuple[Fragments, Int[np.ndarray, " fragment"]]:
    """Cut all tracks, and say which track each fragment is of.

    Where two animals come close, both tracks are cut between the frames where an exchange would cost motion least;
    whether there was one is decided later.
    """
    xy = np.full((*placed.row.shape, 2), np.nan)
    there = placed.row >= 0
    xy[there] = placed.regions.xy[placed.row[there]]
    miss, spread = _misses(xy)
    cut = np.zeros(there.shape, bool)  # a fragment begins here
    cut[1:] = there[1:] & ~there[:-1]
    cut[0] = there[0]
    cut |= np.nan_to_num(miss) > max(_SPREADS * spread, _JUMP * placed.length)
    _cut_neighbours(cut, there, xy, _NEIGHBOUR * placed.length)
    for pair in combinations(range(there.shape[1]), 2):
        for frame in _approaches(xy[:, pair], _CLOSE * placed.length, spread):
            cut[frame, list(pair)] = True
    return _built(placed, cut & there)


def _velocity(xy: Float[np.ndarray, "frame track 2"]) -> Float[np.ndarray, "frame track 2"]:
    """The mean step that leads to each frame, over the last few that are known; 0 where none is."""
    steps = np.full(xy.shape, np.nan)
    steps[1:] = np.diff(xy, axis=0)
    shifted = [steps] + [np.concatenate([np.full((k, *xy.shape[1:]), np.nan), steps[:-k]]) for k in range(1, _VELOCITY)]
    stack = np.stack(shifted)
    known = ~np.isnan(stack)
    return np.nansum(stack, axis=0) / np.maximum(known.sum(axis=0), 1)


def _misses(xy: Float[np.ndarray, "frame track 2"]) -> tuple[Float[np.ndarray, "frame track"], Pixels]:
    """How far (px) each place is from where the last frames send it, and the usual spread of that."""
    miss = np.full(xy.shape[:2], np.nan)
    miss[1:] = np.linalg.norm(xy[1:] - xy[:-1] - _velocity(xy)[:-1], axis=-1)
    known = miss[~np.isnan(miss)]
    return miss, max(0.5, float(np.median(known)) / 1.2) if len(known) else 0.5


def _cut_neighbours(
    cut: Bool[np.ndarray, "frame track"], there: Bool[np.ndarray, "frame track"], xy: np.ndarray, reach: Pixels
) -> None:
    """Where a track begins, ends or jumps, cut those near it too, in place: one may go on as the other."""
    begins, ends = np.argwhere(cut), np.argwhere(there[:-1] & ~there[1:])
    for events, shift in ((begins, 0), (ends, 1)):
        for frame, track in events.tolist():
            near = np.linalg.norm(xy[frame] - xy[frame, track], axis=-1) < reach
            if frame + shift < len(cut) and frame + shift > 0:
                cut[frame + shift] |= near & there[frame + shift]


def _approaches(xy: Float[np.ndarray, "frame two 2"], close: Pixels, spread: Pixels) -> list[int]:
    """The frames from which on two animals may be exchanged: the likeliest of each approach, and others if likely."""
    near = np.nan_to_num(np.linalg.norm(xy[:, 0] - xy[:, 1], axis=-1), nan=np.inf) < close
    near[1:-1] |= near[:-2] & near[2:]
    edges = np.flatnonzero(np.diff(np.concatenate(([0], near.astype(int), [0]))))
    ahead = xy[:-1] + _velocity(xy)[:-1]
    straight, crossed = (
        -2.5 * np.log1p((np.linalg.norm(xy[1:, order] - ahead, axis=-1) / spread) ** 2 / 3).sum(axis=1)
        for order in ([0, 1], [1, 0])
    )
    gain = np.full(len(xy) + 1, np.nan)
    gain[1:-1] = crossed - straight  # of an exchange between a frame and the one before
    frames = []
    for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        frames += _best(gain[: len(xy)], max(first, 1), last)
    return frames


def _best(gain: Float[np.ndarray, " frame"], first: int, last: int) -> list[int]:
    """The places of the largest gains in a stretch (`last` is the one after it), apart from one another."""
    values = np.nan_to_num(gain[first : last + 1], nan=-np.inf)
    chosen: list[int] = []
    while len(values) and len(chosen) < _MOST and np.isfinite(values.max()):
        at = int(values.argmax())
        if chosen and values[at] < _LEAST:
            break
        chosen.append(first + at)
        values[max(0, at - _APART) : at + _APART + 1] = -np.inf
    return chosen


def _built(placed: Placed, cut: Bool[np.ndarray, "frame track"]) -> tuple[Fragments, Int[np.ndarray, " fragment"]]:
    rows: list[np.ndarray] = []
    track = []
    for which in range(cut.shape[1]):
        chain = placed.row[:, which]
        frames = np.flatnonzero(chain >= 0)
        begins = np.flatnonzero(cut[frames, which])
        for piece in np.split(frames, begins[begins > 0]):
            rows.append(chain[piece])
            track.append(which)
    frame = placed.regions.frame
    first, last = (np.array([frame[piece[k]] for piece in rows]) for k in (0, -1))
    order = np.argsort(first, kind="stable")
    fragments = Fragments(
        tuple(rows[k] for k in order), first[order], last[order], np.ones(len(rows), bool), np.zeros((0, 2), int),
        np.arange(len(rows)),
    )  # fmt: skip
    return fragments, np.array(track)[order]
