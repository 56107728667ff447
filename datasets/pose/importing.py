"""Labelled frames of videos as a dataset: each animal in a crop of its own, or whole frames."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from datasets.dataset import Dataset
from datasets.pose.crops import Crops
from datasets.pose.cutting import CutFrames
from datasets.pose.formats.label_files import each_animal
from datasets.pose.labelled import ABSENT, UNKNOWN, Kind, Labelled, keypoints_dataset
from datasets.pose.skeleton import require_same_keypoints
from datasets.pose.tracks import Tracks, extents, footage_of, images_of
from datasets.video.cropping import oriented_matrices
from datasets.video.frame_readers import ImageReader, image_size
from datasets.video.video import MOVIES, STORED, Video
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.units import Dimensionless
from neuron_models.foundation.wording import counted

MULTIPLE = 8
"""Whole frames are filled up to multiples of this, which three poolings by 2 halve without a rest."""


@dataclass(frozen=True)
class ImportSettings:
    """How images are cut.

    Attributes:
        size: width and height in pixels of crops about the mean of an animal's labelled key points; None for whole
            frames.
        scale: pixels of the images a pixel of the video.
        grey: one channel (True) or three (False); None takes one where the videos have no colour.
        missing: what a missing label in a labelled frame means: `absent` (the key point is not visible) or `unknown`;
            as the file's tool has it when empty.
        heading: two key points (from, to): crops are turned so that the second lies to the right of the first.
    """

    size: int | None = None
    scale: Dimensionless = 1.0
    grey: bool | None = None
    heading: tuple[str, str] | None = None
    missing: str = ""

    def __post_init__(self) -> None:
        require(self.size is None or self.size >= MULTIPLE, f"--size must be >= {MULTIPLE} pixels, got {self.size}")
        require(
            self.size is None or self.size % MULTIPLE == 0,
            f"--size must be a multiple of {MULTIPLE} pixels (networks halve images three times), got {self.size}",
        )
        known = ("", ABSENT, UNKNOWN)
        require(self.missing in known, f"--missing must be {ABSENT} or {UNKNOWN}, got {self.missing!r}")
        require(0 < self.scale <= 4, f"--scale must be > 0 and <= 4, got {self.scale:g}")
        require(self.heading is None or self.size is not None, "--heading turns crops: give --size too")


def labelled_dataset(tracks: Sequence[Tracks], settings: ImportSettings, name: str, source: str = "") -> Dataset:
    """Labels and their videos as a dataset whose images are cut when they are read.

    Each animal that was followed is a trial of its own; where nobody followed them, each video is one, and every
    animal of a frame a sample. Labels outside of an image become NaN, animals without the two key points of `heading`
    are left out; `extra["left_out"]` counts both.

    Raises:
        InputError: a video is missing or lacks labelled frames, skeletons differ, a crop is larger than a frame,
            several animals are in one frame and no size of crops is given, or images would differ in size.
    """
    tracks = [_with_images(each) for each in tracks]
    skeleton = tracks[0].skeleton
    for each in tracks[1:]:
        require_same_keypoints(skeleton, each.skeleton, each.video)
    for keypoint in settings.heading or ():
        require(
            keypoint in skeleton.keypoints,
            f"--heading: there is no key point {keypoint!r}: {', '.join(skeleton.keypoints)}",
        )
    opened = [_open(each, settings.grey) for each in tracks]
    if settings.grey is None and len({video.shape[1] for video in opened}) > 1:
        opened = [_open(each, False) for each in tracks]  # some have colours: all get them
    names = short_names([video.path for video in opened])
    whole = _whole_size([video.shape[2:] for video in opened], settings.scale) if settings.size is None else None
    labelled = [
        part
        for each, video, short in zip(tracks, opened, names, strict=True)
        for part in _parts(each, video, short, settings, whole)
    ]
    kind: Kind = "frames" if settings.size is None else "crops"
    text = {**_left_out(tracks, labelled, settings), **_filled_up(opened, settings), **_who(labelled)}
    text["missing"] = settings.missing or (ABSENT if all(each.absence for each in tracks) else UNKNOWN)
    fps = None if all(each.images for each in tracks) else opened[0].fps
    return keypoints_dataset(name, labelled, skeleton, kind=kind, fps=fps, source=source, extra=text)


def _with_images(tracks: Tracks) -> Tracks:
    """The labels whose images are there.

    Raises:
        InputError: none is.
    """
    reader = tracks.footage.reader if tracks.footage is not None else None
    if not tracks.images or (reader is not None and not tracks.missing):
        return tracks
    require(isinstance(reader, ImageReader), f"the labels have no images: {tracks.missing}: give them with --video")
    there = np.array([path.is_file() for path in images_of(tracks)])
    return tracks.rows(there)


def _whole_size(sizes: Sequence[tuple[int, ...]], scale: Dimensionless) -> tuple[int, int]:
    """The size of images that hold the whole frames of all videos."""
    high, wide = (max(1, round(max(size[side] for size in sizes) * scale)) for side in (0, 1))
    return _filled(high), _filled(wide)


def _filled_up(videos: Sequence[Video], settings: ImportSettings) -> dict[str, str]:
    """Which sizes were filled up to the largest, by repeating the last row and column; no image is enlarged for it."""
    sizes = {size for video in videos for size in _sizes(video)}
    if len(sizes) < 2 or settings.size is not None:
        return {}
    text = ", ".join(f"{wide} x {high}" for high, wide in sorted(sizes))
    return {"filled_up": f"frames of {text}, below and on the right"}


def _sizes(video: Video) -> set[tuple[int, int]]:
    reader = video.reader
    if isinstance(reader, ImageReader) and reader.size is not None:
        return {image_size(path) for path in reader.paths if path.is_file()}
    return {(video.shape[2], video.shape[3])}


def _who(labelled: Sequence[Labelled]) -> dict[str, int]:
    """How many of the labelled samples a network labelled, where people labelled others."""
    predicted = 0
    for each in labelled:
        if each.keypoints is not None and each.crops and each.crops.predicted is not None:
            whole = np.isfinite(each.keypoints).all(axis=2).any(axis=1)
            predicted += int((each.crops.predicted & whole).sum())
    return {"predicted": predicted} if predicted else {}


def _open(tracks: Tracks, grey: bool | None) -> Video:
    try:
        return footage_of(tracks, grey=grey)
    except InputError as error:
        if "there is no such video" not in str(error):
            raise
        raise InputError(
            f"the labels have no images: their video {tracks.video or '(unnamed)'} is not there: give it with --video"
        ) from None


def _parts(
    tracks: Tracks, video: Video, name: str, settings: ImportSettings, whole: tuple[int, int] | None
) -> list[Labelled]:
    marked = _usable(tracks, settings)
    several = int(marked.sum(axis=1).max(initial=0))
    if settings.size is None and several > 1:
        raise InputError(
            f"{name} has up to {several} animals in a frame: cut each out with --size "
            f"(the widest needs {needed_size(tracks, settings.scale)})"
        )
    parts = []
    for animal, indices in each_animal(tracks):
        rows, columns = np.nonzero(marked[:, indices])
        if len(rows):
            xy = tracks.xy[rows, indices[columns]]
            label = f"{name}:{animal}" if animal else name
            parts.append(_labelled(label, xy, tracks, rows, indices[columns], video, settings, whole))
    return parts


def _left_out(tracks: Sequence[Tracks], labelled: Sequence[Labelled], settings: ImportSettings) -> dict[str, str]:
    text = [note for each in tracks for note in (*each.notes, each.missing) if note]
    marked = sum(int((~np.isnan(each.xy[..., 0])).any(axis=-1).sum()) for each in tracks)
    missed = marked - sum(len(each.images) for each in labelled)
    if missed:
        text.append(f"{counted(missed, 'animal')} without {' or '.join(settings.heading or ())}")
    there = sum(int((~np.isnan(each.xy[..., 0]))[_usable(each, settings)].sum()) for each in tracks)
    outside = there - sum(
        int((~np.isnan(each.keypoints[..., 0])).sum()) for each in labelled if each.keypoints is not None
    )
    if outside:
        crops = "" if settings.size is None else f" (the widest animal needs --size {_widest(tracks, settings)})"
        text.append(f"{counted(outside, 'key point')} outside of their images{crops}")
    return {"left_out": "; ".join(text)} if text else {}


def _widest(tracks: Sequence[Tracks], settings: ImportSettings) -> int:
    return max(needed_size(each, settings.scale) for each in tracks)


def _usable(tracks: Tracks, settings: ImportSettings) -> Bool[np.ndarray, "frame animal"]:
    """Which animals have a labelled key point, and those that say where they head if crops are to be turned."""
    marked = ~np.isnan(tracks.xy[..., 0])
    usable = marked.any(axis=-1)
    for keypoint in settings.heading or ():
        usable &= marked[..., tracks.skeleton.keypoints.index(keypoint)]
    return usable


def _labelled(
    name: str,
    xy: Float[np.ndarray, "sample keypoint 2"],
    tracks: Tracks,
    rows: Int[np.ndarray, " sample"],
    animals: Int[np.ndarray, " sample"],
    video: Video,
    settings: ImportSettings,
    whole: tuple[int, int] | None,
) -> Labelled:
    size, matrices = _places(xy, tracks, video, settings, whole)
    predicted = tracks.predicted()[rows, animals]
    makers = None if tracks.makers is None else tracks.makers[rows, animals]
    crops = Crops(video.path, tracks.frames[rows], animals, matrices, predicted if predicted.any() else None, makers)
    keypoints = crops.to_crop(xy)
    keypoints[~_inside(keypoints, size)] = np.nan
    lengths = extents(keypoints)
    length = None if np.isnan(lengths).all() else float(np.nanmedian(lengths))
    return Labelled(name, CutFrames(video, crops, size), keypoints, crops, body_length=length)


def _places(
    xy: Float[np.ndarray, "sample keypoint 2"],
    tracks: Tracks,
    video: Video,
    settings: ImportSettings,
    whole: tuple[int, int] | None,
) -> tuple[tuple[int, int], Float[np.ndarray, "sample 2 3"]]:
    """The size of the images of one video, and where each lies in its frame."""
    height, width = video.shape[2:]
    if settings.size is None:
        size = whole or _whole_size([(height, width)], settings.scale)
        # The corners of the first pixels coincide, not their centres.
        shift = 0.5 / settings.scale - 0.5
        matrix = np.array([[1 / settings.scale, 0, shift], [0, 1 / settings.scale, shift]])
        return size, np.repeat(matrix[None], len(xy), axis=0)
    across = settings.size / settings.scale
    require(
        across <= min(height, width),
        f"a crop of --size {settings.size} at --scale {settings.scale:g} spans {across:g} pixels of the video and is "
        f"larger than a frame of {video.path}, {video.size}",
    )
    size = (settings.size, settings.size)
    centre = np.nanmean(xy, axis=1)
    angle = np.zeros(len(xy))
    if settings.heading is not None:
        tail, head = (xy[:, tracks.skeleton.keypoints.index(keypoint)] for keypoint in settings.heading)
        angle = np.arctan2(*(head - tail).T[::-1])
    elif settings.scale == 1:
        centre = np.round(centre + 0.5) - 0.5  # whole pixels: the crop holds the video's own values
    return size, oriented_matrices(centre, size, angle, 1 / settings.scale)


def _filled(side: int) -> int:
    return -(-side // MULTIPLE) * MULTIPLE


def _inside(
    keypoints: Float[np.ndarray, "sample keypoint 2"], size: tuple[int, int]
) -> Bool[np.ndarray, "sample keypoint"]:
    end = np.array([size[1], size[0]]) - 0.5
    return np.all((keypoints >= -0.5) & (keypoints <= end), axis=-1)


def needed_size(tracks: Tracks, scale: float = 1.0) -> int:
    """The size of crops that holds the key points of every animal of some tracks, with a tenth to spare."""
    xy = tracks.xy.reshape(-1, *tracks.xy.shape[2:])
    xy = xy[~np.isnan(xy[..., 0]).all(axis=1)]
    reach = np.nanmax(np.abs(xy - np.nanmean(xy, axis=1)[:, None]))
    return _filled(int(np.ceil(2.2 * scale * reach)))


def short_names(paths: Sequence[str]) -> list[str]:
    """The last parts of the videos' names, with as many folders as tell them apart."""
    whole = [Path(path) if Path(path).name else Path(path).resolve() for path in paths]
    stems = [path.with_suffix("") if path.suffix.lower() in MOVIES + STORED else path for path in whole]
    for parts in range(1, 20):
        names = ["/".join(stem.parts[-parts:]) for stem in stems]
        if len(set(names)) == len(names):
            return names
    return [f"{name}-{index + 1}" for index, name in enumerate(names)]


def chosen_pairs(dataset: Dataset, pairs: Sequence[tuple[str, str]]) -> Dataset:
    """The dataset with other left and right pairs in its skeleton."""
    stored: Mapping[str, Any] = dataset.extra["skeleton"]
    return replace(dataset, extra={**dataset.extra, "skeleton": {**stored, "pairs": [list(pair) for pair in pairs]}})
