"""Videos of whole arenas with several animals, rendered when they are sliced."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from datasets.pose.generator.body import Body, Walk
from datasets.pose.generator.fly_gaits import require_gait
from datasets.pose.generator.sample import ANIMALS, blurred, require_animal, velocities
from datasets.rendering.arena import Camera, expose, ground
from neuron_models.foundation.errors import InputError, require, require_seed
from neuron_models.foundation.units import Hertz, Pixels

_MOST_AREA = 4096 * 4096


@dataclass(frozen=True)
class ArenaSettings:
    """What a video shows: `animals` of about `length` px in a frame of `width` x `height` px.

    Each animal keeps to a place of its own, so that none touches another; with `touching` all share one place. Flies
    walk in a `gait` of `fly_gaits.CHOICES`, in a loose tripod when it is None.
    """

    animal: str = "fly"
    frames: int = 500
    width: int = 448
    height: int = 384
    animals: int = 2
    length: Pixels = 67.0
    seed: int = 0
    touching: bool = False
    gait: str | None = None
    camera: Camera = field(default_factory=Camera)

    def __post_init__(self) -> None:
        require_animal(self.animal)
        require_gait(self.gait)
        require(self.gait is None or self.animal == "fly", f"a {self.animal} has no gait: leave it out")
        require(1 <= self.frames <= 10_000_000, f"a video has 1 to 10,000,000 frames, got {self.frames}")
        require(self.animals >= 0, f"a video shows 0 or more animals, got {self.animals}")
        require(16 <= self.length <= 1024, f"animals must be 16 to 1024 px long, got {self.length}")
        sides = min(self.width, self.height), self.width * self.height
        require(
            sides[0] >= 16 and sides[1] <= _MOST_AREA,
            f"frames must have sides of 16 px or more and at most {_MOST_AREA} px, got {self.width} x {self.height}",
        )
        require_seed(self.seed, "the seed of a video")
        if self.reach() < 0:
            raise InputError(
                f"{self.animals} animals of {self.length:g} px do not fit {self.width} x {self.height} px apart: "
                "make the frame larger or the animals fewer"
            )

    def grid(self) -> tuple[int, int]:
        """Columns and rows of places."""
        number = 1 if self.touching else max(self.animals, 1)
        columns = max(1, min(number, round(np.sqrt(number * self.width / self.height))))
        return columns, -(-number // columns)

    def reach(self) -> Pixels:
        """How far an animal's centre may go from the middle of its place."""
        columns, rows = self.grid()
        return min(self.width / columns, self.height / rows) / 2 - 0.68 * self.length

    def homes(self) -> list[tuple[float, float]]:
        """The middle of each animal's place, (x, y) px."""
        columns, rows = self.grid()
        positions = [
            ((k % columns + 0.5) * self.width / columns, (k // columns + 0.5) * self.height / rows)
            for k in range(columns * rows)
        ]
        return [positions[0 if self.touching else k] for k in range(self.animals)]


@dataclass(frozen=True, eq=False)
class ArenaVideo:
    """A video that is rendered when it is sliced, (frame, channel, height, width); the same frames however it is cut.

    `bodies` hold the exact key points of every animal in every frame.
    """

    settings: ArenaSettings
    bodies: tuple[Body, ...]
    arena: Float[np.ndarray, "height width"] = field(repr=False)
    brightness: Float[np.ndarray, " frame"] = field(repr=False)
    dtype: np.dtype = field(default=np.dtype(np.uint8))

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.settings.frames, 1, self.settings.height, self.settings.width)

    @property
    def fps(self) -> Hertz:
        """Frames a second."""
        return ANIMALS[self.settings.animal].fps

    def __len__(self) -> int:
        return self.settings.frames

    def __getitem__(self, index: Any, /) -> np.ndarray:
        frames, rest = (index[0], index[1:]) if isinstance(index, tuple) else (index, ())
        rows = np.atleast_1d(np.arange(len(self))[frames])
        pieces = [self._render(rows[start : start + 16]) for start in range(0, len(rows), 16)]
        pixels = np.concatenate(pieces) if pieces else np.empty((0, *self.shape[1:]), dtype=np.uint8)
        return pixels[0][rest] if np.ndim(np.arange(len(self))[frames]) == 0 else pixels[(slice(None), *rest)]

    def _render(self, rows: np.ndarray) -> UInt8[np.ndarray, "frame 1 height width"]:
        settings = self.settings
        pictures = np.repeat(self.arena[None], len(rows), axis=0)
        for body in self.bodies:
            _lay(body, rows, pictures)
        seeds = [[settings.seed, 4, int(row)] for row in rows]
        return expose(pictures, self.brightness[rows], settings.camera, seeds)[:, None]


def make_video(settings: ArenaSettings) -> ArenaVideo:
    """Let animals go about in an arena that is filmed from above."""
    kind = ANIMALS[settings.animal]
    bodies = []
    for k, home in enumerate(settings.homes()):
        rng = np.random.default_rng([settings.seed, 3, k])
        length = settings.length * (1 + 0.04 * rng.uniform(-1, 1))
        walk = Walk(settings.frames, kind.fps, length, home, max(settings.reach(), 0.0), settings.gait)
        bodies.append(kind.draw(walk, rng))
    rng = np.random.default_rng([settings.seed, 5])
    arena = ground(settings.width, settings.height, settings.camera, rng)
    brightness = np.exp(0.3 * settings.camera.flicker * rng.standard_normal(settings.frames))
    return ArenaVideo(settings, tuple(bodies), arena, brightness)


def _lay(body: Body, rows: np.ndarray, pictures: Float[np.ndarray, "frame height width"]) -> None:
    """Draw an animal into pictures, in place; what is outside of them is cut off."""
    side = int(1.6 * body.length)
    corner = np.floor(body.centre[rows]).astype(int) - side // 2
    parts, later = [], []
    for part, speed in zip(body.parts, velocities(body, rows), strict=True):
        points = part.points[rows] - corner[:, None]
        parts.append(replace(part, points=points))
        later.append(points + speed)
    light, through = blurred(parts, later, side)
    height, width = pictures.shape[1:]
    for k, (x, y) in enumerate(corner):
        wide = slice(max(x, 0), max(min(x + side, width), 0))
        high = slice(max(y, 0), max(min(y + side, height), 0))
        inside = (slice(high.start - y, high.stop - y), slice(wide.start - x, wide.stop - x))
        pictures[k][high, wide] = pictures[k][high, wide] * through[k][inside] + light[k][inside]
