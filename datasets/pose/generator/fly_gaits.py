"""The gaits of a fly: which legs swing together, and how long they stand at a speed.

The swing of a leg takes about the same time at all speeds while its stance ends sooner the faster the fly is, so that
steps become more frequent (Mendes et al. 2013; Wosnitza et al. 2013). In a tripod three legs stand, in a tetrapod four,
in a wave five.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from datasets.pose.generator.body import Walk
from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Dimensionless, Seconds

OFFSETS = {
    "tripod": (0, 1 / 2, 0, 1 / 2, 0, 1 / 2),
    "tetrapod": (2 / 3, 1 / 3, 0, 0, 2 / 3, 1 / 3),
    "wave": (2 / 6, 1 / 6, 0, 5 / 6, 4 / 6, 3 / 6),
}
"""The phase of each leg (front, middle and hind left, then right) in a step that begins with its stance."""
PACE = {"tripod": 1.6, "tetrapod": 0.85, "wave": 0.35}
"""The mean speed of each gait, as a share of a fly's speed without one."""
CHOICES = (*OFFSETS, "mixed")
"""What a generated fly can be asked for: one gait, or another one each time that it begins to walk."""
SWING: Seconds = 0.045
STRIDE: Dimensionless = 0.195
"""How far a leg pushes the body in one stance, in body lengths."""
_LONGEST: Seconds = 1.0
"""Stance of a leg of a fly that hardly moves."""


def require_gait(gait: str | None) -> None:
    """Raise an `InputError` unless it is a known gait, or none."""
    require(gait is None or gait in CHOICES, f"the gait of a fly must be one of {', '.join(CHOICES)}, got {gait!r}")


@dataclass(frozen=True, eq=False)
class Stepping:
    """How the legs go: `phase` (frame, leg) of each step, the share `duty` (frame,) that stands, and stances in s.

    `names` (frame,) are the gaits, empty where the fly does not walk.
    """

    phase: Float[np.ndarray, "frame leg"]
    duty: Float[np.ndarray, " frame"]
    stance: Float[np.ndarray, " frame"]
    names: tuple[str, ...]


def drawn_gaits(walk: Walk, walking: Float[np.ndarray, " frame"], rng: np.random.Generator) -> tuple[str, ...]:
    """A gait for each frame: the one that was asked for, or a new one for every bout of `walking` (a share)."""
    if walk.gait != "mixed":
        return (walk.gait or "",) * walk.frames
    begins = np.concatenate([[True], (walking[1:] > 0) & (walking[:-1] <= 0)])
    drawn = rng.choice(list(OFFSETS), size=int(begins.sum()))
    return tuple(drawn[np.cumsum(begins) - 1].tolist())


def stepping(
    walk: Walk,
    gaits: tuple[str, ...],
    speed: Float[np.ndarray, " frame"],
    walking: Float[np.ndarray, " frame"],
    rng: np.random.Generator,
) -> Stepping:
    """The steps of a fly.

    Args:
        walk: frames and their rate.
        gaits: (frame,) names.
        speed: in body lengths a second.
        walking: how much of walking each frame shows, a share from 0 to 1.
        rng: draws where the first step begins.
    """
    stance = np.minimum(STRIDE / np.maximum(speed, 1e-9), _LONGEST)
    period = stance + SWING
    clock = np.cumsum(np.where(walking > 0, 1 / period, 0.0)) / walk.fps + rng.uniform()
    offsets = np.array([OFFSETS[name] for name in gaits])
    names = tuple(name if share >= 0.5 else "" for name, share in zip(gaits, walking, strict=True))
    return Stepping((clock[:, None] + offsets) % 1.0, stance / period, stance, names)
