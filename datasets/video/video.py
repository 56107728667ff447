"""Videos and folders of images, read when they are sliced and never held whole."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from datasets.video.frame_readers import Frame, FrameReader, ImageReader, image_size, stored_reader
from datasets.video.movie_reader import movie_reader
from neuron_models.foundation.content import files_checksum
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.units import Hertz

MOVIES: tuple[str, ...] = (".mp4", ".avi", ".mov", ".mkv", ".mj2", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv", ".asf")
MOVIES += (".flv", ".ts", ".mts", ".m2ts", ".vob", ".3gp", ".ogv", ".mjpeg", ".h264", ".hevc", ".mxf", ".nut")
IMAGES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".gif")
_LOOKED_AT = 24
"""Frames that tell whether a video has colours."""
STORED = (".h5", ".hdf5", ".slp", ".seq")


@dataclass(frozen=True, eq=False)
class Video:
    """A video that slices like an array (frame, channel, height, width) of uint8.

    Frames that follow one another are read without seeking. Images of more than 8 bits are brought to 8 by the power
    of two that the brightest of a few images needs, the same for all frames.

    Attributes:
        path: of the file or the folder of images, as it was named.
        shape: (frame, channel, height, width).
        fps: frames a second; 1 where the file does not say.
        reader: reads frames in order from any frame.
        grey: whether colours are brought to one channel.
    """

    path: str
    shape: tuple[int, int, int, int]
    fps: Hertz
    reader: FrameReader
    grey: bool = False
    dtype: np.dtype = field(default=np.dtype(np.uint8))

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any, /) -> Any:
        first, *rest = index if isinstance(index, tuple) else (index,)
        if isinstance(first, int | np.integer):
            place = int(first) + (len(self) if first < 0 else 0)
            require(0 <= place < len(self), f"{self.path}: there is no frame {first}, it has {len(self)}")
            frames = next(iter(self.frames([place])))
            return frames[tuple(rest)] if rest else frames
        places = np.arange(len(self))[first]
        frames = np.empty((len(places), *self.shape[1:]), np.uint8)
        for row, frame in zip(np.argsort(places, kind="stable"), self.frames(np.sort(places).tolist()), strict=True):
            frames[row] = frame
        return frames[(slice(None), *rest)] if rest else frames

    def frames(self, places: Any) -> Iterator[UInt8[np.ndarray, "channel height width"]]:
        """The frames at these places, which must not descend, one after the other.

        Raises:
            InputError: the video ends before, or a frame cannot be decoded; the frames before it were given.
        """
        for place in map(int, places):
            require(0 <= place < len(self), f"{self.path}: there is no frame {place}, it has {len(self)}")
            frame = self.reader.read(place, self.grey)
            if frame is None:
                raise VideoEndedError(self.path, place, len(self))
            if frame.shape[1:] != self.shape[2:]:
                size = " x ".join(map(str, frame.shape[:0:-1]))
                raise InputError(f"{self.path}: frame {place} has {size} pixels and the first has {self.size}")
            yield _channels(frame, self.shape[1])

    @cached_property
    def content(self) -> str:
        """The SHA-256 of the files that are read, in the order of the frames; their names do not count."""
        images = self.reader.paths if isinstance(self.reader, ImageReader) else (Path(self.path),)
        return files_checksum(images)

    @property
    def size(self) -> str:
        """Width x height in words."""
        return f"{self.shape[3]} x {self.shape[2]}"

    def readable(self) -> "Video":
        """The video as far as it can be decoded, found by halves; itself where nothing is missing."""
        low, high = 0, len(self)  # the frame before low can be decoded, the frame at high cannot
        if self.reader.read(high - 1, self.grey) is not None:
            return self
        while low < high - 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.reader.read(middle - 1, self.grey) is not None else (low, middle)
        return replace(self, shape=(low, *self.shape[1:]))


class VideoEndedError(InputError):
    """A video ends, or cannot be decoded further, before the frames that it announces; what went before is kept."""

    def __init__(self, path: str, frame: int, announced: int) -> None:
        super().__init__(
            f"{path} ends early: it announces {announced} frames, and frame {frame} cannot be decoded "
            "(the frames before it are kept)"
        )
        self.frame = frame


def open_video(path: str | Path, *, grey: bool | None = None) -> Video:
    """Open a movie file, a folder of images, an image, or frames stored in HDF5 or a SLEAP package.

    Args:
        path: the file or folder; the images of a folder are frames in the order of their names, img2 before img10.
        grey: give one channel, or three; None takes one where the channels of frames from all over it are equal.

    Raises:
        InputError: there is no such video, its kind is not known, or its first frame cannot be decoded.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if path.is_dir():
        paths = sorted((each for each in path.iterdir() if each.suffix.lower() in IMAGES), key=natural)
        require(len(paths) > 0, f"{path}: the folder has no images ({', '.join(IMAGES)})")
        return open_images(paths, str(path), grey=grey)
    require(path.is_file(), f"{path}: there is no such video")
    moving = suffix in MOVIES or suffix == ".gif"
    if suffix in IMAGES and not moving:
        return open_images([path], str(path), grey=grey)
    require(moving or suffix in STORED, f"{path}: not a video that can be read ({', '.join(MOVIES + STORED)})")
    return _opened(str(path), movie_reader(path) if moving else stored_reader(path), grey)


