"""Pieces of calls in a flattened spectrogram, and the calls that they make."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from datasets.calls.call import Call
from datasets.calls.recording import Recording
from datasets.calls.spectrogram import Levels, Spectrogram, flattened, sections
from neuron_models.foundation.units import Dimensionless

_LONGEST_WAIT = 5_000
"""Frames without a pause after which a piece is cut all the same."""


@dataclass(frozen=True)
class Rules:
    """Thresholds in standard deviations of the noise, and frames between pieces of one call."""

    seed: Dimensionless
    grow: Dimensionless
    gap: int
    edges: tuple[Dimensionless, Dimensionless] = (0.8, 2.7)

    def edge(self, best: Dimensionless) -> Dimensionless:
        """How loud single frames are where a piece begins and ends: the second of `edges` for loud pieces."""
        return float(np.clip(0.6 * (best - 2), *self.edges))


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


@dataclass(frozen=True)
class RidgeMap:
    """What is looked at for ridges.

    Attributes:
        of: makes, of flattened levels in standard deviations, how loud each point is and how sure it is of a ridge;
            both (frame, bin), and the second is used up.
        reach: frames before and after a point that decide on it.
        align: frames are handed over from multiples of this on.
    """

    of: Callable[[Levels], tuple[Levels, Levels]]
    reach: int
    align: int = 1


def pieces_of(
    recording: Recording, spectrogram: Spectrogram, rules: Rules, channel: int, ridges: RidgeMap
) -> Iterator[list[Piece]]:
    """The pieces of a recording, cut between calls; what is still open at the end of a section waits for the next."""
    frames = spectrogram.frames(recording.samples)
    held, begin, context = np.empty((0, spectrogram.bins), np.float32), 0, 0
    with recording.reader(channel) as reader:
        for start, stop in sections(frames, spectrogram.step):
            levels, spread = flattened(spectrogram.read(reader, start, stop), spectrogram)
            levels /= spread
            held = np.concatenate([held, levels]) if len(held) else levels
            pieces, cut = find_pieces(held, rules, context, ridges, last=stop == frames)
            yield [piece.later(begin) for piece in pieces]
            kept = max(0, cut - ridges.reach) // ridges.align * ridges.align
            begin, held, context = begin + kept, held[kept:], cut - kept


def find_pieces(levels: Levels, rules: Rules, context: int, ridges: RidgeMap, last: bool) -> tuple[list[Piece], int]:
    """The pieces of some frames, up to a pause.

    Args:
        levels: flattened, in standard deviations.
        rules: thresholds.
        context: frames at the beginning that only decide on others; no piece is looked for there.
        ridges: what is looked at.
        last: whether nothing follows.

    Returns:
        The pieces before the pause, and the frame of the pause, from which on frames are to be looked at again.
    """
    from datasets.calls.kernels.ridges import trace_ridges

    frames = len(levels)
    loud, sure = ridges.of(levels)
    sure[:context] = -np.inf
    unsure = frames if last else frames - 2 * ridges.reach - 1
    bounds, tracks, louds, best = trace_ridges(loud, sure, rules.seed, rules.grow, unsure)
    cut = frames if last else _pause(frames, bounds, unsure, rules.gap + 2 * ridges.reach + 1)
    found = []
    for (first, stop, place), peak in zip(bounds.tolist(), best.tolist(), strict=True):
        if peak >= rules.seed and first < cut:
            its = slice(place, place + stop - first)
            piece = _piece(first, tracks[its], louds[its], peak, rules)
            found += [] if piece is None else [piece]
    return found, cut


def _piece(
    first: int, track: Int[np.ndarray, " frame"], loud: Float[np.ndarray, " frame"], best: Dimensionless, rules: Rules
) -> Piece | None:
    """A ridge from the first to the last of its frames that are loud; None where fewer than three are."""
    inside = np.flatnonzero(loud > rules.edge(best))
    if len(inside) < 3:
        return None
    start, stop = int(inside[0]), int(inside[-1]) + 1
    low, high = int(track[inside].min()), int(track[inside].max())
    return Piece(first + start, first + stop, low, high, best, track[start:stop])


def _pause(frames: int, bounds: Int[np.ndarray, "ridge 3"], unsure: int, around: int) -> int:
    """The last frame that is far from every ridge, and before those that may go on."""
    cut = frames - around
    for first, stop, _ in sorted(bounds.tolist(), reverse=True):
        if stop + around > cut or stop > unsure:
            cut = min(cut, first - around)
    return max(0, cut if cut > frames - _LONGEST_WAIT else frames - around)


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
