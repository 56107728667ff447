"""Where every animal is in every frame: seen alone, inferred through a crossing or a gap, or lost."""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Int

from datasets.identity.detections import Detections
from datasets.identity.fragments import Fragments
from datasets.identity.motion import crossings_of
from neuron_models.foundation.units import Dimensionless, Hertz, Pixels

STATUS = ("found", "inferred", "lost")
FOUND, INFERRED, LOST = range(3)
_SPAN = 3


@dataclass(frozen=True)
class Crossing:
    """Where animals were not apart, and how surely they were recognised afterwards.

    `odds` are the log odds of who is who afterwards, against the next best way; infinite where there was none.
    """

    first: int
    last: int
    animals: tuple[int, ...]
    odds: Dimensionless

    @property
    def doubtful(self) -> bool:
        """Whether the odds are below 20 to 1."""
        return self.odds < float(np.log(20))


@dataclass(frozen=True, eq=False)
class Trajectories:
    """Animals told apart over a whole video.

    Attributes:
        xy: (frame, animal, 2) px, NaN where an animal is lost.
        status: (frame, animal) an index of `STATUS`.
        certainty: (frame, animal) probability of the identity by appearance, from 0 to 1; NaN where it was not seen.
        fps: frames a second.
        length: of a body.
        video: its file.
        crossings: where animals were not apart.
        silhouette: of the clusters of appearances (-1 to 1); NaN where appearance was not used.
        notes: what is to be known of the identities, in words.
        animals: names.
    """

    xy: Float[np.ndarray, "frame animal 2"]
    status: Int[np.ndarray, "frame animal"]
    certainty: Float[np.ndarray, "frame animal"]
    fps: Hertz
    length: Pixels
    video: str
    crossings: tuple[Crossing, ...] = ()
    silhouette: Dimensionless = float("nan")
    notes: tuple[str, ...] = ()
    animals: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Of the animals; numbers from 1 where they have none."""
        return self.animals or tuple(f"animal{k + 1}" for k in range(self.xy.shape[1]))

    def exchanged(self, frame: int, first: int, second: int) -> "Trajectories":
        """The same with two animals (from 0) exchanged from a frame on."""
        order = np.arange(self.xy.shape[1])
        order[[first, second]] = order[[second, first]]
        arrays = {}
        for name in ("xy", "status", "certainty"):
            values = getattr(self, name).copy()
            values[frame:] = values[frame:][:, order]
            arrays[name] = values
        return replace(self, **arrays)


def place_animals(
    regions: Detections,
    fragments: Fragments,
    animal: Int[np.ndarray, " fragment"],
    certainty: Float[np.ndarray, " fragment"],
    facts: Trajectories,
    longest: int,
) -> Trajectories:
    """Put the fragments of each animal into its trajectory, and bridge gaps of up to `longest` frames.

    A gap is bridged by the cubic that keeps the place and the velocity on both sides.

    Args:
        regions: of all frames.
        fragments: of these.
        animal: of each fragment, -1 for none.
        certainty: of each fragment's identity, from 0 to 1.
        facts: gives the rest; its arrays have the shape of the result.
        longest: gap in frames.
    """
    xy: np.ndarray = np.full(facts.xy.shape, np.nan)
    status: np.ndarray = np.full(xy.shape[:2], LOST)
    sure = np.full(xy.shape[:2], np.nan)
    for index in np.flatnonzero(animal >= 0).tolist():
        rows = fragments.rows[index]
        frames = regions.frame[rows]
        xy[frames, animal[index]] = regions.xy[rows]
        status[frames, animal[index]] = FOUND
        sure[frames, animal[index]] = certainty[index]
    for which in range(xy.shape[1]):
        _bridge(xy[:, which], status[:, which], longest)
    _stay_in_crossings(regions, fragments, animal, xy, status)
    return replace(facts, xy=xy, status=status, certainty=sure)


def _bridge(xy: Float[np.ndarray, "frame 2"], status: Int[np.ndarray, " frame"], longest: int) -> None:
    """Fill the gaps of one animal, in place."""
    seen = np.flatnonzero(status == FOUND)
    for before, after in pairwise(seen.tolist()):
        gap = int(after - before)
        if 1 < gap <= longest + 1:
            speeds = [_speed(xy, status, int(before), -1), _speed(xy, status, int(after), 1)]
            most = np.linalg.norm(xy[after] - xy[before]) / gap + 1.0  # a turn inside a gap is not thrown outward
            speeds = [speed * min(1.0, 2 * most / (np.linalg.norm(speed) + 1e-9)) for speed in speeds]
            t = (np.arange(1, gap) / gap)[:, None]
            ends = (1 + 2 * t) * (1 - t) ** 2 * xy[before] + t**2 * (3 - 2 * t) * xy[after]
            xy[before + 1 : after] = ends + gap * t * (1 - t) * ((1 - t) * speeds[0] - t * speeds[1])
            status[before + 1 : after] = INFERRED


def _stay_in_crossings(
    regions: Detections, fragments: Fragments, animal: np.ndarray, xy: np.ndarray, status: np.ndarray
) -> None:
    """Put animals that are lost on the edge of a crossing at its nearest region, in place: as far as that lasts."""
    crossing, frame = crossings_of(fragments), regions.frame
    rows = {
        index: np.concatenate([fragments.rows[k] for k in np.flatnonzero(crossing == index)])
        for index in range(int(crossing.max(initial=-1)) + 1)
    }
    for before, after in fragments.links.tolist():
        for own, other, way in ((before, after, 1), (after, before, -1)):
            if animal[own] < 0 or crossing[other] < 0:
                continue
            inside = rows[int(crossing[other])]
            now, who = int(fragments.last[own] if way > 0 else fragments.first[own]) + way, int(animal[own])
            while 0 <= now < len(xy) and status[now, who] == LOST and len(there := inside[frame[inside] == now]):
                away = np.linalg.norm(regions.xy[there] - xy[now - way, who], axis=1)
                xy[now, who], status[now, who] = regions.xy[there[int(away.argmin())]], INFERRED
                now += way


def _speed(xy: np.ndarray, status: np.ndarray, frame: int, way: int) -> np.ndarray:
    """The velocity, px a frame, on one side of a frame; 0 where the animal was not seen there."""
    other = frame + way * _SPAN
    if not 0 <= other < len(xy) or bool((status[min(frame, other) : max(frame, other) + 1] != FOUND).any()):
        return np.zeros(2)
    return (xy[other] - xy[frame]) / (other - frame)
