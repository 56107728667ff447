"""Crops out of images: an affine map, bilinear, with the detail that a smaller crop cannot hold smoothed away first."""

import numpy as np
from jaxtyping import Float, UInt8


def oriented_matrices(
    centre: Float[np.ndarray, "sample 2"],
    size: tuple[int, int],
    angle: Float[np.ndarray, " sample"] | float = 0.0,
    scale: Float[np.ndarray, " sample"] | float = 1.0,
) -> Float[np.ndarray, "sample 2 3"]:
    """The maps of crops that are turned about their middles.

    Args:
        centre: (x, y) of the crop's middle in the video.
        size: (height, width) of the crop in its own pixels; its middle is ((width - 1) / 2, (height - 1) / 2).
        angle: the direction in the video of the crop's x axis, in rad from x towards y (clockwise on the screen).
        scale: video pixels a crop pixel.
    """
    centre = np.asarray(centre, float)
    angles, scales = np.broadcast_to(angle, len(centre)), np.broadcast_to(scale, len(centre))
    cos, sin = np.cos(angles) * scales, np.sin(angles) * scales
    turn = np.stack([np.stack([cos, -sin], -1), np.stack([sin, cos], -1)], -2)
    middle = np.array([(size[1] - 1) / 2, (size[0] - 1) / 2])
    return np.concatenate([turn, (centre - turn @ middle)[:, :, None]], -1)


def cut_crop(
    image: UInt8[np.ndarray, "channel height width"],
    matrix: Float[np.ndarray, "2 3"],
    size: tuple[int, int],
) -> UInt8[np.ndarray, "channel rows columns"]:
    """The crop of an image whose pixels the map `matrix` sends into it.

    Beyond the border of the image its outermost pixels go on. A crop that is only shifted by whole pixels holds the
    image's own values.

    Args:
        image: of one frame.
        matrix: from crop pixels (x, y, 1) to image pixels.
        size: (height, width) of the crop in its own pixels.
    """
    from scipy import ndimage

    turn, shift = matrix[:, :2], matrix[:, 2]
    if np.array_equal(turn, np.eye(2)) and np.array_equal(shift, np.round(shift)):
        left, top = shift.astype(int).tolist()
        return _exact(image, top, left, size)
    scale = float(np.sqrt(abs(np.linalg.det(turn))))
    swapped = turn[::-1, ::-1]  # (row, column) instead of (x, y)
    crop = np.empty((len(image), *size), np.uint8)
    for channel, plane in enumerate(image):
        values = plane.astype(np.float32)
        if scale > 1:
            # What a mean over `scale` pixels would take away: a box of width s has the variance (s^2 - 1) / 12.
            values = ndimage.gaussian_filter(values, np.sqrt((scale**2 - 1) / 12), mode="nearest")
        drawn = ndimage.affine_transform(values, swapped, shift[::-1], output_shape=size, order=1, mode="nearest")
        crop[channel] = np.clip(np.round(drawn), 0, 255)
    return crop


def _exact(
    image: UInt8[np.ndarray, "channel height width"], top: int, left: int, size: tuple[int, int]
) -> UInt8[np.ndarray, "channel rows columns"]:
    rows = np.clip(np.arange(top, top + size[0]), 0, image.shape[1] - 1)
    columns = np.clip(np.arange(left, left + size[1]), 0, image.shape[2] - 1)
    return np.ascontiguousarray(image[:, rows[:, None], columns])
