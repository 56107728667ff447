"""What a recording holds between its calls, as the background that a network learns calls in."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int

from datasets.calls.call import Call
from datasets.calls.recording import Reader
from datasets.calls.spectrogram import Spectrogram
from datasets.dataset import contiguous_runs
from neuron_models.foundation.units import Seconds

_AROUND: Seconds = 0.01
"""Before and after a call, where its edges may lie."""
_SHORTEST: Seconds = 0.03
"""Of a quiet piece that is joined to others."""
_FADE: Seconds = 0.005
"""Over which one piece gives way to the next."""


def quiet_frames(calls: Sequence[Call], spectrogram: Spectrogram, start: int, stop: int) -> Bool[np.ndarray, " frame"]:
    """Which of the frames `start` to `stop` of a recording hold no call, nor the 10 ms around one."""
    quiet = np.ones(stop - start, bool)
    for call in calls:
        first, last = (round(at / spectrogram.step) - start for at in (call.start - _AROUND, call.stop + _AROUND))
        quiet[max(0, first) : max(0, last)] = False
    return quiet


def quiet_starts(quiet: Bool[np.ndarray, " frame"], length: int) -> Int[np.ndarray, " start"]:
    """The frames from which on so many are quiet.

    >>> quiet_starts(np.array([True, True, True, False, True, True]), 2).tolist()
    [0, 1, 4]
    """
    loud = np.concatenate([[0], np.cumsum(~quiet)])
    return np.flatnonzero(loud[length:] == loud[:-length]) if length <= len(quiet) else np.empty(0, int)


def quiet_pieces(quiet: Bool[np.ndarray, " frame"], spectrogram: Spectrogram) -> Int[np.ndarray, "piece 2"]:
    """The first frame of every quiet piece of 30 ms or more, and the frame after its last."""
    pieces = contiguous_runs(quiet)
    return pieces[np.ptp(pieces, axis=1) * spectrogram.step >= _SHORTEST]


def joined_pieces(
    reader: Reader, pieces: Int[np.ndarray, "piece 2"], spectrogram: Spectrogram, samples: int, rng: np.random.Generator
) -> Float[np.ndarray, " sample"]:
    """So many samples of quiet pieces one after the other, drawn by their length.

    Over 5 ms one gives way to the next. Both are weighted by the sine and cosine of an angle, so that noise keeps its
    power there.

    Args:
        reader: of the recording.
        pieces: first frame and the frame after the last, of the whole recording.
        spectrogram: whose frames they are.
        samples: to give.
        rng: draws the pieces.
    """
    fade = round(_FADE * spectrogram.rate)
    angle = np.linspace(0, np.pi / 2, fade + 2)[1:-1]
    lengths = np.ptp(pieces, axis=1)
    parts: list[np.ndarray] = []
    length = 0
    while length < samples:
        first, last = pieces[rng.choice(len(pieces), p=lengths / lengths.sum())].tolist()
        piece = reader.read(first * spectrogram.hop, (last - 1) * spectrogram.hop + spectrogram.window).astype(float)
        if parts:
            piece[:fade] = np.cos(angle) * parts[-1][-fade:] + np.sin(angle) * piece[:fade]
            parts[-1] = parts[-1][:-fade]
            length -= fade
        parts.append(piece)
        length += len(piece)
    return np.concatenate(parts)[:samples]
