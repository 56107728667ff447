"""Which Keras models the fast engine can run, and how their weights lie in its two matrices."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Shaped

from surrogates.backend import keras, tensorflow_unseen
from surrogates.training.fast.algebra import ACTIVATIONS
from surrogates.training.fast.cells import FEED, GATES, GRU, LSTM, SIMPLE
from surrogates.training.fast.simd import WIDTH

_KINDS = {"SimpleRNN": SIMPLE, "LSTM": LSTM, "GRU": GRU}
_LSTM_ORDER = (0, 1, 3, 2)  # Keras has input, forget, candidate, output; the kernels keep the sigmoids together


@dataclass(frozen=True)
class Layout:
    """The shape of a network: a layer of some kind and activation, and the linear one behind it.

    A convolution over time is a layer that sees the inputs of `window` samples, the present one last: `inputs` counts
    them all. `window` is 0 where the model takes its inputs as they are.
    """

    kind: int
    activation: int
    inputs: int
    units: int
    outputs: int
    window: int = 0

    @property
    def rows(self) -> int:
        """Source rows: state, ones, inputs, and ones again for a GRU."""
        return self.units + self.inputs + (2 if self.kind == GRU else 1)

    @property
    def wide(self) -> int:
        """The length of a row of both matrices, as `cells.columns` has it."""
        driven = -(-(self.inputs + 1) // WIDTH) * WIDTH
        return -(-max(self.rows, self.units + 1 + driven) // WIDTH) * WIDTH

    def sources(self, x: Shaped[np.ndarray, "trial time channel"]) -> Shaped[np.ndarray, "trial time input"]:
        """The inputs of every step: those of a window side by side, zero before the first sample."""
        if self.window < 2:
            return x
        padded = np.pad(x, ((0, 0), (self.window - 1, 0), (0, 0)))
        return np.concatenate([padded[:, lag : lag + x.shape[1]] for lag in range(self.window)], axis=-1)

    @property
    def gates(self) -> int:
        """Gate rows."""
        return GATES[self.kind] * self.units

    def pack(self, weights: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Keras's weights as (w, d), rows of `wide` numbers each."""
        kernel, *rest = (np.asarray(each, np.float32) for each in weights)
        kernel = kernel.reshape(self.inputs, -1)
        recurrent = rest.pop(0) if self.kind != FEED else np.zeros((self.units, self.units), np.float32)
        bias, dense, offset = rest
        state, ones, inputs, last = self._columns()
        w = np.zeros((GATES[self.kind], self.units, self.wide), np.float32)
        for index, gate in enumerate(self._order()):
            part = slice(gate * self.units, (gate + 1) * self.units)
            recurs, driven = self._sees(index)
            if recurs:
                w[index, :, state] = recurrent[:, part].T
                w[index, :, ones] = (bias[1] if self.kind == GRU else bias)[part]
            if driven:
                w[index, :, inputs] = kernel[:, part].T
            if driven and self.kind == GRU:
                w[index, :, last] = bias[0][part]
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
        for index, gate in enumerate(self._order()):
            part = slice(gate * self.units, (gate + 1) * self.units)
            recurs, driven = self._sees(index)
            if recurs:
                recurrent[:, part] = blocks[index, :, state].T
                bias[-1, part] = blocks[index, :, ones]
            if driven:
                kernel[:, part] = blocks[index, :, inputs].T
            if driven and self.kind == GRU:
                bias[0, part] = blocks[index, :, last]
        behind = [bias if self.kind == GRU else bias[0], d[:, state].T.copy(), d[:, ones].copy()]
        if self.kind == FEED:
            return [kernel.reshape(self.window, -1, self.units) if self.window else kernel, *behind]
        return [kernel, recurrent, *behind]

    def _columns(self) -> tuple[slice, int, slice, int]:
        """Where the state, its ones, the inputs and theirs stand in a row."""
        first = self.units + 1
        return slice(0, self.units), self.units, slice(first, first + self.inputs), first + self.inputs

    def _order(self) -> tuple[int, ...]:
        """Keras's gate for each of the kernels' gates; a GRU's candidate comes in two parts."""
        return {FEED: (0,), SIMPLE: (0,), LSTM: _LSTM_ORDER, GRU: (0, 1, 2, 2)}[self.kind]

    def _sees(self, index: int) -> tuple[bool, bool]:
        """Whether a gate sees the state, and whether it sees the inputs."""
        return (index != 3, index != 2) if self.kind == GRU else (True, True)


def layout_of(model: keras.Model) -> Layout | None:
    """The layout of a model that the fast engine can run; None of any other.

    It can run two layers, of which the second is a linear Dense, and the first is a SimpleRNN, LSTM or GRU
    (`reset_after`) that gives its sequence, with sigmoid gates; or a Dense; or a causal Conv1D. Its activation is tanh,
    sigmoid, relu or linear. There is no dropout, regulariser, constraint or mask.
    """
    if not isinstance(model, keras.Sequential) or len(model.layers) != 2 or len(model.input_shape) != 3:
        return None
    first, second = model.layers
    if not all(_unconstrained(layer) and _named(layer.activation) in ACTIVATIONS for layer in (first, second)):
        return None
    if type(second) is not keras.layers.Dense or _named(second.activation) != "linear":
        return None
    activation, inputs, outputs = ACTIVATIONS[_named(first.activation)], model.input_shape[-1], model.output_shape[-1]
    kind = _KINDS.get(type(first).__name__, FEED)
    if kind == FEED:
        window = _window(first)
        return (
            None
            if window is None
            else Layout(FEED, activation, inputs * max(window, 1), _units(first), outputs, window)
        )
    return Layout(kind, activation, inputs, first.units, outputs) if _plain(first, kind) else None


def _plain(layer, kind: int) -> bool:
    """Whether a recurrent layer has no setting that the kernels do not know."""
    wanted = {"return_sequences": True, "dropout": 0, "recurrent_dropout": 0}
    wanted |= {"go_backwards": False, "stateful": False, "return_state": False}
    wanted |= {"reset_after": True} if kind == GRU else {}
    gates = "sigmoid" if kind == SIMPLE else _named(layer.recurrent_activation)
    return all(getattr(layer, name) == value for name, value in wanted.items()) and gates == "sigmoid"


def _window(layer) -> int | None:
    """The samples that a causal convolution sees, 0 for a dense layer, None for any other."""
    if type(layer) is keras.layers.Dense:
        return 0
    with tensorflow_unseen():
        config = layer.get_config()
    wanted = {"padding": "causal", "strides": (1,), "dilation_rate": (1,), "groups": 1}
    if type(layer) is keras.layers.Conv1D and all(config[name] == value for name, value in wanted.items()):
        return layer.kernel_size[0]
    return None


def _named(activation) -> str:
    """The name of an activation, empty for one that is a layer."""
    return getattr(activation, "__name__", "")


def _units(layer) -> int:
    return layer.units if type(layer) is keras.layers.Dense else layer.filters


def _unconstrained(layer) -> bool:
    """Whether a layer has an activation and a bias, is trained in float32, and is held by nothing."""
    with tensorflow_unseen():
        config = layer.get_config()
    extra = [value for key, value in config.items() if key.endswith(("regularizer", "constraint"))]
    return (
        all(value is None for value in extra)
        and hasattr(layer, "activation")
        and bool(getattr(layer, "use_bias", False))
        and layer.trainable
        and layer.dtype_policy.compute_dtype == "float32"
    )
