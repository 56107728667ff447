"""Maps of where key points are: what a network learns of them, and how a key point's place is read off.

A label is (x, y, 1) in pixels of the network's image, (0, 0, -1) of a key point that is known to be absent, or (0, 0,
0) of one of which nothing is known; the centre of the first pixel is at (0, 0). The targets, a Gaussian around each key
point, are made of it on the device, and what is not known does not count. Pereira et al. 2019: peak 1, standard
deviation 5 px in images of 192 x 192 px.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from neuron_models.foundation.units import Pixels
from surrogates.backend import keras

ops = keras.ops

SIGMA: Pixels = 5.0
SHARP: Pixels = 3.0
_AT: Pixels = 192.0
_TINY = 1e-6


def spread(high: int, wide: int, sigma: Pixels = SIGMA) -> float:
    """The standard deviation of a target in pixels of a map: `sigma` of 192, of the side of a square as large."""
    return sigma / _AT * math.sqrt(high * wide)


class MapLoss(ABC):
    """What maps are trained for; `stride` and `sigma` as in `MapError`."""

    stride: int
    sigma: Pixels

    @abstractmethod
    def __call__(self, y: Any, maps: Any) -> Any:
        """The loss of each frame, of labels (frame, keypoint, 3) and maps (frame, height, width, keypoint)."""

    @abstractmethod
    def peaks(self, refine: bool) -> keras.Layer:
        """What reads key points (frame, keypoint, 3) off maps that were trained for it."""


@dataclass(frozen=True)
class MapError(MapLoss):
    """The mean square of the difference between maps and Gaussians, over pixels and key points of which one knows.

    The map of a key point that is absent is to be 0.

    `stride` is the number of image pixels a map pixel, `sigma` the Gaussian's standard deviation in images of 192 px.
    Maps may be (frame, stack, height, width, keypoint) too.
    """

    stride: int = 1
    sigma: Pixels = SIGMA

    def __call__(self, y: Any, maps: Any) -> Any:
        """The loss of each frame, of labels (frame, keypoint, 3) and maps (frame, height, width, keypoint)."""
        down, across = _targets(y, maps.shape, self)
        wanted = ops.expand_dims(down, 2) * ops.expand_dims(across, 1)
        wanted = wanted * ops.cast(y[..., 2] > 0, wanted.dtype)[:, None, None]
        if len(maps.shape) == 5:
            wanted = ops.expand_dims(wanted, 1)
        by_keypoint = ops.mean((maps - wanted) ** 2, axis=tuple(range(1, len(maps.shape) - 1)))
        return ops.mean(by_keypoint * ops.abs(y[..., 2]), axis=-1)

    def peaks(self, refine: bool) -> keras.Layer:
        """The highest points of maps of heights."""
        return Peaks(self.stride, False, refine, self.sigma, name="peaks")


@dataclass(frozen=True)
class MapEntropy(MapLoss):
    """The cross-entropy between the Gaussian, as a distribution over pixels, and that of maps of log-probabilities.

    The Gaussian is narrower than the published: cross-entropy, unlike the mean square, does not fade with its area. A
    key point that is absent may be anywhere: its distribution is to be even, and its height is small then.
    """

    stride: int = 1
    sigma: Pixels = SHARP

    def __call__(self, y: Any, maps: Any) -> Any:
        """The loss of each frame, of labels (frame, keypoint, 3) and maps (frame, height, width, keypoint)."""
        down, across = _targets(y, maps.shape, self)
        down, across = (each / (ops.sum(each, axis=1, keepdims=True) + _TINY) for each in (down, across))
        wanted = ops.expand_dims(down, 2) * ops.expand_dims(across, 1)
        expected = ops.where(y[..., 2] < 0, ops.mean(maps, axis=(1, 2)), ops.sum(wanted * maps, axis=(1, 2)))
        return ops.mean((ops.logsumexp(maps, axis=(1, 2)) - expected) * ops.abs(y[..., 2]), axis=-1)

    def peaks(self, refine: bool) -> keras.Layer:
        """The highest points of maps of log-probabilities."""
        return Peaks(self.stride, True, refine, self.sigma, name="peaks")


def _targets(y: Any, shape: tuple, loss: MapLoss) -> tuple[Any, Any]:
    """The Gaussian's profiles down (frame, height, keypoint) and across (frame, width, keypoint)."""
    high, wide = shape[-3], shape[-2]
    width = 2 * spread(high, wide, loss.sigma) ** 2
    centre = (y[..., :2] + 0.5) / loss.stride - 0.5
    down = ops.arange(high, dtype="float32")[None, :, None] - centre[:, None, :, 1]
    across = ops.arange(wide, dtype="float32")[None, :, None] - centre[:, None, :, 0]
    return ops.exp(-(down**2) / width), ops.exp(-(across**2) / width)


