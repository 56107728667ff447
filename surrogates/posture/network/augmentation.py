"""Recordings whose waves swell and shrink, from which a network learns the way back to postures that worms take.

A network that has seen recorded postures alone knows nothing of those that its own small errors lead to: its free runs
drift off, and waves die down or grow until something holds them. In copies of what it learns from, all amplitudes are
larger or smaller than recorded, by a factor that wanders, and the frame that is to follow is nearer to the recorded
one. (Noise on what a simulator learns from serves the same end in Sanchez-Gonzalez et al. 2020; here the noise is that
of the wave's size, so that its phase and speed are seen as they are.)
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Float
from scipy.signal import lfilter

from datasets.dataset import Dataset, Trial
from neuron_models.foundation.units import Dimensionless, Fraction

SIZE: Dimensionless = 0.3
"""The standard deviation of the scaling, of 1."""
KEPT: Fraction = 0.9
"""How much of a scaling is left a frame later."""


def scale_amplitudes(segments: Dataset, seed: int, size: Dimensionless = SIZE, kept: Fraction = KEPT) -> Dataset:
    """Stretches whose deviations from the mean frame are 1 + s(t) times those recorded.

    s is a Gaussian autoregression of order 1: it keeps the share `kept` from frame to frame, and its standard deviation
    is `size`. The frame that follows x(t) is the recorded one scaled as much as `kept` leaves of s(t): what is new in
    s(t + 1) cannot be known, and is not learned.

    Args:
        segments: as `surrogates.posture.network.segments.segments` cuts them.
        seed: of s.
        size: of s.
        kept: of s.
    """
    rng = np.random.default_rng(seed)
    mean = np.concatenate([np.asarray(trial.x[:]) for trial in segments]).mean(axis=0)

    def one(trial: Trial) -> Trial:
        x, y = np.asarray(trial.x[:]), np.asarray(trial.y[:])  # type: ignore[index]
        scaling = wander(len(x), size, kept, rng)[:, None]
        name = f"{trial.name}, scaled by {seed}"
        return replace(trial, name=name, x=x + scaling * (x - mean), y=y + kept * scaling * (y - mean))

    return replace(segments, trials=tuple(map(one, segments)))


def wander(frames: int, size: Dimensionless, kept: Fraction, rng: np.random.Generator) -> Float[np.ndarray, " frame"]:
    """A stationary Gaussian autoregression of order 1 of this standard deviation."""
    drawn = size * rng.standard_normal(frames)
    drawn[1:] *= np.sqrt(1 - kept**2)
    return lfilter([1], [1, -kept], drawn)
