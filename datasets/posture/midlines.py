"""Midlines as points and as tangent angles: from one to the other and back.

The tangent of a segment points from its end that is nearer the head to the other, so angles run from head to tail, and
are counted counterclockwise from the x axis.
"""

import numpy as np
from jaxtyping import Bool, Float

from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.units import Millimetres


def broken_frames(
    midlines: Float[np.ndarray, "frame point 2"],
) -> tuple[Bool[np.ndarray, " frame"], Bool[np.ndarray, " frame"]]:
    """Which frames lack a point, and which of the others have the same point twice in a row and thus no tangent there.

    Args:
        midlines: x and y in any unit of length.

    Returns:
        Two masks of frames.

    Raises:
        InputError: these are not midlines of three points or more.
    """
    shape = midlines.shape
    require(
        midlines.ndim == 3 and shape[1] >= 3 and shape[2] == 2,
        f"midlines must be (frame, at least 3 points, 2), got the shape {shape}",
    )
    missing = ~np.isfinite(midlines).all(axis=(1, 2))
    repeated = (midlines[:, 1:] == midlines[:, :-1]).all(axis=2).any(axis=1)
    return missing, repeated & ~missing


def resampled(midlines: Float[np.ndarray, "frame point 2"], points: int) -> Float[np.ndarray, "frame points 2"]:
    """Put points at equal arclength along each midline, in its unit; a midline is a line of straight pieces.

    Args:
        midlines: head first, in any unit; frames that lack a point stay NaN.
        points: of each new midline, both ends among them.

    Raises:
        InputError: fewer than 3 points.
    """
    require(points >= 3, f"a midline needs at least 3 points, got {points}")
    even = np.full((len(midlines), points, 2), np.nan)
    rows = np.flatnonzero(np.isfinite(midlines).all(axis=(1, 2)))
    if len(rows) == 0:
        return even
    kept = np.asarray(midlines[rows], dtype=float)
    along = np.zeros(kept.shape[:2])
    np.cumsum(np.hypot(*np.moveaxis(np.diff(kept, axis=1), 2, 0)), axis=1, out=along[:, 1:])
    along /= np.where(along[:, -1:] > 0, along[:, -1:], 1)
    # All frames at once: frame i takes the stretch from 2 i to 2 i + 1 of one long axis.
    offset = 2.0 * np.arange(len(kept))[:, None]
    wanted = (offset + np.linspace(0, 1, points)).ravel()
    for axis in range(2):
        values = np.interp(wanted, (offset + along).ravel(), kept[:, :, axis].ravel())
        even[rows, :, axis] = values.reshape(len(kept), points)
    return even


def angles_of(
    midlines: Float[np.ndarray, "frame point 2"], segments: int
) -> tuple[Float[np.ndarray, "frame segment"], Float[np.ndarray, " frame"]]:
    """Tangent angles of midlines at equal arclength, and their mean apart.

    Args:
        midlines: head first, in any unit. A frame that lacks a point, or has one twice in a row, is a gap.
        segments: how many angles a frame; more than the midline has pieces add nothing.

    Returns:
        Angles (frame, segment) in rad from head to tail, unwrapped along the body, without their mean; and the mean
        (frame,) in rad, unwrapped over time within each stretch of frames. Both are NaN in gaps.

    Raises:
        InputError: no frame has a midline, or these are no midlines.
    """
    missing, repeated = broken_frames(midlines)
    require_midlines(missing, repeated)
    kept = np.where((missing | repeated)[:, None, None], np.nan, midlines)
    return tangent_angles(resampled(kept, segments + 1))


def tangent_angles(
    points: Float[np.ndarray, "frame point 2"],
) -> tuple[Float[np.ndarray, "frame segment"], Float[np.ndarray, " frame"]]:
    """The angles (rad) between the points of midlines as they are, and their mean apart: see `angles_of`.

    Points are in any unit of length.
    """
    pieces = np.diff(points, axis=1)
    angles = np.unwrap(np.arctan2(pieces[:, :, 1], pieces[:, :, 0]), axis=1)
    mean = angles.mean(axis=1)
    return angles - mean[:, None], unwrapped(mean)


def require_midlines(missing: Bool[np.ndarray, " frame"], repeated: Bool[np.ndarray, " frame"]) -> None:
    """Raise an `InputError` that says why no frame has a midline, if none has, by the masks of `broken_frames`."""
    if (missing | repeated).all():
        if repeated.any():
            raise InputError(
                f"no frame has a midline: {repeated.sum()} of {len(missing)} have the same point twice in a row"
                f"{', the others lack points' if missing.any() else ''}: were they rounded to whole pixels?"
            )
        raise InputError(f"no frame has a midline: all {len(missing)} frames are NaN")


def midlines_of(
    angles: Float[np.ndarray, "frame segment"],
    mean_angle: Float[np.ndarray, " frame"] | None = None,
    *,
    centroid: Float[np.ndarray, "frame 2"] | None = None,
    length: Millimetres = 1.0,
) -> Float[np.ndarray, "frame points 2"]:
    """Midlines of these tangent angles, head first: the inverse of `angles_of`.

    Args:
        angles: in rad from head to tail, with or without their mean.
        mean_angle: added to the angles of each frame, rad.
        centroid: the mean of each midline's points; the origin when None.
        length: of every midline, in the unit of the centroid; 1 gives midlines in body lengths.
    """
    whole = angles if mean_angle is None else angles + mean_angle[:, None]
    frames, segments = whole.shape
    points = np.zeros((frames, segments + 1, 2))
    np.cumsum(np.stack([np.cos(whole), np.sin(whole)], axis=2) * (length / segments), axis=1, out=points[:, 1:])
    points -= points.mean(axis=1, keepdims=True)
    return points if centroid is None else points + centroid[:, None, :]


def lengths_of(midlines: Float[np.ndarray, "frame point 2"]) -> Float[np.ndarray, " frame"]:
    """The length of each midline, in its unit; NaN in frames that lack a point."""
    return np.hypot(*np.moveaxis(np.diff(midlines, axis=1), 2, 0)).sum(axis=1)


def unwrapped(angles: Float[np.ndarray, " frame"]) -> Float[np.ndarray, " frame"]:
    """Angles over time (rad) without jumps by 2 pi, within each stretch of finite ones.

    A stretch starts where it did.
    """
    valid = np.isfinite(angles)
    together = np.concatenate(([False], valid[1:] & valid[:-1]))
    change = np.diff(angles, prepend=np.nan)
    turns = np.cumsum(np.where(together, -np.round(np.where(together, change, 0) / (2 * np.pi)), 0))
    first = np.maximum.accumulate(np.where(together, 0, np.arange(len(angles))))
    return angles + 2 * np.pi * (turns - turns[first])
