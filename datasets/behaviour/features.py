"""Features of animals in each frame, which do not change when animals are turned, moved or exchanged.

Every feature is a length, a speed or an angle that needs no direction of the arena. What two animals have is given as
the lower and the higher of both, and speeds follow the nearest animal from frame to frame, so that a tracker that swaps
them changes nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain, combinations, combinations_with_replacement

import numpy as np
from jaxtyping import Float

from datasets.behaviour.cleaning import smoothed
from datasets.dataset import PointTracks
from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Fraction, Hertz, Seconds

Series = Float[np.ndarray, "frame animal"]
_SMOOTHED = 3
"""Frames over which positions are averaged before speeds are taken."""
_SCALES: tuple[Seconds, ...] = (0.05, 0.1, 0.2)
"""Standard deviations over which positions are smoothed before they are set against rest."""
_REST: Fraction = 0.1
"""The share of frames that are no faster than rest."""
_LEAST = 0.05
"""Added to speeds over rest, so that their logarithm ends there."""


def frame_features(
    tracks: PointTracks, over_rest: bool = False
) -> tuple[Float[np.ndarray, "frame feature"], tuple[str, ...]]:
    """The features of every frame.

    Args:
        tracks: one or two animals.
        over_rest: give speeds over those of the recording's rest, too.

    Returns:
        Values and names; a name ends in its unit. NaN where a point is not known.

    Raises:
        InputError: no animal, or more than two; an animal that stands quite still has no speed of rest.
    """
    number = len(tracks.animals)
    message = f"{tracks.name}: features are those of one or two animals, the tracks have {number}"
    require(number in (1, 2), f"{message} ({', '.join(tracks.animals)}): choose by --animals")
    if number == 2:
        tracks = replace(tracks, xy=followed(tracks.xy))
    columns: dict[str, Float[np.ndarray, " frame"]] = {}
    for name, values in chain(_own(tracks), _over_rest(tracks) if over_rest else ()):
        if number == 1:
            columns[name] = values[:, 0]
        else:
            what, _, unit = name.rpartition(" ")
            columns |= dict(_both(what, unit, values))
    if number == 2:
        columns |= dict(_between(tracks))
    return np.stack(list(columns.values()), axis=1).astype(np.float32), tuple(columns)


def followed(xy: Float[np.ndarray, "frame 2 point 2"]) -> Float[np.ndarray, "frame 2 point 2"]:
    """Two animals (points in px), exchanged where both together then move less from the last frame that is known."""
    centres = _last_known(_mean(xy))
    before, here = centres[:-1], centres[1:]
    direct, crossed = (
        np.linalg.norm(here - other, axis=2).sum(axis=1) for other in (before, before[:, ::-1])
    )  # NaN, before both are known, exchanges nothing
    exchanged = np.concatenate([[False], np.cumsum(crossed < direct) % 2 == 1])
    return np.where(exchanged[:, None, None, None], xy[:, ::-1], xy)


def _last_known(centres: Float[np.ndarray, "frame animal 2"]) -> Float[np.ndarray, "frame animal 2"]:
    known = np.isfinite(centres).all(axis=2)
    last = np.maximum.accumulate(np.where(known, np.arange(len(centres))[:, None], 0), axis=0)
    return np.take_along_axis(centres, last[:, :, None], axis=0)


def _own(tracks: PointTracks) -> Iterator[tuple[str, Series]]:
    """What each animal has by itself."""
    xy, unit, points = tracks.xy, tracks.units, tracks.points
    yield "points known (1)", np.isfinite(xy).all(axis=3).sum(axis=2).astype(float)
    for (i, one), (j, other) in combinations(enumerate(points), 2):
        yield f"{one} to {other} ({unit})", np.linalg.norm(xy[:, :, i] - xy[:, :, j], axis=2)
    for i, point in enumerate(points[1:-1], start=1):
        yield f"angle at {point} (rad)", np.abs(_angle(xy[:, :, i - 1] - xy[:, :, i], xy[:, :, i + 1] - xy[:, :, i]))
    yield from _motion(tracks)


def _motion(tracks: PointTracks) -> Iterator[tuple[str, Series]]:
    """How each animal moves: as a whole, by point, within its body, and how it turns."""
    xy, fps, unit = tracks.xy, tracks.fps, tracks.units
    centre = _velocity(_mean(xy), fps)
    speed = np.linalg.norm(centre, axis=2)
    yield f"speed ({unit}/s)", speed
    yield f"acceleration ({unit}/s2)", np.abs(np.gradient(_running(speed), axis=0)) * fps
    moved = _velocity(xy.reshape(len(xy), -1, 2), fps).reshape(xy.shape)
    speeds = np.linalg.norm(moved, axis=3)
    for index, point in enumerate(tracks.points):
        yield f"speed of {point} ({unit}/s)", speeds[:, :, index]
    if len(tracks.points) == 1:
        return
    for what, order in (("slowest", np.nanmin), ("median", np.nanmedian), ("fastest", np.nanmax)):
        yield f"speed of the {what} point ({unit}/s)", _over_points(order, speeds)
    within = np.linalg.norm(moved - centre[:, :, None], axis=3)
    yield f"fastest motion within the body ({unit}/s)", _over_points(np.nanmax, within)
    axis = xy[:, :, 0] - xy[:, :, -1]
    length = np.linalg.norm(axis, axis=2)
    with np.errstate(invalid="ignore", divide="ignore"):
        yield f"speed ahead ({unit}/s)", (centre * axis).sum(axis=2) / length
        yield f"speed sideways ({unit}/s)", np.abs(_cross(axis, centre)) / length
    yield "turning (rad/s)", _turning(axis, fps)
    if len(tracks.points) > 2:
        middle = xy[:, :, len(tracks.points) // 2]
        yield "turning of the front (rad/s)", _turning(xy[:, :, 0] - middle, fps)


def _over_rest(tracks: PointTracks) -> Iterator[tuple[str, Series]]:
    """Logarithms of speeds over the tenth percentile of the recording's own, at several smoothings.

    A tracker's noise, which differs from one to the next, is most of what an animal that rests shows; so such speeds
    mean the same in other recordings.
    """
    xy, fps = tracks.xy, tracks.fps
    for scale in _SCALES:
        columns = [smoothed(column, scale * fps) for column in xy.reshape(len(xy), -1).T]
        speeds = np.linalg.norm(np.gradient(np.stack(columns, axis=1).reshape(xy.shape), axis=0), axis=3)
        orders = (("slowest", np.nanmin), ("median", np.nanmedian), ("mean", np.nanmean), ("fastest", np.nanmax))
        for what, order in orders:
            values = _over_points(order, speeds)
            rest = float(np.nanquantile(values, _REST))
            require(rest > 0, f"{tracks.name}: its animals stand quite still in a tenth of the frames: no --over-rest")
            yield f"{what} speed of the points over {scale:g} s, over rest (log)", np.log(values / rest + _LEAST)


def _between(tracks: PointTracks) -> Iterator[tuple[str, Float[np.ndarray, " frame"]]]:
    """What two animals have to each other."""
    xy, fps, unit = tracks.xy, tracks.fps, tracks.units
    one, other = xy[:, 0], xy[:, 1]
    centres = _mean(xy)
    to = centres[:, 1] - centres[:, 0]
    apart = np.linalg.norm(to, axis=1)
    yield f"distance of the centres ({unit})", apart
    yield f"approach ({unit}/s)", -np.gradient(_running(apart[:, None])[:, 0], 1 / fps)
    away = np.linalg.norm(one[:, :, None] - other[:, None], axis=3)
    filled = np.where(np.isfinite(away), away, np.inf).min(axis=(1, 2))
    yield f"nearest points ({unit})", np.where(np.isfinite(filled), filled, np.nan)
    moved = _velocity(centres, fps)
    yield f"difference of velocities ({unit}/s)", np.linalg.norm(moved[:, 0] - moved[:, 1], axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        towards = (moved * np.stack([to, -to], axis=1)).sum(axis=2) / apart[:, None]
    yield from _both("speed towards the other", f"({unit}/s)", towards)
    if len(tracks.points) > 1:
        axis = xy[:, :, 0] - xy[:, :, -1]
        yield from _both("angle off the other", "(rad)", np.abs(_angle(axis, np.stack([to, -to], axis=1))))
        yield "angle between the bodies (rad)", np.abs(_angle(axis[:, 0], axis[:, 1]))
    for (i, a), (j, b) in combinations_with_replacement(enumerate(tracks.points), 2):
        if i == j:
            yield f"{a} to the other's {b} ({unit})", away[:, i, j]
        else:
            yield from _both(f"{a} to the other's {b}", f"({unit})", np.stack([away[:, i, j], away[:, j, i]], axis=1))


def _both(what: str, unit: str, values: Float[np.ndarray, "frame 2"]) -> Iterator[tuple[str, np.ndarray]]:
    """The lower and the higher of two values, which stay when animals are exchanged."""
    yield f"{what}, lower {unit}", np.fmin(values[:, 0], values[:, 1])
    yield f"{what}, higher {unit}", np.fmax(values[:, 0], values[:, 1])


def _over_points(
    order: Callable[..., np.ndarray], values: Float[np.ndarray, "frame animal point"]
) -> Float[np.ndarray, "frame animal"]:
    """What `order` gives of the points that are known; NaN where none is."""
    out = np.full(values.shape[:2], np.nan)
    some = np.isfinite(values).any(axis=2)
    out[some] = order(values[some], axis=1)
    return out


def _cross(one: Float[np.ndarray, "*any 2"], other: Float[np.ndarray, "*any 2"]) -> Float[np.ndarray, "*any"]:
    return one[..., 0] * other[..., 1] - one[..., 1] * other[..., 0]


def _angle(one: Float[np.ndarray, "*any 2"], other: Float[np.ndarray, "*any 2"]) -> Float[np.ndarray, "*any"]:
    """The angle from one direction to the other, rad."""
    return np.arctan2(_cross(one, other), (one * other).sum(axis=-1))


def _turning(axis: Float[np.ndarray, "frame animal 2"], fps: Hertz) -> Series:
    """How fast a direction turns either way, over `_SMOOTHED` frames; NaN next to what is not known."""
    steps = np.full(axis.shape[:2], np.nan)
    steps[1:] = np.abs(_angle(axis[:-1], axis[1:])) * fps
    return _running(steps)


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


def _velocity(xy: Float[np.ndarray, "frame column 2"], fps: Hertz) -> Float[np.ndarray, "frame column 2"]:
    flat = xy.reshape(len(xy), -1)
    return (np.gradient(_running(flat), axis=0) * fps).reshape(xy.shape)
