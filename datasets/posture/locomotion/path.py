"""Where a worm that bends so crawls to: resistive force theory (Keaveny and Brown 2017).

Every piece of a slender body feels a drag for its motion along the body and another, larger one, for its motion across;
in each frame net force and torque are zero. Inside, lengths are in body lengths, time in frames. Between two frames the
shape half way counts, so that a reversed recording gives the reversed path.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float
from scipy.interpolate import CubicSpline

from datasets.posture.midlines import midlines_of
from datasets.posture.recording import PostureRecording
from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Dimensionless

POINTS = 200
"""Points on the body at which the drag is summed; the closed forms are then met within 1 % up to four waves a body."""
DRAG_RATIO = 100.0
"""Drag across the body over drag along it, as Li et al. 2017 generate paths."""
NOMINAL_LENGTH = 1.0
"""Millimetres that a worm is taken to be long where that is unknown; adults are about so long (Yemini et al. 2013)."""
_CHUNK = 256  # steps at once: what is computed of them stays in the cache


@dataclass(frozen=True, eq=False)
class Steps:
    """How the body moved from each frame to the next, seen from its centroid, its rotation taken off.

    Attributes:
        tangent: (step, point, 2) half way between the frames, from head to tail.
        along: (step, point) speed along the body.
        across: (step, point) speed across the body, to the left of the tangent.
        arm_along: (step, point) speed along the body for a rotation of 1 rad a frame.
        arm_across: (step, point) the same across the body.
        spin: (step,) the rotation that was taken off, rad a frame.
        inertia: (step,) mean squared distance of the points from the centroid.
    """

    tangent: Float[np.ndarray, "step point 2"]
    along: Float[np.ndarray, "step point"]
    across: Float[np.ndarray, "step point"]
    arm_along: Float[np.ndarray, "step point"]
    arm_across: Float[np.ndarray, "step point"]
    spin: Float[np.ndarray, " step"]
    inertia: Float[np.ndarray, " step"]


DragLaw = Callable[[Steps], Float[np.ndarray, "step 3"]]
"""Gives the velocity of the centroid (x, y; body lengths a frame) and the rotation (rad a frame) of each step."""


@dataclass(frozen=True)
class LinearDrag:
    """Drag in proportion to speed; `ratio` is that across the body over that along it, and all that matters."""

    ratio: Dimensionless = DRAG_RATIO

    def __post_init__(self) -> None:
        good = bool(np.isfinite(self.ratio)) and self.ratio > 0
        require(good, f"the drag ratio must be > 0 and finite, got {self.ratio}")

    def __call__(self, steps: Steps) -> Float[np.ndarray, "step 3"]:
        """Balance force and torque: a symmetric system of three equations a step."""
        return balanced(self.ratio, *_moments(steps))


@dataclass(frozen=True, eq=False)
class Path:
    """Where a worm was: `centroid` (frame, 2) in body lengths and `heading` (frame,) its mean angle in rad."""

    centroid: Float[np.ndarray, "*worm frame 2"]
    heading: Float[np.ndarray, "*worm frame"]


def crawl(
    angles: Float[np.ndarray, "*worm frame segment"],
    mean_angle: Float[np.ndarray, "*worm frame"] | None = None,
    *,
    law: DragLaw = LinearDrag(),
    points: int = POINTS,
) -> Path:
    """The path of one worm or of many, from what their bodies do.

    Args:
        angles: tangent angles without their mean, rad, head to tail at equal arclength; NaN where there is no midline.
        mean_angle: gives the heading of the first frame and the turn across a gap; both are 0 where it is None. Within
            a stretch of frames the balance of torques decides, not this.
        law: of the drag.
        points: on the body, to which the angles are resampled.

    Returns:
        The path, which begins at the origin, stands still over gaps, and is NaN inside them.

    Raises:
        InputError: no frame has a midline.
    """
    require(angles.shape[-2] > 0, "there are no frames to find a path for")
    centroid, heading = np.full((*angles.shape[:-1], 2), np.nan), np.full(angles.shape[:-1], np.nan)
    for worm in np.ndindex(angles.shape[:-2]):
        given = np.zeros(angles.shape[-2]) if mean_angle is None else mean_angle[worm]
        valid = np.isfinite(angles[worm]).all(axis=1) & np.isfinite(given)
        require(bool(valid.any()), "there is no frame with a midline to find a path for")
        moves = np.zeros((len(valid) - 1, 3))
        moving = np.flatnonzero(valid[1:] & valid[:-1])
        moves[moving] = _moves(np.where(valid[:, None], angles[worm], 0.0), law, points)[moving]
        centroid[worm], heading[worm] = _integrated(moves, valid, given)
    return Path(centroid, heading)


def with_path(recording: PostureRecording, law: DragLaw | None = None, points: int = POINTS) -> PostureRecording:
    """A recording that moves as resistive force theory says: its centroid in mm and mean angle are the path's.

    A worm of unknown length is taken to be 1 mm long, and the result says so in its `length`.
    """
    length = recording.length or NOMINAL_LENGTH
    path = crawl(recording.angles, recording.mean_angle, law=law or LinearDrag(), points=points)
    return replace(recording, mean_angle=path.heading, centroid=length * path.centroid, length=length)


def midlines(recording: PostureRecording, points: int = 49) -> Float[np.ndarray, "frame point 2"]:
    """Midlines from head to tail in the laboratory frame, mm (body lengths where the length is unknown).

    Their mean is the centroid; the origin where places were not recorded. NaN in frames without a midline.
    """
    angles = recording.angles @ resampling(recording.angles.shape[1], points - 1)
    length = recording.length or 1.0
    lines = midlines_of(angles, recording.mean_angle, centroid=recording.centroid, length=length)
    lines[~recording.valid()] = np.nan
    return lines


def resampling(segments: int, wanted: int) -> Float[np.ndarray, "segment wanted"]:
    """The matrix (dimensionless) that takes angles of so many equal segments to another number: a cubic spline."""
    if segments == wanted:
        return np.eye(segments)
    middles = (np.arange(segments) + 0.5) / segments
    return CubicSpline(middles, np.eye(segments))((np.arange(wanted) + 0.5) / wanted).T


def body_steps(angles: Float[np.ndarray, "frame point"]) -> Steps:
    """How the body moved from each frame to the next, from tangent angles (rad) at equal arclength.

    In the units of `Steps`.
    """
    tangent = np.stack([np.cos(angles), np.sin(angles)])
    position = (np.cumsum(tangent, axis=-1) - tangent / 2) / angles.shape[1]
    position -= position.mean(axis=-1, keepdims=True)
    x, y = (position[:, 1:] + position[:, :-1]) / 2
    v_x, v_y = np.diff(position, axis=1)
    t_x, t_y = tangent[:, 1:] + tangent[:, :-1]
    size = np.maximum(np.hypot(t_x, t_y), 1e-12)  # opposite tangents have no middle
    t_x, t_y = t_x / size, t_y / size
    inertia = (x * x + y * y).mean(axis=1)
    spin = (x * v_y - y * v_x).mean(axis=1) / inertia
    v_x, v_y = v_x + spin[:, None] * y, v_y - spin[:, None] * x
    return Steps(
        tangent=np.stack([t_x, t_y], axis=-1),
        along=t_x * v_x + t_y * v_y,
        across=t_x * v_y - t_y * v_x,
        arm_along=x * t_y - y * t_x,
        arm_across=x * t_x + y * t_y,
        spin=spin,
        inertia=inertia,
    )


def balanced(
    ratio: Dimensionless,
    along: Float[np.ndarray, "step 3 3"],
    free: Float[np.ndarray, "step 3 3"],
    driven: Float[np.ndarray, "step 3"],
) -> Float[np.ndarray, "step 3"]:
    """The velocity and rotation at which linear drag adds up to no force and no torque.

    Args:
        ratio: of the drag across the body to that along it.
        along: moments of the motion along the body, as `step_moments` gives them.
        free: moments of all motion.
        driven: moments of the change of shape.

    Returns:
        Velocity x and y in body lengths a frame and rotation in rad a frame.
    """
    matrix = ratio * free + (1 - ratio) * along
    return np.linalg.solve(matrix, (ratio - 1) * driven[..., None])[..., 0]


def step_moments(
    angles: Float[np.ndarray, "frame segment"], points: int = POINTS
) -> tuple[Float[np.ndarray, "step 3 3"], Float[np.ndarray, "step 3 3"], Float[np.ndarray, "step 3"]]:
    """What `balanced` needs of each step whatever the ratio.

    Args:
        angles: tangent angles from head to tail, rad.
        points: on the body, to which the angles are resampled.

    Returns:
        along and free: means over the body of the products of the three motions (x, y, rotation), dimensionless, times
        a body length for each rotation; driven: those of the motions with the speed along the body (body lengths a
        frame) of the change of shape.
    """
    parts = [_moments(steps) for steps in _chunks(angles, points)]
    along, free, driven = (np.concatenate(part) for part in zip(*parts, strict=True))
    return along, free, driven


def _moments(
    steps: Steps,
) -> tuple[Float[np.ndarray, "step 3 3"], Float[np.ndarray, "step 3 3"], Float[np.ndarray, "step 3"]]:
    basis = np.concatenate([steps.tangent, steps.arm_along[..., None]], axis=-1)
    points = basis.shape[1]
    turned = basis.transpose(0, 2, 1)
    free = np.zeros((len(basis), 3, 3))
    free[:, 0, 0] = free[:, 1, 1] = 1.0
    free[:, 2, 2] = steps.inertia
    return turned @ basis / points, free, (turned @ steps.along[..., None])[..., 0] / points


def _chunks(angles: Float[np.ndarray, "frame segment"], points: int):
    matrix = resampling(angles.shape[1], points)
    for first in range(0, len(angles) - 1, _CHUNK):
        yield body_steps(angles[first : first + _CHUNK + 1] @ matrix)


def _moves(angles: Float[np.ndarray, "frame segment"], law: DragLaw, points: int) -> Float[np.ndarray, "step 3"]:
    """Velocity in the frame of the body, and the change of the mean angle, from each frame to the next."""
    moves = [np.zeros((0, 3))]
    for steps in _chunks(angles, points):
        move = law(steps)
        move[:, 2] -= steps.spin  # what the shape turns by itself is no change of the mean angle
        moves.append(move)
    return np.concatenate(moves)


def _integrated(
    moves: Float[np.ndarray, "step 3"], valid: Bool[np.ndarray, " frame"], given: Float[np.ndarray, " frame"]
) -> tuple[Float[np.ndarray, "frame 2"], Float[np.ndarray, " frame"]]:
    """Places and headings from moves; over a gap the worm turns as `given` says."""
    there = np.flatnonzero(valid)
    gaps = np.flatnonzero(np.diff(there) > 1)
    turns = moves[:, 2].copy()
    turns[there[gaps + 1] - 1] = given[there[gaps + 1]] - given[there[gaps]]
    heading = np.concatenate([[0.0], np.cumsum(turns)])
    heading += given[there[0]] - heading[there[0]]
    middle = heading[:-1] + turns / 2
    cos, sin = np.cos(middle), np.sin(middle)
    shift = np.column_stack([cos * moves[:, 0] - sin * moves[:, 1], sin * moves[:, 0] + cos * moves[:, 1]])
    centroid = np.concatenate([np.zeros((1, 2)), np.cumsum(shift, axis=0)])
    centroid[~valid], heading[~valid] = np.nan, np.nan
    return centroid, heading
