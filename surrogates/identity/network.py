"""The network that puts pictures of animals on a map of eight dimensions, one animal near itself."""

from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from datasets.identity.crops import CROP
from surrogates.backend import keras, tensorflow_unseen

OUTPUTS = 8
NEAR, FAR = 1.0, 10.0
"""Distances below which images of one animal, and beyond which images of two, are left alone (idtracker.ai 6)."""
_BATCH = 256


def identity_network(seed: int = 0) -> Any:
    """A small convolutional network from a crop to a point, 0.3 million numbers; shades from 0 to 1 come in.

    Its first layer brings shades to a mean of 0 and a spread of 1; `learn_shades` sets it.
    """
    layers, seeds = keras.layers, iter(range(seed, seed + 5))

    def convolution(filters: int, size: int, strides: int) -> Any:
        begin = keras.initializers.HeUniform(seed=next(seeds))
        return layers.Conv2D(filters, size, strides, padding="same", activation="relu", kernel_initializer=begin)

    return keras.Sequential(
        [
            keras.Input((CROP, CROP, 1)),
            layers.BatchNormalization(center=False, scale=False, epsilon=1e-6, trainable=False),
            convolution(16, 5, 2),
            convolution(32, 3, 2),
            layers.MaxPooling2D(),
            convolution(64, 3, 1),
            layers.Flatten(),
            layers.Dense(64, activation="relu", kernel_initializer=keras.initializers.HeUniform(seed=next(seeds))),
            layers.Dense(
                OUTPUTS, use_bias=False, kernel_initializer=keras.initializers.GlorotUniform(seed=next(seeds))
            ),
        ]
    )


def learn_shades(network: Any, crops: UInt8[np.ndarray, "crop side side"]) -> None:
    """Let a network see differences within bodies (crops in grey values from 0 to 255) as large as they can be."""
    body = crops[crops > 0] / 255.0
    mean, variance = (float(body.mean()), float(body.var())) if len(body) else (0.0, 1.0)
    network.layers[0].set_weights([np.array([mean]), np.array([max(variance, 1e-4)])])


def contrastive_loss(same: Any, points: Any) -> Any:
    """The loss of pairs, of which the first half of the batch holds one image each and the second half the other.

    relu(d - 1)² where a pair is of one animal, relu(10 - d)² where it is of two (idtracker.ai 6; Hadsell et al. 2006).

    Args:
        same: (image, 1) whether the pair of an image is of one animal, once in each half.
        points: (image, output) on the map.
    """
    ops = keras.ops
    first, second = ops.split(points, 2)
    away = ops.sqrt(ops.sum((first - second) ** 2, axis=-1) + 1e-8)
    one, _ = ops.split(ops.reshape(same, (-1,)), 2)
    loss = one * ops.relu(away - NEAR) ** 2 + (1 - one) * ops.relu(FAR - away) ** 2
    return ops.concatenate([loss, loss])


def shades(crops: UInt8[np.ndarray, "crop side side"]) -> Float[np.ndarray, "crop side side 1"]:
    """Crops of grey values from 0 to 255 as the network takes them, 0 to 1."""
    return crops.astype(np.float32)[..., None] / np.float32(255)


def embedded(network: Any, crops: UInt8[np.ndarray, "crop side side"]) -> Float[np.ndarray, "crop output"]:
    """Crops (grey values from 0 to 255) on the map, in its own units."""
    points = np.empty((len(crops), OUTPUTS), np.float32)
    with tensorflow_unseen():
        for start in range(0, len(crops), _BATCH):
            some = shades(crops[start : start + _BATCH])
            filled = np.concatenate([some, np.zeros((_BATCH - len(some), CROP, CROP, 1), np.float32)])
            points[start : start + len(some)] = np.asarray(network.predict_on_batch(filled))[: len(some)]
    return points
