"""Tracks of another tool, and which regions of the video lie under them."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from jaxtyping import Bool, Float, Int

from datasets.dataset import PointTracks
from datasets.identity.centres import UNFOLLOWED, centres
from datasets.identity.detections import MEASURES, Detections
from datasets.topics import read_point_tracks, write_point_tracks
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.units import Pixels
from neuron_models.foundation.wording import counted

_REACH = 0.5  # body lengths from a region within which a track is on it
_LATE = 0.1  # of a video's frames that may have no track at its end
_ON_ANIMALS = 0.5  # of the places that must lie on something that differs from the ground


@dataclass(frozen=True, eq=False)
class ToolTracks:
    """Tracks as a file holds them.

    Attributes:
        points: all of the file, animals that nobody followed too.
        followed: the columns of those that were followed.
        centre: (frame, track, 2) px, the mean of the points of each that was followed; NaN where there is none.
    """

    points: PointTracks
    followed: tuple[int, ...]
    centre: Float[np.ndarray, "frame track 2"] = field(repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the tracks that were followed."""
        return tuple(self.points.animals[k] for k in self.followed)

    @property
    def most(self) -> int:
        """Tracks that there are in one frame, at most."""
        return int((~np.isnan(self.centre[..., 0])).sum(axis=1).max(initial=0))


def read_tool_tracks(path: Path, frames: int, video: Path) -> ToolTracks:
    """Read tracks of any tool that go with a video.

    Args:
        path: of the tracks.
        frames: of the video.
        video: its file.

    Raises:
        InputError: the file cannot be read, holds several recordings, follows no two animals, or is of another length.
    """
    found = read_point_tracks(path)
    require(len(found) == 1, f"{path} has tracks of {len(found)} videos: give those of one")
    points = found[0]
    followed = tuple(k for k, name in enumerate(points.animals) if not name.startswith(UNFOLLOWED))
    followed = tuple(k for k in followed if not np.isnan(points.xy[:, k]).all())
    require(len(followed) > 1, f"{path} follows {counted(len(followed), 'animal')}: an exchange needs two or more")
    require(points.units == "px", f"{path} is in {points.units}: places in a video are in px")
    number = len(points.xy)
    right = (1 - _LATE) * frames - 1 <= number <= frames
    if number == frames + 1 and bool(np.isnan(points.xy[-1]).all()):
        right, points = True, replace(points, xy=points.xy[:-1], scores=_shortened(points.scores))
    require(right, f"{path} has {counted(number, 'frame')} and {video} {frames}: is it the video of these tracks?")
    return ToolTracks(points, followed, centres(points.xy[:, list(followed)]))


def _shortened(scores: np.ndarray | None) -> np.ndarray | None:
    return None if scores is None else scores[:-1]


def require_kind(points: PointTracks, out: Path, to: str) -> None:
    """Raise an `InputError` unless tracks like these can be written to a file of this kind: two frames are."""
    few = replace(points, xy=points.xy[:2], scores=None if points.scores is None else points.scores[:2], video="")
    with TemporaryDirectory() as folder:
        try:
            write_point_tracks(few, Path(folder) / out.name, to)
        except InputError as error:
            raise InputError(str(error).replace(str(Path(folder) / out.name), str(out))) from None


@dataclass(frozen=True, eq=False)
class Placed:
    """Every place of every track.

    Attributes:
        regions: a row for each place, in the order of the frames: its centre is that of the track, all else that of the
            region of the video that lies under it alone (NaN where there is none).
        track: (place,) index among the tracks.
        region: (place,) the row of that region among those of the video, -1 where there is none.
        row: (frame, track) the place, -1 where there is none.
        length: of a body, px.
    """

    regions: Detections
    track: Int[np.ndarray, " place"]
    region: Int[np.ndarray, " place"]
    row: Int[np.ndarray, "frame track"]
    length: Pixels


def place_tracks(tool: ToolTracks, found: Detections, name: str) -> Placed:
    """Say which region of the video lies under each place of each track.

    Args:
        tool: the tracks.
        found: the regions of all frames of the video.
        name: of the file of the tracks.

    Raises:
        InputError: most places lie on nothing that differs from the ground.
    """
    length = 4.0 * float(np.median(found.column("length")))
    there = ~np.isnan(tool.centre[..., 0])
    frame, track = np.nonzero(there)
    row = np.full(there.shape, -1)
    row[frame, track] = np.arange(len(frame))
    region = np.full(there.shape, -1)
    apart = np.full(there.shape, np.inf)
    near = 0
    edges = np.searchsorted(found.frame, np.arange(len(there) + 1))
    for now in range(len(there)):
        who = np.flatnonzero(there[now])
        rows = np.arange(edges[now], edges[now + 1])
        places = tool.centre[now, who]
        near += int((_nearest(places, found.xy[rows]) < 2 * _REACH * length).sum())
        region[now, who] = _under(places, found.xy[rows], rows, _REACH * length)
        apart[now, who] = _nearest_other(places)
    share = near / len(frame)
    if share < _ON_ANIMALS:
        raise InputError(
            f"only {100 * share:.0f} % of the places in {name} lie on something that differs from the ground of the "
            "video: is it the video of these tracks? --threshold and --least-area say what differs"
        )
    region = _single_alone(region, apart, found, length)[frame, track]
    table = np.full((len(frame), len(MEASURES)), np.nan)
    table[region >= 0] = found.table[region[region >= 0]]
    table[:, 0], table[:, 1:3] = frame, tool.centre[frame, track]
    return Placed(Detections(table, np.zeros((0, 3), int), len(there)), track, region, row, length)


def _nearest(places: Float[np.ndarray, "place 2"], others: Float[np.ndarray, "other 2"]) -> Float[np.ndarray, " place"]:
    if not len(others):
        return np.full(len(places), np.inf)
    away: np.ndarray = np.linalg.norm(places[:, None] - others, axis=-1).min(axis=1)
    return away


def _nearest_other(places: Float[np.ndarray, "place 2"]) -> Float[np.ndarray, " place"]:
    away = np.linalg.norm(places[:, None] - places, axis=-1)
    np.fill_diagonal(away, np.inf)
    return away.min(axis=1, initial=np.inf)


def _under(
    places: Float[np.ndarray, "place 2"], centre: Float[np.ndarray, "region 2"], rows: np.ndarray, reach: Pixels
) -> Int[np.ndarray, " place"]:
    """The region of each place, one to one, the sum of distances being least; -1 where none is within reach."""
    from scipy.optimize import linear_sum_assignment

    under = np.full(len(places), -1)
    if not len(rows) or not len(places):
        return under
    away = np.linalg.norm(places[:, None] - centre, axis=-1)
    for place, which in zip(*linear_sum_assignment(np.minimum(away, 2 * reach)), strict=True):
        if away[place, which] <= reach and (away[:, which] <= reach).sum() == 1:
            under[place] = rows[which]
    return under


def _single_alone(
    region: Int[np.ndarray, "frame track"], apart: Float[np.ndarray, "frame track"], found: Detections, length: Pixels
) -> Int[np.ndarray, "frame track"]:
    """The regions without those that are larger than one animal."""
    area = found.column("area")
    alone = area[region[(region >= 0) & (apart > 1.5 * length)]]
    if not len(alone):
        alone = area[region[region >= 0]]
    middle = float(np.median(alone)) if len(alone) else 0.0
    most: Bool[np.ndarray, "frame track"] = area[region] > 1.5 * middle
    return np.where((region >= 0) & most, -1, region)
