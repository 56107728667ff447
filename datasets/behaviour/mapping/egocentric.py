"""Points in an animal's own coordinates, and how the animal moves about."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.units import Hertz, Seconds

AHEAD = ("head", "nose", "snout", "neck")
BEHIND = ("abdomen", "tail_base", "tailbase", "tail base", "tail", "body")
"""What trackers call the ends of a body; the first that is there is taken."""
_SMOOTHED: Seconds = 0.2


@dataclass(frozen=True)
class Axis:
    """Two points of the body, from behind to ahead, and the point that is the origin (their middle when empty)."""

    behind: str
    ahead: str
    centre: str = ""

    @classmethod
    def of(cls, points: Sequence[str], named: tuple[str, str] | None, centre: str) -> "Axis":
        """The axis that is named, or the first that `AHEAD` and `BEHIND` find among the points.

        Raises:
            InputError: none is found, or it is one point.
        """
        behind, ahead = named or (_first(points, BEHIND), _first(points, AHEAD))
        if not behind or not ahead:
            raise InputError(f"which way does the body point? Give --axis BEHIND,AHEAD, two of {', '.join(points)}")
        require(behind != ahead, f"--axis names two points, got {behind} twice")
        return cls(behind, ahead, centre)


def _first(points: Sequence[str], wanted: Sequence[str]) -> str:
    lower = {point.lower(): point for point in points}
    return next((lower[name] for name in wanted if name in lower), "")


def egocentric(
    xy: Float[np.ndarray, "frame point 2"], points: Sequence[str], axis: Axis
) -> Float[np.ndarray, "frame point 2"]:
    """Points ahead of and to the right of the origin, in body lengths (median distance of the axis' ends).

    Args:
        xy: of one animal, x to the right and y down, in any unit; NaN where not known.
        points: names.
        axis: which way the body points.

    Returns:
        (frame, point, ahead and aside); NaN where a point, or the axis, is not known.

    Raises:
        InputError: the axis has no length.
    """
    along, origin = _along(xy, points, axis)
    lengths = np.hypot(*along.T)
    length = float(np.nanmedian(lengths)) if np.isfinite(lengths).any() else np.nan
    require(not length <= 0, f"{axis.behind} and {axis.ahead} lie at one place: give another --axis")
    with np.errstate(invalid="ignore", divide="ignore"):
        unit = along / lengths[:, None]
    away = xy - origin[:, None]
    right = np.stack([-unit[:, 1], unit[:, 0]], axis=1)
    return np.stack([(away * unit[:, None]).sum(axis=2), (away * right[:, None]).sum(axis=2)], axis=2) / length


def motion(
    xy: Float[np.ndarray, "frame animal point 2"], points: Sequence[str], axis: Axis, fps: Hertz
) -> tuple[Float[np.ndarray, "frame animal measure"], tuple[str, ...]]:
    """How animals move about: log of the speed, speed ahead, turning, and log of the distance to the nearest other.

    Speeds are means over a fifth of a second, in body lengths a second; turning is in rad/s; distances are of the
    origins, in body lengths.

    Returns:
        The measures, NaN where not known, and their names; the distance only of two animals or more.
    """
    each, origins = [], []
    for index in range(xy.shape[1]):
        along, origin = _along(xy[:, index], points, axis)
        lengths = np.hypot(*along.T)
        length = float(np.nanmedian(lengths)) if np.isfinite(lengths).any() else np.nan
        velocity = _rate(origin, fps) / length
        angle = _unwrapped(np.arctan2(along[:, 1], along[:, 0]))
        with np.errstate(invalid="ignore", divide="ignore"):
            ahead = (velocity * along).sum(axis=1) / lengths
        each.append([np.log(0.05 + np.hypot(*velocity.T)), ahead, np.abs(_rate(angle[:, None], fps)[:, 0])])
        origins.append(origin / length)
    names = ("speed (log)", "speed ahead", "turning")
    found = np.stack([np.stack(measures, axis=1) for measures in each], axis=1)
    if len(origins) < 2:
        return found, names
    places = np.stack(origins, axis=1)
    apart = np.linalg.norm(places[:, :, None] - places[:, None], axis=3)
    apart[:, np.arange(len(origins)), np.arange(len(origins))] = np.inf
    nearest = np.where(np.isfinite(apart), apart, np.inf).min(axis=2)
    nearest = np.where(np.isfinite(nearest), nearest, np.nan)
    return np.concatenate([found, np.log(0.05 + nearest)[:, :, None]], axis=2), (*names, "nearest other (log)")


def _along(
    xy: Float[np.ndarray, "frame point 2"], points: Sequence[str], axis: Axis
) -> tuple[Float[np.ndarray, "frame 2"], Float[np.ndarray, "frame 2"]]:
    """From behind to ahead, and the origin."""
    behind, ahead = (xy[:, points.index(name)] for name in (axis.behind, axis.ahead))
    return ahead - behind, xy[:, points.index(axis.centre)] if axis.centre else (ahead + behind) / 2


def _rate(values: Float[np.ndarray, "frame axis"], fps: Hertz) -> Float[np.ndarray, "frame axis"]:
    """Change a second, over `_SMOOTHED` around each frame; shorter at the ends of what is known."""
    half = max(1, round(_SMOOTHED * fps / 2))
    rate = np.full(values.shape, np.nan)
    for shift in range(1, half + 1):  # the widest that is known on both sides wins
        wide = (values[2 * shift :] - values[: -2 * shift]) * fps / (2 * shift)
        inside = rate[shift:-shift]
        inside[np.isfinite(wide)] = wide[np.isfinite(wide)]
    for first, second in ((slice(None, -1), slice(1, None)), (slice(1, None), slice(None, -1))):
        step = (values[second] - values[first]) * fps * (1 if first.start is None else -1)
        bare = ~np.isfinite(rate[first]) & np.isfinite(step)
        rate[first][bare] = step[bare]
    return rate


def _unwrapped(angle: Float[np.ndarray, " frame"]) -> Float[np.ndarray, " frame"]:
    """Angles without jumps, across what is not known too; NaN stays."""
    known = np.isfinite(angle)
    found = angle.copy()
    found[known] = np.unwrap(angle[known])
    return found
