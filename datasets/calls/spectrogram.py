"""Multitaper spectrograms of recordings, a stretch at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from datasets.calls.recording import Reader, Recording
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.units import Decibels, Hertz, Seconds

BAND: tuple[Hertz, Hertz] = (30_000.0, 120_000.0)
"""Where mice call; above half the sampling rate it is cut."""
_WINDOW: Seconds = 0.002
_FEWEST = 48
"""Bins of a band; where they ask for it, as at low sampling rates, frames are longer."""
_SHARED: Hertz = 12_000.0
"""Width of what a stretch of a frame shares."""
_BEND: Decibels = 3.0
_BLOCK = 64
"""Frames that are transformed at once, so that they stay in the processor's cache."""
_READ = 4096
"""Frames whose sound is read at once."""
Levels = Float[np.ndarray, "frame bin"]


@dataclass(frozen=True)
class Spectrogram:
    """How a spectrogram is made: sine tapers (Riedel and Sidorenko 1995), of which one transform a frame gives all.

    Sounds are differentiated first (each sample minus the one before), so that offsets and low frequencies do not leak.

    Attributes:
        rate: samples a second.
        half: N + 1, where N samples of a frame have weight; a power of two, about 2 ms at 250 kHz.
        hop: samples from frame to frame, about half a frame, 1 ms.
        first: the lowest bin.
        bins: their number.
        tapers: their number.
    """

    rate: int
    half: int
    hop: int
    first: int
    bins: int
    tapers: int = 5

    @property
    def window(self) -> int:
        """Samples of a frame; the first has no weight."""
        return self.half

    @property
    def step(self) -> Seconds:
        """From frame to frame."""
        return self.hop / self.rate

    @property
    def resolution(self) -> Hertz:
        """From bin to bin."""
        return self.rate / self.half

    @property
    def frequencies(self) -> Float[np.ndarray, " bin"]:
        """The middle of each bin in Hz."""
        return (self.first + np.arange(self.bins)) * self.resolution

    @property
    def weights(self) -> Float[np.ndarray, " taper"]:
        """Of the tapers (dimensionless), which fall with the square of their number."""
        return (1 - (np.arange(self.tapers) / self.tapers) ** 2).astype(np.float32)

    @property
    def degrees(self) -> float:
        """Half the equivalent degrees of freedom of a level, as if tapers were independent."""
        weights = self.weights.astype(float)
        return float(weights.sum() ** 2 / (weights**2).sum())

    def frames(self, samples: int) -> int:
        """Whole frames in so many samples."""
        return max(0, (samples - self.window) // self.hop + 1)

    def time(self, frame: float) -> Seconds:
        """The middle of a frame."""
        return (frame * self.hop + self.window / 2) / self.rate

    def gain(self) -> Float[np.ndarray, " bin"]:
        """The level in each bin of a tone there whose mean square is 1, in dB."""
        orders = np.arange(1, self.tapers + 1, 2)  # sums of sine tapers of even order are 0
        sums = 2 / self.half / np.tan(np.pi * orders / (2 * self.half)) ** 2
        tapers = self.half * (self.weights[::2] * sums).sum()
        return 10 * np.log10(tapers) + 20 * np.log10(2 * np.sin(np.pi * self.frequencies / self.rate))

    def levels(self, sound: Float[np.ndarray, " sample"]) -> Levels:
        """Levels in dB of frames of a sound that has been differentiated."""
        import scipy.fft

        from datasets.calls.kernels.frames import taper_power

        framed = np.lib.stride_tricks.sliding_window_view(sound, self.window)[:: self.hop]
        out = np.empty((len(framed), self.bins), np.float32)
        padded, weights = np.zeros((_BLOCK, 2 * self.half), np.float32), self.weights
        for start in range(0, len(framed), _BLOCK):
            part = out[start : start + _BLOCK]
            padded[: len(part), : self.window] = framed[start : start + _BLOCK]
            taper_power(scipy.fft.rfft(padded[: len(part)], axis=1), self.first, weights, part)
            np.log(part, out=part)
        out *= np.float32(10 / np.log(10))
        return out

    def read(self, reader: Reader, start: int, stop: int) -> Levels:
        """Levels of the frames `start` to `stop` of an open recording, in dB."""
        pieces = [np.empty((0, self.bins), np.float32)]
        for first in range(start, stop, _READ):
            last = min(first + _READ, stop)
            begin, end = first * self.hop, (last - 1) * self.hop + self.window
            sound = reader.read(begin - 1, end)
            pieces.append(self.levels(np.diff(sound, prepend=sound[:1]) if begin == 0 else np.diff(sound)))
        return np.concatenate(pieces)


def spectrogram_of(recording: Recording, band: tuple[Hertz, Hertz] | None = None) -> Spectrogram:
    """The spectrogram for a recording.

    Args:
        recording: gives the rate.
        band: the lowest and the highest frequency; `BAND`, as far as the rate goes, when None.

    Raises:
        InputError: the band lies above half the sampling rate, or is too narrow; the recording is too short.
    """
    low, high = _checked_band(recording, band)
    half = 2 ** round(np.log2(max(_WINDOW * recording.rate, _FEWEST * recording.rate / (high - low))))
    resolution = recording.rate / half
    first, last = max(3, int(np.ceil(low / resolution))), min(half - 3, int(high / resolution))
    require(last - first >= 16, f"--band {low / 1000:g}-{high / 1000:g} kHz is too narrow or too low to look at")
    made = Spectrogram(recording.rate, half, max(1, round(half / 2.048)), first, last - first + 1)
    shortest = (made.window + 10 * made.hop) / recording.rate
    require(
        made.frames(recording.samples) >= 10,
        f"{recording.path.name} is {recording.seconds * 1000:.3g} ms long: calls are sought in "
        f"{shortest * 1000:.0f} ms or more",
    )
    return made


def _checked_band(recording: Recording, band: tuple[Hertz, Hertz] | None) -> tuple[Hertz, Hertz]:
    nyquist = recording.nyquist
    low, high = band or (BAND[0], min(BAND[1], nyquist))
    if high > nyquist or (band is None and low > 0.75 * nyquist):
        raise InputError(
            f"{recording.path.name} is sampled at {recording.rate / 1000:g} kHz, so it holds nothing above "
            f"{nyquist / 1000:g} kHz: --band {low / 1000:g}-{max(high, BAND[1] if band is None else 0) / 1000:g} kHz "
            "cannot be looked at, give a lower one"
        )
    require(0 < low < high, f"--band goes from a lower to a higher frequency, got {low / 1000:g}-{high / 1000:g} kHz")
    return low, high


def sections(frames: int, step: Seconds, length: Seconds = 60.0) -> Iterator[tuple[int, int]]:
    """Cut frames into equal sections of about `length`."""
    number = max(1, round(frames * step / length))
    edges = [round(frames * k / number) for k in range(number + 1)]
    yield from pairwise(edges)


def noise_floor(levels: Levels, degrees: float, share: float = 0.15) -> Float[np.ndarray, " bin"]:
    """The median level of noise in each bin, estimated from its low percentile, which calls and bursts leave alone.

    The distance from the percentile to the median is that of a chi-squared variable with 2 `degrees` of freedom.
    """
    from scipy.stats import gamma

    above: Decibels = 10 * np.log10(gamma.ppf(0.5, degrees) / gamma.ppf(share, degrees))
    kept = np.ascontiguousarray(levels[:: max(1, len(levels) // 1500)])
    return (np.quantile(kept, share, axis=0) + above).astype(np.float32)


def take_off(levels: Levels, floor: Float[np.ndarray, " bin"], spectrogram: Spectrogram) -> None:
    """Take the floor of noise off levels in place, and what whole stretches of a frame share (clicks, rustles)."""
    from datasets.calls.kernels.frames import flatten

    flatten(levels, floor, max(8, round(_SHARED / spectrogram.resolution)), np.float32(_BEND))


def flattened(levels: Levels, spectrogram: Spectrogram) -> tuple[Levels, Decibels]:
    """Levels over their own floor, changed in place, and the standard deviation of noise in them."""
    take_off(levels, noise_floor(levels, spectrogram.degrees), spectrogram)
    low, middle = np.quantile(levels[:: max(1, len(levels) // 1500)], [0.16, 0.5])
    return levels, max(float(middle - low), 1.0)
