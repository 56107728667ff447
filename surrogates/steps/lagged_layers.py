"""How a layer that remembers past samples becomes statements of a step."""

from typing import Any

import numpy as np

from surrogates.steps.recurrent_layers import Own, weights_of
from surrogates.steps.step import Affine, Formula, Part, Statement


def convolution_part(layer: Any, source: str, own: Own) -> Part:
    """A causal Conv1D: its kernel's last row sees the present sample."""
    kernel, *bias = weights_of(layer)
    lags = len(kernel) - 1
    past = [source, *(own(f"before{lag}") for lag in range(1, lags + 1))]
    arrays = {own(f"K_{lag}"): kernel[lags - lag] for lag in range(lags + 1)} | ({own("b_k"): bias[0]} if bias else {})
    terms = tuple((vector, own(f"K_{lag}")) for lag, vector in enumerate(past))
    answer = Affine(own("hidden"), terms, own("b_k") if bias else "", layer.activation.__name__)
    return Part(dict.fromkeys(past[1:], int(kernel.shape[1])), arrays, (answer, *_shifts(past)), own("hidden"))


def autoregression_part(cell: Any, source: str, own: Own) -> Part:
    """An autoregression: y = rest + now, now = sum_k past_k A_k + sum_k before_k B_k + c."""
    a, b, rest, *intercept = weights_of(cell)
    past = [own("now"), *(own(f"past{lag}") for lag in range(1, cell.lags + 1))]
    before = [source, *(own(f"before{lag}") for lag in range(1, cell.lags + 1))]
    arrays = {own(f"A_{lag}"): rows for lag, rows in enumerate(np.split(a, cell.lags), 1)}
    arrays |= {own(f"B_{lag}"): rows for lag, rows in enumerate(np.split(b, cell.lags + 1))}
    arrays |= {own("rest"): rest} | {own("c"): each for each in intercept}
    terms = [(vector, own(f"B_{lag}")) for lag, vector in enumerate(before)]
    terms += [(vector, own(f"A_{lag}")) for lag, vector in enumerate(past) if lag]
    answer = Formula(own("response"), f"{own('now')} + {own('rest')}")
    states = dict.fromkeys(past[1:], cell.outputs) | dict.fromkeys(before[1:], cell.inputs)
    moved = Affine(own("now"), tuple(terms), own("c") if intercept else "")
    statements: tuple[Statement, ...] = (moved, answer, *_shifts(past), *_shifts(before))
    return Part(states, arrays, statements, own("response"))


def state_space_part(cell: Any, source: str, own: Own) -> Part:
    """A state space: y = rest + s C + x D, then s = s A + x B + e; vectors are rows."""
    *matrices, rest = (weights := weights_of(cell))[:5]
    arrays = {own(name): weight.T for name, weight in zip("ABCD", matrices, strict=True)} | {own("rest"): rest}
    arrays |= {own("e"): each for each in weights[5:]}
    s, new, answer = own("s"), own("next"), own("response")
    statements = (
        Affine(answer, ((s, own("C")), (source, own("D"))), own("rest")),
        Affine(new, ((s, own("A")), (source, own("B"))), own("e") if cell.intercept else ""),
        Formula(s, new),
    )
    return Part({s: cell.order}, arrays, statements, answer)


def narx_part(cell: Any, source: str, own: Own) -> Part:
    """A NARX network: y = rest + now, now = tanh(sum_k past_k V_k + sum_k before_k U_k + b) W + c."""
    v, b, w, c, rest = weights_of(cell)
    past = [own("now"), *(own(f"past{lag}") for lag in range(1, cell.output_lags + 1))]
    before = [source, *(own(f"before{lag}") for lag in range(1, cell.input_lags + 1))]
    of_outputs, of_inputs = np.split(v, [cell.output_lags * cell.outputs])
    arrays = {own(f"V_{lag}"): rows for lag, rows in enumerate(np.split(of_outputs, cell.output_lags), 1)}
    arrays |= {own(f"U_{lag}"): rows for lag, rows in enumerate(np.split(of_inputs, cell.input_lags), 1)}
    arrays |= {own("b"): b, own("W"): w, own("c"): c, own("rest"): rest}
    terms = [(vector, own(f"V_{lag}")) for lag, vector in enumerate(past) if lag]
    terms += [(vector, own(f"U_{lag}")) for lag, vector in enumerate(before) if lag]
    statements: tuple[Statement, ...] = (
        Affine(own("hidden"), tuple(terms), own("b"), "tanh"),
        Affine(own("now"), ((own("hidden"), own("W")),), own("c")),
        Formula(own("response"), f"{own('now')} + {own('rest')}"),
        *_shifts(past),
        *_shifts(before),
    )
    states = dict.fromkeys(past[1:], cell.outputs) | dict.fromkeys(before[1:], cell.inputs)
    return Part(states, arrays, statements, own("response"))


def _shifts(series: list[str]) -> list[Statement]:
    """Every vector of a series, newest first, becomes the one before it."""
    return [Formula(series[k], series[k - 1]) for k in range(len(series) - 1, 0, -1)]
