"""Photographs read as they are meant to be seen: turned, in 8 bits and colour, cut to a square of one size."""

import warnings
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from neuron_models.foundation.errors import InputError, require

SMALLEST = 48
"""Sides of fewer pixels show no whiskers."""
Box = tuple[float, float, float, float]
"""Left, top, width and height, px of the photograph as it is seen."""


def read_face(path: Path, size: int, box: Box | None = None) -> UInt8[np.ndarray, "3 size size"]:
    """Read a photograph of a face.

    It is turned as its EXIF says; 16 bits become 8 by a division by 256, transparency white. Of a photograph without a
    box the square in its middle is taken.

    Args:
        path: of the file.
        size: of the sides that come out, px.
        box: of the face.

    Raises:
        InputError: it is no picture, too small, or the box is not in it.
    """
    return face_of(seen_picture(path), size, box, str(path))


def face_of(
    seen: UInt8[np.ndarray, "height width 3"], size: int, box: Box | None, path: str
) -> UInt8[np.ndarray, "3 size size"]:
    """The face in a picture, at a size.

    Args:
        seen: the picture.
        size: of the sides that come out, px.
        box: of the face; the square in the middle when None.
        path: of the picture, for messages.

    Raises:
        InputError: the box is not in the picture, or too small.
    """
    from PIL import Image

    height, width = seen.shape[:2]
    side = min(height, width)
    middle = ((width - side) / 2, (height - side) / 2, side, side)
    left, top, wide, high = middle if box is None else require_inside(seen, box, path)
    require(
        min(wide, high) >= SMALLEST,
        f"{path}: a face of {wide:g} x {high:g} pixels is too small: {SMALLEST} are needed",
    )
    face = Image.fromarray(seen).resize(
        (size, size), Image.Resampling.BICUBIC, box=(left, top, left + wide, top + high)
    )
    return np.moveaxis(np.asarray(face), -1, 0).copy()


def cut_out(
    seen: UInt8[np.ndarray, "height width 3"], box: Box | None, path: str
) -> UInt8[np.ndarray, "height width 3"]:
    """The pixels of a box as they are; the whole picture without one.

    Raises:
        InputError: the box is not in the picture.
    """
    if box is None:
        return seen
    left, top, wide, high = (round(each) for each in require_inside(seen, box, path))
    return seen[top : top + high, left : left + wide]


def require_inside(seen: UInt8[np.ndarray, "height width 3"], box: Box, path: str) -> Box:
    """Raise an `InputError` unless a box lies in a picture; gives the box."""
    height, width = seen.shape[:2]
    left, top, wide, high = box
    inside = left >= 0 and top >= 0 and left + wide <= width and top + high <= height
    require(
        inside, f"{path}: the box {left:g}, {top:g}, {wide:g}, {high:g} is not in the picture of {width} x {height}"
    )
    return box


def size_of(path: Path) -> tuple[int, int]:
    """Width and height of a photograph as it is turned, px, without reading its pixels.

    Raises:
        InputError: it is no picture.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            wide, high = image.size
            return (high, wide) if image.getexif().get(0x0112, 1) >= 5 else (wide, high)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise InputError(f"{path}: no picture can be read from it ({str(error)[:100]})") from None


def seen_picture(path: Path) -> UInt8[np.ndarray, "height width 3"]:
    """A photograph as it is meant to be seen: turned as its EXIF says, in 8 bits and three colours.

    Raises:
        InputError: it is no picture.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    require(path.is_file(), f"{path}: there is no such picture")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                turned = ImageOps.exif_transpose(image)
                if turned.mode.startswith("I") or turned.mode == "F":
                    deep = np.clip(np.asarray(turned, float) / 256, 0, 255).astype(np.uint8)
                    return np.repeat(deep[..., None], 3, axis=-1)
                return np.asarray(_on_white(turned))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombWarning) as error:
        raise InputError(f"{path}: no picture can be read from it ({str(error)[:100]})") from None


def _on_white(image):
    from PIL import Image

    if "A" not in image.getbands() and "transparency" not in image.info:
        return image.convert("RGB")
    clear = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear).convert("RGB")