def natural(path: Path) -> list[tuple[int, str]]:
    """What sorts files as people do: numbers in their names by value.

    >>> [path.name for path in sorted(map(Path, ("img10.png", "img2.png", "img1.png")), key=natural)]
    ['img1.png', 'img2.png', 'img10.png']
    """
    parts = re.split(r"([0-9]+)", path.name.lower())
    return [*((int(part), "") if part.isdecimal() else (-1, part) for part in parts), (-1, path.name)]


def open_images(paths: list[Path], name: str, *, grey: bool | None = None, as_labelled: bool = False) -> Video:
    """Open image files as the frames of a video called `name`.

    Args:
        paths: the files, in order.
        name: of the video.
        grey: give one channel, or three; None takes one where the channels are equal.
        as_labelled: the images were labelled one by one: some may be missing, as long as nobody reads them, and smaller
            ones are filled up to the largest.
    """
    there = [path for path in paths if path.is_file()]
    if not as_labelled or not there:
        missing = [path for path in paths if not path.is_file()]
        require(not missing, f"{missing[0] if missing else ''}: there is no such image ({len(missing)} are missing)")
        return _opened(name, ImageReader(tuple(paths)), grey)
    sizes = [image_size(path) for path in there]
    largest = (max(high for high, _ in sizes), max(wide for _, wide in sizes))
    return _opened(name, ImageReader(tuple(paths), size=largest if len(set(sizes)) > 1 else None), grey)


def _opened(path: str, reader: FrameReader, grey: bool | None) -> Video:
    looked_at = _looked_at(reader)
    first = next(looked_at, None)
    if first is None:
        raise InputError(f"{path}: not a video that can be decoded, or it has no frame")
    if grey is None:
        grey = len(first) == 1 or (_is_grey(first) and all(_is_grey(frame) for frame in looked_at))
    return Video(path, (reader.number, 1 if grey else 3, *first.shape[1:]), reader.fps, reader, grey)


def _looked_at(reader: FrameReader) -> Iterator[Frame]:
    """The first frame, and others from the whole video: a film in colour may begin black."""
    for place in [0, *reader.spread(_LOOKED_AT)]:
        frame = reader.read(place, False)
        if frame is not None:
            yield frame


def _is_grey(frame: UInt8[np.ndarray, "channel height width"]) -> bool:
    """Whether the channels agree but for noise: fewer than one pixel in 10,000 differs by more than 24 of 255."""
    return bool((np.ptp(frame, axis=0) > 24).mean() < 1e-4)


def _channels(frame: UInt8[np.ndarray, "found height width"], wanted: int) -> UInt8[np.ndarray, "wanted height width"]:
    if len(frame) == wanted:
        return frame
    if wanted == 3:
        return np.repeat(frame, 3, axis=0)
    # Luma of Rec. 601, as movies are stored.
    luma = np.tensordot(np.array([0.299, 0.587, 0.114]), frame.astype(float), 1)
    return np.round(luma).astype(np.uint8)[None]
