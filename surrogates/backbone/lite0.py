"""EfficientNet-Lite0: EfficientNet-B0 of Tan and Le 2019 without squeeze and excitation, with rectifiers up to 6.

Its form is that of the published weights: a stem, 16 blocks that widen, filter each channel and narrow, and a head.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from surrogates.backend import keras

PREFIX = "backbone_"
"""The names of the backbone's layers begin so, whatever network they stand in."""
STEM, HEAD, CLASSES = 32, 1280, 1000
EPSILON = 1e-3
SIDE = 224
"""Height and width of the photographs that the weights have learned, px."""


@dataclass(frozen=True)
class Stage:
    """Blocks alike: how many, side of the kernel, stride of the first, widening, channels that come out."""

    blocks: int
    kernel: int
    strides: int
    widening: int
    channels: int


STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)
"""The table of EfficientNet-B0 (Tan and Le 2019, Table 1), which Lite0 keeps."""


@keras.saving.register_keras_serializable(package="wormtwin")
class AsPhotograph(keras.layers.Layer):
    """Values from 0 to 255, grey or in colour, as the backbone takes them: three colours, (value - 127) / 128."""

    def call(self, inputs: Any) -> Any:
        """The image (frame, row, column, 3) about 0."""
        image = (keras.ops.cast(inputs, self.compute_dtype) - 127.0) * (1 / 128)
        return keras.ops.repeat(image, 3, axis=-1) if inputs.shape[-1] == 1 else image

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """The same shape with three colours."""
        return (*input_shape[:-1], 3)


def backbone(image: Any) -> dict[int, Any]:
    """Add the blocks to a network.

    Args:
        image: (frame, row, column, 1 or 3) values from 0 to 255.

    Returns:
        The last features of each scale by their stride in px of the image: 4 (24 channels), 8 (40), 16 (112), 32 (320).
    """
    x = AsPhotograph(name=f"{PREFIX}as_photograph")(image)
    x = _convolved(x, "stem", STEM, 3, 2)
    taps, stride, number = {}, 2, 0
    for stage in STAGES:
        for index in range(stage.blocks):
            step = stage.strides if index == 0 else 1
            x, stride, number = _block(x, f"block_{number}", stage, step), stride * step, number + 1
        taps[stride] = x
    return {each: taps[each] for each in (4, 8, 16, 32)}


def classifier(side: int = SIDE) -> keras.Model:
    """The whole network with its head: the logarithms, up to a constant, of the odds of ImageNet's 1000 classes."""
    image = keras.Input((side, side, 3), name="image")
    x = _convolved(backbone(image)[32], "head", HEAD, 1, 1)
    x = keras.layers.GlobalAveragePooling2D(name=f"{PREFIX}mean")(x)
    return keras.Model(image, keras.layers.Dense(CLASSES, name=f"{PREFIX}classes")(x), name="efficientnet_lite0")


def _block(x: Any, name: str, stage: Stage, strides: int) -> Any:
    """Widen, filter each channel, narrow; what comes in is added where the shape stays."""
    from surrogates.backbone.depthwise import ShiftedDepthwise

    before = x
    if stage.widening > 1:
        x = _convolved(x, f"{name}_expand", x.shape[-1] * stage.widening, 1, 1)
    x = ShiftedDepthwise(stage.kernel, strides, name=f"{PREFIX}{name}_depthwise")(x)
    x = _normed(x, f"{name}_depthwise")
    x = _convolved(x, f"{name}_project", stage.channels, 1, 1, rectified=False)
    return keras.layers.Add(name=f"{PREFIX}{name}_sum")([x, before]) if x.shape == before.shape else x


def _convolved(x: Any, name: str, channels: int, kernel: int, strides: int, rectified: bool = True) -> Any:
    named = f"{PREFIX}{name}"
    conv = keras.layers.Conv2D(
        channels, kernel, strides, "same", use_bias=False, kernel_initializer="zeros", name=named
    )
    return _normed(conv(x), name, rectified)


def _normed(x: Any, name: str, rectified: bool = True) -> Any:
    x = keras.layers.BatchNormalization(epsilon=EPSILON, momentum=0.9, name=f"{PREFIX}{name}_norm")(x)
    return keras.layers.ReLU(6.0, name=f"{PREFIX}{name}_relu")(x) if rectified else x


def backbone_layers(model: keras.Model) -> list[Any]:
    """The layers of a network that belong to the backbone and have weights."""
    return [layer for layer in model.layers if layer.name.startswith(PREFIX) and layer.weights]


def fill_pretrained(model: keras.Model, weights: Mapping[str, np.ndarray]) -> None:
    """Give the backbone of a network the published weights, in place.

    Args:
        model: a network that `backbone` begins.
        weights: by the names of their file (`load_weights`), PyTorch's order of axes.
    """
    named = {layer.name.removeprefix(PREFIX): layer for layer in model.layers}
    for theirs, ours in _names():
        if ours in named:
            named[ours].set_weights(_of_layer(theirs, weights))


def fill_random(model: keras.Model, rng: np.random.Generator) -> None:
    """Draw the backbone's kernels as He et al. 2015 do, in place: the same network without what it has learned."""
    for layer in backbone_layers(model):
        for variable in layer.trainable_variables:
            if variable.name == "kernel":
                shape = variable.shape
                fan = int(np.prod(shape[:-1])) if len(shape) == 4 else shape[0] * shape[1]
                variable.assign(rng.normal(0.0, np.sqrt(2.0 / fan), shape).astype(np.float32))


def freeze(model: keras.Model, *, frozen: bool, statistics: bool = True) -> None:
    """Fix or free the backbone's weights, in place; its normalisation keeps its statistics while `statistics` is on."""
    for layer in backbone_layers(model):
        normed = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = not (frozen or (normed and statistics))


def _names() -> Iterator[tuple[str, str]]:
    """The file's names of layers, and ours."""
    yield from (("_conv_stem", "stem"), ("_bn0", "stem_norm"), ("_conv_head", "head"), ("_bn1", "head_norm"))
    yield "_fc", "classes"
    for number in range(sum(stage.blocks for stage in STAGES)):
        for part, normed in (("expand", "_bn0"), ("depthwise", "_bn1"), ("project", "_bn2")):
            ours, theirs = f"block_{number}_{part}", f"_blocks.{number}."
            yield f"{theirs}_{part}_conv", ours
            yield f"{theirs}{normed}", f"{ours}_norm"


def _of_layer(name: str, weights: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """The weights of one layer in Keras's order of arrays and axes."""
    first = weights[f"{name}.weight"]
    if f"{name}.running_mean" in weights:
        return [first, *(weights[f"{name}.{part}"] for part in ("bias", "running_mean", "running_var"))]
    if first.ndim == 2:
        return [first.T, weights[f"{name}.bias"]]
    kernel = np.moveaxis(first, (2, 3), (0, 1))
    return [kernel[:, :, :, 0] if "depthwise" in name else kernel.swapaxes(2, 3)]
