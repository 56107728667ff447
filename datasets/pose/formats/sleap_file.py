"""Labels and predictions of SLEAP and LEAP, read by sleap-io: each animal, who made it, and the video that it is in."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from datasets.pose.formats.instances import Instance, in_columns
from datasets.pose.formats.named_files import beside, find_beside, folder_of, open_found, plain
from datasets.pose.skeleton import Skeleton
from datasets.pose.tracks import Tracks
from datasets.video.frame_readers import StoredReader
from datasets.video.video import Video, open_video
from neuron_models.foundation.errors import require
from neuron_models.foundation.hdf5 import TEXTS, numbers, open_hdf5, require_own_data, stored_array, texts
from neuron_models.foundation.wording import counted

MOST_FRAMES = 100_000_000
"""Eleven days at 100 frames a second."""


def tracks_of(labels: Any, path: Path) -> tuple[Tracks, ...]:
    """The labels of sleap-io as tracks, one for each video that has some.

    A label of a person takes the place of the prediction that it corrects, and of any other prediction of its track in
    its frame. Instances of another skeleton than the commonest are left out, and reported.
    """
    frames: dict[int, list[Any]] = {}
    for frame in labels.labeled_frames:
        frames.setdefault(id(frame.video), []).append(frame)
    return tuple(
        _tracks(frames[id(video)], labels.tracks, video, path)
        for video in labels.videos
        if any(frame.instances for frame in frames.get(id(video), ()))
    )


def _tracks(frames: Sequence[Any], tracks: Sequence[Any], video: Any, path: Path) -> Tracks:
    by_frame: dict[int, list[Any]] = {}
    for frame in frames:
        if frame.instances:
            by_frame.setdefault(int(frame.frame_idx), []).extend(_kept(frame.instances))
    skeleton = _commonest([each for instances in by_frame.values() for each in instances])
    numbers = {id(track): number for number, track in enumerate(tracks)}
    fitting = {
        frame: [
            _instance(each, skeleton, numbers, path.suffix != ".slp") for each in instances if _fits(each, skeleton)
        ]
        for frame, instances in by_frame.items()
    }
    missed = sum(map(len, by_frame.values())) - sum(map(len, fitting.values()))
    notes = (f"{counted(missed, 'animal')} of another skeleton",) if missed else ()
    columns = in_columns(fitting, [str(track.name or "") for track in tracks], len(skeleton))
    made = Tracks(
        plain(video.filename) if not isinstance(video.filename, list) else "",
        skeleton,
        columns.frames,
        columns.xy,
        columns.scores,
        columns.animals,
        instance_scores=columns.instance_scores,
        notes=notes,
        absence=columns.scores is None and path.suffix.lower() == ".slp",
    )
    return _with_footage(made, video, path)


def _kept(instances: Sequence[Any]) -> list[Any]:
    """The instances of a frame without predictions whose place a person's label takes."""
    import sleap_io

    people = [each for each in instances if not isinstance(each, sleap_io.PredictedInstance)]
    corrected = {id(each.from_predicted) for each in people if each.from_predicted is not None}
    followed = {id(each.track) for each in people if each.track is not None}
    return [
        each
        for each in instances
        if not isinstance(each, sleap_io.PredictedInstance)
        or not (id(each) in corrected or (each.track is not None and id(each.track) in followed))
    ]


def _commonest(instances: Sequence[Any]) -> Skeleton:
    """The skeleton of most instances; the first of those that are as common."""
    number = Counter(tuple(each.skeleton.node_names) for each in instances)
    keypoints = number.most_common(1)[0][0]
    skeleton = next(each.skeleton for each in instances if tuple(each.skeleton.node_names) == keypoints)
    text = [sorted((node.name for node in each.nodes), key=keypoints.index) for each in skeleton.symmetries]
    return Skeleton(
        keypoints, tuple((a, b) for a, b in skeleton.edge_names), tuple((left, right) for left, right in text)
    )


def _fits(instance: Any, skeleton: Skeleton) -> bool:
    return set(instance.skeleton.node_names) == set(skeleton.keypoints)


