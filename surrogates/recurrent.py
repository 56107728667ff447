"""The recurrent surrogates: one recurrent layer, then a dense one at every step."""

import numpy as np

from neuron_models.errors import require, require_seed
from surrogates.backend import keras


def rnn(inputs: int, outputs: int, *, units: int = 16, seed: int = 0) -> keras.Model:
    """A simple recurrent network (Elman): SimpleRNN with tanh, then Dense.

    Args:
        inputs: channels of x; the model takes (trial, time, inputs).
        outputs: channels of y; the model gives (trial, time, outputs).
        units: size of the hidden state.
        seed: of the first weights.

    Raises:
        InputError: a size below one, or a seed that is none.
    """
    return _recurrent(keras.layers.SimpleRNN, "rnn", inputs, outputs, units, seed)


def lstm(inputs: int, outputs: int, *, units: int = 8, seed: int = 0) -> keras.Model:
    """A long short-term memory network: LSTM, then Dense; arguments as in `rnn`."""
    return _recurrent(keras.layers.LSTM, "lstm", inputs, outputs, units, seed)


def gru(inputs: int, outputs: int, *, units: int = 8, seed: int = 0) -> keras.Model:
    """A gated recurrent network: GRU (`reset_after`), then Dense; arguments as in `rnn`."""
    return _recurrent(keras.layers.GRU, "gru", inputs, outputs, units, seed)


def _recurrent(layer, kind: str, inputs: int, outputs: int, units: int, seed: int) -> keras.Model:
    """Keras's default activations and initialisers, zero initial state (Barbulescu et al. 2023, Methods)."""
    for name, value in (("inputs", inputs), ("outputs", outputs), ("units", units)):
        require(value >= 1, f"{kind}: {name} must be >= 1, got {value}")
    require_seed(seed, f"{kind}: seed")
    seeds = [int(each) for each in np.random.SeedSequence(seed).generate_state(3)]
    start = keras.initializers
    return keras.Sequential(
        [
            keras.Input((None, inputs), name="stimulus"),
            layer(
                units,
                return_sequences=True,
                kernel_initializer=start.GlorotUniform(seed=seeds[0]),
                recurrent_initializer=start.Orthogonal(seed=seeds[1]),
                name=kind,
            ),
            keras.layers.Dense(outputs, kernel_initializer=start.GlorotUniform(seed=seeds[2]), name="response"),
        ],
        name=f"{kind}_{units}",
    )
