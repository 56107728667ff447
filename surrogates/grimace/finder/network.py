"""A small network that says where faces are: for each field of a grid whether there is one, where and how large."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from neuron_models.foundation.units import Pixels
from surrogates.backbone.lite0 import AsPhotograph
from surrogates.backend import keras

ops = keras.ops
SIDE = 128
"""Px: pictures are brought to this longer side, and filled up to a square."""
STRIDE = 16
GRID = SIDE // STRIDE
USUAL: Pixels = 48.0
"""Sizes are learned as the logarithm of how many times this they are."""


def face_finder(filters: int = 16) -> keras.Model:
    """Four convolutions that halve the picture, three wide ones, and four numbers a field.

    Takes (image, 128, 128, 3) from 0 to 255 and gives (image, 8, 8, 4): the log-odds that a face has its middle there,
    how far right and down of the field's own middle that is, in fields, and the logarithm of its size.
    """
    x = image = keras.Input((SIDE, SIDE, 3), name="image")
    x = AsPhotograph(name="about_0")(x)
    shape = ((1, 2, 1), (1.5, 2, 1), (2, 2, 1), (3, 2, 1), (3, 1, 1), (3, 1, 2), (3, 1, 1))
    for level, (times, strides, apart) in enumerate(shape, start=1):
        x = keras.layers.Conv2D(
            round(times * filters), 3, strides, "same", dilation_rate=apart, use_bias=False, name=f"conv_{level}"
        )(x)
        x = keras.layers.BatchNormalization(momentum=0.9, name=f"norm_{level}")(x)
        x = keras.layers.ReLU(name=f"relu_{level}")(x)
    return keras.Model(image, keras.layers.Conv2D(4, 1, name="fields")(x), name="face_finder")


def begin(model: keras.Model, rng: np.random.Generator) -> None:
    """The first weights, in place: those of He et al. 2015; at first no field has a face."""
    for variable in model.trainable_variables:
        if variable.name == "kernel":
            fan = int(np.prod(variable.shape[:-1]))
            variable.assign(rng.normal(0, np.sqrt(2 / fan), variable.shape).astype(np.float32))
    last = model.get_layer("fields")
    last.set_weights([0.1 * last.get_weights()[0], np.array([-4.0, 0, 0, 0], np.float32)])


def targets_of(boxes: Float[np.ndarray, "face 4"]) -> Float[np.ndarray, "row column 5"]:
    """What the fields of a picture of 128 px should say.

    The first number is 1 at the middle of a face, -1 (does not count) right beside it and 0 elsewhere; the second says
    where place and size count, which are the others.
    """
    fields = np.zeros((GRID, GRID, 5), np.float32)
    for left, top, wide, high in boxes:
        x, y = (left + wide / 2) / STRIDE - 0.5, (top + high / 2) / STRIDE - 0.5
        row, column = (int(np.clip(round(each), 0, GRID - 1)) for each in (y, x))
        for i in range(max(0, row - 1), min(GRID, row + 2)):
            for j in range(max(0, column - 1), min(GRID, column + 2)):
                near = (i, j) == (row, column)
                if fields[i, j, 0] != 1:
                    fields[i, j] = (1 if near else -1, 1, x - j, y - i, np.log(max(wide, high) / USUAL))
    return fields


@dataclass(frozen=True)
class FinderLoss:
    """Cross-entropy of the fields that count, and how far places and sizes are off; for Keras."""

    def __call__(self, y: Any, fields: Any) -> Any:
        """The loss of each picture, of targets (image, row, column, 5)."""
        odds, face = fields[..., 0], y[..., 0]
        known = ops.cast(face >= 0, odds.dtype)
        truth = ops.maximum(face, 0.0)
        right = ops.sigmoid(ops.where(truth > 0.5, odds, -odds))
        entropy = ops.softplus(ops.where(truth > 0.5, -odds, odds))
        whether = ops.sum(known * entropy * (1 - right) * (1 + 3 * truth), axis=(1, 2))
        off = fields[..., 1:] - y[..., 2:]
        away = ops.sum(ops.where(ops.abs(off) < 0.1, 5 * off**2, ops.abs(off) - 0.05), axis=-1) * y[..., 1]
        return 2 * whether + ops.sum(away, axis=(1, 2)) / ops.maximum(ops.sum(y[..., 1], axis=(1, 2)), 1.0)
