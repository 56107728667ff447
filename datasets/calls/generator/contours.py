"""The eight shapes of contours, named as the literature on mouse calls names them (after Scattoni et al. 2008)."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from neuron_models.foundation.units import Hertz, Seconds

Contour = Float[np.ndarray, " sample"]
Shape = Callable[[Contour, np.random.Generator], Contour]


def _flat(u: Contour, rng: np.random.Generator) -> Contour:
    return rng.uniform(-1500, 1500) * (u - 0.5)


def _up(u: Contour, rng: np.random.Generator) -> Contour:
    return rng.uniform(9_000, 28_000) * (u ** rng.uniform(0.7, 1.4) - 0.5)


def _down(u: Contour, rng: np.random.Generator) -> Contour:
    return -_up(u, rng)


def _chevron(u: Contour, rng: np.random.Generator) -> Contour:
    top = rng.uniform(0.4, 0.6)
    side = np.where(u < top, u / top, (1 - u) / (1 - top))
    return rng.uniform(9_000, 24_000) * (1 - (1 - side) ** 2 - 0.5)


def _reverse_chevron(u: Contour, rng: np.random.Generator) -> Contour:
    return -_chevron(u, rng)


def _stepped(u: Contour, rng: np.random.Generator, places: list[float]) -> Contour:
    """Pieces that bend little, with a jump at each of some places, up and down in turn."""
    direction = rng.choice([-1, 1])
    level, out = 0.0, np.zeros_like(u)
    for number, place in enumerate(places):
        level += direction * (-1) ** number * rng.uniform(9_000, 20_000)
        out = np.where(u >= place, level, out)
    return out - (out.max() + out.min()) / 2 + rng.uniform(-3_000, 3_000) * (u - 0.5)


def _two_step(u: Contour, rng: np.random.Generator) -> Contour:
    return _stepped(u, rng, [rng.uniform(0.35, 0.65)])


def _multi_step(u: Contour, rng: np.random.Generator) -> Contour:
    jumps = int(rng.integers(2, 4))
    even = (np.arange(jumps) + 1) / (jumps + 1)
    return _stepped(u, rng, list(even + rng.uniform(-0.04, 0.04, jumps)))


def _complex(u: Contour, rng: np.random.Generator) -> Contour:
    cycles = rng.uniform(2.0, 3.5)
    return rng.uniform(5_000, 9_000) * np.sin(2 * np.pi * (cycles * u + rng.uniform()))


SHAPES: dict[str, tuple[Shape, Seconds, Seconds]] = {
    "flat": (_flat, 0.012, 0.1),
    "up": (_up, 0.015, 0.08),
    "down": (_down, 0.015, 0.08),
    "chevron": (_chevron, 0.025, 0.1),
    "reverse_chevron": (_reverse_chevron, 0.025, 0.1),
    "two_step": (_two_step, 0.03, 0.1),
    "multi_step": (_multi_step, 0.05, 0.13),
    "complex": (_complex, 0.06, 0.14),
}
"""By name: the frequency about its middle over relative time 0..1 in Hz, the shortest and the longest duration."""


def draw_contour(
    shape: str, rate: int, band: tuple[Hertz, Hertz], rng: np.random.Generator
) -> Float[np.ndarray, " sample"]:
    """Draw a contour of a shape: frequencies in Hz at every sample, all of them within a band."""
    make, shortest, longest = SHAPES[shape]
    number = round(rng.uniform(shortest, longest) * rate)
    about = make(np.linspace(0, 1, number), rng)
    room = band[1] - band[0] - np.ptp(about)
    about = about * min(1.0, 0.95 * (band[1] - band[0]) / max(np.ptp(about), 1.0))
    return band[0] - about.min() + about + rng.uniform(0, max(room, 0.0))