@keras.saving.register_keras_serializable(package="wormtwin")
class Peaks(keras.Layer):
    """The highest point of each map: (frame, keypoint, 3) x, y in pixels of the image, and confidence from 0 to 1.

    The peak's neighbours refine it: a parabola through the logarithms of three pixels, which is exact for a Gaussian.

    Args:
        stride: image pixels a map pixel.
        logarithms: whether maps hold log-probabilities, up to a constant. The confidence is then the height of the
            distribution over that of a target, else the height itself.
        refine: off gives the centre of the highest pixel, as published.
        sigma: of the targets, in images of 192 px.
    """

    def __init__(
        self, stride: int = 1, logarithms: bool = False, refine: bool = True, sigma: Pixels = SIGMA, **options
    ) -> None:
        super().__init__(**options)
        self.stride, self.logarithms, self.refine, self.sigma = stride, logarithms, refine, sigma

    def call(self, maps):
        """Peaks (frame, keypoint, 3) of maps (frame, [stack,] height, width, keypoint)."""
        if len(maps.shape) == 5:
            maps = maps[:, -1]
        high, wide, keypoints = maps.shape[1:]
        flat = ops.reshape(maps, (-1, high * wide, keypoints))
        index = ops.cast(ops.argmax(flat, axis=1), "int32")
        row, column = index // wide, index % wide
        inner = ops.clip(row, 1, max(high - 2, 1)) * wide + ops.clip(column, 1, max(wide - 2, 1))
        around = ops.stack([index, inner, inner - 1, inner + 1, inner - wide, inner + wide], axis=1)
        values = ops.take_along_axis(flat, ops.clip(around, 0, high * wide - 1), axis=1)
        x, y = ops.cast(column, "float32"), ops.cast(row, "float32")
        if self.refine and high > 2 and wide > 2:
            logs = values if self.logarithms else ops.log(ops.maximum(values, _TINY))
            whole = ops.cast(index == inner, "float32")  # a peak on the border has no neighbours on both sides
            x = x + whole * _vertex(logs[:, 2], logs[:, 1], logs[:, 3])
            y = y + whole * _vertex(logs[:, 4], logs[:, 1], logs[:, 5])
        sure = values[:, 0]
        if self.logarithms:
            sure = ops.exp(sure - ops.logsumexp(flat, axis=1)) * (2 * math.pi * spread(high, wide, self.sigma) ** 2)
        centre = [(each + 0.5) * self.stride - 0.5 for each in (x, y)]
        return ops.stack([*centre, ops.clip(sure, 0.0, 1.0)], axis=-1)

    def compute_output_shape(self, input_shape):
        """The shape (frame, keypoint, 3)."""
        return (input_shape[0], input_shape[-1], 3)

    def get_config(self) -> dict:
        """The settings, for saving."""
        own = {"stride": self.stride, "logarithms": self.logarithms, "refine": self.refine, "sigma": self.sigma}
        return {**super().get_config(), **own}


def _vertex(before: Any, here: Any, after: Any) -> Any:
    """Where between -0.5 and 0.5 a parabola through three values is highest; 0 where they have no peak."""
    bend = 2 * here - before - after
    return ops.where(bend > _TINY, ops.clip(0.5 * (after - before) / ops.maximum(bend, _TINY), -0.5, 0.5), 0.0)


@dataclass(frozen=True)
class PixelError:
    """The mean distance of maps' peaks from labelled key points, pixels of the network's image; for Keras to watch."""

    loss: MapLoss
    name: ClassVar[str] = "pixels"

    def __call__(self, y: Any, maps: Any) -> Any:
        """The mean over the labelled key points of each frame."""
        peaks = self.loss.peaks(refine=False)(maps)
        marked = ops.maximum(y[..., 2], 0.0)
        away = ops.sqrt(ops.sum((peaks[..., :2] - y[..., :2]) ** 2, axis=-1)) * marked
        return ops.sum(away, axis=-1) / ops.maximum(ops.sum(marked, axis=-1), 1.0)
