"""Networks that turn an image into a map for each key point: LEAP's, hourglasses, and a small fast one.

All take (frame, height, width, colour) with values from 0 to 255. Their maps may be coarser than the image: a map's
pixel stands for a square of `stride` x `stride` pixels of the image.
"""

from functools import partial
from typing import Any

import numpy as np

from neuron_models.foundation.errors import require
from surrogates.backend import keras


@keras.saving.register_keras_serializable(package="wormtwin")
class WhiteIsOne(keras.Layer):
    """Brings grey values from 0 to 255 to 0 to 1; Keras's own layer would ask for TensorFlow."""

    def call(self, inputs):
        """The image over 255."""
        return keras.ops.cast(inputs, self.compute_dtype) * (1 / 255)

    def compute_output_shape(self, input_shape):
        """The same shape."""
        return input_shape


def leap_cnn(inputs: int, outputs: int, *, size: tuple[int, int], filters: int = 64, seed: int = 0) -> keras.Model:
    """The network of Pereira et al. 2019 (LEAP, Nature Methods 16, Figure 1): 15 layers, maps as large as the image.

    Args:
        inputs: colours.
        outputs: key points.
        size: height and width of the image, multiples of 4.
        filters: of the first convolutions; twice and four times as many follow after each pooling.
        seed: of the first weights.

    Raises:
        InputError: fewer than one filter.
    """
    _require_filters("leap_cnn", filters)
    image, x, conv, transposed = _begun(inputs, size)
    for level in (1, 2, 4):
        for number in range(3):
            x = conv(x, level * filters, name=f"conv_{level}_{number + 1}")
        if level < 4:
            x = keras.layers.MaxPooling2D(2, name=f"pool_{level}")(x)
    x = transposed(x, 2 * filters, name="up_1", activation="relu")
    for number in range(2):
        x = conv(x, 2 * filters, name=f"conv_up_{number + 1}")
    return _seeded(keras.Model(image, transposed(x, outputs, name="maps"), name="leap_cnn"), seed)


def pose_small(inputs: int, outputs: int, *, size: tuple[int, int], filters: int = 32, seed: int = 0) -> keras.Model:
    """A small fast network whose maps have half the resolution of the image.

    The image is rearranged into half its resolution with four values a pixel; all but a narrow first and last part run
    on a quarter or less. Two poolings see the whole animal, and sums carry what is fine past them. Every convolution
    of 3 x 3 is normalised over the batch. The maps are unnormalised log-probabilities of where the key point is.

    Args:
        inputs: colours.
        outputs: key points.
        size: height and width of the image, multiples of 16.
        filters: at a quarter of the resolution; half as many at half of it, twice and three times as many at an eighth
            and a sixteenth.
        seed: of the first weights.

    Raises:
        InputError: fewer than one filter.
    """
    _require_filters("pose_small", filters, least=2)
    image, x, conv, _ = _begun(inputs, size)
    high, wide, narrow = size[0] // 2, size[1] // 2, filters // 2
    normed = partial(_normed, conv)
    finest = x = normed(_packed(x, high, wide, 2, inputs), narrow, "stem")
    fine = x = _residual(normed, normed(x, filters, "down_1", strides=2), "fine")
    middle = x = _residual(normed, normed(x, 2 * filters, "down_2", strides=2), "middle")
    x = normed(x, 3 * filters, "down_3", strides=2)
    for number in range(2):
        x = _residual(normed, x, f"coarse_{number + 1}")
    for level, (skipped, width) in enumerate(((middle, 2 * filters), (fine, filters)), start=1):
        x = conv(x, width, name=f"narrow_{level}", kernel=1, activation=None)
        x = keras.layers.UpSampling2D(2, name=f"up_{level}")(x)
        x = keras.layers.Add(name=f"joined_{level}")([x, skipped])
        x = _residual(normed, x, f"up_{level}_conv")
    x = conv(x, 4 * narrow, name="blocks", kernel=1, activation=None)
    x = keras.layers.Add(name="joined_3")([_unpacked(x, narrow), finest])
    maps = conv(_residual(normed, x, "finest"), outputs, name="maps", kernel=1, activation=None)
    return _seeded(keras.Model(image, maps, name="pose_small"), seed)


