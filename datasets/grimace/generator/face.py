"""What a generated face is: the individual, its units, and how it is looked at; all as numbers that are drawn."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from datasets.grimace.units import UNITS
from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Dimensionless, Fraction, Pixels, Radians

COATS = {
    "white": (0.86, 0.85, 0.82),
    "black": (0.13, 0.12, 0.12),
    "agouti": (0.42, 0.35, 0.27),
    "brown": (0.35, 0.22, 0.14),
}
"""Red, green and blue of fur in even light, 0 to 1."""
CALM = (0.70, 0.25, 0.05)
HURT = (0.05, 0.35, 0.60)
"""Probabilities of the scores 0, 1 and 2 of every unit without and with pain: chosen, not measured."""
JITTER: Dimensionless = 0.25
"""How far what is drawn may be from the score, evenly to both sides."""


@dataclass(frozen=True)
class Individual:
    """What one animal keeps: its coat and the proportions of its face, each about 1."""

    name: str
    coat: str
    shade: Dimensionless = 1.0
    width: Dimensionless = 1.0
    ears: Dimensionless = 1.0
    eyes: Dimensionless = 1.0
    spacing: Dimensionless = 1.0


@dataclass(frozen=True)
class View:
    """How a face is looked at.

    Attributes:
        roll: of the head in the image.
        yaw: how far it looks aside, from -1 to 1.
        shift: of its middle, right and down, as fractions of the image.
        size: of the face; 1 fills the image.
        light: gain; `side` of the light, from -1 to 1; `warmth` of its colour.
        blur: standard deviation.
        noise: of the camera, of 0 to 1.
        bars: of a cage in front.
        ground: seed of what lies behind.
    """

    roll: Radians = 0.0
    yaw: Dimensionless = 0.0
    shift: tuple[Fraction, Fraction] = (0.0, 0.0)
    size: Dimensionless = 1.0
    light: Dimensionless = 1.0
    side: Dimensionless = 0.0
    warmth: Dimensionless = 0.0
    blur: Pixels = 0.0
    noise: Fraction = 0.0
    bars: int = 0
    ground: int = 0


@dataclass(frozen=True)
class Conditions:
    """How hard images are.

    Attributes:
        yaw: the furthest, to both sides.
        blur: the most, px of images of 128 px.
        noise: the most.
        bars: the share of images behind bars.
    """

    yaw: Dimensionless = 0.35
    blur: Pixels = 1.2
    noise: Fraction = 0.03
    bars: Fraction = 0.15

    def __post_init__(self) -> None:
        for name, most in (("yaw", 1.0), ("blur", 20.0), ("noise", 1.0), ("bars", 1.0)):
            value = getattr(self, name)
            require(0 <= value <= most, f"{name} must be from 0 to {most:g}, got {value:g}")


def draw_individual(name: str, coat: str, rng: np.random.Generator) -> Individual:
    """An animal of a coat.

    Raises:
        InputError: there is no such coat.
    """
    require(coat in COATS, f"there is no coat {coat!r}; there are {', '.join(COATS)}")
    shade, width, ears, eyes, spacing = 1 + rng.uniform(-1, 1, 5) * (0.10, 0.06, 0.12, 0.08, 0.05)
    return Individual(name, coat, *(float(each) for each in (shade, width, ears, eyes, spacing)))


def draw_view(conditions: Conditions, rng: np.random.Generator) -> View:
    """A way of looking, evenly within the conditions."""
    roll, yaw, across, down, size, light, side, warmth = rng.uniform(-1, 1, 8)
    return View(
        0.2 * roll,
        conditions.yaw * yaw,
        (0.04 * across, 0.04 * down),
        0.92 + 0.08 * size,
        1 + 0.2 * light,
        side,
        0.08 * warmth,
        conditions.blur * rng.uniform(),
        conditions.noise * rng.uniform(),
        int(rng.integers(2, 4)) if rng.uniform() < conditions.bars else 0,
        int(rng.integers(2**31)),
    )


def draw_scores(pain: bool, rng: np.random.Generator) -> Int[np.ndarray, " unit"]:
    """Scores of the five units, 0 to 2, with or without pain."""
    return rng.choice(3, len(UNITS), p=HURT if pain else CALM)


def drawn_values(scores: Int[np.ndarray, " unit"], rng: np.random.Generator) -> Float[np.ndarray, " unit"]:
    """What is drawn for scores (dimensionless): these, and a jitter that leaves each nearest to its own score."""
    return np.clip(scores + JITTER * rng.uniform(-1, 1, len(scores)), 0, 2)
