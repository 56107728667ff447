"""A generator of labelled images of worms and flies whose key points are known exactly, and videos of whole arenas."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace

import numpy as np
from jaxtyping import Float

from datasets.dataset import Dataset
from datasets.pose.crops import Crops
from datasets.pose.generator import fly, worm
from datasets.pose.generator.body import Body, Walk
from datasets.pose.labelled import Labelled, keypoints_dataset
from datasets.pose.skeleton import Skeleton
from datasets.rendering.arena import Camera, expose, ground
from datasets.rendering.parts import Part, draw_parts
from datasets.video.cropping import oriented_matrices
from neuron_models.foundation.errors import InputError, require, require_seed
from neuron_models.foundation.units import Dimensionless, Fraction, Hertz

LEAST_SIZE, MOST_SIZE = 32, 512
_BATCH = 32
_EXPOSURE = 0.25  # of the time between frames
_MOMENTS = (-0.25, 0.25)  # of the exposure, at which its light is summed


@dataclass(frozen=True)
class Animal:
    """One of the animals that the generator knows: its key points, how it is drawn, and how fast it is filmed."""

    skeleton: Skeleton
    draw: Callable[[Walk, np.random.Generator], Body]
    fps: Hertz
    filling: Fraction  # the length of its body over the side of a crop
    turn: Dimensionless  # degrees by which alignment leaves its crops turned: legs and wings pull at a fly's axis


ANIMALS: dict[str, Animal] = {
    "fly": Animal(Skeleton(fly.JOINTS, fly.EDGES, fly.PAIRS), fly.draw_fly, 100.0, 0.78, 28.0),
    "worm": Animal(Skeleton(worm.JOINTS, worm.EDGES, worm.PAIRS), worm.draw_worm, 10.0, 0.74, 10.0),
}


@dataclass(frozen=True)
class SampleSettings:
    """What a sample of crops is made of.

    `frames` crops of `size` px in all, of `animals` individuals that differ in size, shade and ground; between two
    labelled frames of one lie `stride` frames of the recording. Crops are aligned as egocentric alignment leaves them:
    headings are off by up to `turn` degrees (those of the animal when None), centres by up to `shift` of the side.
    """

    animal: str = "fly"
    frames: int = 500
    size: int = 96
    seed: int = 0
    animals: int = 5
    stride: int = 10
    turn: Dimensionless | None = None
    shift: Fraction = 0.035
    camera: Camera = field(default_factory=Camera)

    def __post_init__(self) -> None:
        require_animal(self.animal)
        require(1 <= self.animals <= 100, f"a sample has 1 to 100 animals, got {self.animals}")
        require(
            self.animals <= self.frames <= 1_000_000,
            f"a sample of {self.animals} animals has {self.animals} to 1,000,000 frames, got {self.frames}",
        )
        require(
            LEAST_SIZE <= self.size <= MOST_SIZE,
            f"the size of a sample's crops must be {LEAST_SIZE} to {MOST_SIZE} px, got {self.size}",
        )
        require(1 <= self.stride <= 1000, f"the stride of a sample must be 1 to 1000 frames, got {self.stride}")
        require(self.turn is None or 0 <= self.turn <= 180, f"crops can be turned by 0 to 180 degrees, got {self.turn}")
        require(0 <= self.shift <= 0.5, f"crops can be shifted by 0 to 0.5 of their side, got {self.shift}")
        require_seed(self.seed, "the seed of a sample")


def require_animal(name: str) -> None:
    """Raise an `InputError` unless the generator knows this animal."""
    if name not in ANIMALS:
        raise InputError(f"the generator knows no {name!r}; it knows {', '.join(ANIMALS)}")


def make_sample(settings: SampleSettings) -> Dataset:
    """Generate labelled crops, a trial for each individual; individual i does not depend on how many there are.

    The crops' places in the arena that was never filmed are kept, the settings are in `extra["sample"]`.
    """
    kind = ANIMALS[settings.animal]
    share = np.array_split(np.arange(settings.frames), settings.animals)
    labelled = [_individual(settings, index, len(frames)) for index, frames in enumerate(share)]
    return keypoints_dataset(
        f"{settings.animal} sample",
        labelled,
        kind.skeleton,
        kind="crops",
        fps=kind.fps / settings.stride,
        source=f"generated, seed {settings.seed}",
        extra={"sample": asdict(settings)},
    )


def _individual(settings: SampleSettings, index: int, frames: int) -> Labelled:
    """The crops of one individual."""
    kind = ANIMALS[settings.animal]
    rng = np.random.default_rng([settings.seed, 1, index])
    length = kind.filling * settings.size * (1 + 0.05 * rng.uniform(-1, 1))
    side = round(6 * length)
    walk = Walk(frames * settings.stride, kind.fps, length, (side / 2, side / 2), 2.2 * length)
    body = kind.draw(walk, rng)
    chosen = np.arange(frames) * settings.stride + settings.stride // 2
    moving = velocities(body, chosen)
    body = body.at(chosen)
    reach = settings.shift * settings.size
    middle = body.centre + rng.uniform(-reach, reach, (frames, 2))
    turn = kind.turn if settings.turn is None else settings.turn
    heading = body.heading + np.deg2rad(rng.uniform(-turn, turn, frames))
    matrices = oriented_matrices(middle, (settings.size, settings.size), heading)
    crops = Crops(f"{settings.animal}{index + 1}", chosen, np.zeros(frames, dtype=int), matrices)
    arena = ground(side, side, settings.camera, rng)
    brightness = np.exp(settings.camera.flicker * rng.standard_normal(frames))
    images = np.empty((frames, 1, settings.size, settings.size), dtype=np.uint8)
    for start in range(0, frames, _BATCH):
        rows = np.arange(start, min(start + _BATCH, frames))
        some = replace(crops, frames=chosen[rows], animals=crops.animals[rows], matrices=matrices[rows])
        parts = [_cropped(part.at(rows), some) for part in body.parts]
        speeds = [some.to_crop(part.points[rows] + speed[rows]) for part, speed in zip(body.parts, moving, strict=True)]
        light, through = blurred(parts, speeds, settings.size)
        light += through * _seen_ground(arena, some, settings.size)
        seeds = [[settings.seed, 2, index, int(row)] for row in rows]
        images[rows, 0] = expose(light, brightness[rows], settings.camera, seeds)
    name = f"{settings.animal}{index + 1}"
    return Labelled(name, images, crops.to_crop(body.keypoints), crops, group=name, body_length=float(length))


def _cropped(part: Part, crops: Crops) -> Part:
    return replace(part, points=crops.to_crop(part.points))


def velocities(body: Body, frames: np.ndarray) -> list[Float[np.ndarray, "some _ 2"]]:
    """How far (px) every point of every part moves from one frame to the next, at some frames, given by their indices.

    An array (frame, point, 2) for each part.
    """
    return [
        np.gradient(part.points, axis=0)[frames] if len(part.points) > 1 else 0 * part.points for part in body.parts
    ]


def blurred(
    parts: list[Part], moved: list[Float[np.ndarray, "frame _ 2"]], size: int
) -> tuple[Float[np.ndarray, "frame size size"], Float[np.ndarray, "frame size size"]]:
    """Pictures of parts that move during the exposure, where they are a frame later being `moved`.

    Args:
        parts: where they are now.
        moved: (frame, point, 2) for each part, px.
        size: of a side of the pictures, px.

    Returns:
        The light of the parts (0 is black, 1 white), and the share of what is behind them that shows.
    """
    sums = None
    for moment in _MOMENTS:
        there = [
            replace(part, points=part.points + _EXPOSURE * moment * (later - part.points))
            for part, later in zip(parts, moved, strict=True)
        ]
        drawn = draw_parts(there, size)
        sums = drawn if sums is None else (sums[0] + drawn[0], sums[1] + drawn[1])
    light, through = sums if sums is not None else draw_parts(parts, size)
    return light / len(_MOMENTS), through / len(_MOMENTS)


def _seen_ground(
    arena: Float[np.ndarray, "height width"], crops: Crops, size: int
) -> Float[np.ndarray, "frame size size"]:
    """The arena through crops."""
    from scipy.ndimage import map_coordinates

    along = np.arange(size, dtype=np.float32)
    (a, b, left), (c, d, top) = np.moveaxis(crops.matrices.astype(np.float32), 0, 2)[..., None, None]
    x = a * along + b * along[:, None] + left
    y = c * along + d * along[:, None] + top
    return map_coordinates(arena, [y, x], order=1, mode="nearest", output=np.float32)
