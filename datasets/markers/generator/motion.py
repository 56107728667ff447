"""How the generated mouse moves: it rests, walks and grooms; where its parts are in every frame."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from neuron_models.foundation.errors import require, require_seed
from neuron_models.foundation.units import Dimensionless, Fraction, Hertz, Pixels

PAWS = ("left", "right")
_STATES = ("rest", "walk", "groom")
_BLEND = 0.08
"""s in which paws go from one posture to another."""
SNOUT, HEAD = 0.76, (0.52, 0.24, 0.17)
"""In body lengths before the middle: the tip of the snout; the head's middle, and its half axes."""


@dataclass(frozen=True)
class SampleSettings:
    """What the video shows.

    Attributes:
        frames: how many.
        fps: frames a second.
        width: px.
        height: px.
        length: of the body without the head, px.
        coat: white, brown or black.
        occlusion: share of grooming strokes in which a paw goes behind the head.
        light: how much the light falls and rises, from 0 to 1: 1 is by 40 %.
        distractors: spots of each mark's colour on the ground.
        bars: share of the width that black bars take, half on each side.
        seed: of everything.
    """

    frames: int = 600
    fps: Hertz = 60.0
    width: int = 640
    height: int = 480
    length: Pixels = 150.0
    coat: str = "white"
    occlusion: Fraction = 0.15
    light: Dimensionless = 0.5
    distractors: int = 2
    bars: Fraction = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        require(2 <= self.frames <= 1_000_000, f"a video has 2 to 1,000,000 frames, got {self.frames}")
        require(1 <= self.fps <= 1000, f"--fps must be 1 to 1000, got {self.fps:g}")
        fits = self.length >= 40 and min(self.width * (1 - self.bars), self.height) >= 2.2 * self.length
        require(fits, f"a body of {self.length:g} px (40 or more) needs 2.2 times as much room, "
                f"got {self.width} x {self.height} px")  # fmt: skip
        require(max(self.width, self.height) <= 4096, f"at most 4096 px a side, got {self.width} x {self.height}")
        require(self.coat in COATS, f"--coat must be one of {', '.join(COATS)}, got {self.coat!r}")
        for name, value, most in (("occlusion", self.occlusion, 1), ("light", self.light, 1), ("bars", self.bars, 0.7)):
            require(0 <= value <= most, f"--{name} must be 0 to {most:g}, got {value:g}")
        require(0 <= self.distractors <= 20, f"--distractors must be 0 to 20, got {self.distractors}")
        require_seed(self.seed, "the seed of a video")


COATS = {"white": (225, 220, 205), "brown": (120, 90, 65), "black": (48, 45, 44)}


@dataclass(frozen=True, eq=False)
class Motion:
    """Where the mouse is.

    Attributes:
        middle: (frame, 2) px.
        heading: (frame,) radians, 0 to the right and growing downwards.
        paws: (frame, paw, 2) px.
        snout: (frame, 2) px.
        behind: (frame, paw) whether the head is drawn over a paw.
        grooming: (frame,) mask.
        strokes: (frame,) Hz of the strokes where it grooms, else 0.
    """

    middle: Float[np.ndarray, "frame 2"]
    heading: Float[np.ndarray, " frame"]
    paws: Float[np.ndarray, "frame paw 2"]
    snout: Float[np.ndarray, "frame 2"]
    behind: Bool[np.ndarray, "frame paw"]
    grooming: Bool[np.ndarray, " frame"]
    strokes: Float[np.ndarray, " frame"]


def make_motion(settings: SampleSettings) -> Motion:
    """Let the mouse rest, walk and groom in turns."""
    rng = np.random.default_rng([settings.seed, 1])
    states, bout = _turns(settings, rng)
    walking, grooming = states == 1, states == 2
    along = np.cumsum(_blended(walking.astype(float), settings.fps)) / settings.fps
    middle, heading = _path(settings, along, rng)
    time = np.arange(settings.frames) / settings.fps
    rates, phases = rng.uniform(4, 8, bout.max() + 1), rng.uniform(0, 2 * np.pi, (bout.max() + 1, 2))
    together = rng.random(bout.max() + 1) < 0.5
    phase = 2 * np.pi * rates[bout] * time + phases[bout, 0]
    lag = np.where(together, 0.0, np.pi)[bout]
    behind = _behind(settings, grooming, bout, rates, rng)
    paws = np.stack([_paw(side, phase, lag, time, walking, grooming, behind, settings.fps) for side in (0, 1)], axis=1)
    axes = np.stack(
        [np.stack([np.cos(heading), np.sin(heading)], -1), np.stack([-np.sin(heading), np.cos(heading)], -1)], 1
    )
    placed = middle[:, None] + settings.length * np.einsum("tpk,tkx->tpx", paws, axes)
    snout = middle + settings.length * SNOUT * axes[:, 0]
    return Motion(middle, heading, placed, snout, behind, grooming, np.where(grooming, rates[bout], 0.0))


