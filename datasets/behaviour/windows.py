"""Window features: what a feature does in the frames around each (Kabra et al. 2013)."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Hertz, Seconds

RADII: tuple[Seconds, ...] = (0.25, 0.5, 1.5)
"""Half the lengths of the windows."""
SHARES = (0.2, 0.5, 0.8)
"""Of a window's frames that lie below its low, median and high value."""
SWINGS = 2
"""Harmonics: as many swings in the window, JAABA's own number."""
STATISTICS = (
    *("mean", "spread", "least", "most", "change"),
    *("low", "median", "high"),
    *("harmonic", "second harmonic"),
)
"""Over the window: mean, standard deviation, minimum, maximum, second half less first, percentiles 20, 50 and 80, and
the amplitudes of one swing and of two."""


def window_names(names: Sequence[str], radii: Sequence[Seconds] = RADII) -> tuple[str, ...]:
    """The names of `window_features`, in order: the features themselves first."""
    return (*names, *(f"{name}: {what} over {2 * r:g} s" for r in radii for what in STATISTICS for name in names))


def margin(fps: Hertz, radii: Sequence[Seconds] = RADII) -> int:
    """The number of frames on either side that the windows of a frame reach to."""
    return max(round(radius * fps) for radius in radii)


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
    from datasets.behaviour.kernels.sliding import slide

    columns = np.asfortranarray(values, dtype=float)
    frames, features = columns.shape
    out = np.empty((frames, (1 + len(radii) * len(STATISTICS)) * features), np.float32)
    out[:, :features] = columns
    held = np.empty((len(STATISTICS), frames, features), np.float32)
    for index, radius in enumerate(radii):
        length = round(radius * fps)
        require(length >= 1, f"a window of {radius:g} s at {fps:g} frames a second holds no frame")
        slide(columns, length, np.array(SHARES), SWINGS, held)
        first = features * (1 + index * len(STATISTICS))
        for number, block in enumerate(held):
            out[:, first + number * features : first + (number + 1) * features] = block
    return out
