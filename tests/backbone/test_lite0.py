"""The backbone: its answers on photographs, its depthwise convolution beside Keras's, what is frozen."""

from pathlib import Path

import jax
import numpy as np
import pytest
from PIL import Image

from surrogates.backbone.depthwise import ShiftedDepthwise
from surrogates.backbone.lite0 import (
    SIDE,
    AsPhotograph,
    backbone,
    backbone_layers,
    classifier,
    fill_pretrained,
    freeze,
)
from surrogates.backbone.weights import load_weights
from surrogates.backend import keras

PHOTOGRAPHS = {"chelsea.png": 285, "coffee.png": 967, "rocket.jpg": 657, "camera.png": 872}
"""Photographs of scikit-image: an Egyptian cat, espresso, a missile, a tripod; the numbers are ImageNet's."""


def squared(path: Path) -> np.ndarray:
    """The middle of a photograph at the size that the weights have learned."""
    image = Image.open(path).convert("RGB")
    side = min(image.size)
    left, top = ((length - side) // 2 for length in image.size)
    return np.asarray(image.crop((left, top, left + side, top + side)).resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def test_photographs_are_known_as_what_they_show():
    folder = Path(pytest.importorskip("skimage").__file__).parent / "data"
    model = classifier()
    fill_pretrained(model, load_weights())
    answers = np.asarray(model.predict_on_batch(np.stack([squared(folder / name) for name in PHOTOGRAPHS])))
    assert answers.argmax(axis=1).tolist() == list(PHOTOGRAPHS.values())


SHAPES = [(3, 1, (7, 10)), (3, 2, (8, 9)), (5, 2, (11, 6)), (5, 1, (5, 6)), (5, 2, (4, 4)), (3, 3, (9, 7))]


@pytest.mark.parametrize(("kernel", "strides", "size"), SHAPES)
def test_its_gradient_is_that_of_a_depthwise_convolution(kernel, strides, size):
    rng = np.random.default_rng(kernel)
    x, taps = rng.normal(size=(2, *size, 3)).astype(np.float32), rng.normal(size=(kernel, kernel, 3)).astype(np.float32)
    layer = ShiftedDepthwise(kernel, strides)
    layer.build(x.shape)

    def ours(x, taps):
        return (layer.stateless_call([taps], [], x)[0] ** 2).sum()

    def theirs(x, taps):
        return (keras.ops.depthwise_conv(x, taps[..., None], strides, "same") ** 2).sum()

    for mine, its in zip(*(jax.grad(f, (0, 1))(x, taps) for f in (ours, theirs)), strict=True):
        np.testing.assert_allclose(mine, its, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(("kernel", "strides", "size"), SHAPES)
def test_shifted_images_are_a_depthwise_convolution(kernel, strides, size):
    rng = np.random.default_rng(kernel)
    x, taps = rng.normal(size=(2, *size, 3)).astype(np.float32), rng.normal(size=(kernel, kernel, 3))
    layer = ShiftedDepthwise(kernel, strides)
    theirs = keras.layers.DepthwiseConv2D(kernel, strides, "same", use_bias=False)
    layer.build(x.shape)
    theirs.build(x.shape)
    layer.set_weights([taps])
    theirs.set_weights([taps[..., None]])
    given = np.asarray(layer(x))
    np.testing.assert_allclose(given, np.asarray(theirs(x)), atol=1e-5)
    assert layer.compute_output_shape(x.shape) == given.shape
    assert ShiftedDepthwise.from_config(layer.get_config()).strides == strides


def test_grey_is_three_equal_colours():
    grey = np.asarray(AsPhotograph()(np.full((1, 2, 2, 1), 255, np.uint8)))
    np.testing.assert_array_equal(grey, np.ones((1, 2, 2, 3)))


def test_scales_and_freezing():
    image = keras.Input((64, 96, 1))
    taps = backbone(image)
    assert {stride: tap.shape[1:] for stride, tap in taps.items()} == {
        4: (16, 24, 24), 8: (8, 12, 40), 16: (4, 6, 112), 32: (2, 3, 320)
    }  # fmt: skip
    model = keras.Model(image, taps[32])
    assert sum(np.prod(w.shape) for layer in backbone_layers(model) for w in layer.weights) == model.count_params()
    freeze(model, frozen=True)
    assert not model.trainable_weights
    freeze(model, frozen=False)
    assert {w.name for w in model.trainable_weights} == {"kernel"}
    freeze(model, frozen=False, statistics=False)
    assert {w.name for w in model.trainable_weights} == {"kernel", "gamma", "beta"}
