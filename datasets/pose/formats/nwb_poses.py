"""Tracks in Neurodata Without Borders, as its extension ndx-pose describes poses: a series of each key point.

Written here and not by sleap-io, whose writer keeps neither the frames' numbers nor a rate such as 29.97 Hz.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from datasets.pose.skeleton import Skeleton
from datasets.pose.tracks import Tracks
from neuron_models.foundation.errors import InputError, require

_RATE = "frames a second: "
_ZERO = "The centre of the first pixel is (0, 0); x goes to the right and y down."


def save_nwb(tracks: Tracks, path: Path) -> None:
    """Write the tracks of one video; times are frame / rate, and each animal is one `PoseEstimation`."""
    import ndx_pose
    from pynwb import NWBHDF5IO, NWBFile

    file = NWBFile(f"Poses in {tracks.video}", path.stem, datetime(1970, 1, 1, tzinfo=UTC))
    behaviour = file.create_processing_module("behavior", "poses of the animals in a video")
    edges = tracks.skeleton.edge_places().astype(np.uint8)
    skeleton = ndx_pose.Skeleton(name="skeleton", nodes=list(tracks.skeleton.keypoints), edges=edges)
    behaviour.add(ndx_pose.Skeletons(name="Skeletons", skeletons=[skeleton]))
    for index in range(tracks.xy.shape[1]):
        series = [_series(tracks, index, keypoint) for keypoint in range(len(tracks.skeleton))]
        behaviour.add(
            ndx_pose.PoseEstimation(
                name=_name(tracks, index),
                pose_estimation_series=series,
                description="labels" if tracks.scores is None else "predictions",
                original_videos=[tracks.video],
                source_software="wormtwin",
                skeleton=skeleton,
            )
        )
    with NWBHDF5IO(str(path), "w") as io:
        io.write(file)


def _name(tracks: Tracks, index: int) -> str:
    animal = tracks.animals[index] if tracks.animals else f"PoseEstimation{index + 1}"
    return animal.replace("/", "-").replace(":", "-")


def _series(tracks: Tracks, animal: int, keypoint: int) -> Any:
    import ndx_pose

    scores = np.full(len(tracks), np.nan) if tracks.scores is None else tracks.scores[:, animal, keypoint]
    return ndx_pose.PoseEstimationSeries(
        name=tracks.skeleton.keypoints[keypoint].replace("/", "-"),
        data=np.ascontiguousarray(tracks.xy[:, animal, keypoint]),
        unit="pixels",
        reference_frame=_ZERO,
        timestamps=tracks.frames / tracks.fps,
        confidence=np.ascontiguousarray(scores),
        description=f"x and y of {tracks.skeleton.keypoints[keypoint]}",
        comments=f"{_RATE}{tracks.fps!r}",
    )


def load_nwb(path: Path) -> tuple[Tracks, ...]:
    """Read the poses of an NWB file: tracks for each video that they name.

    Frames are counted at the rate that this project writes, else at the smallest interval of the series' times.

    Raises:
        InputError: the file holds no poses.
    """
    import ndx_pose
    from pynwb import NWBHDF5IO

    with NWBHDF5IO(str(path), "r", load_namespaces=True) as io:
        found = [each for each in io.read().objects.values() if isinstance(each, ndx_pose.PoseEstimation)]
        require(len(found) > 0, f"{path}: there are no poses (PoseEstimation) in it")
        found.sort(key=lambda each: (len(each.name) if each.name.startswith("PoseEstimation") else 0, each.name))
        videos: dict[str, list[Any]] = {}
        for each in found:
            named = each.original_videos
            videos.setdefault(str(named[0]) if named is not None and len(named) else "", []).append(each)
        return tuple(_tracks(video, poses, path) for video, poses in videos.items())


def _tracks(video: str, poses: list[Any], path: Path) -> Tracks:
    first = poses[0]
    names = tuple(first.skeleton.nodes[:]) if first.skeleton is not None else tuple(first.pose_estimation_series)
    edges = () if first.skeleton is None or first.skeleton.edges is None else first.skeleton.edges[:]
    skeleton = Skeleton(names, tuple((names[a], names[b]) for a, b in edges))
    times = {id(series): _times(series) for each in poses for series in each.pose_estimation_series.values()}
    union = np.unique(np.round(np.concatenate(list(times.values())), 9))
    fps = _frame_rate(first, union)
    frames = np.round(union * fps).astype(int)
    if len(np.unique(frames)) < len(frames):
        raise InputError(f"{path}: the times of its poses are no frames of one rate")
    xy = np.full((len(frames), len(poses), len(names), 2), np.nan)
    scores = np.full(xy.shape[:3], np.nan)
    for animal, each in enumerate(poses):
        for keypoint, name in enumerate(names):
            series = each.pose_estimation_series[name.replace("/", "-")]
            rows = np.searchsorted(union, np.round(times[id(series)], 9))
            xy[rows, animal, keypoint] = series.data[:, :2]
            if series.confidence is not None:
                scores[rows, animal, keypoint] = series.confidence[:]
    animals = tuple(each.name for each in poses)
    unnamed = all(name.startswith("PoseEstimation") for name in animals)
    return Tracks(
        video, skeleton, frames, xy, None if np.isnan(scores).all() else scores, () if unnamed else animals, fps
    )


def _times(series: Any) -> np.ndarray:
    if series.timestamps is not None:
        return np.asarray(series.timestamps[:], float)
    return (series.starting_time or 0.0) + np.arange(len(series.data)) / series.rate


def _frame_rate(pose: Any, times: np.ndarray) -> float:
    series = next(iter(pose.pose_estimation_series.values()))
    if (series.comments or "").startswith(_RATE):
        return float(series.comments.removeprefix(_RATE))
    gaps = np.diff(times)
    return float(1 / np.median(gaps[gaps < 1.5 * gaps.min()])) if len(gaps) else 1.0
