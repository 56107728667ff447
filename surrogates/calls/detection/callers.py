"""Which pieces are one call, and which are two callers at once."""

from collections.abc import Sequence

import numpy as np

from datasets.calls.call import Call, in_order
from datasets.calls.spectrogram import Spectrogram
from neuron_models.foundation.units import Fraction, Hertz, Seconds
from surrogates.calls.detection.pieces import Piece, call_of

_LONG: Seconds = 0.012
_LEAD: Seconds = 0.008
"""By which the one begins, and ends, before the other."""
_STRONG = 6.0
"""In standard deviations of the noise, for a call beside another."""
_SHARED: Fraction = 0.3
_FAINT = 4.0
"""In standard deviations of the noise: between pieces that are fainter, noise may hide what joins them."""
_HIDDEN = 1.5
"""Times the gap that pieces are then apart, where the one goes on near the frequency of the other."""
_CONTINUED: Hertz = 8_000.0
_LATEST = 20
"""Groups that are still looked at."""
_RATIOS = (2.0, 3.0, 1.5, 4.0)
"""Of frequencies of one voice: the harmonics, and the third with the second."""


def calls_of(
    parts: Sequence[Sequence[Piece]],
    spectrogram: Spectrogram,
    channel: int,
    gap: Seconds,
    shortest: Seconds,
    separate: bool = False,
) -> tuple[Call, ...]:
    """The calls of a recording from its pieces, which come in parts between which no call lasts."""
    groups = [group for pieces in parts for group in by_caller(pieces, spectrogram, gap, separate)]
    calls = (call_of(group, spectrogram, channel) for group in groups)
    return in_order(call for call in calls if call.duration >= shortest)


def by_caller(
    pieces: Sequence[Piece], spectrogram: Spectrogram, gap: Seconds, separate: bool = False
) -> list[list[Piece]]:
    """Group the pieces of each call.

    Pieces that are no more than `gap` apart are one call, those that overlap too. With `separate`, a piece that lasts
    beside another for a third of its length or more, begins and ends later, and is no harmonic of it, is another
    caller's, where both are long and strong. What begins and ends within a call is the call's.
    """
    groups: list[list[Piece]] = []
    frames = gap / spectrogram.step
    for piece in sorted(pieces, key=lambda each: each.start):
        near = [group for group in groups[-_LATEST:] if _joined(piece, group, spectrogram, frames)]
        if separate:
            near = [group for group in near if not any(apart(piece, each, spectrogram) for each in group)]
        if near:
            min(near, key=lambda group: _distance(piece, group)).append(piece)
        else:
            groups.append([piece])
    return groups


def _joined(piece: Piece, group: Sequence[Piece], spectrogram: Spectrogram, gap: float) -> bool:
    """Whether a piece is near enough to a group, in frames."""
    pause = piece.start - max(each.stop for each in group)
    faint = min(piece.best, max(each.best for each in group)) < _FAINT
    if faint and pause > gap and _distance(piece, group) * spectrogram.resolution < _CONTINUED:
        return pause <= _HIDDEN * gap
    return pause <= gap


def apart(one: Piece, other: Piece, spectrogram: Spectrogram) -> bool:
    """Whether two pieces are of two callers."""
    first, last = max(one.start, other.start), min(one.stop, other.stop)
    lengths = (one.stop - one.start, other.stop - other.start)
    lead = min(abs(one.start - other.start), abs(one.stop - other.stop)) * spectrogram.step
    staggered = (one.start < other.start) == (one.stop < other.stop) and lead >= _LEAD
    if (
        not staggered
        or last - first < 5
        or min(lengths) * spectrogram.step < _LONG
        or last - first < _SHARED * min(lengths)
    ):
        return False
    if min(one.best, other.best) < max(_STRONG, 0.3 * max(one.best, other.best)):
        return False
    a, b = (spectrogram.frequencies[each.track[first - each.start : last - each.start]] for each in (one, other))
    ratios = np.maximum(a, b) / np.minimum(a, b)
    return all(np.mean(np.abs(ratios / whole - 1) < 0.05) < 0.5 for whole in _RATIOS)


def _distance(piece: Piece, group: Sequence[Piece]) -> float:
    """Bins from the end of a group to the beginning of a piece."""
    latest = max(group, key=lambda each: each.stop)
    return abs(float(latest.track[-1]) - float(piece.track[0]))
