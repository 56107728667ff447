"""What a worm does in each frame: speed, bends, curvature, bouts of motion and omega turns (Yemini et al. 2013).

Real and generated recordings are measured alike. Midlines of 49 points are cut into head (points 0 to 8), neck (8 to
16), midbody (16 to 33), hips (33 to 41) and tail (41 to 49).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int

from datasets.dataset import contiguous_runs
from datasets.posture.locomotion.path import midlines, resampling, with_path
from datasets.posture.recording import PostureRecording
from neuron_models.foundation.units import Fraction, Hertz, Seconds

POINTS = 49
REGIONS = {"head": (0, 8), "neck": (8, 16), "midbody": (16, 33), "hips": (33, 41), "tail": (41, 49)}
SPEED_WINDOW: Seconds = 0.5
MOVING: Fraction = 0.05
"""Of a body length a second: as fast and faster is moving."""
PAUSED: Fraction = 0.025
"""Of a body length a second: as slow and slower is paused."""
SHORTEST_BOUT: Seconds = 0.5
INTERRUPTION: Seconds = 0.25
"""A bout goes on over an interruption that lasts no longer."""
OMEGA = 2 * np.pi / 3
"""Angle in rad between the directions of the first and the last third of the body from which on it is an omega turn.

Crawling waves of one to two a body length stay below 1 rad, since a third of the body averages them out.
"""
HIDDEN: Seconds = 1.0
"""For no longer than this may the midline be lost within an omega turn."""
MOTIONS = {1: "forward", -1: "backward", 0: "paused"}
UNKNOWN = 2
_ARM = 4  # segments on either side of a bend: a twelfth of the body


@dataclass(frozen=True, eq=False)
class Features:
    """One worm's features over time; NaN where they cannot be measured.

    Attributes:
        fps: frames a second.
        speed: (frame,) of the midbody over half a second, units of `speed_units`; negative backward.
        speed_units: "mm/s", or "lengths/s" where the worm's length is unknown.
        relative_speed: (frame,) the same in body lengths a second.
        bends: (frame, region) mean bend in rad of each of `REGIONS`, positive to the worm's left as it looks ahead.
        curvature: (frame, 47) along the body from head to tail, rad a body length, with the sign of bends.
        motion: (frame,) 1 forward, -1 backward, 0 paused, `UNKNOWN` where none holds.
        omega: (frame,) whether it is part of an omega turn.
        from_shape: whether the places come from the shapes, by resistive force theory.
    """

    fps: Hertz
    speed: Float[np.ndarray, " frame"]
    speed_units: Literal["mm/s", "lengths/s"]
    relative_speed: Float[np.ndarray, " frame"]
    bends: Float[np.ndarray, "frame region"]
    curvature: Float[np.ndarray, "frame joint"]
    motion: Int[np.ndarray, " frame"]
    omega: Bool[np.ndarray, " frame"]
    from_shape: bool


def measure(recording: PostureRecording) -> Features:
    """All features of a recording; one without places is given those of its path by resistive force theory."""
    from_shape = recording.centroid is None
    placed = with_path(recording) if from_shape else recording
    length = placed.length or 1.0  # midlines of a worm of unknown length are one unit long
    speed = midbody_speed(midlines(placed, POINTS), placed.fps)
    known = recording.length is not None
    angles = recording.angles @ resampling(recording.angles.shape[1], POINTS - 1)
    return Features(
        fps=recording.fps,
        speed=speed if known else speed / length,
        speed_units="mm/s" if known else "lengths/s",
        relative_speed=speed / length,
        bends=region_bends(angles),
        curvature=-np.diff(angles, axis=1) * (POINTS - 1),
        motion=motion_bouts(speed / length, recording.fps),
        omega=omega_turns(angles, recording.fps),
        from_shape=from_shape,
    )


def midbody_speed(lines: Float[np.ndarray, "frame point 2"], fps: Hertz) -> Float[np.ndarray, " frame"]:
    """Speed of the midbody over half a second about each frame, units of the midlines a second.

    It is negative where the midbody moves at more than 90 degrees from its own tail-to-head direction, and NaN where a
    midline is missing within this time.
    """
    first, last = REGIONS["midbody"]
    body = lines[:, first:last]
    steps = max(1, round(SPEED_WINDOW * fps))
    back, ahead = steps // 2, steps - steps // 2
    position, direction = body.mean(axis=1), body[:, 0] - body[:, -1]
    speed = np.full(len(lines), np.nan)
    if len(lines) > steps:
        shift = position[steps:] - position[:-steps]
        facing = direction[steps:] + direction[:-steps]
        sign = np.where((shift * facing).sum(axis=1) < 0, -1.0, 1.0)
        seen = np.convolve(np.isfinite(position).all(axis=1), np.ones(steps + 1), "valid") > steps + 0.5
        speed[back : len(lines) - ahead] = np.where(seen, sign * np.hypot(*shift.T) * fps / steps, np.nan)
    return speed


def region_bends(angles: Float[np.ndarray, "frame segment"]) -> Float[np.ndarray, "frame region"]:
    """Mean bend of each region, rad, from 48 tangent angles.

    The bend at a point is the angle between a twelfth of the body before it and one behind it; the first and last four
    points have none.
    """
    sums = np.concatenate([np.zeros((len(angles), 1)), np.cumsum(angles, axis=1)], axis=1)
    arms = (sums[:, _ARM:] - sums[:, :-_ARM]) / _ARM
    bends = arms[:, :-_ARM] - arms[:, _ARM:]
    edges = [(max(first - _ARM, 0), last - _ARM) for first, last in REGIONS.values()]
    return np.column_stack([bends[:, first:last].mean(axis=1) for first, last in edges])


def motion_bouts(relative_speed: Float[np.ndarray, " frame"], fps: Hertz) -> Int[np.ndarray, " frame"]:
    """Forward (1), backward (-1) and paused (0) bouts of more than half a second; `UNKNOWN` elsewhere."""
    motion = np.full(len(relative_speed), UNKNOWN)
    for code, inside in (
        (1, relative_speed >= MOVING),
        (-1, relative_speed <= -MOVING),
        (0, np.abs(relative_speed) <= PAUSED),
    ):
        motion[_long_enough(_bridged(inside, fps), fps)] = code
    return motion


def omega_turns(angles: Float[np.ndarray, "frame segment"], fps: Hertz) -> Bool[np.ndarray, " frame"]:
    """Where the body folds back on itself for more than half a second.

    A fold goes on over up to a second without midlines, which trackers lose where the body touches itself.
    """
    third = angles.shape[1] // 3
    folded = np.abs(angles[:, :third].mean(axis=1) - angles[:, -third:].mean(axis=1)) > OMEGA
    lost = np.isnan(angles).any(axis=1)
    for first, last in contiguous_runs(lost):
        if last - first <= HIDDEN * fps and first > 0 and last < len(lost) and folded[first - 1] and folded[last]:
            folded[first:last] = True
    return _long_enough(folded, fps)


def _bridged(inside: Bool[np.ndarray, " frame"], fps: Hertz) -> Bool[np.ndarray, " frame"]:
    whole = inside.copy()
    for first, last in contiguous_runs(~inside):
        if first > 0 and last < len(inside) and last - first <= INTERRUPTION * fps:
            whole[first:last] = True
    return whole


def _long_enough(inside: Bool[np.ndarray, " frame"], fps: Hertz) -> Bool[np.ndarray, " frame"]:
    kept = np.zeros_like(inside)
    for first, last in contiguous_runs(inside):
        kept[first:last] = last - first > SHORTEST_BOUT * fps
    return kept
