"""Convolutions of each channel by itself, as sums of shifted images."""

from typing import Any

from neuron_models.foundation.errors import require
from surrogates.backend import keras

ops = keras.ops


@keras.saving.register_keras_serializable(package="wormtwin")
class ShiftedDepthwise(keras.layers.Layer):
    """A depthwise convolution without a bias, padded as "same": each tap of the kernel weighs a shifted image.

    XLA joins the sums into one loop; its own grouped convolution takes ten times as long on a CPU, and so does its
    gradient.

    Args:
        kernel: taps along each side.
        strides: between the pixels that are kept.
    """

    def __init__(self, kernel: int, strides: int = 1, **options: Any) -> None:
        super().__init__(**options)
        require(kernel >= 1 and strides >= 1, f"kernel and strides must be >= 1, got {kernel} and {strides}")
        self.taps, self.strides = kernel, strides

    def build(self, input_shape: tuple) -> None:
        """The kernel (row, column, channel)."""
        shape = (self.taps, self.taps, input_shape[-1])
        self.kernel = self.add_weight(shape=shape, initializer="zeros", name="kernel")

    def call(self, inputs: Any) -> Any:
        """The weighted sum (frame, row, column, channel) of shifted images."""
        _, high, wide, _ = inputs.shape
        (rows, down), (columns, across) = self._side(high), self._side(wide)
        filled = ops.pad(inputs, ((0, 0), down, across, (0, 0)))
        total: Any = 0.0
        for i in range(self.taps):
            for j in range(self.taps):
                bottom, right = i + (rows - 1) * self.strides + 1, j + (columns - 1) * self.strides + 1
                total = total + filled[:, i : bottom : self.strides, j : right : self.strides] * self.kernel[i, j]
        return total

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """The shape with fewer pixels."""
        sides = (self._side(side)[0] for side in input_shape[1:3])
        return (input_shape[0], *sides, input_shape[-1])

    def get_config(self) -> dict:
        """The settings, for saving."""
        return {**super().get_config(), "kernel": self.taps, "strides": self.strides}

    def _side(self, side: int) -> tuple[int, tuple[int, int]]:
        """How many pixels of a side are kept, and how many zeros stand before and behind it."""
        kept = -(-side // self.strides)
        more = max((kept - 1) * self.strides + self.taps - side, 0)
        return kept, (more // 2, more - more // 2)
