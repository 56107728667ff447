"""Drawing of animals: chains of round segments with shading and texture of their own, antialiased by distance.

A part (a leg, an abdomen, a whole worm) is a chain of points with a radius at each. A pixel's distance to the chain's
surface gives how much of the pixel is covered; where it lies along the chain and across it gives its shade. All frames
are drawn at once, each segment only where it can be.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Int

from neuron_models.foundation.units import Dimensionless, Fraction, Pixels

_FAR = 1e3


@dataclass(frozen=True, eq=False)
class Part:
    """One part of an animal in every frame.

    `points` (frame, point, 2) are x and y in pixels, `radii` (point,) pixels. Shades run from 0 (black) to 1 (white):
    `tone` in the middle, lower by `rim` at the sides, by `bands` times a stripe for each of `stripes`, and by `grain`
    times a texture that moves with the part. `opacity` 1 hides what lies beneath; `soft` is the width of the edge.
    """

    points: Float[np.ndarray, "frame point 2"]
    radii: Float[np.ndarray, " point"]
    tone: Fraction
    opacity: Fraction = 1.0
    rim: Fraction = 0.0
    bands: Fraction = 0.0
    stripes: Dimensionless = 0.0
    grain: Fraction = 0.0
    texture: int = 0
    soft: Pixels = 1.2

    def at(self, frames: Int[np.ndarray, " frame"]) -> "Part":
        """The part in some of the frames, given by their indices."""
        return replace(self, points=self.points[frames])


def draw_parts(
    parts: Sequence[Part], size: int
) -> tuple[Float[np.ndarray, "frame size size"], Float[np.ndarray, "frame size size"]]:
    """Draw parts over one another, the first one lowest, into square pictures; tone and opacity are 0 to 1.

    Returns:
        light (frame, size, size), what the parts send, and through (frame, size, size), the fraction of what lies
        behind them that is still seen: a picture is `light + through * background`.
    """
    frames = len(parts[0].points)
    light = np.zeros((frames, size, size), dtype=np.float32)
    through = np.ones((frames, size, size), dtype=np.float32)
    for part in parts:
        _draw_part(part, light, through)
    return light, through


def _draw_part(
    part: Part, light: Float[np.ndarray, "frame size size"], through: Float[np.ndarray, "frame size size"]
) -> None:
    """Lay one part over what is drawn already, in place."""
    size = light.shape[1]
    low, side = _window(part.points, part.radii.max() + part.soft, size)
    if side == 0:
        return
    depth, along, across = _field(part, low, side)
    cover = np.clip(0.5 + depth / part.soft, 0.0, 1.0) * np.float32(part.opacity)
    shade = _shade(part, along, across)
    position = _pixels(low, side, size)
    kept = 1.0 - cover
    light.reshape(-1)[position] = light.reshape(-1)[position] * kept + shade * cover
    through.reshape(-1)[position] = through.reshape(-1)[position] * kept


def _window(
    points: Float[np.ndarray, "frame point 2"], margin: float, size: int
) -> tuple[Int[np.ndarray, "frame 2"], int]:
    """The upper left corner, in each frame, of a square that holds the points with a margin, and its side."""
    least = np.floor(points.min(axis=1) - margin).astype(int)
    most = np.ceil(points.max(axis=1) + margin).astype(int)
    side = min(int((most - least).max()) + 1, size)
    return np.clip(least, 0, size - side), side


def _pixels(low: Int[np.ndarray, "frame 2"], side: int, size: int) -> Int[np.ndarray, "frame side side"]:
    """The places of a window's pixels in flattened square pictures."""
    frame = np.arange(len(low))[:, None, None] * size * size
    rows = (low[:, 1, None] + np.arange(side))[:, :, None] * size
    columns = (low[:, 0, None] + np.arange(side))[:, None, :]
    return frame + rows + columns


def _field(
    part: Part, low: Int[np.ndarray, "frame 2"], side: int
) -> tuple[
    Float[np.ndarray, "frame side side"], Float[np.ndarray, "frame side side"], Float[np.ndarray, "frame side side"]
]:
    """How deep each pixel lies inside the chain (px), where along it (0 to 1), and where across it (-1 to 1)."""
    frames, number = part.points.shape[:2]
    local = (part.points - low[:, None]).astype(np.float32)
    depth = np.full((frames, side, side), -_FAR, dtype=np.float32)
    along, across = np.zeros_like(depth), np.zeros_like(depth)
    flat = [array.reshape(-1) for array in (depth, along, across)]
    for k in range(number - 1):
        ends, radii = local[:, k : k + 2], part.radii[k : k + 2].astype(np.float32)
        corner, width = _window(ends, float(radii.max()) + part.soft, side)
        position = _pixels(corner, width, side)
        here, t, offset = _segment(ends - corner[:, None], radii, width)
        deeper = here > flat[0][position]
        inside = position[deeper]
        flat[0][inside] = here[deeper]
        flat[1][inside] = (k + t[deeper]) / (number - 1)
        flat[2][inside] = offset[deeper]
    return depth, along, across


def _segment(
    ends: Float[np.ndarray, "frame 2 2"], radii: Float[np.ndarray, " 2"], width: int
) -> tuple[
    Float[np.ndarray, "frame width width"],
    Float[np.ndarray, "frame width width"],
    Float[np.ndarray, "frame width width"],
]:
    """The same for one segment: depth, where between its ends, and where across as a fraction of the radius there."""
    ends = ends.astype(np.float32)
    grid = np.arange(width, dtype=np.float32)
    x = grid[None, None, :] - ends[:, 0, 0, None, None]
    y = grid[None, :, None] - ends[:, 0, 1, None, None]
    dx, dy = (ends[:, 1] - ends[:, 0]).T[:, :, None, None]
    length = np.sqrt(dx * dx + dy * dy) + np.float32(1e-6)
    dx, dy = dx / length, dy / length
    t = np.clip((x * dx + y * dy) / length, 0.0, 1.0)
    radius = radii[0] + (radii[1] - radii[0]) * t
    away = np.hypot(x - t * length * dx, y - t * length * dy)
    return radius - away, t, np.clip((y * dx - x * dy) / radius, -1.0, 1.0)


def _shade(
    part: Part, along: Float[np.ndarray, "frame side side"], across: Float[np.ndarray, "frame side side"]
) -> Float[np.ndarray, "frame side side"]:
    shade = part.tone - part.rim * across * across
    if part.bands:
        shade = shade - part.bands * np.clip(np.sin(2 * np.pi * part.stripes * along + across * across), 0.0, 1.0)
    if part.grain:
        texture = _texture(part.texture)
        rows = (along * (texture.shape[0] - 1)).astype(np.int32)
        columns = ((across + 1) / 2 * (texture.shape[1] - 1)).astype(np.int32)
        shade = shade + part.grain * texture[rows, columns]
    return np.clip(shade, 0.02, 1.0).astype(np.float32)


@lru_cache(maxsize=256)
def _texture(seed: int) -> Float[np.ndarray, "along across"]:
    """Smooth noise of unit variance on the surface of a part, the same for the same seed."""
    from scipy.ndimage import gaussian_filter

    noise = gaussian_filter(np.random.default_rng([seed, 11]).standard_normal((160, 24)), (3.0, 2.5))
    return (noise / noise.std()).astype(np.float32)
