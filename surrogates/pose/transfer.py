"""A network for key points that begins from a backbone that has learned photographs."""

from typing import Any

import numpy as np

from neuron_models.foundation.errors import require
from surrogates.backbone.lite0 import PREFIX, backbone, fill_pretrained, fill_random, freeze
from surrogates.backbone.weights import load_weights
from surrogates.backend import keras

WEIGHTS = ("imagenet", "random")


def pose_transfer(
    inputs: int, outputs: int, *, size: tuple[int, int], filters: int = 64, weights: str = "imagenet", seed: int = 0
) -> keras.Model:
    """EfficientNet-Lite0 with deconvolutions to a quarter of the resolution and location refinement.

    After DeepLabCut (Mathis et al. 2018), with features of every scale added on the way up. Its maps are those of
    `refined_maps`: (frame, 3, height, width, keypoint).

    Args:
        inputs: colours.
        outputs: key points.
        size: height and width of the image, multiples of 32.
        filters: of the deconvolutions.
        weights: the backbone's first ones: imagenet (frozen at first) or random.
        seed: of the other first weights.

    Raises:
        InputError: fewer than one filter, unknown weights, or the package that brings them is not installed.
    """
    require(filters >= 1, f"pose_transfer: filters must be >= 1, got {filters}")
    require(weights in WEIGHTS, f"pose_transfer: weights must be {' or '.join(WEIGHTS)}, got {weights!r}")
    image = keras.Input((*size, inputs), name="image")
    taps = backbone(image)
    x = _narrowed(taps[32], filters, "narrow_32")
    for stride in (16, 8, 4):
        x = keras.layers.Conv2DTranspose(filters, 3, 2, "same", use_bias=False, name=f"up_{stride}")(x)
        x = keras.layers.Add(name=f"joined_{stride}")([x, _narrowed(taps[stride], filters, f"narrow_{stride}")])
        x = keras.layers.BatchNormalization(momentum=0.9, name=f"up_{stride}_norm")(x)
        x = keras.layers.ReLU(name=f"up_{stride}_relu")(x)
    maps = keras.layers.Conv2D(3 * outputs, 1, name="maps")(x)
    maps = keras.layers.Reshape((size[0] // 4, size[1] // 4, 3, outputs), name="maps_apart")(maps)
    model = keras.Model(image, keras.layers.Permute((3, 1, 2, 4), name="maps_first")(maps), name="pose_transfer")
    _begin(model, weights, np.random.default_rng(seed))
    return model


def _narrowed(x: Any, filters: int, name: str) -> Any:
    return keras.layers.Conv2D(filters, 1, use_bias=False, name=name)(x)


def _begin(model: keras.Model, weights: str, rng: np.random.Generator) -> None:
    """The first weights, by NumPy: the head's after Glorot and Bengio 2010, the backbone's as chosen."""
    for layer in model.layers:
        if not layer.name.startswith(PREFIX):
            for variable in layer.trainable_variables:
                if variable.name == "kernel":
                    high, wide, fan_in, fan_out = variable.shape
                    limit = np.sqrt(6 / (high * wide * (fan_in + fan_out)))
                    variable.assign(rng.uniform(-limit, limit, variable.shape).astype(np.float32))
    if weights == "imagenet":
        fill_pretrained(model, load_weights())
        freeze(model, frozen=True)
    else:
        fill_random(model, rng)
