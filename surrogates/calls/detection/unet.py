"""`calls_unet`: a small network that tells the bands of a spectrogram in which a call is."""

from typing import Any

import numpy as np

from datasets.calls.teaching import BAND_BINS
from neuron_models.foundation.errors import require
from surrogates.backend import keras
from surrogates.training.configuration import Arrays

_PRESENT = 3.0
"""How much more a missed point costs than a false one: calls fill a hundredth of a spectrogram."""


def calls_unet(inputs: int, outputs: int, *, filters: int = 8, seed: int = 0) -> keras.Model:
    """A U-Net (Ronneberger et al. 2015) on (frame, bin), whose outputs are log odds of a call in bands of four bins.

    Two frames by four bins are the channels of one point; two strided convolutions see 70 frames around it, and sums
    carry what is fine past them. Frames come in multiples of eight.

    Args:
        inputs: bins of the spectrogram.
        outputs: bands.
        filters: of the first convolution; half as many again and twice as many follow.
        seed: of the first weights.

    Raises:
        InputError: fewer than two filters.
    """
    require(filters >= 2, f"calls_unet: filters must be >= 2, got {filters}")
    layers = keras.layers
    columns, wider = -(-outputs // 4) * 4, filters * 3 // 2

    def conv(x: Any, width: int, name: str, kernel: int = 3, strides: int = 1, activation: str | None = "relu") -> Any:
        return layers.Conv2D(width, kernel, strides=strides, padding="same", activation=activation, name=name)(x)

    levels = keras.Input((None, inputs), name="levels")
    x = layers.Reshape((-1, inputs, 1), name="image")(levels)
    x = layers.ZeroPadding2D(((0, 0), (0, BAND_BINS * columns - inputs)), name="filled")(x)
    x = layers.Reshape((-1, 2, columns, BAND_BINS), name="apart")(x)
    x = layers.Permute((1, 3, 2, 4), name="together")(x)
    fine = x = conv(layers.Reshape((-1, columns, 2 * BAND_BINS), name="pack")(x), filters, "fine")
    middle = x = conv(conv(x, wider, "down_1", strides=2), wider, "middle")
    x = conv(conv(x, 2 * filters, "down_2", strides=2), 2 * filters, "coarse")
    x = layers.UpSampling2D(2, name="up_2")(conv(x, wider, "narrow_2", kernel=1, activation=None))
    x = conv(layers.Add(name="joined_2")([x, middle]), wider, "up_middle")
    x = layers.UpSampling2D(2, name="up_1")(conv(x, filters, "narrow_1", kernel=1, activation=None))
    x = layers.ReLU(name="joined_1_relu")(layers.Add(name="joined_1")([x, fine]))
    x = layers.Permute((1, 3, 2), name="unpack_order")(conv(x, 2, "odds", kernel=1, activation=None))
    x = layers.Reshape((-1, columns, 1), name="unpack")(x)
    x = layers.Cropping2D(((0, 0), (0, columns - outputs)), name="bands")(x)
    model = keras.Model(levels, layers.Reshape((-1, outputs), name="calls")(x), name="calls_unet")
    return _seeded(model, seed)


def _seeded(model: keras.Model, seed: int) -> keras.Model:
    """The model with kernels drawn after He et al. 2015 by NumPy: the same on every backend, without a compiler."""
    rng = np.random.default_rng(seed)
    for variable in model.trainable_variables:
        if variable.name == "kernel":
            high, wide, fan_in, _ = variable.shape
            spread = np.sqrt(2 / (high * wide * fan_in))
            variable.assign(rng.normal(0, spread, variable.shape).astype(np.float32))
    return model


def entropy_of_calls(true: Any, odds: Any) -> Any:
    """The binary cross-entropy of log odds, in which calls weigh three times as much as the rest; one a stretch."""
    ops = keras.ops
    true = ops.cast(true, odds.dtype)
    each = ops.softplus(odds) - true * odds
    return ops.mean(each * (1 + (_PRESENT - 1) * true), axis=(-2, -1))


def varied(x: np.ndarray, y: np.ndarray, weight: np.ndarray | None, rng: np.random.Generator) -> Arrays:
    """A batch, backwards in time by the toss of a coin, its (dimensionless) levels up to 15 % larger or smaller."""
    louder = rng.uniform(0.85, 1.15, (len(x), 1, 1)).astype(np.float32)
    if rng.uniform() < 0.5:
        x, y = x[:, ::-1], y[:, ::-1]
    return x * louder, y, weight
