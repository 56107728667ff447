"""What reads the frames of a video, and how image files and frames stored in HDF5 are read."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Shaped, UInt8

from neuron_models.foundation.errors import InputError
from neuron_models.foundation.units import Hertz

Frame = UInt8[np.ndarray, "channel height width"]


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

    def read(self, index: int, grey: bool) -> Frame | None:
        """A frame of 1 or 3 channels (movies give 1 when `grey`), or None where it cannot be decoded."""
        ...


@dataclass(frozen=True, eq=False)
class ImageReader:
    """Image files as frames, of 8 or 16 bits, grey or in colour."""

    paths: tuple[Path, ...]
    fps: Hertz = 1.0

    @property
    def number(self) -> int:
        return len(self.paths)

    def read(self, index: int, grey: bool) -> Frame | None:
        return planes(read_image(self.paths[index]), self.shift, str(self.paths[index]))

    @cached_property
    def shift(self) -> int:
        """By how many bits images of more than 8 are brought to 8: what the brightest of eight of them needs."""
        chosen = sorted(set(np.linspace(0, len(self.paths) - 1, 8).astype(int)))
        first = read_image(self.paths[0])
        if first.dtype.itemsize == 1 or first.dtype.kind == "f":
            return 0
        return bits_over_8(max(int(read_image(self.paths[i]).max()) for i in chosen))


def read_image(path: Path) -> Shaped[np.ndarray, "..."]:
    """An image file as it is.

    Raises:
        InputError: it cannot be decoded.
    """
    import imageio.v3

    try:
        return np.asarray(imageio.v3.imread(path))
    except (OSError, ValueError, SyntaxError) as error:
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

    def read(self, index: int, grey: bool) -> Frame | None:
        try:
            image = np.asarray(self.video[self.indices[index]])
        except (OSError, KeyError, IndexError, ValueError):
            return None
        return planes(image, self.shift, str(self.video.filename))

    @cached_property
    def shift(self) -> int:
        """By how many bits images of more than 8 are brought to 8."""
        first = np.asarray(self.video[self.indices[0]])
        return 0 if first.dtype.itemsize == 1 or first.dtype.kind == "f" else bits_over_8(int(first.max()))


def stored_reader(path: Path) -> StoredReader:
    """Open frames in an HDF5 file or a SLEAP package.

    Raises:
        InputError: it holds no frames.
    """
    import sleap_io

    try:
        video = sleap_io.load_video(str(path))
        number = 0 if video.shape is None else video.shape[0]
    except Exception as error:  # whatever the library meets in a file that is none
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{path}: no frames can be read from it ({reason})") from None
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
