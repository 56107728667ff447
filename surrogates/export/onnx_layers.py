"""How a Keras layer becomes nodes of an ONNX graph; recurrent ones become the recurrent operators of the standard."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from surrogates.export.activations import ACTIVATIONS
from surrogates.steps.recurrent_layers import weights_of


class Graph:
    """Nodes and arrays, each under a name of its own; those of a graph inside another begin with its name."""

    def __init__(self, name: str = "") -> None:
        self.before = f"{name}_" if name else ""
        self.nodes: list = []
        self.arrays: list = []

    def add(self, operator: str, inputs: list[str], output: str = "", **attributes: Any) -> str:
        """Add a node and give the name of its output."""
        import onnx

        output = output or f"{self.before}{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(onnx.helper.make_node(operator, inputs, [output], **attributes))
        return output

    def array(self, values: np.ndarray, kind: type = np.float32) -> str:
        """Add an array (weights or sizes, of any shape) and give its name."""
        import onnx

        name = f"{self.before}array_{len(self.arrays)}"
        self.arrays.append(onnx.numpy_helper.from_array(np.ascontiguousarray(values, kind), name))
        return name

    def scan(self, body: Any, inputs: list[str], states: int) -> str:
        """Repeat a graph over the first axis of the last input; the others are its states. Gives its last output."""
        import onnx

        name = f"{self.before}scan_{len(self.nodes)}"
        outputs = [*(f"{name}_{number}" for number in range(states)), name]
        self.nodes.append(onnx.helper.make_node("Scan", inputs, outputs, body=body, num_scan_inputs=1))
        return name

    def whole(self, values: list[int]) -> str:
        """Add whole numbers, such as axes."""
        return self.array(np.asarray(values), np.int64)


def _recurrent(
    graph: Graph, operator: str, flow: str, weights: tuple[np.ndarray, np.ndarray, np.ndarray], **settings: Any
) -> str:
    """A recurrent operator from rest: W (gates, input), R (gates, unit) and B (both biases); time comes first in it."""
    arrays = [graph.array(weight[None]) for weight in weights]
    turned = graph.add("Transpose", [flow], perm=[1, 0, 2])
    states = graph.add(operator, [turned, *arrays], hidden_size=weights[1].shape[1], **settings)
    return graph.add("Squeeze", [states, graph.whole([1])])


def _batch_first(graph: Graph, flow: str) -> str:
    return graph.add("Transpose", [flow], perm=[1, 0, 2])


def _ordered(layer: Any, order: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Keras's weights with their gates in the order of ONNX: W, R, and the two biases behind each other."""
    kernel, recurrent, *rest = weights_of(layer)
    bias = rest[0] if rest else np.zeros(kernel.shape[1], np.float32)
    biases = bias if bias.ndim == 2 else np.stack([bias, np.zeros_like(bias)])
    parts = [np.split(each, len(order), axis=-1) for each in (kernel, recurrent, biases)]
    w, r, b = (np.concatenate([part[gate] for gate in order], axis=-1) for part in parts)
    return w.T, r.T, b.reshape(-1)


def _activations(*functions: Any) -> dict[str, list]:
    """The operators of some activations inside a recurrent one, where `a` itself is 1 a + 0."""
    names = [ACTIVATIONS[function.__name__].onnx for function in functions]
    names = ["Affine" if name == "Identity" else name for name in names]
    scales = [1.0 for name in names if name in ("Affine", "Elu")]
    shifts = [0.0 for name in names if name == "Affine"]
    attributes: dict[str, list] = {"activations": names}
    return (
        attributes | ({"activation_alpha": scales} if scales else {}) | ({"activation_beta": shifts} if shifts else {})
    )


def _simple(graph: Graph, layer: Any, flow: str) -> str:
    return _batch_first(graph, _recurrent(graph, "RNN", flow, _ordered(layer, (0,)), **_activations(layer.activation)))


def _lstm(graph: Graph, layer: Any, flow: str) -> str:
    """Keras has the gates input, forget, candidate, output; ONNX input, output, forget, candidate."""
    functions = _activations(layer.recurrent_activation, layer.activation, layer.activation)
    return _batch_first(graph, _recurrent(graph, "LSTM", flow, _ordered(layer, (0, 3, 1, 2)), **functions))


