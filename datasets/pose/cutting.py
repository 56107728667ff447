"""Crops out of images: an affine map, bilinear, with the detail that a smaller crop cannot hold smoothed away first."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from datasets.pose.crops import Crops
from datasets.pose.video.video import Video


def cut_crop(
    image: UInt8[np.ndarray, "channel height width"],
    matrix: Float[np.ndarray, "2 3"],
    size: tuple[int, int],
) -> UInt8[np.ndarray, "channel rows columns"]:
    """The crop of an image whose pixels the map `matrix` (see `datasets.pose.crops.Crops`) sends into it.

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


@dataclass(frozen=True, eq=False)
class CutFrames:
    """Crops of a video that are cut when they are sliced: (sample, channel, height, width) of uint8."""

    video: Video
    crops: Crops
    size: tuple[int, int]
    dtype: np.dtype = field(default=np.dtype(np.uint8))

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return (len(self.crops), self.video.shape[1], *self.size)

    def __len__(self) -> int:
        return len(self.crops)

    def __getitem__(self, index: Any, /) -> Any:
        first, *rest = index if isinstance(index, tuple) else (index,)
        indices = np.atleast_1d(np.arange(len(self))[first])
        order = np.argsort(self.crops.frames[indices], kind="stable")
        wanted, back = np.unique(self.crops.frames[indices], return_inverse=True)
        cut = np.empty((len(indices), *self.shape[1:]), np.uint8)
        frames = self.video.frames(wanted)
        held, frame = -1, np.empty(0, np.uint8)
        for row in order:
            while held < back[row]:
                held, frame = held + 1, next(frames)
            cut[row] = cut_crop(frame, self.crops.matrices[indices[row]], self.size)
        if isinstance(first, int | np.integer):
            return cut[0][tuple(rest)] if rest else cut[0]
        return cut[(slice(None), *rest)] if rest else cut
