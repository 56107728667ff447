"""Features of animals in each frame, which do not change when animals are turned, moved or exchanged.

Every feature is a length, a speed or an angle that needs no direction of the arena. What two animals have is given as
the lower and the higher of both, so that a tracker that swaps them changes nothing.
"""

from collections.abc import Iterator
from itertools import combinations, combinations_with_replacement

import numpy as np
from jaxtyping import Float

from datasets.dataset import PointTracks
from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Hertz

Series = Float[np.ndarray, "frame animal"]
_SMOOTHED = 3
"""Frames over which positions are averaged before speeds are taken."""


def frame_features(tracks: PointTracks) -> tuple[Float[np.ndarray, "frame feature"], tuple[str, ...]]:
    """The features of every frame.

    Args:
        tracks: one or two animals.

    Returns:
        Values and names; a name ends in its unit. NaN where a point is not known.

    Raises:
        InputError: no animal, or more than two.
    """
    number = len(tracks.animals)
    require(number in (1, 2), f"{tracks.name}: features are those of one or two animals, the tracks have {number}")
    columns: dict[str, Float[np.ndarray, " frame"]] = {}
    for name, values in _own(tracks):
        if number == 1:
            columns[name] = values[:, 0]
        else:
            what, _, unit = name.rpartition(" ")
            columns[f"{what}, lower {unit}"] = np.fmin(values[:, 0], values[:, 1])
            columns[f"{what}, higher {unit}"] = np.fmax(values[:, 0], values[:, 1])
    if number == 2:
        columns |= dict(_between(tracks))
    return np.stack(list(columns.values()), axis=1).astype(np.float32), tuple(columns)


def _own(tracks: PointTracks) -> Iterator[tuple[str, Series]]:
    """What each animal has by itself."""
    xy, fps, unit = tracks.xy, tracks.fps, tracks.units
    centre = _mean(xy)
    yield "points known (1)", np.isfinite(xy).all(axis=3).sum(axis=2).astype(float)
    yield f"speed ({unit}/s)", _speed(centre, fps)
    for index, point in enumerate(tracks.points):
        yield f"speed of {point} ({unit}/s)", _speed(xy[:, :, index], fps)
        yield f"{point} from the centre ({unit})", np.linalg.norm(xy[:, :, index] - centre, axis=2)
    for (i, one), (j, other) in combinations(enumerate(tracks.points), 2):
        away = np.linalg.norm(xy[:, :, i] - xy[:, :, j], axis=2)
        yield f"{one} to {other} ({unit})", away
    for i, point in enumerate(tracks.points[1:-1], start=1):
        before, after = (xy[:, :, i + step] - xy[:, :, i] for step in (-1, 1))
        cross = before[..., 0] * after[..., 1] - before[..., 1] * after[..., 0]
        yield f"angle at {point} (rad)", np.abs(np.arctan2(cross, (before * after).sum(axis=2)))
    if len(tracks.points) > 1:
        along = xy[:, :, 0] - xy[:, :, -1]
        turn = np.gradient(np.unwrap(np.nan_to_num(np.arctan2(along[..., 1], along[..., 0])), axis=0), axis=0) * fps
        yield "turning (rad/s)", np.where(np.isfinite(along).all(axis=2), np.abs(turn), np.nan)


def _between(tracks: PointTracks) -> Iterator[tuple[str, Float[np.ndarray, " frame"]]]:
    """What two animals have to each other."""
    xy, fps, unit = tracks.xy, tracks.fps, tracks.units
    one, other = xy[:, 0], xy[:, 1]
    apart = np.linalg.norm(_mean(one) - _mean(other), axis=1)
    yield f"distance of the centres ({unit})", apart
    yield f"approach ({unit}/s)", -np.gradient(_running(apart[:, None])[:, 0], 1 / fps)
    away = np.linalg.norm(one[:, :, None] - other[:, None], axis=3)
    filled = np.where(np.isfinite(away), away, np.inf).min(axis=(1, 2))
    yield f"nearest points ({unit})", np.where(np.isfinite(filled), filled, np.nan)
    moved = [_velocity(_mean(each), fps) for each in (one, other)]
    yield f"difference of velocities ({unit}/s)", np.linalg.norm(moved[0] - moved[1], axis=1)
    for (i, a), (j, b) in combinations_with_replacement(enumerate(tracks.points), 2):
        if i == j:
            yield f"{a} to the other's {b} ({unit})", away[:, i, j]
        else:
            yield f"{a} to the other's {b}, lower ({unit})", np.fmin(away[:, i, j], away[:, j, i])
            yield f"{a} to the other's {b}, higher ({unit})", np.fmax(away[:, i, j], away[:, j, i])


def _mean(xy: Float[np.ndarray, "*any point 2"]) -> Float[np.ndarray, "*any 2"]:
    known = np.isfinite(xy).all(axis=-1, keepdims=True)
    number = known.sum(axis=-2)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(known, xy, 0.0).sum(axis=-2) / np.where(number > 0, number, np.nan)


def _running(values: Float[np.ndarray, "frame column"]) -> Float[np.ndarray, "frame column"]:
    """The mean of the known values around each; what is unknown stays so."""
    known = np.isfinite(values)
    kernel = np.ones(_SMOOTHED)
    sums, numbers = (
        np.stack([np.convolve(column, kernel, "same") for column in part.T], axis=1)
        for part in (np.where(known, values, 0.0), known.astype(float))
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(known, sums / numbers, np.nan)


def _velocity(xy: Float[np.ndarray, "frame 2"], fps: Hertz) -> Float[np.ndarray, "frame 2"]:
    return np.gradient(_running(xy), 1 / fps, axis=0)


def _speed(xy: Float[np.ndarray, "frame animal 2"], fps: Hertz) -> Series:
    return np.stack([np.linalg.norm(_velocity(xy[:, k], fps), axis=1) for k in range(xy.shape[1])], axis=1)
