"""Sounds of calls and of what else a microphone hears."""

import numpy as np
from jaxtyping import Float

from neuron_models.foundation.units import Decibels, Dimensionless, Hertz, Seconds

Sound = Float[np.ndarray, " sample"]
_RAMP: Seconds = 0.002
"""Of the beginning and the end of a call."""


def envelope(number: int, rate: int, rng: np.random.Generator) -> Sound:
    """The amplitude of a call of so many samples: raised-cosine ramps, and a slow swell of up to 4 dB."""
    ramp = min(round(_RAMP * rate), number // 3)
    shape = np.ones(number)
    edge = 0.5 - 0.5 * np.cos(np.pi * (np.arange(ramp) + 0.5) / ramp)
    shape[:ramp], shape[number - ramp :] = edge, edge[::-1]
    swell = np.sin(2 * np.pi * (rng.uniform(0.5, 1.5) * np.linspace(0, 1, number) + rng.uniform()))
    return shape * 10 ** (rng.uniform(0, 2) * swell / 20)


def whistle(contour: Sound, rate: int, level: Dimensionless, overtone: Decibels, rng: np.random.Generator) -> Sound:
    """The sound of a contour in Hz with a root mean square of `level`; its second harmonic is `overtone` dB weaker.

    A harmonic above 0.98 of half the sampling rate is left out; infinite `overtone` is none.
    """
    phase = 2 * np.pi * np.cumsum(contour) / rate
    shape = envelope(len(contour), rate, rng)
    sound = np.sin(phase + rng.uniform(0, 2 * np.pi))
    above = np.where(2 * contour < 0.49 * rate, 10 ** (-overtone / 20), 0.0)
    whole = shape * (sound + above * np.sin(2 * phase))
    return level * whole / np.sqrt(np.mean((shape * sound) ** 2))


def with_echo(sound: Sound, rate: int, weaker: Decibels, delay: Seconds) -> Float[np.ndarray, " longer"]:
    """A sound and its echo, `weaker` dB below it and `delay` later."""
    late = round(delay * rate)
    out = np.concatenate([sound, np.zeros(late)])
    out[late:] += 10 ** (-weaker / 20) * sound
    return out


def click(rate: int, level: Dimensionless, rng: np.random.Generator) -> Sound:
    """A click of half a millisecond: white, and dying away."""
    number = round(0.0005 * rate)
    return level * rng.normal(size=number) * np.exp(-4 * np.arange(number) / number)


def rustle(rate: int, level: Dimensionless, rng: np.random.Generator) -> Sound:
    """Noise of the cage: 20 to 150 ms of grains below a few ten kHz, loud at low frequencies."""
    number = round(rng.uniform(0.02, 0.15) * rate)
    grains = rng.normal(size=number) * (rng.uniform(size=number) < 0.02) * 6
    decay = np.exp(-2 * np.pi * rng.uniform(8_000, 35_000) / rate)
    from scipy.signal import lfilter

    sound = lfilter([1 - decay], [1, -decay], grains + 0.3 * rng.normal(size=number))
    return level * sound * np.hanning(number) / max(np.std(sound), 1e-9)


def hum(start: int, stop: int, rate: int, frequency: Hertz, level: Dimensionless) -> Sound:
    """A constant tone of a lamp or a supply, from sample to sample, its level swelling at 0.3 Hz."""
    time = np.arange(start, stop) / rate
    return level * np.sqrt(2) * np.sin(2 * np.pi * frequency * time) * (1 + 0.2 * np.sin(2 * np.pi * 0.3 * time))
