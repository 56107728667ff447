"""A whole Keras model as one step."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from surrogates.steps.lagged_layers import autoregression_part, convolution_part, narx_part, state_space_part
from surrogates.steps.nonlinear_layers import attention_part, cfc_part, lfr_part, lru_part, residual_gru_part
from surrogates.steps.recurrent_layers import Own, dense_part, gru_part, lstm_part, simple_part
from surrogates.steps.step import Part, Statement, Step


def step_of(model: Any) -> Step:
    """The step of a chain of layers that `surrogates.export.capabilities` has let pass."""
    states: dict[str, int] = {}
    arrays: dict[str, np.ndarray] = {}
    statements: list[Statement] = []
    source, indices = "x", {True: 0, False: 0}
    for name, layer in exported_layers(model):
        indices[name == "Dense"] += 1
        part = LAYERS[name](layer, source, _own(indices[name == "Dense"]))
        states |= part.states
        arrays |= part.arrays
        statements += part.statements
        source = part.output
    return Step(model.input_shape[-1], states, arrays, tuple(statements), source)


def _own(index: int) -> Own:
    """The names of the layer that is the first, second, ... of its family."""
    return lambda name: name if index == 1 else f"{name}_{index}"


def exported_layers(model: Any) -> Iterator[tuple[str, Any]]:
    """The layers that act when a model answers, each with the name of its kind; in place of an RNN, its cell."""
    for layer in model.layers:
        kind = type(layer).__name__
        if kind == "RNN":
            yield type(layer.cell).__name__, layer.cell
        elif kind != "Dropout":
            yield kind, layer


LAYERS: dict[str, Callable[[Any, str, Own], Part]] = {
    "SimpleRNN": simple_part,
    "LSTM": lstm_part,
    "GRU": gru_part,
    "Dense": dense_part,
    "Conv1D": convolution_part,
    "AutoregressiveCell": autoregression_part,
    "StateSpaceCell": state_space_part,
    "NarxCell": narx_part,
    "LfrCell": lfr_part,
    "ResidualGruCell": residual_gru_part,
    "LruCell": lru_part,
    "CfcCell": cfc_part,
    "WindowedAttention": attention_part,
}
