"""Poses out of Neurodata Without Borders: series are joined to the skeleton's nodes by name, and a row is a frame."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from datasets.pose.formats.instances import distinct
from datasets.pose.formats.nwb_poses import CONTAINER, RATE, SOFTWARE, UNNAMED, series_names
from datasets.pose.skeleton import Skeleton
from datasets.pose.tracks import Tracks
from neuron_models.foundation.errors import require

Times = Float[np.ndarray, " row"]
PIXELS = ("pixels", "pixel", "px")


def load_nwb(path: Path) -> tuple[Tracks, ...]:
    """Read the poses of an NWB file: tracks for each video that they name.

    A row is a frame, whatever the jitter of its time; only where a time lies far behind the one before are frames
    missing between them. Files of this project tell their rate, and their frames are those of the video.

    Raises:
        InputError: the file holds no poses.
    """
    import ndx_pose
    from pynwb import NWBHDF5IO

    with NWBHDF5IO(str(path), "r", load_namespaces=True) as io:
        file = io.read()
        containers = [each for each in file.objects.values() if isinstance(each, ndx_pose.PoseEstimation)]
        containers = [each for each in containers if each.pose_estimation_series]
        require(len(containers) > 0, f"{path}: there are no poses (a PoseEstimation with series) in it")
        containers.sort(key=lambda each: (len(each.name) if each.name.startswith(CONTAINER) else 0, each.name))
        videos: dict[str, list[Any]] = {}
        for each in containers:
            videos.setdefault(_video(each), []).append(each)
        made = tuple(_tracks(video, poses) for video, poses in videos.items())
        subject = getattr(file.subject, "subject_id", None) or UNNAMED
        ours = containers[0].source_software == SOFTWARE
    if ours and subject != UNNAMED and len(made) == 1 and made[0].xy.shape[1] == 1:
        return (replace(made[0], animals=(str(subject),)),)
    return made


def _video(pose: Any) -> str:
    """The video of some poses, as older files name it or as newer ones link it."""
    linked = getattr(pose, "source_video", None)
    text = pose.original_videos if linked is None else linked.external_file
    return str(text[0]) if text is not None and len(text) else ""


def _tracks(video: str, poses: Sequence[Any]) -> Tracks:
    skeleton, notes = _skeleton(poses)
    joined = [_joined(skeleton.keypoints, each) for each in poses]
    times = {id(series): _times(series) for found in joined for series in found if series is not None}
    union = _merged([times[id(series)] for found in joined for series in found if series is not None])
    fps, frames = _frames(poses[0], union)
    xy = np.full((len(union), len(poses), len(skeleton), 2), np.nan)
    scores = np.full(xy.shape[:3], np.nan)
    for animal, found in enumerate(joined):
        for keypoint, series in enumerate(found):
            if series is None:
                notes.append(f"{skeleton.keypoints[keypoint]} of {poses[animal].name}, of which there is no series")
                continue
            rows = _nearest(union, times[id(series)])
            points, unused = _points(series)
            notes += [
                f"{each} of {poses[animal].name}" for each in unused if f"{each} of {poses[animal].name}" not in notes
            ]
            xy[rows, animal, keypoint] = points
            if series.confidence is not None:
                scores[rows, animal, keypoint] = series.confidence[:]
    scores = np.where(np.isnan(xy[..., 0]), np.nan, scores)
    animals = tuple(distinct([each.name for each in poses]))
    unnamed = all(name.startswith(CONTAINER) for name in animals)
    return Tracks(
        video,
        skeleton,
        frames,
        xy,
        None if np.isnan(scores).all() else scores,
        () if unnamed else animals,
        fps,
        notes=tuple(notes),
    )


def _skeleton(poses: Sequence[Any]) -> tuple[Skeleton, list[str]]:
    """The skeleton of the first poses that have one, with the key points of series that it does not name behind."""
    stored = next((each.skeleton for each in poses if each.skeleton is not None), None)
    nodes = tuple(str(node) for node in stored.nodes[:]) if stored is not None else ()
    names = [str(name) for each in poses for name in each.pose_estimation_series]
    known = {_plain(name) for name in (*nodes, *series_names(nodes))}
    others = tuple(dict.fromkeys(name for name in names if _plain(name) not in known))
    edges = () if stored is None or stored.edges is None else stored.edges[:]
    notes = [f"{name}, which is no node of the skeleton, has no edge" for name in others] if nodes else []
    keypoints = (*nodes, *others)
    return Skeleton(keypoints, tuple((keypoints[int(a)], keypoints[int(b)]) for a, b in edges)), notes


def _plain(name: str) -> str:
    """A name without case, signs, and the words that NeuroConv puts before it."""
    return re.sub(r"[\W_]", "", name.lower()).removeprefix("poseestimationseries")


def _joined(keypoints: Sequence[str], pose: Any) -> list[Any]:
    """The series of each key point, by its very name, else by what is left of both without signs; None without one."""
    series = dict(pose.pose_estimation_series)
    written = series_names(tuple(keypoints))
    plain: dict[str, list[Any]] = {}
    for name, each in series.items():
        plain.setdefault(_plain(name), []).append(each)
    groups = []
    for keypoint, name in zip(keypoints, written, strict=True):
        same = plain.get(_plain(keypoint), [])
        groups.append(series.get(keypoint, series.get(name, same[0] if len(same) == 1 else None)))
    return groups


def _points(series: Any) -> tuple[Float[np.ndarray, "row 2"], list[str]]:
    """Points in px, as the format scales them, and what is not used: a third coordinate, a scale to another unit."""
    pixels = str(series.unit).lower() in PIXELS
    data = np.asarray(series.get_data_in_units() if pixels else series.data[:], float)
    unused = ["the third coordinate"] if data.shape[1] > 2 else []
    scaled = not pixels and (series.conversion, series.offset) != (1.0, 0.0)
    return data[:, :2], unused + ([f"the scale of points from px to {series.unit}"] if scaled else [])


def _times(series: Any) -> Times:
    if series.timestamps is not None:
        return np.asarray(series.timestamps[:], float)
    return (series.starting_time or 0.0) + np.arange(len(series.data)) / series.rate


def _merged(all_times: Sequence[np.ndarray]) -> Times:
    """The times of all series: those of the longest, and of others what lies more than a quarter interval from them."""
    first, *others = sorted(all_times, key=len, reverse=True)
    union = np.unique(first)
    near = 0.25 * float(np.median(np.diff(union))) if len(union) > 1 else 0.0
    for times in others:
        away = np.abs(union[_nearest(union, times)] - times)
        union = np.union1d(union, times[away > near])
    return union


def _nearest(union: Float[np.ndarray, " all"], times: Times) -> Int[np.ndarray, " row"]:
    after = np.clip(np.searchsorted(union, times), 1, max(len(union) - 1, 1))
    before = after - 1
    after = np.minimum(after, len(union) - 1)
    return np.where(np.abs(union[before] - times) <= np.abs(union[after] - times), before, after)


def _frames(pose: Any, times: Times) -> tuple[float, Int[np.ndarray, " row"]]:
    """The rate, and the frame of each row."""
    comments = next(iter(pose.pose_estimation_series.values())).comments or ""
    if comments.startswith(RATE):
        fps = float(comments.removeprefix(RATE))
        return fps, np.round(times * fps).astype(int)
    gaps = np.diff(times)
    if len(gaps) == 0:
        return 1.0, np.zeros(len(times), int)
    usual = float(np.median(gaps))
    return 1 / usual, np.concatenate([[0], np.cumsum(_steps(gaps / usual))]).astype(int)


def _steps(gaps: Float[np.ndarray, " gap"]) -> Int[np.ndarray, " gap"]:
    """How many frames lie from each row to the next, of gaps in usual intervals.

    A row that only came late is followed by a shorter gap.
    """
    following = np.append(gaps[1:], 1.0)
    missing = (gaps >= 1.75) & (gaps + np.minimum(following, 1.0) >= 2.75)
    return np.where(missing, np.round(gaps), 1).astype(int)
