"""The paths of marks: the most probable ones through candidates, or out of sight."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from datasets.markers.clicks import Click
from datasets.markers.fitting import MarkModel
from neuron_models.foundation.units import Fraction

SEEN: Fraction = 0.1
"""A mark of which less than this share of its usual area is seen counts as out of sight."""
_MOST_GAIN = 1.0
_LARGE = 3.0
"""More than so many usual areas are rather something else."""
_RULES = np.array([-2.0, -1.0, -5.0, 0.3])
"""Logarithms: out of sight, back, two marks in one place; and how near that is (guesses, tried on generated videos)."""


def choose_paths(
    places: Float[np.ndarray, "frame animal mark candidate 3"],
    model: MarkModel,
    clicks: Sequence[Click],
    boxes: Sequence[tuple[int, int, int, int]],
) -> tuple[Float[np.ndarray, "frame animal mark 2"], Float[np.ndarray, "frame animal mark"]]:
    """Choose among candidates; clicked ones are chosen wherever there are any.

    Returns:
        xy, px, and the share of the usual area that is seen, at most 1; both NaN where a mark is out of sight.
    """
    from datasets.markers.kernels.paths import best_places

    frames, animals, marks = places.shape[:3]
    xy, scores = np.full((frames, animals, marks, 2), np.nan), np.full((frames, animals, marks), np.nan)
    for animal, box in enumerate(boxes):
        mine = places[:, animal].copy()
        forced = _force(mine, model, clicks, box)
        gains = gains_of(mine[..., 2], model.areas)
        gains[np.arange(frames)[:, None], np.arange(marks), np.maximum(forced, 0)] += np.where(forced >= 0, 1e3, 0)
        path = best_places(np.nan_to_num(mine[..., :2]), gains, model.radii, _RULES, forced)
        chosen = np.take_along_axis(mine, np.maximum(path, 0)[..., None, None], axis=2)[:, :, 0]
        chosen[path < 0] = np.nan
        xy[:, animal] = chosen[..., :2]
        scores[:, animal] = np.minimum(chosen[..., 2] / model.areas, 1.0)
    return xy, scores


def gains_of(
    areas: Float[np.ndarray, "frame mark candidate"], usual: Float[np.ndarray, " mark"]
) -> Float[np.ndarray, "frame mark candidate"]:
    """Log odds that a candidate is the mark, against the mark being out of sight; -inf for no candidate."""
    shares = areas / usual[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        gains = np.minimum(np.log(shares / SEEN), _MOST_GAIN) - 2 * np.maximum(np.log(shares / _LARGE), 0)
    return np.where(np.isnan(gains), -np.inf, gains)


def _force(
    places: Float[np.ndarray, "frame mark candidate 3"],
    model: MarkModel,
    clicks: Sequence[Click],
    box: tuple[int, int, int, int],
) -> Int[np.ndarray, "frame mark"]:
    """The candidate at each click; where there is none near, the click itself becomes one."""
    forced = np.full(places.shape[:2], -1)
    for click in clicks:
        inside = box[0] <= click.x < box[2] and box[1] <= click.y < box[3]
        if click.mark not in model.marks or not inside:
            continue
        mark = model.marks.index(click.mark)
        here = places[click.frame, mark]
        away = np.hypot(here[:, 0] - click.x, here[:, 1] - click.y)
        if np.isnan(away).all() or np.nanmin(away) > model.radii[mark]:
            here[-1] = click.x, click.y, SEEN * model.areas[mark]
            forced[click.frame, mark] = len(here) - 1
        else:
            forced[click.frame, mark] = int(np.nanargmin(away))
    return forced
