"""Networks that take faces and give, for each unit and for pain, the log-odds of scoring 1 or more and 2 or more.

All take (image, height, width, 3) with values from 0 to 255 and give (image, 2, output) in the order of `OUTPUTS`; pain
has no score of 2, and its second log-odds are `NEVER`.
"""

from pathlib import Path
from typing import Any

import numpy as np

from datasets.grimace.units import OUTPUTS, UNITS
from neuron_models.foundation.errors import require
from surrogates.backbone.lite0 import PREFIX, AsPhotograph, backbone, fill_pretrained, fill_random, freeze
from surrogates.backbone.weights import load_weights
from surrogates.backend import keras

NEVER = -30.0
GRID = {8: 6, 16: 4}
"""Features of these strides are averaged over so many fields down and across."""
WEIGHTS = ("imagenet", "random")
BLOCKS = 11
"""Of the backbone, up to its features of stride 16."""


def grimace_transfer(
    inputs: int,
    outputs: int,
    *,
    size: tuple[int, int],
    weights: str = "imagenet",
    start_from: str = "",
    seed: int = 0,
) -> keras.Model:
    """Frozen features of EfficientNet-Lite0, averaged over a coarse grid of the face, and one linear layer.

    Args:
        inputs: colours.
        outputs: units and pain.
        size: height and width of the faces, multiples of 32.
        weights: of the backbone: imagenet or random.
        start_from: a model.keras of such a model to begin from, instead of these weights.
        seed: of random ones.

    Raises:
        InputError: unknown weights, the package that brings them is not installed, or the model to begin from is of
            another kind or size.
    """
    require(weights in WEIGHTS, f"grimace_transfer: weights must be {' or '.join(WEIGHTS)}, got {weights!r}")
    image = keras.Input((*size, inputs), name="image")
    taps = backbone(image)
    fields = [_fields(taps[stride], min(grid, *taps[stride].shape[1:3]), stride) for stride, grid in GRID.items()]
    features = keras.layers.Concatenate(name="features")(fields)
    model = keras.Model(image, _scores(features, outputs), name="grimace_transfer")
    if start_from:
        start(model, start_from)
    elif weights == "imagenet":
        fill_pretrained(model, load_weights())
    else:
        fill_random(model, np.random.default_rng(seed))
    freeze(model, frozen=True)
    return model


def grimace_tuned(
    inputs: int,
    outputs: int,
    *,
    size: tuple[int, int],
    opened: int = 3,
    weights: str = "imagenet",
    start_from: str = "",
    seed: int = 0,
) -> keras.Model:
    """The same network, whose backbone is opened: its last blocks are learned, too.

    Args:
        inputs: colours.
        outputs: units and pain.
        size: height and width of the faces, multiples of 32.
        opened: blocks of the backbone's eleven that are learned, the last ones.
        weights: of the backbone: imagenet or random.
        start_from: a model.keras of such a model to begin from, instead of these weights.
        seed: of random ones.

    Raises:
        InputError: as `grimace_transfer`, or there are not so many blocks.
    """
    require(1 <= opened <= BLOCKS, f"grimace_tuned: opened must be 1 to {BLOCKS} blocks, got {opened}")
    model = grimace_transfer(inputs, outputs, size=size, weights=weights, start_from=start_from, seed=seed)
    free = tuple(f"{PREFIX}block_{number}_" for number in range(BLOCKS - opened, BLOCKS))
    for layer in model.layers:
        if layer.name.startswith(free) and not isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = True
    return model


def grimace_small(
    inputs: int, outputs: int, *, size: tuple[int, int], filters: int = 16, start_from: str = "", seed: int = 0
) -> keras.Model:
    """A small network of its own: four convolutions that halve the image, fields of the face, one linear layer.

    Args:
        inputs: colours.
        outputs: units and pain.
        size: height and width of the faces, multiples of 32.
        filters: of the first convolution; twice, three and four times as many follow.
        start_from: a model.keras of such a model to begin from.
        seed: of the first weights.

    Raises:
        InputError: fewer than one filter, or the model to begin from is of another kind or size.
    """
    require(filters >= 1, f"grimace_small: filters must be >= 1, got {filters}")
    x = image = keras.Input((*size, inputs), name="image")
    x = AsPhotograph(name="about_0")(x)
    for level in range(1, 5):
        x = keras.layers.Conv2D(level * filters, 3, 2, "same", use_bias=False, name=f"conv_{level}")(x)
        x = keras.layers.BatchNormalization(momentum=0.9, name=f"norm_{level}")(x)
        x = keras.layers.ReLU(name=f"relu_{level}")(x)
    model = keras.Model(image, _scores(_fields(x, min(4, *x.shape[1:3]), 16), outputs), name="grimace_small")
    rng = np.random.default_rng(seed)
    for variable in model.trainable_variables:
        if variable.name == "kernel":
            fan = int(np.prod(variable.shape[:-1]))
            variable.assign(rng.normal(0, np.sqrt(1 / fan), variable.shape).astype(np.float32))
    if start_from:
        start(model, start_from)
    return model


def start(model: keras.Model, path: str) -> None:
    """Give a network the weights of a trained one, in place.

    Raises:
        InputError: there is none, or it is of another kind or size.
    """
    from surrogates.runs.model_file import load_model

    trained, _ = load_model(Path(path))
    ours, theirs = model.input_shape[1:], trained.input_shape[1:]
    same = trained.name == model.name and [w.shape for w in trained.weights] == [w.shape for w in model.weights]
    kind = f"it is a {trained.name} for images of {' x '.join(map(str, theirs))}"
    require(
        same and ours == theirs, f"--start-from {path}: {kind}, this is a {model.name} for {' x '.join(map(str, ours))}"
    )
    model.set_weights(trained.get_weights())


def _fields(x: Any, grid: int, stride: int) -> Any:
    """The mean of each field of a grid, one after the other."""
    high, wide = (side // grid for side in x.shape[1:3])
    x = keras.layers.AveragePooling2D((high, wide), name=f"{PREFIX}fields_{stride}")(x)
    return keras.layers.Flatten(name=f"fields_{stride}")(x)


def _scores(features: Any, outputs: int) -> Any:
    """Both log-odds of each output; the second of pain is held where it never happens."""
    first = keras.layers.Dense(outputs, kernel_initializer="zeros", name="one_or_more")(features)
    second = keras.layers.Dense(outputs, kernel_initializer="zeros", name="two")(features)
    parts = (("first", first), ("second", second))
    both = [keras.layers.Reshape((1, outputs), name=f"{name}_apart")(x) for name, x in parts]
    return Ordered(name="scores")(keras.layers.Concatenate(axis=1, name="both")(both))


@keras.saving.register_keras_serializable(package="wormtwin")
class Ordered(keras.layers.Layer):
    """Scores of 2 or more are never likelier than of 1 or more, and pain has none."""

    def call(self, inputs: Any) -> Any:
        """Log-odds (image, 2, output)."""
        first, second = inputs[:, :1], keras.ops.minimum(inputs[:, :1], inputs[:, 1:])
        is_unit = keras.ops.convert_to_tensor(np.array([name in UNITS for name in OUTPUTS]))
        return keras.ops.concatenate([first, keras.ops.where(is_unit, second, NEVER)], axis=1)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """The same shape."""
        return input_shape
