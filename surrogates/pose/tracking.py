"""Predicted key points of whole videos, or of all crops of a video, written a block at a time and resumed."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from datasets.dataset import ArrayLike, Dataset
from datasets.pose.crops import Crops, crops_of
from datasets.pose.formats.tracks_file import frames_found, growing_tracks
from datasets.pose.skeleton import Skeleton
from datasets.pose.tracks import Tracks
from datasets.video.video import Video, VideoEndedError
from neuron_models.foundation.content import files_checksum
from neuron_models.foundation.errors import InputError
from neuron_models.foundation.progress import progress_bar
from neuron_models.foundation.units import Hertz
from surrogates.pose.prediction import BATCH, Finder
from surrogates.runs.result import versions

_BLOCK = 8 * BATCH
"""Frames that are looked at between two writes."""


@dataclass(frozen=True, eq=False)
class Crop:
    """The crops of one trial that lie in one video, and which animal (a place in `Footage.animals`) each shows."""

    images: ArrayLike
    crops: Crops
    rows: Int[np.ndarray, " crop"]
    animal: Int[np.ndarray, " crop"]


@dataclass(frozen=True, eq=False)
class Footage:
    """All crops of one video, and the names of the animals in it."""

    video: str
    animals: tuple[str, ...]
    crops: tuple[Crop, ...]
    fps: Hertz


def track_video(find: Finder, video: Video, skeleton: Skeleton, out: Path, *, key: str) -> Path:
    """Find the key points of one animal in every frame of a video; what was written before a stop is kept.

    Args:
        find: finds them.
        video: its frames, read in order.
        skeleton: whose key points these are.
        out: the file of tracks; until it is whole, what is found lies in `<out>.partial`.
        key: names everything that decides the result.

    Returns:
        `out`, which is not made again where it is of the same prediction.

    Raises:
        InputError: the video ends early (`out` then has the frames before), its frames have another size or other
            colours than the model's, or `out` is there and is of another.
    """
    frames_done = frames_found(out, key)
    if frames_done is not None and frames_done < len(video):
        raise VideoEndedError(video.path, frames_done, len(video))
    if frames_done is not None:
        return out
    empty = _no_tracks(video.path, skeleton, ("animal",), video.fps)
    with growing_tracks(out, empty, key) as tracks, progress_bar(len(video), "frame", tracks.done) as bar:
        try:
            for indices, images in _frames(video, tracks.done):
                keypoints = find(images)
                tracks.append(indices, keypoints.points[:, None], keypoints.confidence[:, None])
                bar.update(len(indices))
        except VideoEndedError:
            tracks.finish()
            raise
        return tracks.finish()


def _frames(video: Video, first: int) -> Iterator[tuple[Int[np.ndarray, " frame"], np.ndarray]]:
    """Blocks of frames; those before a place that cannot be decoded come out before the error is raised."""
    for start in range(first, len(video), _BLOCK):
        indices = np.arange(start, min(start + _BLOCK, len(video)))
        images: list[np.ndarray] = []
        try:
            images += video.frames(indices)
        except InputError:
            if images:
                yield indices[: len(images)], np.stack(images)
            raise
        yield indices, np.stack(images)


def footage_in(dataset: Dataset) -> list[Footage]:
    """The crops of a dataset by the video that they are from; trials that say nothing are videos of their own."""
    known = crops_of(dataset)
    parts_by_video: dict[str, list[tuple[ArrayLike, Crops, str]]] = {}
    for trial in dataset:
        crops = known.get(trial.name) or _whole_frames(trial.name, len(trial))
        parts_by_video.setdefault(crops.video, []).append((trial.x, crops, trial.name))
    return [_footage(video, parts, 1000 / dataset.dt) for video, parts in parts_by_video.items()]


def _whole_frames(name: str, number: int) -> Crops:
    """Images that are not cut from anything: frame after frame, pixel by pixel."""
    same = np.broadcast_to(np.eye(2, 3), (number, 2, 3))
    return Crops(name, np.arange(number), np.zeros(number, int), same)


def _footage(video: str, parts: list[tuple[ArrayLike, Crops, str]], fps: Hertz) -> Footage:
    """Animals keep their numbers, where they have one and no two trials show the same animal in one frame."""
    numbers = np.concatenate([crops.animals for _, crops, _ in parts])
    frames = np.concatenate([crops.frames for _, crops, _ in parts])
    clash = len(np.unique(np.stack([frames, numbers]), axis=1).T) < len(frames)
    if clash or (numbers < 0).any():
        names = [name for _, _, name in parts]
        indices = [np.full(len(crops), k) for k, (_, crops, _) in enumerate(parts)]
    else:
        own = np.unique(numbers)
        names = [f"animal {number + 1}" for number in own]
        indices = [np.searchsorted(own, crops.animals) for _, crops, _ in parts]
    every = [Crop(x, crops, np.arange(len(crops)), at) for (x, crops, _), at in zip(parts, indices, strict=True)]
    return Footage(video, tuple(names), tuple(every), fps)


def track_crops(find: Finder, footage: Footage, skeleton: Skeleton, out: Path, *, key: str) -> Path:
    """Find the key points in all crops of a video and write them in the video's pixels, frame by frame.

    Args:
        find: finds them.
        footage: the crops, and the names of the animals in them.
        skeleton: of each animal.
        out: the file of tracks, kept in pieces beside it until it is whole.
        key: what decides the result, as in `track_video`.

    Returns:
        `out`, which is not made again where it is of the same prediction.

    Raises:
        InputError: crops of another size or other colours than the model's, or `out` is there and is of another.
    """
    if frames_found(out, key) is not None:
        return out
    frames = np.unique(np.concatenate([crop.crops.frames[crop.rows] for crop in footage.crops]))
    empty = _no_tracks(footage.video, skeleton, footage.animals, footage.fps)
    step = max(1, _BLOCK // len(footage.animals))
    with growing_tracks(out, empty, key) as tracks, progress_bar(len(frames), "frame", tracks.done) as bar:
        for start in range(tracks.done, len(frames), step):
            some = frames[start : start + step]
            xy = np.full((len(some), len(footage.animals), len(skeleton), 2), np.nan)
            scores = np.full(xy.shape[:3], np.nan)
            for crop in footage.crops:
                _fill(xy, scores, crop, some, find)
            tracks.append(some, xy, scores)
            bar.update(len(some))
        return tracks.finish()


def _fill(
    xy: Float[np.ndarray, "frame animal keypoint 2"],
    scores: Float[np.ndarray, "frame animal keypoint"],
    crop: Crop,
    frames: Int[np.ndarray, " frame"],
    find: Finder,
) -> None:
    """Put what is found in the crops of some frames in its place."""
    here = np.flatnonzero(np.isin(crop.crops.frames, frames))
    if len(here) == 0:
        return
    own = crop.crops.chosen(here)
    keypoints = find(np.asarray(crop.images[here]))
    index = np.searchsorted(frames, own.frames), crop.animal[here]
    points = own.to_video(keypoints.points)  # NaN where alignment found no animal
    xy[index], scores[index] = points, np.where(np.isnan(points[..., 0]), np.nan, keypoints.confidence)


def _no_tracks(video: str, skeleton: Skeleton, animals: tuple[str, ...], fps: Hertz) -> Tracks:
    nothing = np.zeros((0, len(animals), len(skeleton), 2))
    return Tracks(video, skeleton, np.zeros(0, int), nothing, np.zeros(nothing.shape[:3]), animals, fps)


def prediction_key(model: Path, images: str, settings: Mapping[str, object]) -> str:
    """A name for a prediction: of the content of the model's file and the images, the settings and the versions.

    Args:
        model: the file of the model.
        images: the checksum of the video or the crops, without their names.
        settings: of the prediction.
    """
    parts = (files_checksum([model]), images, sorted(settings.items()), sorted(versions().items()))
    return hashlib.sha256(repr(parts).encode()).hexdigest()
