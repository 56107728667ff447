"""The picture of one animal, turned such that its body lies along the diagonal, with nothing else in it."""

import numpy as np
from jaxtyping import Float, UInt8

from datasets.segmentation.regions import Region
from datasets.video.cropping import oriented_matrices
from neuron_models.foundation.units import Dimensionless, Pixels

CROP = 64
"""The side of a crop in its own pixels."""


def animal_crop(
    values: Float[np.ndarray, "height width"], region: Region, extent: Pixels, sign: Dimensionless
) -> UInt8[np.ndarray, "side side"]:
    """A crop of a region whose diagonal lies along its body; what is not of the region is 0.

    A long body has more pixels along the diagonal than along a side.

    Args:
        values: the frame in grey values.
        region: of the frame.
        extent: the side of the crop in px of the frame.
        sign: -1 turns dark animals into bright ones, 1 leaves bright ones.
    """
    from scipy import ndimage

    pad = 2
    inside = ndimage.binary_dilation(np.pad(region.mask, pad))
    full = _with_border(values, region, pad)
    patch = np.where(inside, full if sign > 0 else 255 - full, 0).astype(np.float32)
    scale = extent / CROP
    if scale > 1:
        patch = ndimage.gaussian_filter(patch, np.sqrt((scale**2 - 1) / 12))
    centre = np.array([[region.blob.x - region.left + pad, region.blob.y - region.top + pad]])
    matrix = oriented_matrices(centre, (CROP, CROP), region.blob.axis - np.pi / 4, scale)[0]
    turned = matrix[:, :2][::-1, ::-1]
    drawn = ndimage.affine_transform(patch, turned, matrix[::-1, 2], output_shape=(CROP, CROP), order=1)
    return np.clip(np.round(drawn), 0, 255).astype(np.uint8)


def _with_border(
    values: Float[np.ndarray, "height width"], region: Region, pad: int
) -> Float[np.ndarray, "rows columns"]:
    """The frame about a region; its outermost pixels go on beyond the border."""
    rows = np.clip(np.arange(region.top - pad, region.top + region.mask.shape[0] + pad), 0, values.shape[0] - 1)
    columns = np.clip(np.arange(region.left - pad, region.left + region.mask.shape[1] + pad), 0, values.shape[1] - 1)
    return values[rows[:, None], columns]


def turned_round(crops: UInt8[np.ndarray, "crop side side"]) -> UInt8[np.ndarray, "crop side side"]:
    """Crops turned by half a turn, in grey values."""
    return crops[:, ::-1, ::-1]
