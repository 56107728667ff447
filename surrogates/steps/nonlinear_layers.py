"""How a cell with a linear part, and attention, become statements of a step."""

from itertools import pairwise
from typing import Any

import numpy as np

from surrogates.steps.recurrent_layers import Own
from surrogates.steps.step import Affine, Formula, Part, Statement


class _Parts:
    """Collects arrays and statements; every map of vectors side by side is split into one matrix a vector."""

    def __init__(self, weights: dict[str, np.ndarray], own: Own) -> None:
        self.weights, self.own = weights, own
        self.arrays: dict[str, np.ndarray] = {}

    def affine(
        self, target: str, matrix: str, bias: str, vectors: dict[str, int], activation: str = "linear", columns=None
    ) -> Affine:
        """`target = activation(vectors side by side @ matrix + bias)`, of some columns; vectors have their sizes."""
        chosen = slice(None) if columns is None else columns
        rows = np.split(self.weights[matrix][:, chosen], np.cumsum(list(vectors.values()))[:-1])
        named = [self.own(f"{matrix}_{target}_{number}") for number in range(len(rows))]
        self.arrays |= dict(zip(named, rows, strict=True))
        self.arrays[self.own(f"b_{target}")] = self.weights[bias][chosen]
        return Affine(self.own(target), tuple(zip(vectors, named, strict=True)), self.own(f"b_{target}"), activation)


def lfr_part(cell: Any, source: str, own: Own) -> Part:
    """A linear system with a static network in feedback."""
    parts, s = _Parts(cell.named_weights(), own), own("s")
    seen = {s: cell.order, source: cell.inputs}
    whole = {**seen, own("w"): cell.units}
    statements: tuple[Statement, ...] = (
        parts.affine("w", "f", "f_bias", seen, "tanh"),
        parts.affine("response", "c", "rest", whole),
        parts.affine("next", "a", "e", whole),
        Formula(s, own("next")),
    )
    return Part({s: cell.order}, parts.arrays, statements, own("response"))


def residual_gru_part(cell: Any, source: str, own: Own) -> Part:
    """A linear system, and a GRU that sees the inputs and what the system answers."""
    parts, units = _Parts(cell.named_weights(), own), cell.units
    s, h, v, z, r, new = (own(name) for name in ("s", "h", "linear", "z", "r", "candidate"))
    driven, seen = {s: cell.order, source: cell.inputs}, {source: cell.inputs, v: cell.outputs}
    statements: tuple[Statement, ...] = (
        parts.affine("linear", "l", "l_bias", driven),
        parts.affine("z", "g", "g_bias", {**seen, h: units}, "sigmoid", slice(0, units)),
        parts.affine("r", "g", "g_bias", {**seen, h: units}, "sigmoid", slice(units, None)),
        Formula(own("kept"), f"{r} * {h}"),
        parts.affine("candidate", "k", "k_bias", {**seen, own("kept"): units}, "tanh"),
        Formula(h, f"{z} * {h} + (1.0 - {z}) * {new}"),
        parts.affine("response", "c", "rest", {v: cell.outputs, h: units}),
        parts.affine("next", "a", "e", driven),
        Formula(s, own("next")),
    )
    return Part({s: cell.order, h: units}, parts.arrays, statements, own("response"))


def lru_part(cell: Any, source: str, own: Own) -> Part:
    """A diagonal complex state with a nonlinear read-out."""
    weights = cell.named_weights()
    size = np.exp(-np.exp(weights["nu"]))
    parts, order = _Parts(weights, own), cell.order
    p, q, real, turned, before = (own(name) for name in ("p", "q", "real", "imaginary", "before"))
    parts.arrays |= {p: size * np.cos(weights["theta"]), q: size * np.sin(weights["theta"])}
    seen = {real: order, turned: order, source: cell.inputs}
    statements: tuple[Statement, ...] = (
        parts.affine("u_real", "b", "e", {source: cell.inputs}, columns=slice(0, order)),
        parts.affine("u_imaginary", "b", "e", {source: cell.inputs}, columns=slice(order, None)),
        Formula(before, real),
        Formula(real, f"{p} * {before} - {q} * {turned} + {own('u_real')}"),
        Formula(turned, f"{q} * {before} + {p} * {turned} + {own('u_imaginary')}"),
        parts.affine("w", "f", "f_bias", seen, "tanh"),
        parts.affine("response", "c", "rest", {**seen, own("w"): cell.units}),
    )
    return Part({real: order, turned: order}, parts.arrays, statements, own("response"))


