"""Measures of calls from their contours."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float

from neuron_models.foundation.units import Hertz
from surrogates.calls.repertoire.contours import Contour

JUMP: Hertz = 5_000.0
"""A change from frame to frame that counts as a step of frequency."""


def measures_of(contour: Contour) -> dict[str, float]:
    """Duration in ms, frequencies in kHz, slope in kHz/ms, and so on; the names say the units.

    `tonality` is 1 - the spectral flatness in the call's band; `sinuosity` the way of the frequency over the straight
    way from its beginning to its end, both with 1 ms counted as 1 kHz.
    """
    frequency, time = contour.frequency / 1e3, contour.time * 1e3
    weight = 10 ** (contour.power / 10)
    steps = np.diff(frequency)
    way = np.hypot(np.diff(time), steps).sum()
    straight = np.hypot(time[-1] - time[0], frequency[-1] - frequency[0])
    return {
        "duration_ms": 1e3 * contour.call.duration,
        "start_khz": float(frequency[0]),
        "stop_khz": float(frequency[-1]),
        "low_khz": float(frequency.min()),
        "high_khz": float(frequency.max()),
        "mean_khz": float((frequency * weight).sum() / weight.sum()),
        "peak_khz": float(frequency[contour.power.argmax()]),
        "bandwidth_khz": float(np.ptp(frequency)),
        "sd_khz": float(frequency.std()),
        "slope_khz_per_ms": float(np.polyfit(time, frequency, 1)[0]) if len(time) > 1 else 0.0,
        "steps": float((np.abs(steps) > JUMP / 1e3).sum()),
        "sinuosity": float(way / straight) if straight > 0 else 1.0,
        "level_db": float(contour.level.mean()),
        "power_db": float(10 * np.log10(weight.mean())),
        "tonality": float(1 - contour.flatness.mean()),
    }


def measure_table(contours: Sequence[Contour]) -> pd.DataFrame:
    """A row a call: when it is, its class, and its measures."""
    names = {"start_s": "start", "stop_s": "stop", "label": "label", "channel": "channel"}
    rows = [{**{to: getattr(c.call, of) for to, of in names.items()}, **measures_of(c)} for c in contours]
    return pd.DataFrame(rows).round(6)


def embedding(
    time: Float[np.ndarray, " frame"], frequency: Float[np.ndarray, " frame"], points: int = 16
) -> Float[np.ndarray, " feature"]:
    """A contour as numbers: its shape at equal times about its mean in kHz, its slopes, steps, range and duration."""
    place = np.linspace(0, 1, points)
    relative = (time - time[0]) / max(time[-1] - time[0], 1e-9)
    near = np.clip(np.searchsorted(relative, place), 0, len(relative) - 1)
    shape = (frequency[near] - frequency.mean()) / 1e3
    steps = np.diff(frequency) / 1e3
    jumps = np.abs(steps) > JUMP / 1e3
    smooth = np.where(jumps, 0.0, steps)
    rest = [
        1e3 * (time[-1] - time[0]),
        np.ptp(frequency) / 1e3,
        jumps.sum(),
        np.abs(steps).max(initial=0.0),
        smooth.sum(),
        np.abs(smooth).sum(),
        (np.diff(np.sign(_turning(frequency))) != 0).sum(),
    ]
    return np.concatenate([shape, np.diff(shape), rest])


def _turning(frequency: Float[np.ndarray, " frame"], least: float = 1500.0) -> np.ndarray:
    """The frequency at its turns of `least` Hz or more, as rises (1) and falls (-1) in their order."""
    signs, extreme, direction = [], frequency[0], 0
    for value in frequency:
        if direction >= 0 and value < extreme - least:
            direction, extreme = -1, value
            signs.append(-1)
        elif direction <= 0 and value > extreme + least:
            direction, extreme = 1, value
            signs.append(1)
        elif (direction >= 0 and value > extreme) or (direction < 0 and value < extreme):
            extreme = value
    return np.array(signs or [0])
