"""Convolutions of each channel by itself, as sums of shifted images."""

from typing import Any

from neuron_models.foundation.errors import require
from surrogates.backend import keras

ops = keras.ops


@keras.saving.register_keras_serializable(package="wormtwin")
class ShiftedDepthwise(keras.layers.Layer):
    """A depthwise convolution without a bias, padded as "same": each tap of the kernel weighs a shifted image.

    XLA joins the sums into one loop; its own grouped convolution takes ten times as long on a CPU, and so does its
    gradient. The gradient is written out, since that of the slices takes XLA minutes to compile.

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
        kept = (rows, columns)

        @ops.custom_gradient
        def weighted(image: Any, kernel: Any) -> Any:
            filled = ops.pad(image, ((0, 0), down, across, (0, 0)))

            def gradients(*given: Any, upstream: Any = None) -> tuple[Any, Any]:
                upstream = given[0] if upstream is None else upstream
                place = (down[0], across[0])
                return self._back(upstream, kernel, place, (high, wide)), self._of_kernel(filled, upstream, kept)

            return self._sum(filled, kernel, kept, self.strides), gradients

        return weighted(inputs, ops.convert_to_tensor(self.kernel))

    def _sum(self, image: Any, kernel: Any, kept: tuple[int, int], strides: int) -> Any:
        total: Any = 0.0
        for i in range(self.taps):
            for j in range(self.taps):
                total = total + _shifted(image, i, j, kept, strides) * kernel[i, j]
        return total

    def _back(self, upstream: Any, kernel: Any, place: tuple[int, int], size: tuple[int, int]) -> Any:
        """The gradient of the image: the upstream one, spread by the strides, under the kernel turned round."""
        spread, step = upstream, self.strides
        if step > 1:
            _, rows, columns, channels = upstream.shape
            apart = ops.reshape(upstream, (-1, rows, 1, columns, 1, channels))
            apart = ops.pad(apart, ((0, 0), (0, 0), (0, step - 1), (0, 0), (0, step - 1), (0, 0)))
            spread = ops.reshape(apart, (-1, rows * step, columns * step, channels))
        first = [self.taps - 1 - before for before in place]
        last = [max(0, side + before - has) for side, before, has in zip(size, place, spread.shape[1:3], strict=True)]
        filled = ops.pad(spread, ((0, 0), (first[0], last[0]), (first[1], last[1]), (0, 0)))
        return self._sum(filled, ops.flip(kernel, (0, 1)), size, 1)

    def _of_kernel(self, filled: Any, upstream: Any, kept: tuple[int, int]) -> Any:
        """The gradient of the kernel: how each shifted image goes with the upstream one."""
        rows = [
            ops.stack(
                [ops.sum(_shifted(filled, i, j, kept, self.strides) * upstream, (0, 1, 2)) for j in range(self.taps)]
            )
            for i in range(self.taps)
        ]
        return ops.stack(rows)

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


def _shifted(image: Any, row: int, column: int, kept: tuple[int, int], strides: int) -> Any:
    """So many rows and columns of an image from a place on, each so far from the next."""
    bottom, right = row + (kept[0] - 1) * strides + 1, column + (kept[1] - 1) * strides + 1
    return image[:, row:bottom:strides, column:right:strides]
