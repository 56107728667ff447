"""The recurrent surrogates: one recurrent layer, then a dense one at every step."""

import numpy as np

from neuron_models.foundation.errors import require, require_seed
from surrogates.backend import keras
from surrogates.training.first_weights import draw_as_on_jax

ACTIVATIONS = ("tanh", "relu", "sigmoid", "elu", "softsign", "linear")
"""What the candidate state (of an LSTM: candidate and output) passes through, by Keras's names; gates keep sigmoid."""


def rnn(inputs: int, outputs: int, *, units: int = 16, activation: str = "tanh", seed: int = 0) -> keras.Model:
    """A simple recurrent network (Elman): SimpleRNN, then Dense.

    Args:
        inputs: channels of x; the model takes (trial, time, inputs).
        outputs: channels of y; the model gives (trial, time, outputs).
        units: size of the hidden state.
        activation: one of `ACTIVATIONS`; the gates of LSTM and GRU keep sigmoid.
        seed: of the first weights.

    Raises:
        InputError: a size below one, an unknown activation, or an invalid seed.
    """
    return _recurrent(keras.layers.SimpleRNN, "rnn", inputs, outputs, units, activation, seed)


def lstm(inputs: int, outputs: int, *, units: int = 8, activation: str = "tanh", seed: int = 0) -> keras.Model:
    """A long short-term memory network: LSTM, then Dense; arguments as in `rnn`."""
    return _recurrent(keras.layers.LSTM, "lstm", inputs, outputs, units, activation, seed)


def gru(inputs: int, outputs: int, *, units: int = 8, activation: str = "tanh", seed: int = 0) -> keras.Model:
    """A gated recurrent network: GRU (`reset_after`), then Dense; arguments as in `rnn`."""
    return _recurrent(keras.layers.GRU, "gru", inputs, outputs, units, activation, seed)


def _recurrent(layer, kind: str, inputs: int, outputs: int, units: int, activation: str, seed: int) -> keras.Model:
    """Keras's default initialisers, zero initial state (Barbulescu et al. 2023, Methods)."""
    for name, value in (("inputs", inputs), ("outputs", outputs), ("units", units)):
        require(value >= 1, f"{kind}: {name} must be >= 1, got {value}")
    known = ", ".join(ACTIVATIONS)
    require(activation in ACTIVATIONS, f"{kind}: activation must be one of {known}, got {activation!r}")
    require_seed(seed, f"{kind}: seed")
    seeds = [int(each) for each in np.random.SeedSequence(seed).generate_state(3)]
    start = keras.initializers
    model = keras.Sequential(
        [
            keras.Input((None, inputs), name="stimulus"),
            layer(
                units,
                activation=activation,
                return_sequences=True,
                kernel_initializer=start.GlorotUniform(seed=seeds[0]),
                recurrent_initializer=start.Orthogonal(seed=seeds[1]),
                name=kind,
            ),
            keras.layers.Dense(outputs, kernel_initializer=start.GlorotUniform(seed=seeds[2]), name="response"),
        ],
        name=f"{kind}_{units}" + ("" if activation == "tanh" else f"_{activation}"),
    )
    return draw_as_on_jax(model)
