"""How a recurrent or dense Keras layer becomes statements of a step."""

from collections.abc import Callable
from typing import Any

import numpy as np

from surrogates.steps.step import Affine, Formula, Part, Statement, applied

Own = Callable[[str], str]
"""Makes a name the layer's own, where a model has several layers of a kind."""


def weights_of(layer: Any) -> list[np.ndarray]:
    """A layer's weights in single precision, in Keras's order."""
    return [np.asarray(weight, np.float32) for weight in layer.get_weights()]


def _gates(names: str, own: Own, layer: Any) -> dict[str, np.ndarray]:
    """Kernels W, recurrent kernels U and biases b by gate, in Keras's order of gates."""
    kernel, recurrent, *rest = weights_of(layer)
    bias = rest[0] if rest else np.zeros(kernel.shape[1], np.float32)
    if bias.ndim == 1:
        bias = np.stack([bias, np.zeros_like(bias)])
    arrays: dict[str, np.ndarray] = {}
    for gate, *columns in zip(names, *(np.split(a, len(names), -1) for a in (kernel, recurrent, bias)), strict=True):
        w, u, b = columns
        arrays |= {own(f"W_{gate}"): w, own(f"U_{gate}"): u, own(f"b_{gate}"): b.sum(0)}
        if gate == "c" and len(names) == 3:  # a GRU's candidate, whose recurrent part the reset gate scales
            arrays |= {own("b_c"): b[0], own("d_c"): b[1]}
    return arrays


def _gate(target: str, gate: str, activation: str, source: str, own: Own) -> Affine:
    terms = ((source, own(f"W_{gate}")), (own("h"), own(f"U_{gate}")))
    return Affine(own(target), terms, own(f"b_{gate}"), activation)


def simple_part(layer: Any, source: str, own: Own) -> Part:
    """SimpleRNN: h = f(x W + h U + b)."""
    new = _gate("candidate", "h", layer.activation.__name__, source, own)
    return Part({own("h"): layer.units}, _gates("h", own, layer), (new, Formula(own("h"), own("candidate"))), own("h"))


def lstm_part(layer: Any, source: str, own: Own) -> Part:
    """LSTM: c = f c + i g, h = o act(c)."""
    act, gate = layer.activation.__name__, layer.recurrent_activation.__name__
    i, f, g, o, h, c = (own(name) for name in "ifgohc")
    statements = (
        _gate("i", "i", gate, source, own),
        _gate("f", "f", gate, source, own),
        _gate("g", "g", act, source, own),
        _gate("o", "o", gate, source, own),
        Formula(c, f"{f} * {c} + {i} * {g}"),
        Formula(h, f"{o} * {applied(act, c)}"),
    )
    return Part({h: layer.units, c: layer.units}, _gates("ifgo", own, layer), statements, h)


def gru_part(layer: Any, source: str, own: Own) -> Part:
    """GRU: h = z h + (1 - z) candidate, the reset gate behind the recurrent product (`reset_after`) or before it."""
    act, gate = layer.activation.__name__, layer.recurrent_activation.__name__
    z, r, h, new, driven, recalled, kept = (own(n) for n in ("z", "r", "h", "candidate", "driven", "recalled", "kept"))
    arrays = _gates("zrc", own, layer)
    gates = (_gate("z", "z", gate, source, own), _gate("r", "r", gate, source, own))
    if layer.reset_after:
        last: tuple[Statement, ...] = (
            Affine(driven, ((source, own("W_c")),), own("b_c")),
            Affine(recalled, ((h, own("U_c")),), own("d_c")),
            Formula(new, applied(act, f"{driven} + {r} * {recalled}")),
        )
    else:
        del arrays[own("d_c")]
        terms = ((source, own("W_c")), (kept, own("U_c")))
        last = (Formula(kept, f"{r} * {h}"), Affine(new, terms, own("b_c"), act))
    statements = (*gates, *last, Formula(h, f"{z} * {h} + (1.0 - {z}) * {new}"))
    return Part({h: layer.units}, arrays, statements, h)


def dense_part(layer: Any, source: str, own: Own) -> Part:
    """Dense: y = f(x W + b)."""
    kernel, *bias = weights_of(layer)
    arrays = {own("W_y"): kernel} | ({own("b_y"): bias[0]} if bias else {})
    act = layer.activation.__name__
    answer = Affine(own("y"), ((source, own("W_y")),), own("b_y") if bias else "", act)
    return Part({}, arrays, (answer,), own("y"))