def cfc_part(cell: Any, source: str, own: Own) -> Part:
    """A closed-form continuous-time cell."""
    parts, h, seen = _Parts(cell.named_weights(), own), own("h"), {own("seen"): cell.backbone}
    one, other, t = (own(name) for name in ("one", "other", "share"))
    statements: tuple[Statement, ...] = (
        parts.affine("seen", "b", "b_bias", {source: cell.inputs, h: cell.units}, "tanh"),
        parts.affine("one", "f", "f_bias", seen, "tanh"),
        parts.affine("other", "g", "g_bias", seen, "tanh"),
        parts.affine("share", "t", "t_bias", seen, "sigmoid"),
        Formula(h, f"(1.0 - {t}) * {one} + {t} * {other}"),
        parts.affine("response", "c", "rest", {h: cell.units}),
    )
    return Part({h: cell.units}, parts.arrays, statements, own("response"))


def attention_part(layer: Any, source: str, own: Own) -> Part:
    """Causal attention: past inputs in registers, sums over blocks of lags that grow and shed a sample at a time."""
    weights, edges, units, heads = layer.named_weights(), layer.edges, layer.units, layer.heads
    past = [source, *(own(f"before{lag}") for lag in range(1, edges[-1] + 1))]
    sums = [own(f"sum{k}") for k in range(len(edges) - 1)]
    width, cap = units // heads, 8.0
    ones = np.kron(np.eye(heads, dtype=np.float32), np.ones((width, 1), np.float32))
    named = {own(f"A_{name}"): weights[name] for name in ("q", "q0", "k", "v", "v0", "f", "f0")}
    named[own("rest")] = weights["rest"]
    named |= {own("gather"): ones / np.float32(width**0.5), own("spread"): ones.T.copy()}
    named |= dict(zip((own("c_o"), own("c_w")), np.split(weights["c"], [units]), strict=True))
    statements: list[Statement] = [Affine(own("query"), ((source, own("A_q")),), own("A_q0"))]
    for k, (first, end) in enumerate(pairwise(edges)):
        named |= {own(f"k0_{k}"): weights["k0"] + weights["p"][k], own(f"b_{k}"): weights["b"][k]}
        key, product, score = own(f"key{k}"), own(f"product{k}"), own(f"score{k}")
        mean, value, wide, raised = own(f"mean{k}"), own(f"value{k}"), own(f"share{k}"), own(f"raised{k}")
        statements += [
            Formula(sums[k], f"{sums[k]} + {past[first]} - {past[end]}"),
            Formula(mean, f"{1 / (end - first)!r} * {sums[k]}"),
            Affine(key, ((mean, own("A_k")),), own(f"k0_{k}")),
            Affine(value, ((mean, own("A_v")),), own("A_v0")),
            Formula(product, f"{own('query')} * {key}"),
            Affine(score, ((product, own("gather")),), own(f"b_{k}")),
            Formula(raised, f"exp({cap} * tanh({1 / cap} * {score}))"),
            Affine(wide, ((raised, own("spread")),)),
        ]
    every = range(len(sums))
    statements += [
        Formula(own("weighed"), " + ".join(f"{own(f'share{k}')} * {own(f'value{k}')}" for k in every)),
        Formula(own("all"), " + ".join(own(f"share{k}") for k in every)),
        Formula(own("o"), f"{own('weighed')} * reciprocal({own('all')})"),
        Affine(own("w"), ((own("o"), own("A_f")),), own("A_f0"), "tanh"),
        Affine(own("response"), ((own("o"), own("c_o")), (own("w"), own("c_w"))), own("rest")),
        *(Formula(past[lag], past[lag - 1]) for lag in range(len(past) - 1, 0, -1)),
    ]
    states = dict.fromkeys((*past[1:], *sums), layer.inputs)
    return Part(states, named, tuple(statements), own("response"))