def _turns(
    settings: SampleSettings, rng: np.random.Generator
) -> tuple[Int[np.ndarray, " frame"], Int[np.ndarray, " frame"]]:
    """The state of each frame, and the number of its turn; grooming is every second turn."""
    states, bout = np.zeros(settings.frames, int), np.zeros(settings.frames, int)
    at, number = 0, 0
    while at < settings.frames:
        end = at + max(2, round(settings.fps * rng.uniform(1.0, 2.5)))
        states[at:end], bout[at:end] = (2 if number % 2 else int(rng.integers(2))), number
        at, number = end, number + 1
    return states, bout


def _blended(values: Float[np.ndarray, " frame"], fps: Hertz) -> Float[np.ndarray, " frame"]:
    from scipy.ndimage import gaussian_filter1d

    return gaussian_filter1d(values, max(_BLEND * fps, 0.5), mode="nearest")


def _path(
    settings: SampleSettings, along: Float[np.ndarray, " frame"], rng: np.random.Generator
) -> tuple[Float[np.ndarray, "frame 2"], Float[np.ndarray, " frame"]]:
    """A closed curve in the arena that the mouse goes along while it walks."""
    room = np.array([settings.width * (1 - settings.bars), settings.height]) / 2 - 0.95 * settings.length
    angle = rng.uniform(0, 2 * np.pi) + 0.9 * along
    spread = np.maximum(room, 0)
    place = np.array([settings.width, settings.height]) / 2 + spread * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    ahead = np.stack([-spread[0] * np.sin(angle), spread[1] * np.cos(angle)], axis=1)
    return place, np.unwrap(np.arctan2(ahead[:, 1], ahead[:, 0]))


def _behind(settings, grooming, bout, rates, rng) -> Bool[np.ndarray, "frame paw"]:
    """Whole strokes, 0.1 s or more away from the ends of grooming, in which a paw is behind the head."""
    from scipy.ndimage import binary_erosion

    behind = np.zeros((settings.frames, 2), bool)
    inside = binary_erosion(grooming, np.ones(2 * round(0.15 * settings.fps) + 1))
    for number in np.unique(bout[grooming]):
        period = max(2, round(settings.fps / rates[number]))
        frames = np.flatnonzero(inside & (bout == number))
        for paw in (0, 1):
            for start in range(0, len(frames) - 2 * period, 2 * period):
                if rng.random() < settings.occlusion:
                    behind[frames[start : start + 2 * period], paw] = True
    return behind


def _paw(side, phase, lag, time, walking, grooming, behind, fps) -> Float[np.ndarray, "frame 2"]:
    """A paw in body lengths ahead of the middle and to the right of it."""
    sign = 1 - 2 * (side == 0)
    swing = np.sin(phase + side * lag)
    step = np.sin(2 * np.pi * 2.0 * time + side * np.pi)
    rest = np.stack([0.36 + 0 * time, sign * (0.10 + 0 * time)], axis=1)
    walk = np.stack([0.36 + 0.07 * step, sign * (0.14 + 0 * time)], axis=1)
    groom = np.stack([0.64 + 0.055 * swing, sign * (0.095 + 0.02 * swing)], axis=1)
    hidden = np.stack([0.55 + 0.03 * swing, sign * (0.06 + 0 * time)], axis=1)
    w, g = (_blended(mask.astype(float), fps)[:, None] for mask in (walking, grooming))
    placed = (1 - g) * ((1 - w) * rest + w * walk) + g * groom
    b = _blended(behind[:, side].astype(float), 0.4 * fps)[:, None]
    return (1 - b) * placed + b * hidden