def _gru(graph: Graph, layer: Any, flow: str) -> str:
    """Both have the gates update, reset, candidate."""
    functions = _activations(layer.recurrent_activation, layer.activation)
    after = {"linear_before_reset": int(layer.reset_after)}
    return _batch_first(graph, _recurrent(graph, "GRU", flow, _ordered(layer, (0, 1, 2)), **functions, **after))


def _dense(graph: Graph, layer: Any, flow: str) -> str:
    kernel, *bias = weights_of(layer)
    flow = graph.add("MatMul", [flow, graph.array(kernel)])
    flow = graph.add("Add", [flow, graph.array(bias[0])]) if bias else flow
    return graph.add(ACTIVATIONS[layer.activation.__name__].onnx, [flow])


def _convolution(graph: Graph, layer: Any, flow: str) -> str:
    """Channels stand before time in ONNX; zeros before the first sample."""
    kernel, *bias = weights_of(layer)
    turned = graph.add("Transpose", [flow], perm=[0, 2, 1])
    arrays = [graph.array(kernel.transpose(2, 1, 0)), *(graph.array(each) for each in bias)]
    convolved = graph.add("Conv", [turned, *arrays], kernel_shape=[len(kernel)], pads=[len(kernel) - 1, 0])
    return graph.add(ACTIVATIONS[layer.activation.__name__].onnx, [graph.add("Transpose", [convolved], perm=[0, 2, 1])])


def _linear_states(
    graph: Graph, flow: str, driven: np.ndarray, recurs: np.ndarray, constant: Sequence[np.ndarray]
) -> str:
    """The states s(t) = driven x(t) + recurs s(t-1) + constant, time first: an RNN whose activation is the identity.

    The constant is that of the first states, in an array or in none.
    """
    still = np.zeros(2 * len(recurs), np.float32)
    for each in constant:
        still[: len(each)] = each
    affine = {"activations": ["Affine"], "activation_alpha": [1.0], "activation_beta": [0.0]}
    return _recurrent(graph, "RNN", flow, (driven, recurs, still), **affine)


def _autoregression(graph: Graph, cell: Any, flow: str) -> str:
    """A linear state that holds now, past outputs, the present input and past ones; the response is its first part."""
    a, b, rest, *intercept = weights_of(cell)
    outputs, inputs, lags = cell.outputs, cell.inputs, cell.lags
    fed = lags * outputs  # the first numbers of the state: now, and the outputs of lags 1 ... lags - 1
    recurs = np.zeros((fed + lags * inputs,) * 2, np.float32)
    driven = np.zeros((len(recurs), inputs), np.float32)
    recurs[:outputs, :fed], recurs[:outputs, fed:] = a.T, b[inputs:].T
    driven[:outputs], driven[fed : fed + inputs] = b[:inputs].T, np.eye(inputs)
    for start, end, width in ((0, fed, outputs), (fed, len(recurs), inputs)):
        recurs[start + width : end, start : end - width] = np.eye(end - start - width)
    states = _linear_states(graph, flow, driven, recurs, intercept)
    chosen = np.eye(len(recurs), outputs)
    return graph.add(
        "Add", [graph.add("MatMul", [_batch_first(graph, states), graph.array(chosen)]), graph.array(rest)]
    )


def _state_space(graph: Graph, cell: Any, flow: str) -> str:
    """The RNN gives the state after each sample; the response needs the one before it: shifted by a sample."""
    a, b, c, d, rest, *intercept = weights_of(cell)
    after = _linear_states(graph, flow, b, a, intercept)
    before = _batch_first(graph, graph.add("Pad", [after, graph.whole([1, 0, 0, -1, 0, 0])]))
    seen = graph.add("MatMul", [before, graph.array(c.T)])
    through = graph.add("MatMul", [flow, graph.array(d.T)])
    return graph.add("Add", [graph.add("Add", [seen, through]), graph.array(rest)])


NODES: dict[str, Callable[[Graph, Any, str], str]] = {
    "SimpleRNN": _simple,
    "LSTM": _lstm,
    "GRU": _gru,
    "Dense": _dense,
    "Conv1D": _convolution,
    "AutoregressiveCell": _autoregression,
    "StateSpaceCell": _state_space,
}


def has_operator(kind: str, layer: Any) -> bool:
    """Whether the standard has operators for a layer with its activations."""
    functions = [getattr(layer, name, None) for name in ("activation", "recurrent_activation")]
    names = [each.__name__ for each in functions if each is not None]
    return kind in NODES and (kind in ("Dense", "Conv1D") or all(ACTIVATIONS[name].within_recurrent for name in names))
