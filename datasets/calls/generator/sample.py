"""Generated recordings: what is called and when, and the sound of any stretch of them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from datasets.calls.call import Call
from datasets.calls.generator import waveforms
from datasets.calls.generator.contours import SHAPES, draw_contour
from neuron_models.foundation.errors import require, require_seed
from neuron_models.foundation.units import Decibels, Dimensionless, Fraction, Hertz, Seconds

BLOCK: Seconds = 10.0
_IN_BAND = (30_000.0, 120_000.0)
"""Where the background is compared with calls, as far as the sampling rate goes, in Hz."""


@dataclass(frozen=True)
class SampleSettings:
    """What a generated recording holds.

    Attributes:
        seconds: its length.
        rate: samples a second.
        calls: a minute, of all callers.
        snr: power of a call while it lasts over that of the background from 30 to 120 kHz.
        callers: their number.
        overlapping: share of calls that begin while another caller's lasts.
        harmonics: share of calls with a second harmonic, 12 to 25 dB weaker.
        echoes: share of calls with an echo 12 to 25 dB weaker.
        clicks: a minute.
        rustles: noises of the cage a minute.
        hum: level of a tone at 50 kHz over the background; minus infinity is none.
        band: where callers call, in Hz.
        shapes: of contours.
        seed: of everything.
    """

    seconds: Seconds = 60.0
    rate: int = 250_000
    calls: Dimensionless = 90.0
    snr: Decibels = 10.0
    callers: int = 2
    overlapping: Fraction = 0.0
    harmonics: Fraction = 0.3
    echoes: Fraction = 0.3
    clicks: Dimensionless = 30.0
    rustles: Dimensionless = 10.0
    hum: Decibels = 0.0
    band: tuple[Hertz, Hertz] = (42_000.0, 100_000.0)
    shapes: tuple[str, ...] = tuple(SHAPES)
    seed: int = 0

    def __post_init__(self) -> None:
        require(0.1 <= self.seconds <= 86_400, f"seconds must be from 0.1 to 86400, got {self.seconds:g}")
        require(1_000 <= self.rate <= 2_000_000, f"rate must be from 1000 to 2000000 Hz, got {self.rate}")
        require(0 <= self.calls <= 400, f"calls must be from 0 to 400 a minute, got {self.calls:g}")
        require(1 <= self.callers <= 20, f"callers must be from 1 to 20, got {self.callers}")
        require(abs(self.snr) <= 100, f"snr must be from -100 to 100 dB, got {self.snr:g}")
        low, high = self.band
        require(
            0 < low < high < self.rate / 2,
            f"calls between {low / 1000:g} and {high / 1000:g} kHz need a band below half the rate of "
            f"{self.rate / 1000:g} kHz",
        )
        unknown = sorted(set(self.shapes) - set(SHAPES))
        require(not unknown, f"there is no shape {unknown[:1]}; there are {', '.join(SHAPES)}")
        require_seed(self.seed, "seed")


@dataclass(frozen=True)
class PlannedCall:
    """A call of a generated recording, its contour in Hz at every sample from `first` on."""

    call: Call
    caller: int
    first: int
    contour: Float[np.ndarray, " sample"] = field(repr=False)


@dataclass(frozen=True)
class Sample:
    """A generated recording: its truth, and its sound when asked for."""

    settings: SampleSettings
    planned: tuple[PlannedCall, ...]

    @property
    def calls(self) -> tuple[Call, ...]:
        """The truth."""
        return tuple(each.call for each in self.planned)

    @property
    def samples(self) -> int:
        return round(self.settings.seconds * self.settings.rate)

    def blocks(self) -> Iterator[Float[np.ndarray, " sample"]]:
        """The sound in blocks of 10 s, each of which draws its own noise; full scale is 1."""
        size = round(BLOCK * self.settings.rate)
        late: list[tuple[int, np.ndarray]] = []
        for number, start in enumerate(range(0, self.samples, size)):
            stop = min(start + size, self.samples)
            sounds = late + [self._sound(index) for index in self._of_block(start, stop)]
            sounds += self._noises(number, start, stop)
            block = self._background(number, start, stop)
            late = []
            for first, sound in sounds:
                put(block, sound, first - start)
                if first + len(sound) > stop:
                    late.append((first, sound))
            yield block.astype(np.float32)

    def _of_block(self, start: int, stop: int) -> list[int]:
        return [index for index, each in enumerate(self.planned) if start <= each.first < stop]

    def _sound(self, index: int) -> tuple[int, np.ndarray]:
        settings, each = self.settings, self.planned[index]
        rng = np.random.default_rng([settings.seed, 1, index])
        overtone = rng.uniform(12, 25) if rng.uniform() < settings.harmonics else np.inf
        level = NOISE * 10 ** (settings.snr / 20)
        sound = waveforms.whistle(each.contour, settings.rate, level, overtone, rng)
        if rng.uniform() < settings.echoes:
            sound = waveforms.with_echo(sound, settings.rate, rng.uniform(12, 25), rng.uniform(0.002, 0.008))
        return each.first, sound

    def _background(self, number: int, start: int, stop: int) -> np.ndarray:
        """White noise with a root mean square of `NOISE` within 30 to 120 kHz, and the hum."""
        settings = self.settings
        rng = np.random.default_rng([settings.seed, 2, number])
        half = settings.rate / 2
        share = (min(_IN_BAND[1], half) - min(_IN_BAND[0], half / 2)) / half
        block = rng.normal(size=stop - start) * NOISE / np.sqrt(share)
        if np.isfinite(settings.hum) and settings.rate > 100_500:
            level = NOISE * 10 ** (settings.hum / 20)
            block += waveforms.hum(start, stop, settings.rate, 50_000.0, level)
        return block

    def _noises(self, number: int, start: int, stop: int) -> list[tuple[int, np.ndarray]]:
        settings, rng = self.settings, np.random.default_rng([self.settings.seed, 3, number])
        minutes = (stop - start) / settings.rate / 60
        sounds = []
        for make, rate in ((waveforms.click, settings.clicks), (waveforms.rustle, settings.rustles)):
            for _ in range(rng.poisson(rate * minutes)):
                sounds.append((int(rng.integers(start, stop)), make(settings.rate, NOISE * rng.uniform(2, 20), rng)))
        return sounds


NOISE = 0.003
"""Root mean square of the background from 30 to 120 kHz; full scale is 1."""


def put(block: np.ndarray, sound: np.ndarray, at: int) -> None:
    """Add a sound (full scale is 1) to a block (sample,) in place, where it lies within; `at` may be negative."""
    low, high = max(0, at), min(len(block), at + len(sound))
    if low < high:
        block[low:high] += sound[low - at : high - at]


def make_sample(settings: SampleSettings) -> Sample:
    """Plan a generated recording; equal settings give equal samples."""
    rng = np.random.default_rng([settings.seed, 0])
    rate = settings.rate
    planned: list = []
    free = rng.exponential(0.2) * rate
    wanted = rng.poisson(settings.calls * settings.seconds / 60)
    pause = max(0.03, 60 / max(settings.calls, 1e-9) - 0.07)
    for number in range(wanted):
        shape = settings.shapes[number % len(settings.shapes)] if number < 8 else str(rng.choice(settings.shapes))
        contour = draw_contour(shape, rate, settings.band, rng)
        overlaps = bool(planned) and settings.callers > 1 and rng.uniform() < settings.overlapping
        if overlaps:
            first = planned[-1].first + int(rng.uniform(0.2, 0.8) * len(planned[-1].contour))
            caller = 1 + planned[-1].caller % settings.callers
        else:
            first, caller = (
                int(free + rate * (0.025 + rng.exponential(pause - 0.025))),
                int(rng.integers(settings.callers)) + 1,
            )
        if first + len(contour) >= settings.seconds * rate:
            break
        planned.append(_plan(contour, first, caller, shape, rate))
        free = max(free, first + len(contour))
    return Sample(settings, tuple(sorted(planned, key=lambda each: each.first)))


def _plan(contour: np.ndarray, first: int, caller: int, shape: str, rate: int) -> PlannedCall:
    low, high = float(contour.min()), float(contour.max())
    call = Call(first / rate, (first + len(contour)) / rate, low, high, 1.0, shape)
    return PlannedCall(call, caller, first, contour)
