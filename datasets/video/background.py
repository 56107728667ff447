"""What an arena looks like without its animals: the median, or a quantile, of frames spread over the video."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Shaped

from datasets.dataset import ArrayLike
from datasets.video.frame_readers import spread_frames
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.units import DataUnits, Dimensionless

_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601


@dataclass(frozen=True, eq=False)
class Background:
    """The ground (height, width) in grey values, and the standard deviation of its pixels over time."""

    ground: Float[np.ndarray, "height width"]
    noise: DataUnits


def grey(frame: Shaped[np.ndarray, "channel height width"]) -> Float[np.ndarray, "height width"]:
    """The brightness of one frame, in one channel or in red, green and blue; in units of its 8- or 16-bit values."""
    frame = np.asarray(frame)
    if len(frame) == 1:
        return frame[0].astype(np.float32)
    require(len(frame) == 3, f"a frame has 1 or 3 channels, got {len(frame)}")
    return np.tensordot(_LUMA, frame.astype(np.float32), axes=1)


def find_background(video: ArrayLike, frames: int = 50, sign: Dimensionless = 0.0) -> Background:
    """The ground of a video (frame, channel, height, width), from a few frames brought to the same brightness.

    Only those frames are in memory. The ground is their median: an animal that lies still in most of them becomes part
    of it. Where animals are known to be dark (`sign` -1) or bright (1) it is the quantile that is left by animals which
    lie still in up to 80 % of the frames, moved by what noise alone makes it differ from the median. It has the grey
    values of the video.

    Raises:
        InputError: the video is empty.
    """
    require(len(video) > 0, "the video has no frames")
    if len(video.shape) != 4:
        raise InputError(f"a video must be (frame, channel, height, width), got the shape {video.shape}")
    stack = np.stack([grey(video[k]) for k in spread_frames(len(video), frames)])
    levels = np.median(stack, axis=(1, 2))
    stack *= (np.median(levels) / np.maximum(levels, 1e-6))[:, None, None]
    ground = np.median(stack, axis=0).astype(np.float32)
    noise = 1.4826 * float(np.median(np.abs(stack - ground)))  # of a normal distribution from its median deviation
    if sign:
        seldom = round((len(stack) - 1) * (0.5 - 0.35 * sign))
        stack.partition(seldom, axis=0)
        ground = stack[seldom] - np.median(stack[seldom] - ground)
    return Background(ground, max(noise, 0.5))


def difference(
    frame: Shaped[np.ndarray, "channel height width"], background: Background
) -> Float[np.ndarray, "height width"]:
    """A frame, brought to the brightness of the ground, minus the ground, with single noisy pixels smoothed."""
    from scipy.ndimage import gaussian_filter

    return gaussian_filter(levelled(frame, background) - background.ground, 1.0)


def levelled(
    frame: Shaped[np.ndarray, "channel height width"], background: Background
) -> Float[np.ndarray, "height width"]:
    """The grey values of a frame, brought to the brightness of the ground."""
    values = grey(frame)
    shape = background.ground.shape
    require(values.shape == shape, f"a frame has {values.shape} pixels and the first ones have {shape}")
    level = max(float(np.median(values[::4, ::4])), 1e-6)  # a sixteenth of the pixels gives the level of light
    return values * np.float32(np.median(background.ground[::4, ::4]) / level)
