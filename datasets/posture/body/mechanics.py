"""The body of Boyle, Berri and Cohen 2012 as numbers: rods, springs, dampers, and the drag of a medium."""

import math
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
from jaxtyping import Float

from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.units import Dimensionless, Seconds

Metres = Annotated[float, "m"]
KilogramsPerSecond = Annotated[float, "kg/s"]
KilogramsPerSecondSquared = Annotated[float, "kg/s2"]

PAPER, CODE, WORM2D = "paper", "code", "worm2d"


@dataclass(frozen=True)
class Variant:
    """Where the paper and the code that its authors ran differ (found by R. Beer, WormBody.h and WormBody.cpp).

    Attributes:
        words: which it is.
        rotation: rotational drag of a rod over the square of its radius times the drag along the body: 1 where
            dphi/dt is 2 F / (R C), 4 pi where it is F / (2 pi R C).
        whole: the total drag is divided by 2 (rods - 1) + `whole` : 2 as the paper says, 1 by a macro of the code.
        stiffening: factor of the fourth power of a stretch (in m) in a passive lateral spring; no stretch that worms
            make shows it.
    """

    words: str
    rotation: Dimensionless
    whole: int
    stiffening: Dimensionless


_BODY = "Boyle, Berri and Cohen 2012"
VARIANTS: dict[str, Variant] = {
    PAPER: Variant(f"{_BODY} as the paper prints it", rotation=1.0, whole=2, stiffening=2.0),
    CODE: Variant(f"{_BODY} as in their program", rotation=4 * math.pi, whole=1, stiffening=16.0),
    WORM2D: Variant(f"{_BODY} as in worm2d", rotation=1.0, whole=2, stiffening=16.0),
}
"""`paper`: Boyle et al. 2012 as published; `code`: their worm.cc; `worm2d`: Beer's, which Izquierdo's models use."""


@dataclass(frozen=True)
class Medium:
    """Total drag along and across the body (Boyle et al. 2012, Table 2)."""

    name: str
    along: KilogramsPerSecond
    across: KilogramsPerSecond

    @property
    def ratio(self) -> Dimensionless:
        """Drag across the body over drag along it."""
        return self.across / self.along


AGAR = Medium("agar", 3.2e-3, 128e-3)
WATER = Medium("water", 3.3e-6, 5.2e-6)
MEDIA = {medium.name: medium for medium in (AGAR, WATER)}


def medium_of(text: str) -> Medium:
    """A medium by name, or by its drag ratio: that of agar along the body, and so many times as much across it.

    Raises:
        InputError: no name and no number, or a ratio below that of water.
    """
    if text in MEDIA:
        return MEDIA[text]
    try:
        ratio = float(text)
    except ValueError:
        raise InputError(f"a medium is agar, water or a drag ratio such as 40, got {text!r}") from None
    least = WATER.ratio
    require(
        math.isfinite(ratio) and ratio >= least,
        f"a medium's drag ratio must be at least that of water, {least:.3g}, got {text}",
    )
    return Medium(f"drag ratio {ratio:g}", AGAR.along, ratio * AGAR.along)


def between(share: Dimensionless) -> Medium:
    """A medium on the straight line from water (0) to agar (1), as Boyle et al. 2012 mix them.

    Raises:
        InputError: the share is not from 0 to 1: less is below the drag of water.
    """
    require(0 <= share <= 1, f"a share of agar must be from 0 (water) to 1, got {share}")
    along, across = (low + share * (high - low) for low, high in zip(_drags(WATER), _drags(AGAR), strict=True))
    return Medium(f"{share:g} of agar", along, across)


def _drags(medium: Medium) -> tuple[float, float]:
    return medium.along, medium.across


@dataclass(frozen=True)
class Body:
    """A worm of 48 segments between 49 rods; its constants are those of Boyle et al. 2012, Table 2.

    `segments` scales the springs as worm2d does, which has 50.
    """

    variant: str = PAPER
    segments: int = 48
    length: Metres = 1e-3
    radius: Metres = 40e-6
    spring: KilogramsPerSecondSquared = 0.01
    """Of a passive lateral spring for 24 segments; others are multiples of it."""
    diagonal: Dimensionless = 350.0
    muscle: Dimensionless = 20.0
    damping: Seconds = 0.025
    diagonal_damping: Seconds = 0.01
    muscle_damping: Dimensionless = 100.0
    shortest: Dimensionless = 0.65
    """How much of its length a muscle gives up in the middle of the body."""
    source: str = field(default="Boyle, Berri and Cohen 2012", compare=False)

    def __post_init__(self) -> None:
        if self.variant not in VARIANTS:
            raise InputError(f"there is no body {self.variant!r}; there are {', '.join(VARIANTS)}")
        require(self.segments >= 4, f"a body needs at least 4 segments, got {self.segments}")

    @property
    def rods(self) -> int:
        """One more than there are segments."""
        return self.segments + 1

    def radii(self) -> Float[np.ndarray, " rod"]:
        """Half the length of each rod in m: a prolate ellipse whose ends are cut a little."""
        middle = self.segments / 2
        return self.radius * np.abs(np.sin(np.arccos((np.arange(self.rods) - middle) / (middle + 0.2))))

    def rest_lengths(self) -> tuple[Float[np.ndarray, " segment"], Float[np.ndarray, " segment"]]:
        """The lengths in m of lateral and of diagonal springs that nothing pulls."""
        radii, piece = self.radii(), self.length / self.segments
        return np.hypot(piece, radii[:-1] - radii[1:]), np.hypot(piece, radii[:-1] + radii[1:])

    def shortening(self) -> Float[np.ndarray, " segment"]:
        """How much shorter than at rest a fully active muscle would be, in m."""
        radii = self.radii()
        return self.rest_lengths()[0] * self.shortest * (radii[:-1] + radii[1:]) / (2 * self.radius)

    def springs(self) -> Float[np.ndarray, " constant"]:
        """Lateral, diagonal and muscle springs in kg/s2, their dampers in kg/s, and the stiffening."""
        lateral = self.spring * self.segments / 24
        diagonal, damper = self.diagonal * lateral, self.damping * lateral
        dampers = (damper, self.diagonal_damping * diagonal, self.muscle_damping * damper)
        return np.array([lateral, diagonal, self.muscle * lateral, *dampers, VARIANTS[self.variant].stiffening])

    def drag(self, medium: Medium) -> Float[np.ndarray, "rod 3"]:
        """Drag of each rod along and across the body in kg/s, and against turning in kg m2/s."""
        variant = VARIANTS[self.variant]
        rods = 2 * self.segments + variant.whole
        along, across = medium.along / rods, medium.across / rods
        turning = variant.rotation * along * self.radii() ** 2
        return np.column_stack([np.full(self.rods, along), np.full(self.rods, across), turning])

    def straight(self, worms: int = 1) -> Float[np.ndarray, "worm rod 3"]:
        """Straight worms along x, head at the origin, dorsal side up: x and y in m, and the rod's angle in rad."""
        state = np.zeros((worms, self.rods, 3))
        state[:, :, 0] = np.arange(self.rods) * self.length / self.segments
        state[:, :, 2] = math.pi / 2
        return state
