"""The shape of a generated worm over time: a wave that travels along the body, and what disturbs it."""

import numpy as np
from jaxtyping import Float
from scipy.signal import lfilter

from datasets.posture.actions import BACKWARD, DWELLING_PACE, FORWARD, PAUSE, TURN, Actions
from datasets.posture.generator.strains import Strain
from neuron_models.foundation.units import Dimensionless, Fraction, Hertz, Radians, Seconds

# Chosen, all of them, to look and to vary as recorded worms do; those with a source name it.
PACE = {FORWARD: 1.0, BACKWARD: -0.95, PAUSE: 0.0, TURN: 0.8}
STARTING: Seconds = 0.4
"""Time constant with which the wave follows what the worm does."""
PACE_WANDER: Fraction = 0.2
AMPLITUDE_WANDER: Fraction = 0.12
WAVELENGTH_WANDER: Fraction = 0.05
STEERING: Radians = 0.3
"""Standard deviation of the slow bend of the whole body that curves the path."""
SWINGING: Radians = 0.18
"""Standard deviation of the head's quick movements from side to side."""
TAPER: Fraction = 0.3
"""How much smaller than at mid-body the wave is at the tail, and larger at the head (Fang-Yen et al. 2010)."""
TURN_ANGLE: Radians = 3.6
"""By how much an omega turn bends the body: head to tail, and a little more."""
TURN_WIDTH: Dimensionless = 0.12
"""Length of the body over which an omega turn's bend is spread, over 2."""
TURN_STILLING: Fraction = 0.7
"""How much of the wave is gone in the middle of an omega turn."""


def crawling_angles(
    worm: Strain, actions: Actions, segments: int, fps: Hertz, rng: np.random.Generator
) -> Float[np.ndarray, "frame segment"]:
    """Tangent angles (rad, head to tail) of a worm that does these things; their mean has no meaning."""
    frames = len(actions.action)
    position = (np.arange(segments) + 0.5) / segments

    def wander(seconds: Seconds) -> Float[np.ndarray, "frame 1"]:
        return fluctuation(frames, seconds * fps, rng)[:, None]

    pace = np.select([actions.action == code for code in PACE], list(PACE.values()))
    pace = pace * np.where(actions.roaming, 1.0, DWELLING_PACE)
    frequency = worm.frequency * followed(pace, STARTING * fps) * (1 + PACE_WANDER * wander(3.0)[:, 0])
    phase = 2 * np.pi * (np.cumsum(frequency) / fps + rng.random())
    amplitude = worm.amplitude * np.exp(AMPLITUDE_WANDER * wander(5.0))
    waves = np.exp(WAVELENGTH_WANDER * wander(8.0)) / worm.wavelength
    bend, stilled = omega_bends(actions, position)
    wave = (amplitude * (1 - TURN_STILLING * stilled)) * (1 + TAPER * (1 - 2 * position))
    angles = wave * np.sin(phase[:, None] - 2 * np.pi * waves * (position - 0.5)) + bend
    angles += STEERING * wander(6.0) * (position - 0.5)
    return angles + SWINGING * wander(0.5) * np.exp(-position / 0.15)


def omega_bends(
    actions: Actions, position: Float[np.ndarray, " segment"]
) -> tuple[Float[np.ndarray, "frame segment"], Float[np.ndarray, "frame 1"]]:
    """The angles (rad) of bends that pass from head to tail, and how deep in an omega turn each frame is (0 to 1).

    `position` is where the segments lie, as a share of the body from the head.
    """
    bend = np.zeros((len(actions.action), len(position)))
    depth = np.zeros((len(bend), 1))
    for first, lasts, side in actions.turns:
        rows = np.arange(int(first), min(int(first + lasts), len(bend)))
        through = (rows - first + 0.5) / lasts
        centre = -0.2 + 1.4 * through[:, None]
        there = 1 - (2 * through[:, None] - 1) ** 8  # the bend comes and goes without a jump
        bend[rows] = -side * TURN_ANGLE / 2 * there * np.tanh((position - centre) / TURN_WIDTH / 2)
        depth[rows, 0] = np.sin(np.pi * through) ** 2
    return bend, depth


def fluctuation(frames: int, constant: float, rng: np.random.Generator) -> Float[np.ndarray, " frame"]:
    """Smooth Gaussian fluctuations of unit variance (dimensionless) with a time constant of so many frames."""
    stay = float(np.exp(-2 / constant))
    lead = int(4 * constant)
    twice = lfilter([1], [1, -2 * stay, stay**2], rng.standard_normal(frames + lead))
    return twice[lead:] * np.sqrt((1 - stay**2) ** 3 / (1 + stay**2))


def followed(target: Float[np.ndarray, " frame"], constant: float) -> Float[np.ndarray, " frame"]:
    """What follows a target with a time constant of so many frames, from the target's first value on."""
    stay = float(np.exp(-1 / constant))
    return lfilter([1 - stay], [1, -stay], target, zi=np.array([stay * target[0]]))[0]
