"""The legs of a fly: they step in a gait, stand still on the ground while the body passes, and groom.

Lengths are fractions of the body, x ahead and y to the right, in the animal's own frame.
"""

import numpy as np
from jaxtyping import Float

from datasets.pose.generator.body import Walk
from datasets.pose.generator.fly_gaits import Stepping
from datasets.pose.generator.wandering import fluctuation

LEGS = ("front_L", "middle_L", "hind_L", "front_R", "middle_R", "hind_R")
KNEES = tuple(f"{leg[:-2]}_knee{leg[-2:]}" for leg in LEGS)

SPEED = 2.6  # body lengths a second, while walking
# Where a right leg joins the body, where its tip rests, and the lengths of its two visible pieces.
_COXA = {"front": (0.25, 0.07), "middle": (0.16, 0.09), "hind": (0.07, 0.08)}
_REST = {"front": (0.50, 0.25), "middle": (0.13, 0.47), "hind": (-0.36, 0.37)}
_PIECES = {"front": (0.19, 0.24), "middle": (0.23, 0.30), "hind": (0.26, 0.36)}
_DRIFT = 0.08  # of the length of its pieces, how far a tip strays from its place
_STRETCH = 0.95  # of the length of its pieces, how far a leg reaches at most
_STEPS = 8.0  # Hz, the frequency of steps while walking (Mendes et al. 2013: 5 to 15)
_DUTY = 0.6  # the fraction of a step that a leg stands


def leg_tips(
    walk: Walk,
    doing: dict[str, Float[np.ndarray, " frame"]],
    pace: Float[np.ndarray, " frame"],
    turning: Float[np.ndarray, " frame"],
    rng: np.random.Generator,
    steps: Stepping | None = None,
) -> dict[str, Float[np.ndarray, "frame 2"]]:
    """The tips of the legs: still on the ground in stance, quickly ahead in swing; front legs meet to groom.

    Args:
        walk: frames and their rate.
        doing: by behaviour, how much of it each frame shows, a share from 0 to 1.
        pace: speed as a share of `SPEED`.
        turning: rad/s.
        rng: draws phases and irregularities.
        steps: of a gait that was asked for; a loose tripod when None.

    Returns:
        By leg, x ahead and y to the right in body lengths.
    """
    steps = steps or _loose_tripod(walk, pace, rng)
    rub = 2 * np.pi * 6.0 * np.arange(walk.frames) / walk.fps
    drift = fluctuation(walk.frames, walk.fps, 0.5, rng, 2 * len(LEGS)).reshape(-1, len(LEGS), 2)
    tips = {}
    for k, leg in enumerate(LEGS):
        kind, sign = leg[:-2], _side(leg)
        rest = np.array(_REST[kind]) * (1, sign)
        along = _stride(steps.phase[:, k], steps.duty)
        push = np.stack([SPEED * pace - turning * rest[1], turning * rest[0]], axis=-1)
        tip = rest + _DRIFT * sum(_PIECES[kind]) * drift[:, k] + along[:, None] * push * steps.stance[:, None] / 2
        if kind == "front":
            there = np.stack([0.57 + 0.05 * np.sin(rub + k), sign * (0.03 + 0.025 * np.cos(rub + k))], axis=-1)
            tip = tip + doing["groom"][:, None] * (there - tip)
        tips[leg] = _within_reach(leg, tip)
    return tips


def _within_reach(leg: str, tip: Float[np.ndarray, "frame 2"]) -> Float[np.ndarray, "frame 2"]:
    """The tip, drawn in where the leg would be stretched, so that its knee is always bent."""
    coxa, longest = leg_coxa(leg), _STRETCH * sum(_PIECES[leg[:-2]])
    to = tip - coxa
    return coxa + to * np.minimum(1.0, longest / np.hypot(*to.T))[:, None]


def _loose_tripod(walk: Walk, pace: Float[np.ndarray, " frame"], rng: np.random.Generator) -> Stepping:
    """Tripods whose legs follow each other a little, at about 8 Hz at every speed."""
    clock = np.cumsum(_STEPS * (0.6 + 0.4 * pace)) / walk.fps + rng.uniform()
    half = np.array([0.5 * ((leg[:-2] == "middle") != (_side(leg) > 0)) for leg in LEGS])
    phase = (clock[:, None] + half + 0.06 * np.arange(len(LEGS))) % 1.0
    return Stepping(phase, np.full(walk.frames, _DUTY), np.full(walk.frames, _DUTY / _STEPS), ())


def _stride(phase: Float[np.ndarray, " frame"], duty: Float[np.ndarray, " frame"]) -> Float[np.ndarray, " frame"]:
    """From 1 (ahead) to -1 (behind) at a steady rate in stance, and smoothly back in swing."""
    swing = (phase - duty) / (1 - duty)
    return np.where(phase < duty, 1 - 2 * phase / duty, -np.cos(np.pi * swing))


def _side(leg: str) -> float:
    return -1.0 if leg.endswith("L") else 1.0


def leg_coxa(leg: str) -> Float[np.ndarray, " 2"]:
    """Where a leg joins the body: x ahead and y to the right, body lengths."""
    return np.array(_COXA[leg[:-2]]) * (1, _side(leg))


def leg_knee(leg: str, tip: Float[np.ndarray, "frame 2"]) -> Float[np.ndarray, "frame 2"]:
    """Where the two pieces of a leg meet, outwards; as the tip in body lengths, x ahead and y to the right."""
    kind, sign = leg[:-2], _side(leg)
    coxa = leg_coxa(leg)
    upper, lower = _PIECES[kind]
    to = tip - coxa
    reach = np.maximum(np.hypot(*to.T), abs(upper - lower) + 1e-3)
    ahead = np.clip((upper**2 - lower**2 + reach**2) / (2 * reach), -upper, upper)
    aside = np.sqrt(np.maximum(upper**2 - ahead**2, 0.0))
    outward = {"front": sign, "middle": -sign, "hind": -sign}[kind]
    unit = to / reach[:, None]
    normal = np.stack([-unit[:, 1], unit[:, 0]], axis=-1) * outward
    return coxa + ahead[:, None] * unit + aside[:, None] * normal
