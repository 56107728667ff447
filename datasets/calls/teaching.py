"""Datasets that teach a network calls: generated calls in the background of recordings that you have."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int8

from datasets.calls.background import joined_pieces, quiet_frames, quiet_pieces, quiet_starts
from datasets.calls.call import Call
from datasets.calls.generator import waveforms
from datasets.calls.generator.contours import SHAPES, draw_contour
from datasets.calls.generator.sample import put
from datasets.calls.recording import Recording
from datasets.calls.spectrogram import Spectrogram, flattened, noise_floor, sections, spectrogram_of, take_off
from datasets.dataset import Dataset, Trial
from neuron_models.foundation.errors import require, require_seed
from neuron_models.foundation.units import Decibels, Dimensionless, Fraction, Hertz

BAND_BINS = 4
"""Bins of a band in which a network tells calls from noise."""
FRAMES = 512
"""Of a stretch."""
_CLIP = (-4.0, 12.0)
"""Of levels, in standard deviations of the noise."""
_NEAR: Hertz = 1_000.0
"""Around its contour, where a call is."""
_LEAST: Fraction = 0.5
"""Of a stretch: with less that is quiet, joined stretches would repeat themselves."""
JOINED = " joined"
"""What the names of stretches end in that are joined from quiet pieces."""


@dataclass(frozen=True)
class TeachingSettings:
    """What the stretches of a dataset hold.

    Attributes:
        stretches: of 512 frames, about half a second, from all recordings.
        band: the lowest and the highest frequency; None for 30 to 120 kHz, as far as the recordings go.
        faintest: power of a call over that of the background from the lowest to the highest frequency.
        loudest: the same of the loudest.
        calls: that a stretch has on average.
        seed: of everything.
    """

    stretches: int = 240
    band: tuple[Hertz, Hertz] | None = None
    faintest: Decibels = -10.0
    loudest: Decibels = 15.0
    calls: Dimensionless = 2.5
    seed: int = 0

    def __post_init__(self) -> None:
        require(8 <= self.stretches <= 20_000, f"stretches must be from 8 to 20000, got {self.stretches}")
        require(self.faintest <= self.loudest, f"faintest is at most loudest, got {self.faintest:g} dB")
        message = f"calls are -100 to 100 dB over their background, got {self.faintest:g} to {self.loudest:g} dB"
        require(self.faintest >= -100 and self.loudest <= 100, message)
        require(0 <= self.calls <= 20, f"calls must be from 0 to 20 a stretch, got {self.calls:g}")
        require_seed(self.seed, "seed")


def bands_of(spectrogram: Spectrogram) -> int:
    """The number of bands of a spectrogram, the last of which may be narrower."""
    return -(-spectrogram.bins // BAND_BINS)


def teaching_dataset(
    recordings: Sequence[tuple[Recording, Sequence[Call]]], settings: TeachingSettings = TeachingSettings()
) -> Dataset:
    """Put generated calls into stretches of recordings in which no call is; one in five stretches validates.

    Where a minute of a recording has no half second without a call, stretches are joined from its quiet pieces, and
    their names end in "joined". `x` are flattened levels (frame, bin) in standard deviations of the noise; `y` (frame,
    band) is 1 where a call is.

    Args:
        recordings: each with the calls that it has; one that is hardly ever quiet gives none.
        settings: how many, and how loud.

    Raises:
        InputError: recordings have different rates, or none is quiet enough.
    """
    kinds = {(r.rate, spectrogram_of(r, settings.band)) for r, _ in recordings}
    require(len(kinds) == 1, f"recordings of one sampling rate teach a network, got {sorted(k[0] for k in kinds)} Hz")
    ((rate, spectrogram),) = kinds
    each = max(4, -(-settings.stretches // len(recordings)))
    trials: list[Trial] = []
    for number, (recording, calls) in enumerate(recordings):
        rng = np.random.default_rng([settings.seed, number])
        for count, made in enumerate(_stretches(recording, calls, spectrogram, settings, each, rng)):
            name = f"{number + 1} {recording.path.stem} {count + 1}{JOINED * made.joined}"
            split = "validation" if count % 5 == 4 else "train"
            trials.append(Trial(name, made.x, made.y, group=recording.path.stem, split=split))
    require(bool(trials), "no recording has a quarter of a second without a call: give ones in which animals call less")
    names = tuple(f"{f / 1000:.2f} kHz" for f in spectrogram.frequencies)
    low, high = float(spectrogram.frequencies[0]), float(spectrogram.frequencies[-1])
    facts = {"low": low, "high": high, "bins": spectrogram.bins, "step": spectrogram.step}
    return Dataset(
        "calls",
        tuple(trials),
        dt=1000 * spectrogram.step,
        x_names=names,
        y_names=tuple(f"call at {name}" for name in names[::BAND_BINS]),
        x_units="sd",
        task="detection",
        source=f"generated calls over {len(recordings)} recordings at {rate} Hz",
        extra={"spectrogram": facts},
    )


@dataclass(frozen=True, eq=False)
class _Stretch:
    """Levels, where the calls are in them, and whether the background is joined from pieces."""

    x: Float[np.ndarray, "frame bin"]
    y: Int8[np.ndarray, "frame band"]
    joined: bool


def clipped(levels: Float[np.ndarray, "frame bin"]) -> Float[np.ndarray, "frame bin"]:
    """Levels in dB over the floor of noise as a network sees them."""
    return np.clip(levels, *_CLIP)


def _stretches(
    recording: Recording,
    calls: Sequence[Call],
    spectrogram: Spectrogram,
    settings: TeachingSettings,
    number: int,
    rng: np.random.Generator,
) -> Iterator[_Stretch]:
    """So many stretches of a recording with calls put in."""
    frames, length = spectrogram.frames(recording.samples), (FRAMES - 1) * spectrogram.hop + spectrogram.window
    parts = list(sections(frames, spectrogram.step))
    with recording.reader() as reader:
        for part, (start, stop) in enumerate(parts):
            levels = spectrogram.read(reader, start, stop)
            floor, spread = noise_floor(levels, spectrogram.degrees), flattened(levels, spectrogram)[1]
            quiet = quiet_frames(calls, spectrogram, start, stop)
            starts, pieces = start + quiet_starts(quiet, FRAMES), start + quiet_pieces(quiet, spectrogram)
            joined = len(starts) == 0
            if joined and np.ptp(pieces, axis=1).sum() < _LEAST * FRAMES:
                continue
            for _ in range(number // len(parts) + (part < number % len(parts))):
                if joined:
                    sound = joined_pieces(reader, pieces, spectrogram, length, rng)
                else:
                    begin = int(rng.choice(starts)) * spectrogram.hop
                    sound = reader.read(begin, begin + length).astype(float)
                mask = _with_calls(sound, spectrogram, settings, _level(sound, spectrogram), rng)
                levels = spectrogram.levels(np.diff(sound, prepend=sound[:1]).astype(np.float32))
                take_off(levels, floor, spectrogram)
                yield _Stretch(clipped(levels / np.float32(spread)), mask, joined)


def _level(sound: Float[np.ndarray, " sample"], spectrogram: Spectrogram) -> Dimensionless:
    """The root mean square of a sound within the band: of the median of eight parts, which clicks leave alone."""
    parts = sound[: len(sound) // 8 * 8].reshape(8, -1)
    power = 2 * np.abs(np.fft.rfft(parts, axis=1)) ** 2 / parts.shape[1] ** 2
    at = np.fft.rfftfreq(parts.shape[1], 1 / spectrogram.rate)
    inside = (at >= spectrogram.frequencies[0]) & (at <= spectrogram.frequencies[-1])
    return max(float(np.sqrt(np.median(power[:, inside].sum(axis=1)))), 1e-6)


def _with_calls(
    sound: np.ndarray,
    spectrogram: Spectrogram,
    settings: TeachingSettings,
    background: Dimensionless,
    rng: np.random.Generator,
) -> Int8[np.ndarray, "frame band"]:
    """Add calls to a sound in place; gives where they are."""
    rate, mask = spectrogram.rate, np.zeros((FRAMES, bands_of(spectrogram)), np.int8)
    low, high = float(spectrogram.frequencies[0]), float(spectrogram.frequencies[-1])
    for _ in range(rng.poisson(settings.calls)):
        contour = draw_contour(str(rng.choice(list(SHAPES))), rate, (low + 2000, high - 2000), rng)
        first = int(rng.integers(-len(contour) // 2, len(sound) - len(contour) // 2))
        level = background * 10 ** (rng.uniform(settings.faintest, settings.loudest) / 20)
        overtone = rng.uniform(15, 30) if rng.uniform() < 0.3 else np.inf
        call = waveforms.whistle(contour, rate, level, overtone, rng)
        put(sound, waveforms.with_echo(call, rate, rng.uniform(12, 25), rng.uniform(0.002, 0.008)), first)
        _mark(mask, contour, first, spectrogram)
    for make in (waveforms.click, waveforms.rustle):
        if rng.uniform() < 0.2:
            put(sound, make(rate, background * rng.uniform(2, 20), rng), int(rng.integers(len(sound))))
    return mask


def _mark(mask: Int8[np.ndarray, "frame band"], contour: np.ndarray, first: int, spectrogram: Spectrogram) -> None:
    middles = np.arange(FRAMES) * spectrogram.hop + spectrogram.half // 2 - first
    inside = np.flatnonzero((middles >= 0) & (middles < len(contour)))
    for away in (-_NEAR, 0.0, _NEAR):
        bins = (contour[middles[inside]] + away) / spectrogram.resolution - spectrogram.first
        band = np.round(bins).astype(int) // BAND_BINS
        kept = (band >= 0) & (band < mask.shape[1])
        mask[inside[kept], band[kept]] = 1
