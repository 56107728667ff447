"""What reads the frames of a video, and how image files and frames stored in HDF5 are read."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Shaped, UInt8

from neuron_models.foundation.errors import InputError, reason
from neuron_models.foundation.hdf5 import require_own_data
from neuron_models.foundation.units import Hertz

_PHOTOGRAPHS = (".jpg", ".jpeg")
_ORIENTATION, _LYING = 0x0112, (5, 6, 7, 8)  # EXIF 2.3: the tag, and its values that exchange width and height
Frame = UInt8[np.ndarray, "channel height width"]


def spread_frames(number: int, wanted: int) -> list[int]:
    """At most `wanted` frames, evenly spread over `number`."""
    return sorted(set(np.linspace(0, number - 1, min(number, wanted)).round().astype(int).tolist()))


@runtime_checkable
class FrameReader(Protocol):
    """Reads frames in any order; fast in ascending order."""

    @property
    def number(self) -> int:
        """How many frames are announced."""
        ...

    @property
    def fps(self) -> Hertz:
        """Frames a second, 1 where that is not known."""
        ...

    def spread(self, number: int) -> list[int]:
        """At most `number` indices over the whole video that are read fast."""
        ...

    def read(self, index: int, grey: bool) -> Frame | None:
        """A frame of 1 or 3 channels (movies give 1 when `grey`), or None where it cannot be decoded."""
        ...


@dataclass(frozen=True, eq=False)
class ImageReader:
    """Image files as frames, of 8 or 16 bits, grey or in colour.

    Attributes:
        paths: the files; those that are not there cannot be read.
        fps: frames a second, as good as unknown.
        size: height and width up to which the last row and column of smaller images are repeated; None: as they are.
    """

    paths: tuple[Path, ...]
    fps: Hertz = 1.0
    size: tuple[int, int] | None = None

    @property
    def number(self) -> int:
        return len(self.paths)

    def spread(self, number: int) -> list[int]:
        there = [index for index, path in enumerate(self.paths) if path.is_file()]
        return [there[index] for index in spread_frames(len(there), number)]

    def read(self, index: int, grey: bool) -> Frame | None:
        path = self.paths[index]
        if not path.is_file():
            return None
        frame = planes(read_image(path), self.shift, str(path))
        return frame if self.size is None else filled_up(frame, self.size)

    @cached_property
    def shift(self) -> int:
        """By how many bits images of more than 8 are brought to 8: what the brightest of eight of them needs."""
        there = [path for path in self.paths if path.is_file()]
        first = read_image(there[0])
        if first.dtype.itemsize == 1 or first.dtype.kind == "f":
            return 0
        return bits_over_8(max(int(read_image(there[i]).max()) for i in spread_frames(len(there), 8)))


def filled_up(frame: Frame, size: tuple[int, int]) -> UInt8[np.ndarray, "channel rows columns"]:
    """A frame whose last row and column are repeated up to a height and width (px); 8-bit values as they are."""
    high, wide = (max(0, wanted - has) for wanted, has in zip(size, frame.shape[1:], strict=True))
    return np.pad(frame, ((0, 0), (0, high), (0, wide)), mode="edge") if high or wide else frame


def image_size(path: Path) -> tuple[int, int]:
    """Height and width of an image file, from its head where that says it."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            wide, high = image.size
            lying = path.suffix.lower() in _PHOTOGRAPHS and image.getexif().get(_ORIENTATION, 1) in _LYING
    except (OSError, UnidentifiedImageError):
        high, wide = read_image(path).shape[:2]
        lying = False
    return (wide, high) if lying else (high, wide)


def read_image(path: Path) -> Shaped[np.ndarray, "..."]:
    """An image file as it is: (height, width) or (height, width, channel), in grey values or colours of its own depth.

    Raises:
        InputError: it cannot be decoded.
    """
    import imageio.v3

    try:
        turned = path.suffix.lower() in _PHOTOGRAPHS  # as the camera's EXIF says; OpenCV does so too
        return np.asarray(imageio.v3.imread(path, plugin="pillow", rotate=True) if turned else imageio.v3.imread(path))
    except Exception as error:  # whatever the decoders meet in an invalid file, or a bomb
        raise InputError(f"{path}: not an image that can be decoded ({type(error).__name__}): copy it again") from None


@dataclass(frozen=True, eq=False)
class StoredReader:
    """Frames that sleap-io reads: LEAP's and SLEAP's HDF5 files."""

    video: Any
    indices: tuple[int, ...]
    fps: Hertz = 1.0

    @property
    def number(self) -> int:
        return len(self.indices)

    def spread(self, number: int) -> list[int]:
        return spread_frames(self.number, number)

    def read(self, index: int, grey: bool) -> Frame | None:
        image = self._stored(self.indices[index])
        return None if image is None else planes(image, self.shift, str(self.video.filename))

    def _stored(self, index: int) -> Shaped[np.ndarray, "..."] | None:
        """An image as it is stored; None where a package keeps none, since only its labelled frames are in it."""
        try:
            return np.asarray(self.video[index])
        except (OSError, KeyError, IndexError, ValueError):
            return None

    @cached_property
    def shift(self) -> int:
        """By how many bits images of more than 8 are brought to 8."""
        first = next(
            (image for index in self.indices if (image := self._stored(index)) is not None), np.zeros(1, np.uint8)
        )
        return 0 if first.dtype.itemsize == 1 or first.dtype.kind == "f" else bits_over_8(int(first.max()))


def stored_reader(path: Path) -> StoredReader:
    """Open frames in an HDF5 file or a SLEAP package.

    Raises:
        InputError: it holds no frames.
    """
    import sleap_io

    require_own_data(path)
    try:
        video = sleap_io.load_video(str(path))
        number = 0 if video.shape is None else video.shape[0]
    except Exception as error:  # whatever the library meets in an invalid file
        raise InputError(f"{path}: no frames can be read from it ({reason(error)})") from None
    if not number:
        raise InputError(f"{path}: no frames can be read from it")
    return StoredReader(video, tuple(range(number)))


def bits_over_8(brightest: int) -> int:
    """How many bits more than 8 a value needs.

    >>> bits_over_8(255), bits_over_8(4000), bits_over_8(65535)
    (0, 4, 8)
    """
    return max(0, brightest.bit_length() - 8)


def planes(image: Shaped[np.ndarray, "..."], shift: int, where: str) -> Frame:
    """An image of any kind as 8-bit planes: (height, width[, 1, 2, 3 or 4 channels]); what covers (alpha) goes.

    Whole numbers of more bits lose the last `shift` of them, shares from 0 to 1 are scaled: the result is 0 to 255.

    Raises:
        InputError: it has another shape or holds no whole numbers.
    """
    if image.dtype == bool:
        image = image.astype(np.uint8) * 255
    if image.dtype.kind == "f" and image.size and 0 <= float(image.min()) <= float(image.max()) <= 1:
        image = np.round(image * 255).astype(np.uint8)
    if image.ndim == 2:
        image = image[:, :, None]
    if image.ndim != 3 or image.shape[2] not in (1, 2, 3, 4) or image.dtype.kind not in "ui":
        raise InputError(f"{where}: an image of the shape {image.shape} and type {image.dtype} cannot be used")
    image = image[:, :, : 1 if image.shape[2] < 3 else 3]
    if image.dtype != np.uint8:
        image = np.clip(image >> shift, 0, 255).astype(np.uint8)
    return np.ascontiguousarray(image.transpose(2, 0, 1))
