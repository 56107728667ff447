"""Videos of animals that differ in size, shade and stripes, by a difficulty, and cross: identities exactly known."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from datasets.rendering.arena import Camera, expose, ground
from datasets.rendering.parts import Part, draw_parts
from neuron_models.foundation.errors import require, require_seed
from neuron_models.foundation.units import Dimensionless, Fraction, Hertz, Pixels, Radians

_FPS: Hertz = 30.0
_NODES = 9
_RADII = np.array([0.075, 0.105, 0.11, 0.10, 0.085, 0.065, 0.045, 0.03, 0.015])
"""Half the width of a fish over its length, from the snout to the tail."""


@dataclass(frozen=True)
class SwimmerSettings:
    """What a video shows: `animals` of about `length` px that swim over and past one another.

    `difficulty` 0 makes individuals as different as they get, 1 makes identical twins. Frames are square; `side` px,
    or as large as the animals need when None. `individuals` is the seed of who they are: the same ones swim otherwise
    with another `seed`; it is `seed` when None.
    """

    animals: int = 4
    frames: int = 600
    length: Pixels = 44.0
    difficulty: Fraction = 0.3
    side: int | None = None
    seed: int = 0
    individuals: int | None = None
    camera: Camera = field(default_factory=lambda: Camera(noise=0.015, flicker=0.02))

    def __post_init__(self) -> None:
        require(1 <= self.animals <= 200, f"a sample has 1 to 200 animals, got {self.animals}")
        require(2 <= self.frames <= 1_000_000, f"a sample has 2 to 1,000,000 frames, got {self.frames}")
        require(0 <= self.difficulty <= 1, f"the difficulty of a sample must be 0 to 1, got {self.difficulty}")
        require(16 <= self.length <= 256, f"animals must be 16 to 256 px long, got {self.length}")
        least = 3 * self.length
        require(
            self.side is None or least <= self.side <= 4096, f"frames of {least:g} to 4096 px, got {self.side or 0}"
        )
        require_seed(self.seed, "the seed of a sample")
        require_seed(self.individuals or 0, "the seed of individuals")

    @property
    def pixels(self) -> int:
        """The side of a frame: 12 body lengths squared for each animal when it is not given."""
        return self.side or int(np.ceil(self.length * np.sqrt(12 * max(self.animals, 3)) / 2) * 2)


@dataclass(frozen=True)
class Looks:
    """How one individual looks: its size over the common one, its shade, and its stripes."""

    size: Dimensionless
    shade: Fraction
    bands: Fraction
    stripes: Dimensionless
    texture: int


@dataclass(frozen=True, eq=False)
class SwimmerVideo:
    """A video that is rendered when it is sliced, (frame, channel, height, width).

    `xy` (frame, animal, 2) px and `heading` (frame, animal) rad are the truth, through every crossing.
    """

    settings: SwimmerSettings
    looks: tuple[Looks, ...]
    xy: Float[np.ndarray, "frame animal 2"]
    heading: Float[np.ndarray, "frame animal"]
    arena: Float[np.ndarray, "height width"] = field(repr=False)
    dtype: np.dtype = field(default=np.dtype(np.uint8))
    fps: Hertz = _FPS

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.settings.frames, 1, *self.arena.shape)

    def __len__(self) -> int:
        return self.settings.frames

    def __getitem__(self, index: Any, /) -> np.ndarray:
        frames, rest = (index[0], index[1:]) if isinstance(index, tuple) else (index, ())
        chosen = np.arange(len(self))[frames]
        rows = np.atleast_1d(chosen)
        pieces = [self._render(rows[start : start + 16]) for start in range(0, len(rows), 16)]
        pixels = np.concatenate(pieces) if pieces else np.empty((0, *self.shape[1:]), np.uint8)
        return pixels[0][rest] if np.ndim(chosen) == 0 else pixels[(slice(None), *rest)]

    def _render(self, rows: np.ndarray) -> UInt8[np.ndarray, "frame 1 height width"]:
        pictures = np.repeat(self.arena[None], len(rows), axis=0)
        for animal, looks in enumerate(self.looks):
            _lay(_part(self, animal, looks, rows), pictures, self.xy[rows, animal], self.settings.length)
        camera, seed = self.settings.camera, self.settings.seed
        bright = np.array([np.random.default_rng([seed, 7, int(row)]).standard_normal() for row in rows])
        seeds = [[seed, 4, int(row)] for row in rows]
        return expose(pictures, np.exp(0.3 * camera.flicker * bright), camera, seeds)[:, None]


def make_swimmers(settings: SwimmerSettings) -> SwimmerVideo:
    """Let animals swim in an arena that is filmed from above; their identities are known in every frame."""
    who = settings.seed if settings.individuals is None else settings.individuals
    rng = np.random.default_rng([who, 1])
    looks = individual_looks(settings.animals, settings.difficulty, rng)
    xy, heading = np.empty((settings.frames, settings.animals, 2)), np.empty((settings.frames, settings.animals))
    for animal in range(settings.animals):
        xy[:, animal], heading[:, animal] = _swim(settings, np.random.default_rng([settings.seed, 3, animal]))
    arena = ground(settings.pixels, settings.pixels, settings.camera, np.random.default_rng([settings.seed, 5]))
    return SwimmerVideo(settings, looks, xy, heading, arena)


def individual_looks(number: int, difficulty: Fraction, rng: np.random.Generator) -> tuple[Looks, ...]:
    """Individuals spread evenly over sizes, shades and stripes, each shuffled; all alike at a difficulty of 1."""
    apart = 1.0 - difficulty
    spread = [rng.permutation(np.linspace(-1, 1, number)) if number > 1 else np.zeros(1) for _ in range(4)]
    return tuple(
        Looks(
            1 + 0.15 * apart * spread[0][k],
            0.27 + 0.12 * apart * spread[1][k],
            max(0.0, 0.12 + 0.12 * apart * spread[2][k]),
            4.0 + 2.5 * apart * spread[3][k],
            int(rng.integers(2**31)) if difficulty < 1 else 0,
        )
        for k in range(number)
    )


def _swim(
    settings: SwimmerSettings, rng: np.random.Generator
) -> tuple[Float[np.ndarray, "frame 2"], Float[np.ndarray, " frame"]]:
    """A path (px) of bouts and turns that keeps to the frame, and the headings (rad)."""
    wall, side = 0.8 * settings.length, float(settings.pixels)
    xy, heading = np.empty((settings.frames, 2)), np.empty(settings.frames)
    place, angle = rng.uniform(wall, side - wall, 2), float(rng.uniform(-np.pi, np.pi))
    turning, pace = 0.0, 0.05
    for frame in range(settings.frames):
        turning += -0.15 * turning + 0.03 * rng.standard_normal()
        pace += 0.1 * (0.05 - pace) + 0.012 * rng.standard_normal()
        ahead = place + settings.length * np.array([np.cos(angle), np.sin(angle)])
        out = np.clip(ahead, wall, side - wall) - ahead
        if np.abs(out).max() > 0:
            towards = np.arctan2(side / 2 - place[1], side / 2 - place[0])
            angle += 0.15 * float(np.sin(towards - angle)) + 0.02
        angle += turning
        step = settings.length * float(np.clip(pace, 0.01, 0.12))
        place = np.clip(place + step * np.array([np.cos(angle), np.sin(angle)]), wall, side - wall)
        xy[frame], heading[frame] = place, angle
    return xy, (heading + np.pi) % (2 * np.pi) - np.pi


def _part(video: SwimmerVideo, animal: int, looks: Looks, rows: np.ndarray) -> Part:
    """The body in some frames, about the middle of a square of 2 lengths."""
    length = video.settings.length * looks.size
    phase = np.random.default_rng([video.settings.seed, 6, animal]).uniform(0, 2 * np.pi)
    along = np.linspace(0.5, -0.5, _NODES)
    swing = 0.09 * (0.5 - along) ** 2 * np.sin(phase + 0.55 * rows[:, None] + 4.0 * along)
    body = length * np.stack([np.broadcast_to(along, swing.shape), swing], axis=-1)
    points = _turned(body, video.heading[rows, animal])
    shift = video.xy[rows, animal] - np.floor(video.xy[rows, animal])
    points = points + shift[:, None] + int(video.settings.length)
    return Part(points, _RADII * length, looks.shade, rim=-0.05, bands=-looks.bands, stripes=looks.stripes,
                grain=0.02, texture=looks.texture)  # fmt: skip


def _turned(
    points: Float[np.ndarray, "frame point 2"], angle: Radians | np.ndarray
) -> Float[np.ndarray, "frame point 2"]:
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    x, y = points[..., 0], points[..., 1]
    return np.stack([cos * x - sin * y, sin * x + cos * y], axis=-1)


def _lay(part: Part, pictures: np.ndarray, centre: Float[np.ndarray, "frame 2"], length: Pixels) -> None:
    """Draw an animal into pictures, in place; what is outside of them is cut off."""
    side = int(2 * length)
    light, through = draw_parts([part], side)
    height, width = pictures.shape[1:]
    for k, (x, y) in enumerate((np.floor(centre) - int(length)).astype(int).tolist()):
        wide = slice(max(x, 0), max(min(x + side, width), 0))
        high = slice(max(y, 0), max(min(y + side, height), 0))
        inside = (slice(high.start - y, high.stop - y), slice(wide.start - x, wide.stop - x))
        pictures[k][high, wide] = pictures[k][high, wide] * through[k][inside] + light[k][inside]
