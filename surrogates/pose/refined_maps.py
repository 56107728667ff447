"""Coarse maps of where key points are, each with a map of how far away the key point is: location refinement.

After DeepLabCut (Mathis et al. 2018), which has it of DeeperCut (Insafutdinov et al. 2016). Maps are (frame, 3, height,
width, keypoint): log-probabilities, then the way to the key point to the right and down, over `DEVIATION`.
"""

from dataclasses import dataclass
from typing import Any

from neuron_models.foundation.units import Dimensionless, Pixels
from surrogates.backend import keras
from surrogates.pose.maps import SHARP, MapEntropy, MapLoss, Peaks

ops = keras.ops

DEVIATION: Pixels = 7.2801
"""What ways are divided by (DeepLabCut's `locref_stdev`)."""
REACH: Pixels = 17.0
"""Ways are learned where they are shorter (DeepLabCut's `pos_dist_thresh`)."""
SHARE: Dimensionless = 0.05
"""The weight of ways beside places (DeepLabCut's `locref_loss_weight`)."""


@dataclass(frozen=True)
class RefinedEntropy(MapLoss):
    """Cross-entropy of the places, as `MapEntropy` has it, and Huber's loss of the ways near a key point.

    Attributes:
        stride: image pixels a map pixel.
        sigma: of the Gaussian, in images of 192 px.
    """

    stride: int = 4
    sigma: Pixels = SHARP

    def __call__(self, y: Any, maps: Any) -> Any:
        """The loss of each frame, of labels (frame, keypoint, 3) and maps (frame, 3, height, width, keypoint)."""
        places = MapEntropy(self.stride, self.sigma)(y, maps[:, 0])
        right, down = (ways / DEVIATION for ways in _ways(y, maps.shape, self.stride))
        near = ops.cast(ops.sqrt(right**2 + down**2) * DEVIATION <= REACH, maps.dtype)
        near = near * ops.cast(y[..., 2] > 0, maps.dtype)[:, None, None]
        away = (_huber(maps[:, 1] - right) + _huber(maps[:, 2] - down)) * near
        return places + SHARE * ops.sum(away, axis=(1, 2, 3)) / ops.maximum(ops.sum(near, axis=(1, 2, 3)), 1.0)

    def peaks(self, refine: bool) -> keras.Layer:
        """The highest points of the places, moved along their ways."""
        return RefinedPeaks(self.stride, refine, self.sigma, name="peaks")


def _ways(y: Any, shape: tuple, stride: int) -> tuple[Any, Any]:
    """From the centre of every map pixel to each key point, (frame, height, width, keypoint) px, right and down."""
    high, wide = shape[-3:-1]
    column = (ops.arange(wide, dtype="float32") + 0.5) * stride - 0.5
    row = (ops.arange(high, dtype="float32") + 0.5) * stride - 0.5
    across = y[:, None, None, :, 0] - column[None, None, :, None]
    down = y[:, None, None, :, 1] - row[None, :, None, None]
    even = ops.zeros((1, high, wide, 1), dtype="float32")
    return across + even, down + even


def _huber(away: Any) -> Any:
    """Half the square up to 1, beyond it the distance less a half."""
    size = ops.abs(away)
    return ops.where(size <= 1, 0.5 * size**2, size - 0.5)


@keras.saving.register_keras_serializable(package="wormtwin")
class RefinedPeaks(keras.Layer):
    """The highest point of each map, moved along the way that stands there: (frame, keypoint, 3) x, y, confidence.

    Args:
        stride: image pixels a map pixel.
        refine: off gives the centre of the highest pixel.
        sigma: of the targets, in images of 192 px.
    """

    def __init__(self, stride: int = 4, refine: bool = True, sigma: Pixels = SHARP, **options: Any) -> None:
        super().__init__(**options)
        self.stride, self.refine, self.sigma = stride, refine, sigma
        self._coarse = Peaks(stride, True, False, sigma)

    def call(self, maps: Any) -> Any:
        """Peaks (frame, keypoint, 3) of maps (frame, 3, height, width, keypoint)."""
        _, _, high, wide, keypoints = maps.shape
        coarse = self._coarse(maps[:, 0])
        if not self.refine:
            return coarse
        flat = ops.reshape(maps, (-1, 3, high * wide, keypoints))
        index = ops.argmax(flat[:, 0], axis=1)[:, None]
        right, down = (ops.take_along_axis(flat[:, axis], index, axis=1)[:, 0] * DEVIATION for axis in (1, 2))
        x, y = (ops.clip(way, -REACH, REACH) for way in (right, down))
        return ops.stack([coarse[..., 0] + x, coarse[..., 1] + y, coarse[..., 2]], axis=-1)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """The shape (frame, keypoint, 3)."""
        return (input_shape[0], input_shape[-1], 3)

    def get_config(self) -> dict:
        """The settings, for saving."""
        return {**super().get_config(), "stride": self.stride, "refine": self.refine, "sigma": self.sigma}
