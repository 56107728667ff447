"""The network that predicts a worm's next posture from those before: layers of LSTM (Li et al. 2017)."""

from typing import Any

import numpy as np

from neuron_models.foundation.errors import require, require_seed
from surrogates.backend import keras
from surrogates.posture.network.layers import Forecast, MixtureMean, Standardise
from surrogates.training.seeds import seeds_of

WINDOW = 50
"""Frames from which the next one is predicted, and that a free run is seeded with (Li et al. 2017)."""


def posture_lstm(
    inputs: int,
    outputs: int,
    *,
    layers: int = 1,
    units: int = 64,
    dropout: float = 0.2,
    lags: int = 4,
    components: int = 5,
    seed: int = 0,
) -> keras.Model:
    """A network that gives the next frame at every frame: (recording, frame, channel) to the same.

    Layers of LSTM `lstm_1` ... with dropout after all but the first (after a single one, too), then a dense layer
    `innovation`. What that gives is the distribution of what a linear autoregression (layer `forecast`) leaves of the
    next frame, and the model gives the mean frame.

    Args:
        inputs: channels of a frame: amplitudes of eigenworms, and the change of the mean angle.
        outputs: the same number.
        layers: of LSTM.
        units: of each.
        dropout: the share of a layer's outputs that are dropped in training.
        lags: past frames that the linear prediction takes; with 0 the network predicts the frame itself.
        components: Gaussians of the mixture that the next frame is drawn from (Bishop 1994); with 0 the squared error
            is minimised, and what is left over is one Gaussian.
        seed: of the first weights and of the dropout.

    Raises:
        InputError: numbers of inputs and outputs that differ, a size below one, a dropout that is no share below 1, or
            an invalid seed.
    """
    require(inputs == outputs, f"posture_lstm: it predicts its own {inputs} channels, got {outputs} outputs")
    for name, value, least in (("layers", layers, 1), ("units", units, 1), ("lags", lags, 0)):
        require(value >= least, f"posture_lstm: {name} must be >= {least}, got {value}")
    require(components >= 0, f"posture_lstm: components must be >= 0, got {components}")
    require(0 <= dropout < 1, f"posture_lstm: dropout must be >= 0 and < 1, got {dropout}")
    require_seed(seed, "posture_lstm: seed")
    frames = keras.Input((None, inputs), name="frames")
    hidden = Standardise(changes=lags > 0, name="standard")(frames)
    for index, seeds in enumerate(zip(*[iter(seeds_of(seed, 3 * layers))] * 3, strict=True)):
        hidden = _lstm(units, seeds, index)(hidden)
        if dropout and (index or layers == 1):
            hidden = keras.layers.Dropout(dropout, seed=seeds[2], name=f"dropout_{index + 1}")(hidden)
    predicted = _innovation(units, inputs, components, seed)(hidden)
    mean = MixtureMean(components, name="mean")(predicted) if components else predicted
    name = f"posture_lstm_{layers}x{units}"
    return keras.Model(frames, Forecast(lags, name="forecast")([frames, mean]), name=name)


def posture_lstm_paper(
    inputs: int, outputs: int, *, layers: int = 4, units: int = 260, dropout: float = 0.2, seed: int = 0
) -> keras.Model:
    """The setting of Li et al. 2017: the network gives the next frame itself, and minimises its squared error.

    Arguments as of `posture_lstm`.
    """
    return posture_lstm(inputs, outputs, layers=layers, units=units, dropout=dropout, lags=0, components=0, seed=seed)


def innovations(model: keras.Model) -> keras.Model:
    """The part of a `posture_lstm` that is trained: from frames to what it gives beside the linear prediction."""
    return keras.Model(model.input, model.get_layer("innovation").output, name=f"{model.name}_innovations")


def components_of(model: keras.Model) -> int:
    """The number of Gaussians in the mixture of a `posture_lstm`; 0 when it minimises the squared error."""
    names = [layer.name for layer in model.layers]
    return model.get_layer("mean").components if "mean" in names else 0


def require_posture_lstm(model: Any) -> None:
    """Raise an `InputError` unless a model has the parts of a `posture_lstm`."""
    parts = {"frames", "standard", "lstm_1", "innovation", "forecast"}
    require(
        parts <= {layer.name for layer in model.layers},
        f"{model.name} is no posture_lstm: take a model that `wormtwin train --model posture_lstm` wrote",
    )


def lstm_layers(model: keras.Model) -> list[Any]:
    """The layers of LSTM, the first one first."""
    return [layer for layer in model.layers if isinstance(layer, keras.layers.LSTM)]


def _lstm(units: int, seeds: tuple[int, ...], index: int) -> Any:
    start = keras.initializers
    return keras.layers.LSTM(
        units,
        return_sequences=True,
        kernel_initializer=start.GlorotUniform(seed=seeds[0]),
        recurrent_initializer=start.Orthogonal(seed=seeds[1]),
        name=f"lstm_{index + 1}",
    )


def _innovation(units: int, channels: int, components: int, seed: int) -> Any:
    """From the last layer to the parameters; at first the Gaussians are narrow to wide, so that each finds its part."""
    size = components * (1 + 2 * channels) if components else channels
    start = keras.initializers.VarianceScaling(0.3, seed=seeds_of(seed + 1, 1)[0])
    layer = keras.layers.Dense(size, kernel_initializer=start, name="innovation")
    if components:
        layer.build((None, None, units))
        widths = np.repeat(np.linspace(-1.0, 0.5, components)[:, None], channels, axis=1)
        parameters = np.hstack([np.zeros_like(widths), widths]).ravel()
        layer.bias.assign(np.concatenate([np.zeros(components), parameters]))
    return layer
