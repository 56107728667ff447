"""Tracks of another tool with their fragments under the right animals: key points and scores as they were."""

from dataclasses import replace

import numpy as np
from jaxtyping import Int

from datasets.dataset import PointTracks
from datasets.identity.centres import UNFOLLOWED
from datasets.identity.fragments import Fragments
from datasets.identity.repairing.tool_tracks import Placed, ToolTracks


def named_as_before(
    fragments: Fragments,
    track: Int[np.ndarray, " fragment"],
    animal: Int[np.ndarray, " fragment"],
    shape: tuple[int, int],
) -> Int[np.ndarray, " animal"]:
    """The track whose name each animal gets: such that as many places as can be keep theirs.

    Args:
        fragments: of all tracks.
        track: of each.
        animal: of each, -1 for none.
        shape: how many animals and tracks there are.
    """
    from scipy.optimize import linear_sum_assignment

    shared = np.zeros(shape)
    placed = animal >= 0
    np.add.at(shared, (animal[placed], track[placed]), fragments.lengths[placed])
    return linear_sum_assignment(-shared)[1]


def put_together(
    tool: ToolTracks, placed: Placed, fragments: Fragments, animal: Int[np.ndarray, " fragment"], names: tuple[str, ...]
) -> PointTracks:
    """The tracks with each fragment under its animal; those of no animal go to columns that nobody followed.

    Args:
        tool: the tracks as they were.
        placed: all their places.
        fragments: of these.
        animal: of each, -1 for none.
        names: of the animals.
    """
    points, columns = tool.points, np.array(tool.followed)
    loose = [k for k in range(points.xy.shape[1]) if k not in tool.followed]
    over = np.flatnonzero(animal < 0)
    lanes = _lanes(fragments, over)
    wide = len(names) + len(loose) + max(lanes.values(), default=-1) + 1
    xy = np.full((len(points.xy), wide, *points.xy.shape[2:]), np.nan)
    scores = None if points.scores is None else np.full(xy.shape[:-1], np.nan)
    moves = [(len(names) + k, np.arange(len(xy)), column) for k, column in enumerate(loose)]
    for index, rows in enumerate(fragments.rows):
        to = int(animal[index]) if animal[index] >= 0 else len(names) + len(loose) + lanes[index]
        moves.append((to, placed.regions.frame[rows], int(columns[placed.track[rows[0]]])))
    for to, frames, column in moves:
        xy[frames, to] = points.xy[frames, column]
        if scores is not None and points.scores is not None:
            scores[frames, to] = points.scores[frames, column]
    others = tuple(f"{UNFOLLOWED}{k + 1}" for k in range(wide - len(names)))
    return replace(points, animals=(*names, *others), xy=xy, scores=scores)


def _lanes(fragments: Fragments, over: Int[np.ndarray, " fragment"]) -> dict[int, int]:
    """A column for each fragment of no animal, such that no two in one share a frame."""
    free: list[int] = []
    lanes = {}
    for index in over[np.argsort(fragments.first[over], kind="stable")].tolist():
        lane = next((k for k, last in enumerate(free) if last < fragments.first[index]), len(free))
        free[lane : lane + 1] = [int(fragments.last[index])]
        lanes[index] = lane
    return lanes
