"""A fly from above: it walks in a gait, stands, grooms its front legs and extends a wing.

Proportions and behaviours: those of *Drosophila melanogaster* as recorded from above (Berman et al. 2014; Pereira et
al. 2018), drawn by eye; lengths are fractions of the body from the head to the tip of the abdomen, x ahead and y to the
right. The length that is stated of a fly is that from the head to the tips of its folded wings.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from datasets.pose.generator.body import Body, Walk, chain, ellipse_radii, keypoint_rows, placed, turned
from datasets.pose.generator.fly_gaits import PACE, drawn_gaits, stepping
from datasets.pose.generator.fly_legs import KNEES, LEGS, SPEED, leg_coxa, leg_knee, leg_tips
from datasets.pose.generator.wandering import bouts, fluctuation, wander
from datasets.rendering.parts import Part

JOINTS = ("head", "thorax", "abdomen", "wing_L", "wing_R", *KNEES, *LEGS)
EDGES = (
    ("head", "thorax"),
    ("thorax", "abdomen"),
    ("thorax", "wing_L"),
    ("thorax", "wing_R"),
    *(("thorax", knee) for knee in KNEES),
    *zip(KNEES, LEGS, strict=True),
)
PAIRS = (
    ("wing_L", "wing_R"),
    *zip(KNEES[:3], KNEES[3:], strict=True),
    *zip(LEGS[:3], LEGS[3:], strict=True),
)

DWELL = {"walk": 0.8, "stand": 0.5, "groom": 0.8, "sing": 0.6}
CHANCES = {"walk": 0.5, "stand": 0.2, "groom": 0.15, "sing": 0.15}

_WINGED = 1.08  # from the head to the tips of the wings, in bodies
_SHADOW = 0.35


def draw_fly(walk: Walk, rng: np.random.Generator) -> Body:
    """Let a fly go about and give it a look of its own."""
    doing, scale = bouts(walk.frames, walk.fps, DWELL, CHANCES, rng), walk.length / _WINGED
    pace = doing["walk"] * (1 + 0.3 * np.tanh(fluctuation(walk.frames, walk.fps, 0.5, rng)[:, 0]))
    gaits = drawn_gaits(walk, doing["walk"], rng) if walk.gait else ()
    if gaits:
        pace = pace * np.array([PACE[name] for name in gaits])
    turning = doing["walk"] * (2.0 if not gaits else 0.7) * fluctuation(walk.frames, walk.fps, 0.4, rng)[:, 0]
    centre, heading = wander(SPEED * scale * pace, turning, walk.fps, walk.home, walk.reach, rng)
    trunk = _trunk(walk, doing, rng)
    steps = stepping(walk, gaits, SPEED * pace, doing["walk"], rng) if gaits else None
    tips = leg_tips(walk, doing, pace, turning, rng, steps)
    knees = {leg: leg_knee(leg, tips[leg]) for leg in LEGS}
    own = keypoint_rows(JOINTS, trunk | tips | dict(zip(KNEES, knees.values(), strict=True))) * scale
    parts = _parts(trunk, knees, tips, scale, rng)
    return Body(
        keypoints=placed(own, centre, heading),
        centre=centre,
        heading=heading,
        parts=tuple(_in_arena(part, centre, heading) for part in parts),
        doing=_named(doing),
        length=walk.length,
        gait=steps.names if steps else (),
    )


def _named(doing: dict[str, Float[np.ndarray, " frame"]]) -> tuple[str, ...]:
    names = list(doing)
    return tuple(names[k] for k in np.argmax(np.stack(list(doing.values())), axis=0))


def _in_arena(part: Part, centre: Float[np.ndarray, "frame 2"], heading: Float[np.ndarray, " frame"]) -> Part:
    return replace(part, points=placed(part.points, centre, heading))


def _at(position: tuple[float, float] | Float[np.ndarray, " 2"], frames: int) -> Float[np.ndarray, "frame 2"]:
    return np.broadcast_to(np.asarray(position), (frames, 2))


def _trunk(
    walk: Walk, doing: dict[str, Float[np.ndarray, " frame"]], rng: np.random.Generator
) -> dict[str, Float[np.ndarray, "frame 2"]]:
    """Head, thorax, abdomen and wings: the head turns, the abdomen bends, the wings spread."""
    sway = fluctuation(walk.frames, walk.fps, 0.3, rng, 4)
    nod, bend = 0.18 * sway[:, 0], 0.16 * sway[:, 1]
    singing = doing["sing"] * np.deg2rad(rng.uniform(32, 48))
    side = fluctuation(walk.frames, walk.fps, 2.0, rng)[:, 0] > 0
    frames = walk.frames
    neck, waist = np.array([0.33, 0.0]), np.array([0.02, 0.0])
    points = {"thorax": _at((0.17, 0.0), frames), "neck": _at(neck, frames), "waist": _at(waist, frames)}
    for name, position in (("head", (0.13, 0.0)), ("eye_L", (0.08, -0.13)), ("eye_R", (0.08, 0.13))):
        points[name] = neck + turned(_at(position, frames), nod)
    points["abdomen"] = waist + turned(_at((-0.48, 0.0), frames), bend)
    points["belly"] = waist + turned(_at((-0.24, 0.0), frames), 0.5 * bend)
    for k, (name, sign) in enumerate((("wing_L", -1), ("wing_R", 1))):
        spread = 0.10 + 0.07 * np.abs(sway[:, 2 + k]) + singing * (side == (sign > 0))
        hinge = np.array([0.14, 0.11 * sign])
        points[f"{name}_hinge"] = _at(hinge, frames)
        points[name] = hinge + turned(_at((-0.68, 0.0), frames), -sign * spread + 0.12 * sign)
    return points


def _parts(
    trunk: dict[str, Float[np.ndarray, "frame 2"]],
    knees: dict[str, Float[np.ndarray, "frame 2"]],
    tips: dict[str, Float[np.ndarray, "frame 2"]],
    length: float,
    rng: np.random.Generator,
) -> list[Part]:
    """The parts from the lowest to the highest, in pixels of the animal's own frame."""
    dark = rng.uniform(0.24, 0.36)
    seed = int(rng.integers(2**31))
    frames = len(trunk["head"])
    parts: list[Part] = []

    def add(
        points: Float[np.ndarray, "frame point 2"], radii: Float[np.ndarray, " point"], tone: float, **look
    ) -> None:
        look.setdefault("texture", seed + len(parts))
        parts.append(Part(points * length, radii * length, tone, **look))

    spine = chain(*(trunk[name] for name in ("head", "thorax", "belly", "abdomen")))
    add(spine, np.array([0.12, 0.17, 0.17, 0.08]), 0.25, opacity=_SHADOW, soft=6.0)
    for leg in LEGS:
        leg_points = chain(_at(leg_coxa(leg), frames), knees[leg], tips[leg], between=1)
        add(leg_points, np.array([0.026, 0.035, 0.022, 0.017, 0.011]), dark + 0.04, opacity=0.95)
    belly = chain(trunk["waist"], trunk["belly"], trunk["abdomen"], between=2)
    width = np.array([0.09, 0.13, 0.148, 0.152, 0.142, 0.105, 0.02])
    add(belly, width, dark + 0.26, rim=0.16, bands=0.24, stripes=4.6, grain=0.05)
    ends = trunk["thorax"] + (0.13, 0.0), trunk["thorax"] - (0.12, 0.0)
    add(chain(*ends, between=1), ellipse_radii(0.16, 3, 0.5, 0.75), dark + 0.10, rim=0.12, grain=0.09)
    for name in ("eye_L", "eye_R"):
        inner = trunk[name] * 0.62 + trunk["neck"] * 0.38
        add(chain(inner, trunk[name] * 0.9 + inner * 0.1), np.array([0.055, 0.05]), dark - 0.06, rim=0.06, grain=0.03)
    face = trunk["head"] * 0.85 + trunk["neck"] * 0.15
    add(chain(trunk["neck"], face), np.array([0.08, 0.075]), dark + 0.16, rim=0.14, grain=0.06)
    for name in ("wing_L", "wing_R"):
        blade = chain(trunk[f"{name}_hinge"], trunk[name], between=5)
        radii = np.array([0.02, 0.068, 0.11, 0.128, 0.125, 0.095, 0.02])
        add(blade, radii, 0.60, opacity=rng.uniform(0.3, 0.45), rim=0.35, bands=0.05, stripes=3.3, grain=0.05)
    return parts
