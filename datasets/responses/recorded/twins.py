"""Systems like those of the public benchmarks, from their published equations, to test and to learn on."""

import numpy as np
from jaxtyping import Float

from datasets.dataset import Dataset
from datasets.responses.recorded.parts import Record, Stretch, Windowing, recorded_dataset
from neuron_models.foundation.errors import InputError
from neuron_models.foundation.units import Milliseconds

RATE = 610.35
"""Hz: the sampling rate of the Silverbox."""
_FINE = 10
"""Steps of integration a sample."""


def duffing(u: Float[np.ndarray, " time"], dt: Milliseconds = 1000 / RATE) -> Float[np.ndarray, " time"]:
    """The displacement of a Duffing oscillator from rest: m y'' + d y' + a y + b y^3 = u, u held over each sample.

    Parameters as the Silverbox's circuit approximates them (Wigren and Schoukens 2013): a resonance near 70 Hz of
    quality 16, a hardening spring. `u` and the result are in V.
    """
    mass, damping, stiffness, cubic = 5.2e-6, 1.43e-4, 1.0, 3.9
    h, state, out = dt / 1000 / _FINE, np.zeros(2), np.zeros(len(u))

    def slope(at: np.ndarray, drive: float) -> np.ndarray:
        force = drive - damping * at[1] - stiffness * at[0] - cubic * at[0] ** 3
        return np.array([at[1], force / mass])

    for sample, drive in enumerate(u):
        out[sample] = state[0]
        for _ in range(_FINE):
            one = slope(state, drive)
            two = slope(state + h / 2 * one, drive)
            three = slope(state + h / 2 * two, drive)
            state = state + h / 6 * (one + 2 * two + 2 * three + slope(state + h * three, drive))
    return out


def wiener_hammerstein(u: Float[np.ndarray, " time"]) -> Float[np.ndarray, " time"]:
    """A filter, a static nonlinearity that saturates one side, and a second filter; `u` and the result are in V.

    As in the benchmark (Schoukens et al. 2009): a Chebyshev filter of order 3 (ripple 0.5 dB, 4.4 kHz), a diode and a
    resistor, an inverse Chebyshev filter of order 3 (stopband from 5 kHz, 40 dB), at 51.2 kHz.
    """
    from scipy.signal import cheby1, cheby2, lfilter

    before = lfilter(*cheby1(3, 0.5, 4_400, fs=51_200), u)
    bent = np.where(before < 0.4, before, 0.4 + 0.25 * np.tanh((before - 0.4) / 0.25))
    return np.asarray(lfilter(*cheby2(3, 40, 5_000, fs=51_200), bent))


def simulated_bouc_wen(periods: int, seed: int) -> tuple[Float[np.ndarray, " time"], Float[np.ndarray, " time"]]:
    """Force (N) and displacement (m) of the Bouc-Wen oscillator under random-phase multisines, at 750 Hz.

    m y'' + c y' + k y + z = u and z' = alpha y' - beta (gamma |y'| z + delta y' |z|), with the constants of Noel and
    Schoukens 2016: m 2, c 10, k 5e4, alpha 5e4, beta 1e3, gamma 0.8, delta -1.1; 50 N of 5 to 150 Hz in periods of
    8,192 samples, integrated at 15 kHz by the classical Runge-Kutta method.
    """
    rng, samples, finer = np.random.default_rng(seed), 8_192, 20
    force = np.concatenate([_multisine(samples * finer, 5.0, 150.0, 15_000.0, rng) for _ in range(periods)]) * 50.0
    h, state, out = 1 / 15_000, np.zeros(3), np.zeros(len(force) // finer)

    def slope(at: tuple[float, float, float], drive: float) -> tuple[float, float, float]:
        y, v, z = at
        return v, (drive - 10.0 * v - 5e4 * y - z) / 2.0, 5e4 * v - 1e3 * (0.8 * abs(v) * z - 1.1 * v * abs(z))

    y, v, z = (float(each) for each in state)
    for step, drive in enumerate(force.tolist()):
        if step % finer == 0:
            out[step // finer] = y
        a = slope((y, v, z), drive)
        b = slope((y + h / 2 * a[0], v + h / 2 * a[1], z + h / 2 * a[2]), drive)
        c = slope((y + h / 2 * b[0], v + h / 2 * b[1], z + h / 2 * b[2]), drive)
        d = slope((y + h * c[0], v + h * c[1], z + h * c[2]), drive)
        y += h / 6 * (a[0] + 2 * b[0] + 2 * c[0] + d[0])
        v += h / 6 * (a[1] + 2 * b[1] + 2 * c[1] + d[1])
        z += h / 6 * (a[2] + 2 * b[2] + 2 * c[2] + d[2])
    return force[::finer], out


def _multisine(
    samples: int, lowest: float, highest: float, rate: float, rng: np.random.Generator
) -> Float[np.ndarray, " time"]:
    """A random-phase multisine of root mean square 1: every line of a period between two frequencies (Hz)."""
    lines = np.fft.rfftfreq(samples, 1 / rate)
    spectrum = np.where((lines >= lowest) & (lines <= highest), np.exp(2j * np.pi * rng.uniform(size=len(lines))), 0)
    wave = np.fft.irfft(spectrum, samples)
    return wave / wave.std()


def make_twin(name: str, samples: int = 6_000, seed: int = 0) -> Dataset:
    """A dataset of a twin: `duffing` or `wiener-hammerstein`.

    The first two thirds train, then a quarter of the rest validates, and the last ones test.

    Raises:
        InputError: there is no such twin.
    """
    rng = np.random.default_rng(seed)
    if name == "duffing":
        u = 0.03 * _multisine(samples, 1.0, 200.0, RATE, rng)
        y, dt = duffing(u), 1000 / RATE
    elif name == "wiener-hammerstein":
        u = 0.6 * _multisine(samples, 1.0, 10_000.0, 51_200.0, rng)
        y, dt = wiener_hammerstein(u), 1 / 51.2
    else:
        raise InputError(f"there is no twin {name!r}; there are duffing, wiener-hammerstein")
    record, first, second = Record(name, u[:, None], y[:, None]), 2 * samples // 3, 3 * samples // 4
    stretches = [
        Stretch(record, 0, first, "train"),
        Stretch(record, first, second, "validation"),
        Stretch(record, second, samples, "test", "test"),
    ]
    windowing = Windowing(50, 400, 100, "fit" if name == "duffing" else "rest")
    return recorded_dataset(name, stretches, windowing, dt, ("u",), ("y",), ("V", "V"), "generated")
