"""Faces found in pictures, and which of them is scored."""

import functools
import importlib.resources
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8
from scipy.special import expit

from datasets.grimace.pictures import SMALLEST, Box
from neuron_models.foundation.units import Fraction
from surrogates.backend import keras, tensorflow_unseen
from surrogates.grimace.finder.network import GRID, SIDE, STRIDE, USUAL, face_finder

WEIGHTS = "finder.npz"
SURE: Fraction = 0.82
"""From so much on a face is scored."""
DOUBTFUL: Fraction = 0.4
"""From so much on another one makes a picture one of two faces."""
_OVERLAP: Fraction = 0.3
BATCH = 16
Picture = UInt8[np.ndarray, "_ _ 3"]


@dataclass(frozen=True)
class FoundFace:
    """A face: its box (left, top, width, height) in px of the picture, and how sure it is."""

    box: Box
    sure: Fraction


@functools.cache
def load_finder() -> keras.Model:
    """The finder that comes with this program; it has learned generated faces alone."""
    model = face_finder()
    stored = (importlib.resources.files("surrogates.grimace.finder") / "data" / WEIGHTS).read_bytes()
    with np.load(io.BytesIO(stored), allow_pickle=False) as arrays:
        model.set_weights([arrays[f"a{number}"].astype(np.float32) for number in range(len(arrays.files))])
    return model


def find_faces(pictures: Sequence[Picture], model: keras.Model | None = None) -> list[list[FoundFace]]:
    """The faces of each picture, the surest first; those of less than `DOUBTFUL` are left out.

    Args:
        pictures: of any size.
        model: that finds; the one of `load_finder` when None.
    """
    finder, found = model or load_finder(), []
    for first in range(0, len(pictures), BATCH):
        part = pictures[first : first + BATCH]
        squares = [_square(picture) for picture in part]
        filled = np.zeros((BATCH, SIDE, SIDE, 3), np.uint8)
        filled[: len(part)] = [square for square, _ in squares]
        with tensorflow_unseen():
            fields = np.asarray(finder.predict_on_batch(filled))
        for picture, (_, scale), own in zip(part, squares, fields, strict=False):
            found.append(_faces_of(own, scale, picture.shape[:2]))
    return found


def _square(picture: Picture) -> tuple[UInt8[np.ndarray, "side side 3"], float]:
    """A picture made as small as the finder wants it, filled up by grey at the right and below; how much smaller."""
    from PIL import Image

    high, wide = picture.shape[:2]
    scale = SIDE / max(high, wide)
    size = (max(1, round(wide * scale)), max(1, round(high * scale)))
    small = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BOX if scale < 1 else 2))
    square = np.full((SIDE, SIDE, 3), 127, np.uint8)
    square[: size[1], : size[0]] = small
    return square, scale


def _faces_of(fields: Float[np.ndarray, "row column 4"], scale: float, size: tuple[int, int]) -> list[FoundFace]:
    """The faces of a picture, none of which covers another much."""
    sure = expit(fields[..., 0].astype(float))
    kept: list[tuple[float, tuple[float, float, float]]] = []
    for place in np.argsort(-sure, axis=None):
        row, column = divmod(int(place), GRID)
        if sure[row, column] < DOUBTFUL:
            break
        _, right, down, large = (float(each) for each in fields[row, column])
        side = USUAL * float(np.exp(np.clip(large, -3, 2)))
        middle = ((column + 0.5 + right) * STRIDE, (row + 0.5 + down) * STRIDE)
        if all(_overlap((*middle, side), other) < _OVERLAP for _, other in kept):
            kept.append((float(sure[row, column]), (*middle, side)))
    return [FoundFace(_in_picture(place, scale, size), each) for each, place in kept]


def _overlap(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    """How much two squares (middle, side) have in common, of the smaller one."""
    shared = 1.0
    for a, b in zip(one[:2], other[:2], strict=True):
        shared *= max(0.0, min(a + one[2] / 2, b + other[2] / 2) - max(a - one[2] / 2, b - other[2] / 2))
    return shared / min(one[2], other[2]) ** 2


def _in_picture(place: tuple[float, float, float], scale: float, size: tuple[int, int]) -> Box:
    """A square about a place that lies in the picture: moved in where it sticks out, and smaller where it must be."""
    high, wide = size
    side = float(min(place[2] / scale, wide, high))
    left, top = (
        float(np.clip(middle / scale - side / 2, 0, length - side))
        for middle, length in zip(place[:2], (wide, high), strict=True)
    )
    return left, top, side, side


def only_face(faces: Sequence[FoundFace]) -> tuple[Box | None, str]:
    """The box of the one face of a picture; where it has none or two, None and why."""
    if len(faces) > 1:
        return None, f"{len(faces)} faces are found in it, and one must be"
    if not faces or faces[0].sure < SURE:
        return None, "no face is found in it"
    if faces[0].box[2] < SMALLEST:
        return None, f"its face is {faces[0].box[2]:.0f} px wide: {SMALLEST} are needed"
    return faces[0].box, ""
