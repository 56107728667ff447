"""Window features: what a feature does in the frames around each (Kabra et al. 2013), from sums that run along."""

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Float

from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Hertz, Seconds

RADII: tuple[Seconds, ...] = (0.25, 1.5)
"""Half the lengths of the windows."""
STATISTICS = ("mean", "spread", "least", "most", "change", "harmonic")
"""Over the window: mean, standard deviation, minimum, maximum, second half less first, amplitude of one swing."""


def window_names(names: Sequence[str], radii: Sequence[Seconds] = RADII) -> tuple[str, ...]:
    """The names of `window_features`, in order: the features themselves first."""
    return (*names, *(f"{name}: {what} over {2 * r:g} s" for r in radii for what in STATISTICS for name in names))


def window_features(
    values: Float[np.ndarray, "frame feature"], fps: Hertz, radii: Sequence[Seconds] = RADII
) -> Float[np.ndarray, "frame window_feature"]:
    """The features and their windows; frames before the first and after the last are not there.

    Args:
        values: of each frame, NaN where a feature is not known.
        fps: frames a second.
        radii: half the lengths of the windows, s.

    Returns:
        As `window_names` names them, NaN where nothing in a window is known.

    Raises:
        InputError: a radius of no frame.
    """
    blocks = [np.asarray(values, np.float32)]
    for radius in radii:
        frames = round(radius * fps)
        require(frames >= 1, f"a window of {radius:g} s at {fps:g} frames a second holds no frame")
        blocks += list(_statistics(np.asarray(values, float), frames))
    return np.concatenate(blocks, axis=1)


def _statistics(values: Float[np.ndarray, "frame feature"], radius: int) -> Iterator[np.ndarray]:
    from scipy.ndimage import maximum_filter1d, minimum_filter1d

    known = np.isfinite(values)
    filled = np.where(known, values, 0.0)
    numbers, totals = _cumulated(known.astype(float)), _cumulated(filled)
    number = _sums(numbers, -radius, radius)
    some = np.where(number > 0, number, np.nan)
    mean = _sums(totals, -radius, radius) / some
    square = _sums(_cumulated(filled**2), -radius, radius) / some
    yield mean.astype(np.float32)
    yield np.sqrt(np.maximum(square - mean**2, 0.0)).astype(np.float32)
    for extreme, nothing in ((minimum_filter1d, np.inf), (maximum_filter1d, -np.inf)):
        found = extreme(np.where(known, values, nothing), 2 * radius + 1, axis=0, mode="constant", cval=nothing)
        yield np.where(np.isfinite(found), found, np.nan).astype(np.float32)
    halves = [
        _sums(totals, *ends) / np.where((n := _sums(numbers, *ends)) > 0, n, np.nan)
        for ends in ((-radius, -1), (1, radius))
    ]
    yield (halves[1] - halves[0]).astype(np.float32)
    yield _harmonic(np.where(known, values - mean, 0.0), radius, some).astype(np.float32)


def _cumulated(values: Float[np.ndarray, "frame feature"]) -> Float[np.ndarray, "edge feature"]:
    """The sums of all frames before each edge between frames, from 0 on."""
    return np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])


def _sums(totals: Float[np.ndarray, "edge feature"], first: int, last: int) -> Float[np.ndarray, "frame feature"]:
    """Sums over the frames from `first` to `last` after each, as far as they are there, of what `_cumulated` gives."""
    frames = len(totals) - 1
    at = np.arange(frames)
    low, high = np.clip(at + first, 0, frames), np.clip(at + last + 1, 0, frames)
    return totals[high] - totals[low]


def _harmonic(
    centred: Float[np.ndarray, "frame feature"], radius: int, number: Float[np.ndarray, "frame feature"]
) -> Float[np.ndarray, "frame feature"]:
    """The amplitude of the one swing that fits the window, by sums of a turning number."""
    turn = np.exp(-2j * np.pi * np.arange(len(centred)) / (2 * radius + 1))[:, None]
    turned = centred * turn
    real, imaginary = (_sums(_cumulated(part), -radius, radius) for part in (turned.real, turned.imag))
    return 2 * np.hypot(real, imaginary) / number