def _instance(instance: Any, skeleton: Skeleton, numbers: dict[int, int], analysis: bool) -> Instance:
    """An instance in the order of a skeleton; analysis files tell the labels of people by scores that are NaN."""
    import sleap_io

    order = [instance.skeleton.node_names.index(keypoint) for keypoint in skeleton.keypoints]
    xy = np.asarray(instance.numpy(), float)[order]
    track = numbers.get(id(instance.track)) if instance.track is not None else None
    if not isinstance(instance, sleap_io.PredictedInstance):
        return Instance(xy, track)
    whole = float(instance.score) if instance.score is not None else float("nan")
    scores = np.asarray(instance.points["score"], float)[order]
    if analysis and np.isnan(scores).all():
        return Instance(xy, track)
    return Instance(xy, track, np.where(np.isnan(scores), np.nan_to_num(whole), scores), whole)


def _with_footage(tracks: Tracks, video: Any, path: Path) -> Tracks:
    """The tracks with the images or the movie that they name, as far as they are there."""
    if isinstance(video.filename, list):
        listed = tuple(plain(name) for name in video.filename)
        images = tuple(listed[frame] for frame in tracks.frames)
        paths = find_beside(images, path)
        name = folder_of(images, paths, path)
        footage = open_found(paths, images, name)
        frames = np.arange(len(images))
        return replace(tracks, video=name, frames=frames, footage=footage, images=images, missing=paths.note)
    found_video = _movie(video, path, int(tracks.frames[-1]) + 1)
    if found_video is None:
        return tracks
    return replace(tracks, video=found_video.path, footage=found_video, fps=found_video.fps)


def _movie(video: Any, path: Path, frames: int) -> Video | None:
    """The movie that labels name, or one of its name beside them; None where there is none."""
    named = Path(plain(video.filename))
    if named.suffix.lower() in (".slp", ".h5", ".hdf5"):  # frames stored beside or in the labels
        stored_in = next((file for file in beside(str(named), path) if file.is_file()), None)
        if stored_in is not None:
            require_own_data(stored_in)
        if not _opened(video, stored_in):
            return None
        require(frames <= MOST_FRAMES, f"{path}: a label in frame {frames - 1} cannot be")
        reader = StoredReader(video, tuple(range(frames)))
        stored = (reader.read(index, False) for index in range(frames))
        first = next((frame for frame in stored if frame is not None), None)
        if first is None:
            return None
        return Video(str(named), (frames, len(first), *first.shape[1:]), 1.0, reader, len(first) == 1)
    there = next((file for file in beside(str(named), path) if file.is_file() or _is_folder_of(file, named)), None)
    return None if there is None else open_video(there)


def _opened(video: Any, there: Path | None) -> bool:
    """Open the frames that sleap-io reads, from where their file lies now; whether that succeeds."""
    if there is None:
        return False
    try:
        video.replace_filename(str(there), open=True)
    except (OSError, KeyError, ValueError):
        return False
    return True


def _is_folder_of(index: Path, named: Path) -> bool:
    """Whether a place is the folder of images that labels name, and not just any folder."""
    return index.is_dir() and named.name not in ("", ".", "..") and index.name == named.name


def _video_path(file: h5py.File) -> str:
    """What an analysis file calls its video; empty where it does not say."""
    if "video_path" not in file:
        return ""
    return str(next(iter(np.ravel(stored_array(file, "video_path", None, TEXTS).asstr()[()])), ""))


def load_analysis(path: Path) -> Tracks | None:
    """A SLEAP analysis file as older versions wrote it, without scores: (track, xy, node, frame); None if it is none.

    Raises:
        InputError: it is not a whole HDF5 file.
    """
    if path.suffix.lower() not in (".h5", ".hdf5"):
        return None
    with open_hdf5(path, "HDF5 file of labels (.h5)") as file:
        if not {"tracks", "node_names"} <= set(file) or "point_scores" in file:
            return None
        xy = numbers(file, "tracks", "track 2 node frame").astype(float).transpose(3, 0, 2, 1)
        keypoints = texts(file, "node_names")
        require(len(keypoints) == xy.shape[2], f"{path}: {len(keypoints)} node_names for {xy.shape[2]} nodes of tracks")
        animals = texts(file, "track_names") if "track_names" in file else ()
        video = _video_path(file)
    skeleton = Skeleton(keypoints)
    text = ~np.isnan(xy[..., 0]).all(axis=(1, 2))
    return Tracks(video, skeleton, np.flatnonzero(text), xy[text], None, animals if len(animals) == xy.shape[1] else ())