def hourglass(
    inputs: int, outputs: int, *, size: tuple[int, int], stacks: int = 1, filters: int = 128, seed: int = 0
) -> keras.Model:
    """One hourglass, or several in a row, after Newell, Yang and Deng 2016; maps have a quarter of the resolution.

    Bottlenecks with batch normalisation; each hourglass halves the resolution three times and comes back by sums. Of
    several hourglasses each gives maps, all of which are learned and the last of which count: the outputs are then
    (frame, stack, height, width, keypoint).

    Args:
        inputs: colours.
        outputs: key points.
        size: height and width of the image, multiples of 32.
        stacks: hourglasses in a row.
        filters: of every bottleneck's output (Newell et al.: 256).
        seed: of the first weights.

    Raises:
        InputError: fewer than one stack or than two filters.
    """
    require(stacks >= 1, f"hourglass: stacks must be >= 1, got {stacks}")
    _require_filters("hourglass", filters, least=2)
    image, x, conv, _ = _begun(inputs, size)
    x = conv(x, max(1, filters // 4), name="stem", kernel=7, strides=2)
    x = _bottleneck(conv, x, max(2, filters // 2), "stem_1")
    x = keras.layers.MaxPooling2D(2, name="stem_pool")(x)
    x = _bottleneck(conv, x, filters, "stem_2")
    stages = []
    for number in range(1, stacks + 1):
        top = _bottleneck(conv, _down_and_up(conv, x, filters, f"glass_{number}", 3), filters, f"top_{number}")
        stages.append(conv(top, outputs, name=f"maps_{number}", kernel=1, activation=None))
        if number < stacks:
            again = [
                conv(each, filters, name=f"{name}_{number}", kernel=1, activation=None)
                for each, name in ((top, "onward"), (stages[-1], "looked_at"))
            ]
            x = keras.layers.Add(name=f"next_{number}")([x, *again])
    if stacks == 1:
        return _seeded(keras.Model(image, stages[0], name="hourglass"), seed)
    shape = (1, size[0] // 4, size[1] // 4, outputs)
    each = [keras.layers.Reshape(shape, name=f"stack_{n}")(maps) for n, maps in enumerate(stages, start=1)]
    every = keras.layers.Concatenate(axis=1, name="stacks")(each)
    return _seeded(keras.Model(image, every, name="stacked_hourglass"), seed)


def _down_and_up(conv: Any, x: Any, filters: int, name: str, depth: int) -> Any:
    """Half the resolution, `depth` times, and back; at each level a bottleneck goes straight across."""
    across = _bottleneck(conv, x, filters, f"{name}_across_{depth}")
    low = keras.layers.MaxPooling2D(2, name=f"{name}_pool_{depth}")(x)
    low = _bottleneck(conv, low, filters, f"{name}_in_{depth}")
    low = _down_and_up(conv, low, filters, name, depth - 1) if depth > 1 else low
    low = _bottleneck(conv, low, filters, f"{name}_out_{depth}")
    low = keras.layers.UpSampling2D(2, name=f"{name}_up_{depth}")(low)
    return keras.layers.Add(name=f"{name}_sum_{depth}")([across, low])


def _bottleneck(conv: Any, x: Any, filters: int, name: str) -> Any:
    """A residual module: 1 x 1, 3 x 3, 1 x 1 convolutions, each after normalisation and a rectifier."""
    straight = x if x.shape[-1] == filters else conv(x, filters, name=f"{name}_straight", kernel=1, activation=None)
    for part, (width, kernel) in enumerate(((filters // 2, 1), (filters // 2, 3), (filters, 1)), start=1):
        x = keras.layers.BatchNormalization(momentum=0.9, name=f"{name}_norm_{part}")(x)
        x = keras.layers.ReLU(name=f"{name}_relu_{part}")(x)
        x = conv(x, width, name=f"{name}_conv_{part}", kernel=kernel, activation=None)
    return keras.layers.Add(name=f"{name}_sum")([straight, x])


def _normed(conv: Any, x: Any, filters: int, name: str, **how: Any) -> Any:
    """A 3 x 3 convolution, normalised over the batch and rectified."""
    x = conv(x, filters, name=name, activation=None, **how)
    x = keras.layers.BatchNormalization(momentum=0.9, name=f"{name}_norm")(x)
    return keras.layers.ReLU(name=f"{name}_relu")(x)


def _residual(conv: Any, x: Any, name: str) -> Any:
    """What a convolution gives, added."""
    return keras.layers.Add(name=f"{name}_sum")([x, conv(x, x.shape[-1], name)])


def _packed(x: Any, high: int, wide: int, block: int, colours: int) -> Any:
    """Blocks of block x block pixels as the channels of one."""
    x = keras.layers.Reshape((high, block, wide, block, colours), name="blocks_apart")(x)
    x = keras.layers.Permute((1, 3, 2, 4, 5), name="blocks_together")(x)
    return keras.layers.Reshape((high, wide, block * block * colours), name="pack")(x)


def _unpacked(x: Any, filters: int) -> Any:
    """The channels of one pixel as blocks of 2 x 2 pixels."""
    high, wide = x.shape[1:3]
    x = keras.layers.Reshape((high, wide, 2, 2, filters), name="unpack")(x)
    x = keras.layers.Permute((1, 3, 2, 4, 5), name="unpack_order")(x)
    return keras.layers.Reshape((2 * high, 2 * wide, filters), name="blocks_apart_again")(x)


def _begun(inputs: int, size: tuple[int, int]) -> tuple[Any, Any, Any, Any]:
    """The image, what it is in units of white, and functions that add (transposed) convolutions."""
    image = keras.Input((*size, inputs), name="image")
    plain = {"padding": "same", "kernel_initializer": "zeros"}

    def conv(x: Any, filters: int, *, name: str, kernel: int = 3, strides: int = 1, activation: str | None = "relu"):
        return keras.layers.Conv2D(filters, kernel, strides=strides, activation=activation, name=name, **plain)(x)

    def transposed(x: Any, filters: int, *, name: str, activation: str | None = None):
        return keras.layers.Conv2DTranspose(filters, 3, strides=2, activation=activation, name=name, **plain)(x)

    return image, WhiteIsOne(name="white_is_one")(image), conv, transposed


def _seeded(model: keras.Model, seed: int) -> keras.Model:
    """The model with kernels drawn after Glorot and Bengio 2010, by NumPy: the same on every backend, at once."""
    rng = np.random.default_rng(seed)
    for variable in model.trainable_variables:
        if variable.name == "kernel":
            high, wide, fan_in, fan_out = variable.shape
            limit = np.sqrt(6 / (high * wide * (fan_in + fan_out)))
            variable.assign(rng.uniform(-limit, limit, variable.shape).astype(np.float32))
    return model


def _require_filters(name: str, filters: int, least: int = 1) -> None:
    require(filters >= least, f"{name}: filters must be >= {least}, got {filters}")
