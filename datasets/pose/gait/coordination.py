"""Steps of legs, their phases to each other, and how near a walk is to a tripod or a tetrapod."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Float

from datasets.dataset import contiguous_runs
from datasets.pose.gait.walking import Walk
from neuron_models.foundation.units import DataUnits, Dimensionless, Fraction, Hertz


@dataclass(frozen=True)
class Step:
    """A whole step of a leg: its swing, and the stance after it.

    Attributes:
        animal: whose.
        leg: which.
        start: the first frame of its swing.
        swing: frames in the air.
        stance: frames on the ground after it.
        speed: mean speed of the body over the step, in the walk's units.
        length: how far ahead the tip goes relative to the body in the swing, in the walk's units times s.
    """

    animal: str
    leg: str
    start: int
    swing: int
    stance: int
    speed: DataUnits
    length: DataUnits

    @property
    def duty(self) -> Fraction:
        """The share of the step in which the leg stands."""
        return self.stance / (self.swing + self.stance)


def steps_of(walk: Walk) -> list[Step]:
    """All steps whose swing and stance lie wholly inside a walk."""
    steps = []
    for first, end in walk.bouts():
        for index, leg in enumerate(walk.legs):
            swings = contiguous_runs(~walk.stance[first:end, index]).tolist()
            for (a, b), (after, _) in pairwise(swings):
                if a > 0:
                    part = slice(first + a, first + after)
                    air = walk.along[first + a : first + b, index]
                    speed = float(walk.speed[part].mean())
                    steps.append(Step(walk.animal, leg, first + a, b - a, after - b, speed, air.sum() / walk.fps))
    return steps


@dataclass(frozen=True)
class LegPhase:
    """When a leg begins to swing within the step of the reference leg.

    `phase` is the circular mean, from 0 to 1; `strength` how alike the phases are, from 0 to 1 (Rayleigh's R).
    """

    leg: str
    phase: Fraction
    strength: Dimensionless
    number: int


def phases_of(walk: Walk, steps: Sequence[Step]) -> list[LegPhase]:
    """The phase of each leg's swings within the steps of the first leg; `steps` are all of this walk's animal."""
    starts = {leg: np.array([s.start for s in steps if s.leg == leg], float) for leg in walk.legs}
    reference = [(s.start, s.swing + s.stance) for s in steps if s.leg == walk.legs[0]]
    found = []
    for leg in walk.legs:
        within = [(t - at) / period for at, period in reference for t in starts[leg] if at <= t < at + period]
        mean = np.exp(2j * np.pi * np.array(within)).mean() if within else complex(np.nan)
        found.append(LegPhase(leg, float(np.angle(mean) / (2 * np.pi) % 1.0), float(abs(mean)), len(within)))
    return found


@dataclass(frozen=True)
class Coordination:
    """How an animal's legs go together, over its walking frames.

    Attributes:
        animal: whose.
        frames: walking frames.
        speed: mean speed in the walk's units.
        frequency: steps a second of a leg, median.
        duty: share of a step in which a leg stands, mean.
        tripod: share of frames in which exactly one tripod (front and hind leg of a side, middle leg of the other)
            stands and the other swings; NaN unless there are six legs.
        tetrapod: share of frames in which exactly two legs swing, one a side and of different segments; NaN as above.
    """

    animal: str
    frames: int
    speed: DataUnits
    frequency: Hertz
    duty: Fraction
    tripod: Fraction
    tetrapod: Fraction


def coordination_of(walk: Walk, steps: Sequence[Step]) -> Coordination:
    """The indices of one animal; `steps` are its own."""
    stance = walk.stance[walk.walking]
    six = len(walk.legs) == 6
    periods = np.array([s.swing + s.stance for s in steps], float)
    return Coordination(
        walk.animal,
        len(stance),
        float(walk.speed[walk.walking].mean()) if len(stance) else np.nan,
        float(walk.fps / np.median(periods)) if len(periods) else np.nan,
        float(np.mean([s.duty for s in steps])) if steps else np.nan,
        _share(_tripods(stance)) if six else np.nan,
        _share(_tetrapods(stance)) if six else np.nan,
    )


def _share(mask: Bool[np.ndarray, " frame"]) -> Fraction:
    return float(mask.mean()) if len(mask) else np.nan


def _tripods(stance: Bool[np.ndarray, "frame 6"]) -> Bool[np.ndarray, " frame"]:
    first = np.array([True, False, True, False, True, False])
    return (stance == first).all(axis=1) | (stance == ~first).all(axis=1)


def _tetrapods(stance: Bool[np.ndarray, "frame 6"]) -> Bool[np.ndarray, " frame"]:
    left, right = ~stance[:, :3], ~stance[:, 3:]
    one = (left.sum(axis=1) == 1) & (right.sum(axis=1) == 1)
    return one & (left.argmax(axis=1) != right.argmax(axis=1))


def by_speed(steps: Sequence[Step], edges: Float[np.ndarray, " edge"], frames_to_ms: float) -> list[dict[str, float]]:
    """Swing and stance by speed.

    Args:
        steps: of any legs and animals.
        edges: of the bins of speed, ascending, in the walk's units.
        frames_to_ms: ms a frame.

    Returns:
        A row for each bin with steps: `from`, `to`, `steps`, and mean and standard deviation of swing and stance in ms.
    """
    rows = []
    for low, high in pairwise(edges):
        inside = [s for s in steps if low <= s.speed < high]
        if inside:
            swing, stance = (np.array([getattr(s, of) for s in inside]) * frames_to_ms for of in ("swing", "stance"))
            row = {"from": low, "to": high, "steps": len(inside), "swing_ms": swing.mean(), "swing_sd": swing.std()}
            rows.append({**row, "stance_ms": stance.mean(), "stance_sd": stance.std()})
    return rows
