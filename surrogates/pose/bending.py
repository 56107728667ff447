"""Smooth bends of images, so that a few labelled animals show more postures than they took.

A bend moves each pixel by a sum of products of cosines that are slow across the image. Simard, Steinkraus and Platt
2003 found such elastic distortions to help where examples are few.
"""

import numpy as np
from jaxtyping import Float

from neuron_models.foundation.units import Fraction

_WAVES = 4
"""Half waves across an image are fewer than this."""
_ROUNDS = 10

Waves = Float[np.ndarray, "frame 2 wave wave"]
"""Amplitudes (px) of displacements in x and y, by half waves across and half waves down."""


def draw_bends(number: int, size: tuple[int, int], amount: Fraction, rng: np.random.Generator) -> Waves:
    """Random bends; slow waves are higher than fast ones, and none moves or scales the whole image alone.

    Args:
        number: images.
        size: height and width.
        amount: the root mean square of each displacement over the side of a square as large as the image.
        rng: draws them.
    """
    wave = np.arange(_WAVES)
    height = 1 / np.maximum(1, wave[:, None] ** 2 + wave**2) ** 0.75
    height[0, 0] = 0
    power = np.outer(*(np.where(wave > 0, 0.5, 1.0),) * 2)
    height *= amount * np.sqrt(size[0] * size[1]) / np.sqrt((power * height**2).sum())
    return (height * rng.standard_normal((number, 2, _WAVES, _WAVES))).astype(np.float32)


def displacement(waves: Waves, size: tuple[int, int]) -> Float[np.ndarray, "frame 2 height width"]:
    """By how much each pixel of the bent image looks aside, in x and in y; px."""
    across, down = (_cosines(np.arange(side, dtype=np.float32), side) for side in size[::-1])
    return down @ (waves.swapaxes(2, 3) @ across.T)


def straightened(
    points: Float[np.ndarray, "frame keypoint 2"], waves: Waves, size: tuple[int, int]
) -> Float[np.ndarray, "frame keypoint 2"]:
    """Where points of images before a bend are after it (px): the p of which p + displacement(p) is the point.

    `size` is the images' height and width, px.
    """
    straight = points
    for _ in range(_ROUNDS):
        across, down = (_cosines(straight[..., axis], size[1 - axis]) for axis in (0, 1))
        straight = points - np.einsum("fckl,fnk,fnl->fnc", waves, across, down)
    return straight


def _cosines(indices: np.ndarray, side: int) -> np.ndarray:
    return np.cos(np.pi / side * (indices[..., None] + 0.5) * np.arange(_WAVES)).astype(np.float32)
