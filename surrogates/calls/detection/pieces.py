"""Pieces of calls in a flattened spectrogram, and the calls that they make."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from datasets.calls.call import Call
from datasets.calls.spectrogram import Levels, Spectrogram
from neuron_models.foundation.units import Dimensionless

_LONGEST_WAIT = 5_000
"""Frames without a pause after which a piece is cut all the same."""


@dataclass(frozen=True)
class Rules:
    """Thresholds in standard deviations of the noise, and frames between pieces of one call."""

    seed: Dimensionless
    grow: Dimensionless
    edge: Dimensionless
    gap: int


@dataclass(frozen=True)
class Piece:
    """One connected ridge: frames `start` to `stop`, bins `low` to `high` (both within), its best mean along a line."""

    start: int
    stop: int
    low: int
    high: int
    best: Dimensionless
    track: Int[np.ndarray, " frame"]

    def later(self, frames: int) -> "Piece":
        return replace(self, start=self.start + frames, stop=self.stop + frames)


def find_pieces(
    levels: Levels, shifts: Float[np.ndarray, "line offset"], rules: Rules, last: bool
) -> tuple[list[Piece], int]:
    """The pieces of some frames, up to a pause.

    Args:
        levels: flattened, in standard deviations.
        shifts: of the lines along which levels are averaged.
        rules: thresholds.
        last: whether nothing follows.

    Returns:
        The pieces before the pause, and the frame of the pause, from which on frames are to be looked at again.
    """
    import scipy.ndimage

    from datasets.calls.kernels.frames import along_ridges

    means = np.empty_like(levels)
    along_ridges(levels, shifts.astype(np.int64), means)
    labels, number = scipy.ndimage.label(means > rules.grow, np.ones((3, 3)))
    places = scipy.ndimage.find_objects(labels)
    best = np.zeros(number + 1, np.float32)
    seeds = np.nonzero(means >= rules.seed)
    np.maximum.at(best, labels[seeds], means[seeds])
    found = []
    for label in np.flatnonzero(best):
        piece = _piece(levels, labels, int(label), places[label - 1], float(best[label]), rules.edge)
        found += [] if piece is None else [piece]
    cut = len(levels) if last else _pause(len(levels), places, found, rules.gap + shifts.shape[1])
    return [piece for piece in found if piece.start < cut], cut


def _piece(
    levels: Levels, labels: np.ndarray, label: int, place: tuple[slice, slice], best: float, edge: float
) -> Piece | None:
    """The piece of a label, from the first to the last of its frames that are loud; None where none are."""
    inside = np.where(labels[place] == label, levels[place], -np.inf)
    track = inside.argmax(axis=1)
    loud = np.flatnonzero(inside.max(axis=1) > edge)
    if len(loud) < 3:
        return None
    first, last = int(loud[0]), int(loud[-1]) + 1
    bins = track[loud] + place[1].start
    start = place[0].start
    return Piece(
        start + first, start + last, int(bins.min()), int(bins.max()), best, track[first:last] + place[1].start
    )


def _pause(frames: int, places: Sequence[tuple[slice, slice]], found: Sequence[Piece], around: int) -> int:
    """The last frame that no ridge crosses and that is far from every piece, or the last but a few."""
    crossed = np.zeros(frames, bool)
    for place in places:
        crossed[max(0, place[0].start - 3) : place[0].stop + 3] = True
    for piece in found:
        crossed[max(0, piece.start - around) : piece.stop + around] = True
    crossed[max(0, frames - around) :] = True
    crossed[: max(0, frames - _LONGEST_WAIT)] = True
    free = np.flatnonzero(~crossed)
    return int(free[-1]) if len(free) else max(0, frames - around)


def call_of(group: Sequence[Piece], spectrogram: Spectrogram, channel: int) -> Call:
    """The call that some pieces make; its score is 1 - exp(-best / 4), of the best mean in standard deviations."""
    start, stop = min(each.start for each in group), max(each.stop for each in group)
    low, high = min(each.low for each in group), max(each.high for each in group)
    best = max(each.best for each in group)
    return Call(
        start=max(0.0, spectrogram.time(start - 0.5)),
        stop=spectrogram.time(stop - 0.5),
        low=float(spectrogram.frequencies[low]),
        high=float(spectrogram.frequencies[high]),
        score=float(1 - np.exp(-best / 4)),
        channel=channel,
    )
