"""Labelled images turned, mirrored, shifted, scaled and lit at random when a batch is used."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Shaped

from datasets.dataset import Dataset
from datasets.pose.labelled import skeleton_of
from datasets.pose.skeleton import Skeleton
from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Degrees, Fraction
from surrogates.pose.bending import Waves, displacement, draw_bends, straightened
from surrogates.training.configuration import Arrays

_SIDES = re.compile(r"left|right|(^|[\W_\d])[lr]($|[\W_\d])|[a-z\d][LR]$|[a-z\d][LR](?=[A-Z_\d])", re.ASCII)


@dataclass(frozen=True)
class Augmentation:
    """How far images are changed; each amount is drawn evenly between minus and plus the number.

    Pereira et al. 2019 turn by 15 degrees and mirror, which for crops along the body exchanges up and down; left and
    right key points are then exchanged. `mirror` None mirrors unless names of key points tell sides that are in no
    pair. `shift` is a fraction of each side, `scale` and `contrast` of 1, `brightness` of white; `bend` is as
    `draw_bends` takes it.
    """

    rotation: Degrees = 15.0
    mirror: bool | None = None
    shift: Fraction = 0.05
    scale: Fraction = 0.1
    brightness: Fraction = 0.1
    contrast: Fraction = 0.2
    bend: Fraction = 0.0

    def __post_init__(self) -> None:
        require(0 <= self.rotation <= 180, f"rotation must be from 0 to 180 degrees, got {self.rotation}")
        for name in ("shift", "scale", "brightness", "contrast", "bend"):
            value = getattr(self, name)
            require(0 <= value < 1, f"{name} must be from 0 to below 1, got {value}")


UNCHANGED = Augmentation(0.0, False, 0.0, 0.0, 0.0, 0.0, 0.0)


def mirrored(skeleton: Skeleton) -> bool:
    """Whether images may be mirrored: every key point whose name states a side is in a pair of left and right."""
    paired = {keypoint for pair in skeleton.pairs for keypoint in pair}
    return all(keypoint in paired or not _SIDES.search(keypoint) for keypoint in skeleton.keypoints)


def augment(dataset: Dataset, augmentation: Augmentation = Augmentation()) -> Callable[..., Arrays]:
    """The batch-time transform for a dataset: see `Augmentation`."""
    skeleton = skeleton_of(dataset)
    mirror = mirrored(skeleton) if augmentation.mirror is None else augmentation.mirror
    exchange = skeleton.exchange()

    def transform(x: np.ndarray, y: np.ndarray, weight: np.ndarray | None, rng: np.random.Generator) -> Arrays:
        flips = mirror & (rng.random(len(x)) < 0.5)
        size = x.shape[1:3]
        matrices = draw_matrices(augmentation, flips, size, rng)
        waves = draw_bends(len(x), size, augmentation.bend, rng) if augmentation.bend else None
        y = np.where(flips[:, None, None], y[:, exchange], y)
        return lit(warp(x, inverse(matrices), waves), augmentation, rng), moved(y, matrices, size, waves), weight

    return transform


def draw_matrices(
    augmentation: Augmentation,
    flips: Shaped[np.ndarray, " frame"],
    size: tuple[int, int],
    rng: np.random.Generator,
) -> Float[np.ndarray, "frame 2 3"]:
    """Maps from pixels of an image to those of the changed one: mirror, scale, turn about the middle, shift.

    Args:
        augmentation: how far.
        flips: which images are mirrored, up and down.
        size: height and width, px.
        rng: draws the amounts.
    """
    number = len(flips)
    angle = np.deg2rad(augmentation.rotation) * rng.uniform(-1, 1, number)
    scale = 1 + augmentation.scale * rng.uniform(-1, 1, number)
    cos, sin, sign = scale * np.cos(angle), scale * np.sin(angle), np.where(flips, -1.0, 1.0)
    turn = np.stack([np.stack([cos, -sin * sign], -1), np.stack([sin, cos * sign], -1)], -2)
    middle = np.array([(size[1] - 1) / 2, (size[0] - 1) / 2])
    shift = augmentation.shift * rng.uniform(-1, 1, (number, 2)) * (size[1], size[0])
    return np.concatenate([turn, (middle - turn @ middle + shift)[..., None]], -1)


def inverse(matrices: Float[np.ndarray, "frame 2 3"]) -> Float[np.ndarray, "frame 2 3"]:
    """The maps the other way; the last column, a shift, is in px."""
    turn = np.linalg.inv(matrices[..., :2])
    return np.concatenate([turn, -turn @ matrices[..., 2:]], -1)


def moved(
    labels: Float[np.ndarray, "frame keypoint 3"],
    matrices: Float[np.ndarray, "frame 2 3"],
    size: tuple[int, int],
    waves: Waves | None = None,
) -> Float[np.ndarray, "frame keypoint 3"]:
    """Labels mapped and bent along; a key point that leaves the image is no longer labelled, an absent one stays so.

    Args:
        labels: x and y in px, and 1 (labelled), 0 (not labelled) or -1 (absent).
        matrices: from pixels of the image to those of the changed one.
        size: height and width, px.
        waves: of the bends, None without.

    Returns:
        Labels of the same kind.
    """
    indices = labels[..., :2] @ matrices[..., :2].swapaxes(1, 2) + matrices[:, None, :, 2]
    indices = indices if waves is None else straightened(indices, waves, size)
    inside = ((indices >= -0.5) & (indices <= (size[1] - 0.5, size[0] - 0.5))).all(axis=-1)
    marked = (inside & (labels[..., 2] > 0))[..., None]
    known = np.where(labels[..., 2:] < 0, -1.0, marked)
    return np.concatenate([np.where(marked, indices, 0.0), known], -1).astype(np.float32)


def warp(
    images: Shaped[np.ndarray, "frame height width colour"],
    matrices: Float[np.ndarray, "frame 2 3"],
    waves: Waves | None = None,
) -> Float[np.ndarray, "frame height width colour"]:
    """Images seen through maps from their new pixels, bent first, to their old ones.

    Between pixels they are bilinear; outside the border is repeated. Pixel values are as in the images.
    """
    frames, high, wide, colours = images.shape
    m = matrices.astype(np.float32)
    across, down = np.arange(wide, dtype=np.float32), np.arange(high, dtype=np.float32)
    aside = None if waves is None else displacement(waves, (high, wide))

    def corner(axis: int, last: int) -> tuple[Int[np.ndarray, "frame height width"], np.ndarray]:
        along = (m[:, axis, 0, None] * across)[:, None, :]
        index = along + (m[:, axis, 1, None] * down + m[:, axis, 2, None])[:, :, None]
        if aside is not None:
            index += m[:, axis, 0, None, None] * aside[:, 0]
            index += m[:, axis, 1, None, None] * aside[:, 1]
        np.clip(index, 0, last, out=index)
        before = np.minimum(index.astype(np.int32), max(last - 1, 0))
        index -= before
        return before, index[..., None]

    column, right = corner(0, wide - 1)
    row, below = corner(1, high - 1)
    index = row * wide + column + (np.arange(frames, dtype=np.int32) * high * wide)[:, None, None]
    flat = images.reshape(-1, colours).astype(np.float32)
    one, under = int(wide > 1), wide * int(high > 1)

    def seen(offset: int) -> np.ndarray:
        return flat.take(index + offset, axis=0) if colours > 1 else flat[:, 0].take(index + offset)[..., None]

    upper = seen(0)
    upper += right * (seen(one) - upper)
    lower = seen(under)
    lower += right * (seen(under + one) - lower)
    upper += below * (lower - upper)
    return upper


def lit(
    images: Float[np.ndarray, "frame height width colour"], augmentation: Augmentation, rng: np.random.Generator
) -> Float[np.ndarray, "frame height width colour"]:
    """Images, in place, with other contrast and brightness; pixel values from 0 to 255."""
    shape = (len(images), 1, 1, 1)
    contrast = (1 + augmentation.contrast * rng.uniform(-1, 1, shape)).astype(np.float32)
    brightness = (255 * augmentation.brightness * rng.uniform(-1, 1, shape)).astype(np.float32)
    images *= contrast
    images += 127.5 * (1 - contrast) + brightness
    return np.clip(images, 0, 255, out=images)
