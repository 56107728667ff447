"""The time-delay network: the inputs of a few samples, one hidden layer, no memory of its own."""

import numpy as np

from neuron_models.foundation.errors import require, require_seed
from surrogates.backend import keras
from surrogates.training.first_weights import draw_as_on_jax


def tdnn(inputs: int, outputs: int, *, units: int = 283, input_lags: int = 1, seed: int = 0) -> keras.Model:
    """A time-delay network (Waibel et al. 1989): y(t) = W tanh(V [x(t) ... x(t-input_lags)] + b) + c.

    A convolution over time that looks back only; before its first sample an input is zero. With four inputs, four
    outputs and the defaults it has 3,683 parameters, as many as a GRU of 32 units.

    Args:
        inputs: channels of x; the model takes (trial, time, inputs).
        outputs: channels of y; the model gives (trial, time, outputs).
        units: hidden units.
        input_lags: past samples of the inputs that count, beside the present one.
        seed: of the first weights.

    Raises:
        InputError: a size below one, lags below zero, or an invalid seed.
    """
    for name, value in (("inputs", inputs), ("outputs", outputs), ("units", units)):
        require(value >= 1, f"tdnn: {name} must be >= 1, got {value}")
    require(input_lags >= 0, f"tdnn: input_lags must be >= 0, got {input_lags}")
    require_seed(seed, "tdnn: seed")
    first, second = (int(each) for each in np.random.SeedSequence(seed).generate_state(2))
    start = keras.initializers.GlorotUniform
    hidden = keras.layers.Conv1D(
        units, input_lags + 1, padding="causal", activation="tanh", kernel_initializer=start(seed=first), name="hidden"
    )
    response = keras.layers.Dense(outputs, kernel_initializer=start(seed=second), name="response")
    layers = [keras.Input((None, inputs), name="stimulus"), hidden, response]
    return draw_as_on_jax(keras.Sequential(layers, name=f"tdnn_{units}"))
