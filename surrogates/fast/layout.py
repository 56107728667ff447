"""Which Keras models the fast engine can run, and how their weights lie in its two matrices."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from surrogates.backend import keras
from surrogates.fast.algebra import ACTIVATIONS
from surrogates.fast.cells import GATES, GRU, LSTM, SIMPLE
from surrogates.fast.lanes import WIDTH

_KINDS = {"SimpleRNN": SIMPLE, "LSTM": LSTM, "GRU": GRU}
_LSTM_ORDER = (0, 1, 3, 2)  # Keras has input, forget, candidate, output; the kernels keep the sigmoids together


@dataclass(frozen=True)
class Layout:
    """The shape of a network: a recurrent layer of some kind and activation, and the dense one behind it."""

    kind: int
    activation: int
    inputs: int
    units: int
    outputs: int

    @property
    def rows(self) -> int:
        """Source rows: state, ones, inputs, and ones again for a GRU."""
        return self.units + self.inputs + (2 if self.kind == GRU else 1)

    @property
    def wide(self) -> int:
        """The length of a row of both matrices, as `cells.columns` has it."""
        whole = -(-self.rows // WIDTH) * WIDTH
        return max(whole, self.units + 1 - (-(self.inputs + 1) // WIDTH) * WIDTH)

    @property
    def gates(self) -> int:
        """Gate rows."""
        return GATES[self.kind] * self.units

    def pack(self, weights: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Keras's weights as (w, d), rows of `wide` numbers each."""
        kernel, recurrent, bias, dense, offset = (np.asarray(each, np.float32) for each in weights)
        w = np.zeros((GATES[self.kind], self.units, self.wide), np.float32)
        state, ones, inputs, last = self._columns()
        for place, gate in enumerate(self._order()):
            part = slice(gate * self.units, (gate + 1) * self.units)
            recurs, driven = self._sees(place)
            if recurs:
                w[place, :, state] = recurrent[:, part].T
                w[place, :, ones] = (bias[1] if self.kind == GRU else bias)[part]
            if driven:
                w[place, :, inputs] = kernel[:, part].T
            if driven and self.kind == GRU:
                w[place, :, last] = bias[0][part]
        d = np.zeros((self.outputs, self.wide), np.float32)
        d[:, state], d[:, ones] = dense.T, offset
        return w.reshape(self.gates, self.wide), d

    def unpack(self, w: Float[np.ndarray, "gate column"], d: Float[np.ndarray, "output column"]) -> list[np.ndarray]:
        """The other way: (w, d), or their gradients, as Keras's list of weights."""
        state, ones, inputs, last = self._columns()
        gates = len(set(self._order()))
        kernel = np.zeros((self.inputs, gates * self.units), np.float32)
        recurrent = np.zeros((self.units, gates * self.units), np.float32)
        bias = np.zeros((2 if self.kind == GRU else 1, gates * self.units), np.float32)
        blocks = w.reshape(GATES[self.kind], self.units, self.wide)
        for place, gate in enumerate(self._order()):
            part = slice(gate * self.units, (gate + 1) * self.units)
            recurs, driven = self._sees(place)
            if recurs:
                recurrent[:, part] = blocks[place, :, state].T
                bias[-1, part] = blocks[place, :, ones]
            if driven:
                kernel[:, part] = blocks[place, :, inputs].T
            if driven and self.kind == GRU:
                bias[0, part] = blocks[place, :, last]
        bias = bias if self.kind == GRU else bias[0]
        return [kernel, recurrent, bias, d[:, state].T.copy(), d[:, ones].copy()]

    def _columns(self) -> tuple[slice, int, slice, int]:
        """Where the state, its ones, the inputs and theirs stand in a row."""
        first = self.units + 1
        return slice(0, self.units), self.units, slice(first, first + self.inputs), first + self.inputs

    def _order(self) -> tuple[int, ...]:
        """Keras's gate for each of the kernels' gates; a GRU's candidate comes in two parts."""
        return {SIMPLE: (0,), LSTM: _LSTM_ORDER, GRU: (0, 1, 2, 2)}[self.kind]

    def _sees(self, place: int) -> tuple[bool, bool]:
        """Whether a gate sees the state, and whether it sees the inputs."""
        return (place != 3, place != 2) if self.kind == GRU else (True, True)


def layout_of(model: keras.Model) -> Layout | None:
    """The layout of a model that the fast engine can run; None of any other.

    It can run one SimpleRNN, LSTM or GRU (`reset_after`) that gives its sequence, with sigmoid gates and tanh, sigmoid,
    relu or linear activation, followed by a linear Dense: no dropout, regularisers, constraints or masks.
    """
    if not isinstance(model, keras.Sequential) or len(model.layers) != 2:
        return None
    recurrent, dense = model.layers
    kind = _KINDS.get(type(recurrent).__name__)
    if kind is None or type(dense) is not keras.layers.Dense or not _plain(recurrent, kind) or not _linear(dense):
        return None
    activation = ACTIVATIONS[recurrent.activation.__name__]
    return Layout(kind, activation, model.input_shape[-1], recurrent.units, model.output_shape[-1])


def _plain(layer, kind: int) -> bool:
    wanted = {"return_sequences": True, "use_bias": True, "dropout": 0, "recurrent_dropout": 0}
    wanted |= {"go_backwards": False, "stateful": False, "return_state": False, "trainable": True}
    wanted |= {"reset_after": True} if kind == GRU else {}
    gates = "sigmoid" if kind == SIMPLE else layer.recurrent_activation.__name__
    return (
        all(getattr(layer, name) == value for name, value in wanted.items())
        and layer.activation.__name__ in ACTIVATIONS
        and gates == "sigmoid"
        and _unconstrained(layer)
    )


def _linear(layer) -> bool:
    return layer.activation.__name__ == "linear" and layer.use_bias and layer.trainable and _unconstrained(layer)


def _unconstrained(layer) -> bool:
    config = layer.get_config()
    extra = [value for key, value in config.items() if key.endswith(("regularizer", "constraint"))]
    return all(value is None for value in extra) and layer.dtype_policy.compute_dtype == "float32"
