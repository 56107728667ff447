"""A temporal convolutional network on the features of frames (Lea et al. 2017; dilations of Bai et al. 2018)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Float

from datasets.behaviour.importing import labels_of, require_behaviours
from datasets.dataset import Dataset
from neuron_models.foundation.errors import require, require_seed
from neuron_models.foundation.units import Fraction
from surrogates.backend import keras
from surrogates.training.configuration import Arrays

STRETCH = 256
"""Frames of a training sample."""
_WIDTH = 3


@keras.saving.register_keras_serializable(package="wormtwin")
class Standardised(keras.Layer):
    """Inputs less their mean in the training recordings, over their standard deviation, at most 10 of them away."""

    def build(self, input_shape: Sequence[int]) -> None:
        """Make room for means and deviations, which are set once."""
        shape = (input_shape[-1],)
        self.mean = self.add_weight(shape=shape, name="mean", initializer="zeros", trainable=False)
        self.deviation = self.add_weight(shape=shape, name="deviation", initializer="ones", trainable=False)

    def call(self, inputs: Any) -> Any:
        """Standardise (batch, frame, feature)."""
        return keras.ops.clip((inputs - self.mean) / self.deviation, -10.0, 10.0)

    def compute_output_shape(self, input_shape: Sequence[int]) -> tuple:
        """As the input."""
        return tuple(input_shape)


def tcn(
    inputs: int,
    outputs: int,
    *,
    standard: tuple[tuple[float, ...], tuple[float, ...]] | None = None,
    units: int = 32,
    layers: int = 6,
    dropout: Fraction = 0.2,
    seed: int = 0,
) -> keras.Model:
    """Residual blocks of convolutions over three frames, which lie 1, 2, 4, ... frames apart.

    Args:
        inputs: features of a frame.
        outputs: behaviours.
        standard: means and deviations of the features; 0 and 1 when None.
        units: channels of each block.
        layers: blocks; each frame is seen with 2 ** `layers` - 1 frames on either side.
        dropout: of a block's channels while it trains.
        seed: of the first weights.

    Returns:
        From (recording, frame, feature) to the probability of each behaviour, (recording, frame, behaviour).

    Raises:
        InputError: a setting out of range.
    """
    require(1 <= units <= 1024, f"behaviour_tcn: units must be 1 to 1,024, got {units}")
    require(1 <= layers <= 12, f"behaviour_tcn: layers must be 1 to 12, got {layers}")
    require(0 <= dropout < 1, f"behaviour_tcn: dropout must be 0 to below 1, got {dropout}")
    require_seed(seed, "the seed of behaviour_tcn")
    keras.utils.set_random_seed(seed)
    given = keras.Input((None, inputs), name="features")
    standardised = Standardised(name="standardised")
    x = keras.layers.Dense(units, name="in")(standardised(given))
    for block in range(layers):
        convolved = keras.layers.Conv1D(
            units, _WIDTH, padding="same", dilation_rate=2**block, activation="relu", name=f"convolution_{block}"
        )(x)
        convolved = keras.layers.SpatialDropout1D(dropout, seed=seed + block, name=f"dropout_{block}")(convolved)
        x = keras.layers.Add(name=f"sum_{block}")([x, convolved])
    y = keras.layers.Dense(outputs, activation="softmax", name="probability")(x)
    if standard is not None:
        for weight, values in zip((standardised.mean, standardised.deviation), standard, strict=True):
            weight.assign(np.array(values, np.float32))
    return keras.Model(given, y, name="behaviour_tcn")


def standard_of(dataset: Dataset) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Means and deviations of the features of the training recordings (of all where none trains)."""
    taught = dataset.by_split().get("train", dataset)
    x = np.concatenate([np.asarray(trial.x[:], float) for trial in taught])
    deviation = x.std(axis=0)
    return tuple(x.mean(axis=0).tolist()), tuple(np.where(deviation > 1e-6, deviation, 1.0).tolist())


def filled(dataset: Dataset) -> Dataset:
    """The dataset with features that are not known on the straight line between those around; 0 where none ever is.

    Raises:
        InputError: it holds no behaviours.
    """
    require_behaviours(dataset)
    trials = [replace(trial, x=_filled(np.asarray(trial.x[:], np.float32))) for trial in dataset]
    return replace(dataset, trials=tuple(trials))


def _filled(x: Float[np.ndarray, "frame feature"]) -> Float[np.ndarray, "frame feature"]:
    known, frames = np.isfinite(x), np.arange(len(x))
    out = np.where(known, x, np.float32(0))
    for column in np.flatnonzero(~known.all(axis=0) & known.any(axis=0)):
        its = known[:, column]
        out[:, column] = np.interp(frames, frames[its], x[its, column])
    return out


def stretches(dataset: Dataset) -> Arrays:
    """Recordings cut into stretches of `STRETCH` frames; what fills the last one up, and unlabelled frames, weigh 0."""
    x, y, weight = [], [], []
    for trial in dataset:
        labels = labels_of(trial)
        for first in range(0, len(labels), STRETCH):
            part = labels[first : first + STRETCH]
            if (part < 0).all():
                continue
            rest = STRETCH - len(part)
            x.append(np.pad(np.asarray(trial.x[first : first + STRETCH], np.float32), ((0, rest), (0, 0))))
            y.append(np.pad(np.maximum(part, 0), (0, rest)).astype(np.int32))
            weight.append(np.pad((part >= 0).astype(float), (0, rest)))
    return np.stack(x), np.stack(y), np.stack(weight)
