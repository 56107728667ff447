"""The contour of each call by Viterbi's algorithm."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from datasets.calls.call import Call
from datasets.calls.recording import Reader, Recording
from datasets.calls.spectrogram import Levels, Spectrogram, noise_floor, sections, spectrogram_of, take_off
from neuron_models.foundation.units import Decibels, Hertz

_STEP: Decibels = 0.8
"""What a bin up or down costs from frame to frame."""
_JUMP: Decibels = 14.0
"""What a jump to any bin costs."""
_NEAR = 6
"""Bins beyond which it is a jump."""
_CEILING: Decibels = 20.0
"""Louder levels count no more, so that a loud harmonic does not win by its loudness."""
_MARGIN: Hertz = 3_000.0
_PICTURE = (8, 6)
"""Times and frequencies of a call's picture."""


@dataclass(frozen=True, eq=False)
class Contour:
    """The frequency of a call over time.

    Attributes:
        call: whose it is.
        time: of each frame, in s.
        frequency: in each frame, in Hz.
        level: over the noise, in dB.
        power: as recorded, in dB of the square of full scale.
        flatness: geometric over arithmetic mean of the power in the call's band, 0 (a tone) to 1.
        picture: levels over the noise in its band, in dB, from 0 to 20: the largest of each stretch of frequencies.
    """

    call: Call
    time: Float[np.ndarray, " frame"]
    frequency: Float[np.ndarray, " frame"]
    level: Float[np.ndarray, " frame"]
    power: Float[np.ndarray, " frame"]
    flatness: Float[np.ndarray, " frame"]
    picture: Float[np.ndarray, "time frequency"]


def best_path(levels: Levels) -> Int[np.ndarray, " frame"]:
    """The bin of each frame on the path with the largest sum of levels, less what its steps and jumps cost."""
    frames, bins = levels.shape
    score = levels[0].astype(float)
    came = np.zeros((frames, bins), int)
    places = np.arange(bins)
    shifts = range(-min(_NEAR, bins - 1), min(_NEAR, bins - 1) + 1)
    for t in range(1, frames):
        best, source = np.full(bins, score.max() - _JUMP), np.full(bins, int(score.argmax()))
        for shift in shifts:
            to = slice(max(0, shift), bins + min(0, shift))
            of = slice(max(0, -shift), bins + min(0, -shift))
            candidate = score[of] - _STEP * abs(shift)
            better = candidate > best[to]
            best[to] = np.where(better, candidate, best[to])
            source[to] = np.where(better, places[of], source[to])
        score, came[t] = best + levels[t], source
    path = np.empty(frames, int)
    path[-1] = int(score.argmax())
    for t in range(frames - 1, 0, -1):
        path[t - 1] = came[t, path[t]]
    return path


def contours_of(recording: Recording, calls: Sequence[Call], band: tuple[Hertz, Hertz] | None = None) -> list[Contour]:
    """Follow the contour of each call of a recording, in the order of the calls.

    Args:
        recording: in which they are; calls past its end are cut there.
        calls: with channels; where their frequencies are not known, the whole band is looked at.
        band: of the spectrogram.

    Raises:
        InputError: the band or a channel does not go with the recording.
    """
    spectrogram = spectrogram_of(recording, band)
    found: dict[int, Contour] = {}
    for channel in sorted({call.channel for call in calls}):
        chosen = [index for index, call in enumerate(calls) if call.channel == channel]
        with recording.reader(channel) as reader:
            for index, floor in _floors(reader, recording, spectrogram, calls, chosen):
                contour = _contour(reader, recording, spectrogram, calls[index], floor)
                if contour is not None:
                    found[index] = contour
    return [found[index] for index in sorted(found)]


def _floors(
    reader: Reader, recording: Recording, spectrogram: Spectrogram, calls: Sequence[Call], chosen: Sequence[int]
) -> Iterator[tuple[int, np.ndarray]]:
    """Each chosen call with the floor of noise of the minute in which it begins."""
    frames = spectrogram.frames(recording.samples)
    for start, stop in sections(frames, spectrogram.step):
        inside = [index for index in chosen if start <= calls[index].start / spectrogram.step < stop]
        if inside:
            floor = noise_floor(spectrogram.read(reader, start, stop), spectrogram.degrees)
            yield from ((index, floor) for index in inside)


def _contour(
    reader: Reader, recording: Recording, spectrogram: Spectrogram, call: Call, floor: np.ndarray
) -> Contour | None:
    first, stop = (round((at - spectrogram.time(0)) / spectrogram.step + 0.5) for at in (call.start, call.stop))
    first = max(0, first)
    last = min(spectrogram.frames(recording.samples), max(first + 1, stop))
    if last <= first:
        return None
    raw = spectrogram.read(reader, first, last)
    levels = raw.copy()
    take_off(levels, floor, spectrogram)
    low, high = _bins(spectrogram, call)
    path = low + best_path(np.minimum(levels[:, low:high], _CEILING))
    rows = np.arange(len(path))
    power = 10 ** (raw[:, low:high] / 10)
    return Contour(
        call,
        np.array([spectrogram.time(first + int(t)) for t in rows]),
        spectrogram.frequencies[path],
        levels[rows, path].astype(float),
        (raw[rows, path] - spectrogram.gain()[path]).astype(float),
        (np.exp(np.log(power).mean(axis=1)) / power.mean(axis=1)).astype(float),
        _picture(levels[:, low:high]),
    )


def _picture(levels: Levels) -> Float[np.ndarray, "time frequency"]:
    times, frequencies = _PICTURE
    rows = np.linspace(0, len(levels) - 1, times).round().astype(int)
    columns = np.linspace(0, levels.shape[1], frequencies, endpoint=False).astype(int)
    return np.clip(np.maximum.reduceat(levels, columns, axis=1)[rows], 0, _CEILING).astype(float)


def _bins(spectrogram: Spectrogram, call: Call) -> tuple[int, int]:
    """The bins of a call's band, with a margin; all of them where the band is not known or not in the spectrogram."""
    if not np.isfinite([call.low, call.high]).all():
        return 0, spectrogram.bins
    near = np.flatnonzero(
        (spectrogram.frequencies >= call.low - _MARGIN) & (spectrogram.frequencies <= call.high + _MARGIN)
    )
    return (int(near[0]), int(near[-1]) + 1) if len(near) > 2 else (0, spectrogram.bins)
