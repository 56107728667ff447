"""A worm from above: waves of bending run along it, it reverses, pauses and turns sharply.

Shape and movement: an adult *Caenorhabditis elegans* crawling on agar (Stephens et al. 2008; Yemini et al. 2013), drawn
by eye: lighter pharynx, dark gut, pointed tail. It lies on its side, so its bends are in the plane of the picture.
"""

import itertools

import numpy as np
from jaxtyping import Float

from datasets.pose.generator.body import Body, Walk, placed
from datasets.pose.generator.wandering import bouts, fluctuation, wander
from datasets.rendering.parts import Part

NUMBER = 9
JOINTS = ("head", *(f"midline_{k}" for k in range(1, NUMBER - 1)), "tail")
EDGES = tuple(itertools.pairwise(JOINTS))
PAIRS: tuple[tuple[str, str], ...] = ()

DWELL = {"forward": 8.0, "reverse": 3.0, "pause": 2.0, "turn": 2.5}
CHANCES = {"forward": 0.6, "reverse": 0.2, "pause": 0.1, "turn": 0.1}

_POINTS = 33
_WAVES = 1.5  # waves along the body
_RATE = 0.6  # Hz, of the wave in forward crawling
_SPEED = 0.22  # body lengths a second
_BEND = 0.75  # rad, amplitude of the tangent angle
_WIDTH = 0.047  # of the length, the largest radius


def draw_worm(walk: Walk, rng: np.random.Generator) -> Body:
    """Let a worm crawl about and give it a look of its own."""
    doing = bouts(walk.frames, walk.fps, DWELL, CHANCES, rng)
    onward = doing["forward"] + 0.7 * doing["turn"] - doing["reverse"]
    pace = onward * (1 + 0.25 * np.tanh(fluctuation(walk.frames, walk.fps, 3.0, rng)[:, 0]))
    side = np.sign(fluctuation(walk.frames, walk.fps, 6.0, rng)[:, 0])
    turning = (0.25 * fluctuation(walk.frames, walk.fps, 4.0, rng)[:, 0] + 1.2 * side * doing["turn"]) * np.abs(pace)
    centre, heading = wander(_SPEED * walk.length * pace, turning, walk.fps, walk.home, walk.reach, rng)
    midline = placed(_midline(walk, pace, side * doing["turn"], rng) * walk.length, centre, heading)
    every = np.linspace(0, _POINTS - 1, NUMBER).astype(int)
    return Body(
        keypoints=midline[:, every],
        centre=centre,
        heading=heading,
        parts=tuple(_parts(midline, walk.length, rng)),
        doing=tuple(np.array(list(doing))[np.argmax(np.stack(list(doing.values())), axis=0)].tolist()),
        length=walk.length,
    )


def _midline(
    walk: Walk, pace: Float[np.ndarray, " frame"], turn: Float[np.ndarray, " frame"], rng: np.random.Generator
) -> Float[np.ndarray, "frame point 2"]:
    """Points from the head to the tail in body lengths, about their mean, the mean direction along x."""
    s = np.linspace(0, 1, _POINTS)
    phase = 2 * np.pi * (np.cumsum(_RATE * pace) / walk.fps + rng.uniform())
    slow = fluctuation(walk.frames, walk.fps, 4.0, rng, 4)
    size = _BEND * (1 + 0.2 * np.tanh(slow[:, :1])) * (1.1 - 0.35 * s)
    waves = _WAVES * (1 + 0.12 * np.tanh(slow[:, 1:2]))
    angle = size * np.sin(phase[:, None] - 2 * np.pi * waves * s)
    swing = 0.35 * fluctuation(walk.frames, walk.fps, 0.4, rng) * np.exp(-s / 0.12)
    bend = (0.35 * slow[:, 2:3] + 2.2 * turn[:, None]) * (s - 0.5)
    angle = angle + swing + bend
    angle -= angle.mean(axis=1, keepdims=True)
    middle = 0.5 * (angle[:, 1:] + angle[:, :-1])
    steps = -np.stack([np.cos(middle), np.sin(middle)], axis=-1) / (_POINTS - 1)
    points = np.concatenate([np.zeros((walk.frames, 1, 2)), np.cumsum(steps, axis=1)], axis=1)
    return points - points.mean(axis=1, keepdims=True)


def _parts(midline: Float[np.ndarray, "frame point 2"], length: float, rng: np.random.Generator) -> list[Part]:
    """Shadow, body, gut and pharynx."""
    s = np.linspace(0, 1, _POINTS)
    blunt, pointed = np.clip(s / 0.09, 0.0, 1.0) ** 0.5, np.clip((1 - s) / 0.3, 0.0, 1.0) ** 0.8
    radii = length * _WIDTH * np.maximum((0.55 + 0.45 * np.sin(np.pi * np.clip(s * 1.1, 0, 1))) * blunt * pointed, 0.07)
    seed, tone = int(rng.integers(2**31)), rng.uniform(0.42, 0.54)
    inner = np.s_[:, 7:28]
    gut = Part(midline[inner], 0.62 * radii[7:28], tone - 0.14, opacity=0.75, grain=0.09, texture=seed + 1, soft=2.0)
    throat = Part(midline[:, 2:7], 0.55 * radii[2:7], tone + 0.12, opacity=0.7, grain=0.03, texture=seed + 2, soft=1.6)
    return [
        Part(midline[:, ::4] + (0.8, 1.0), 1.2 * radii[::4], 0.25, opacity=0.25, soft=4.0),
        Part(midline, radii, tone + 0.08, rim=0.26, grain=0.04, texture=seed),
        gut,
        throat,
    ]
