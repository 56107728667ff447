"""Two animals whose behaviour is known: they rest, walk, and one chases the other until both are in contact.

Trackers' faults are added where wanted, and their places kept: gaps without a point, frames in which both animals
are exchanged, and jumps of single points.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from neuron_models.foundation.csv_file import write_csv
from neuron_models.foundation.errors import require, require_seed
from neuron_models.foundation.files import atomic_write
from neuron_models.foundation.units import Fraction, Hertz, Pixels, Seconds

BEHAVIOURS = ("rest", "walk", "chase", "contact")
POINTS = ("nose", "neck", "body", "tail_base")
FAULTS = ("gap", "swap", "jitter")
_ALONG: tuple[Pixels, ...] = (26.0, 12.0, 0.0, -24.0)
"""Where the points lie on the body, ahead of its centre."""
_TOUCH: Pixels = 45.0
_FASTEST = {"rest": (0.1, 0.1), "walk": (2.5, 2.5), "chase": (4.5, 7.0)}
"""Pixels a frame of both animals; contact is what a chase ends in."""
_LASTS: tuple[Seconds, Seconds] = (1.0, 3.0)


@dataclass(frozen=True)
class WalkersSettings:
    """`frames` of two animals in an arena of `side` px; `faulty` is the share of frames with a fault of each kind."""

    frames: int = 3000
    fps: Hertz = 30.0
    side: Pixels = 600.0
    faulty: Fraction = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        require(60 <= self.frames <= 10_000_000, f"a sample has 60 to 10,000,000 frames, got {self.frames}")
        require(1 <= self.fps <= 10_000, f"a sample has 1 to 10,000 frames a second, got {self.fps:g}")
        require(0 <= self.faulty <= 0.3, f"the share of faulty frames must be 0 to 0.3, got {self.faulty}")
        require_seed(self.seed, "the seed of a sample")


@dataclass(frozen=True, eq=False)
class Walkers:
    """Points in px, the behaviour of each frame, and the faults: kind, animal, first and last frame."""

    xy: Float[np.ndarray, "frame 2 4 2"]
    labels: Int[np.ndarray, " frame"]
    faults: tuple[tuple[str, int, int, int], ...]


def make_walkers(settings: WalkersSettings) -> Walkers:
    """Let two animals go about; the same settings give the same animals."""
    rng = np.random.default_rng([settings.seed, 11])
    wanted = _wanted(settings, rng)
    xy = np.empty((settings.frames, 2, len(POINTS), 2))
    labels = np.empty(settings.frames, dtype=int)
    centre = rng.uniform(0.3, 0.7, (2, 2)) * settings.side
    heading = rng.uniform(-np.pi, np.pi, 2)
    for t, behaviour in enumerate(wanted):
        near = float(np.hypot(*(centre[0] - centre[1]))) < _TOUCH
        centre, heading = _moved(behaviour, centre, heading, near, settings.side, rng)
        direction = np.stack([np.cos(heading), np.sin(heading)], axis=1)
        xy[t] = centre[:, None] + np.array(_ALONG)[None, :, None] * direction[:, None]
        touching = behaviour == "chase" and near
        labels[t] = BEHAVIOURS.index("contact" if touching else behaviour)
    xy += 0.4 * rng.standard_normal(xy.shape)
    return Walkers(*_with_faults(xy, settings, rng, labels))


def _wanted(settings: WalkersSettings, rng: np.random.Generator) -> list[str]:
    names: list[str] = []
    last = ""
    while len(names) < settings.frames:
        last = str(rng.choice([name for name in _FASTEST if name != last]))
        names += [last] * max(2, round(rng.uniform(*_LASTS) * settings.fps))
    return names[: settings.frames]


def _moved(behaviour, centre, heading, near: bool, side: Pixels, rng):
    heading = heading + 0.12 * rng.standard_normal(2)
    to = centre[0] - centre[1]
    speed = np.array(_FASTEST[behaviour])
    if behaviour == "chase":
        heading[1] = np.arctan2(to[1], to[0])
        if near:
            speed = np.array([1.0, 1.0])
    elif near:
        heading[0], speed = np.arctan2(to[1], to[0]), np.maximum(speed, (2.0, 0.1))
    out = np.hypot(*(centre - side / 2).T) > 0.45 * side
    back = np.arctan2(*(side / 2 - centre).T[::-1])
    heading = np.where(out & (np.array([True, behaviour != "chase"])), back, heading)
    return centre + speed[:, None] * np.stack([np.cos(heading), np.sin(heading)], axis=1), heading


def _with_faults(xy, settings: WalkersSettings, rng, labels) -> tuple:
    faults: list[tuple[str, int, int, int]] = []
    for kind in FAULTS:
        left = round(settings.faulty * settings.frames)
        while left > 0:
            length = int(min(left, 1 if kind == "jitter" else rng.integers(2, 15)))
            first, animal = int(rng.integers(0, settings.frames - length)), int(rng.integers(2))
            part = slice(first, first + length)
            if kind == "gap":
                xy[part, animal] = np.nan
            elif kind == "swap":
                xy[part] = xy[part, ::-1]
            else:
                xy[part, animal, int(rng.integers(len(POINTS)))] += rng.normal(0, 40.0, 2)
            faults.append((kind, animal, first, first + length - 1))
            left -= length
    return xy, labels, tuple(sorted(faults, key=lambda fault: fault[2]))


def save_walkers(walkers: Walkers, out: Path, name: str) -> tuple[Path, Path, Path]:
    """Write tracks as DeepLabCut's table, labels as columns of 0 and 1, and the faults, all `.csv` in a folder."""
    out.mkdir(parents=True, exist_ok=True)
    head = pd.MultiIndex.from_product(
        [["wormtwin"], ["animal1", "animal2"], POINTS, ["x", "y", "likelihood"]],
        names=["scorer", "individuals", "bodyparts", "coords"],
    )
    known = np.isfinite(walkers.xy).all(axis=3, keepdims=True)
    values = np.concatenate([walkers.xy, np.where(known, 1.0, np.nan)], axis=3)
    table = pd.DataFrame(values.reshape(len(walkers.xy), -1), columns=head)
    paths = (out / f"{name}.csv", out / f"{name}.labels.csv", out / f"{name}.faults.csv")
    with atomic_write(paths[0]) as temporary:
        table.to_csv(temporary, float_format="%.3f")
    columns = {behaviour: (walkers.labels == index).astype(int) for index, behaviour in enumerate(BEHAVIOURS)}
    faults = pd.DataFrame(walkers.faults, columns=["fault", "animal", "first_frame", "last_frame"])
    for path, content in ((paths[1], pd.DataFrame(columns)), (paths[2], faults)):
        with atomic_write(path) as temporary:
            write_csv(content, temporary, index=False)
    return paths
