"""A step of a network as the body of ONNX's Scan, for what the standard has no operator of its own."""

from collections.abc import Mapping

import numpy as np

from surrogates.export.activations import ACTIVATIONS
from surrogates.export.onnx_layers import Graph
from surrogates.steps.expressions import operations
from surrogates.steps.step import Affine, Statement, Step

_ARITHMETIC = {"add": "Add", "subtract": "Sub", "multiply": "Mul", "copy": "Identity"}
_DOUBLE, _SINGLE = 11, 1
"""Kinds of numbers in ONNX."""
_SINGLE_ALONE = ("Elu", "Softsign", "Selu")
"""Operators that onnxruntime has for single precision alone."""


def scanned(graph: Graph, step: Step, flow: str) -> str:
    """Add a step that is repeated over time; gives the name of its response (batch, time, output).

    States are kept in double precision, since those that sums enter and leave would drift in single precision.
    """
    arrays = {name: graph.array(array, np.float64) for name, array in step.arrays.items()}
    series = graph.add("Cast", [graph.add("Transpose", [flow], perm=[1, 0, 2])], to=_DOUBLE)
    batch = graph.add("Slice", [graph.add("Shape", [flow]), graph.whole([0]), graph.whole([1])])
    still = [_zeros(graph, batch, size) for size in step.states.values()]
    found = graph.scan(_body(step, arrays), [*still, series], len(still))
    turned = graph.add("Transpose", [found], perm=[1, 0, 2])
    return graph.add("Cast", [turned], to=_SINGLE)


def _zeros(graph: Graph, batch: str, size: int) -> str:
    """The state (batch, size) before the first sample."""
    import onnx

    shape = graph.add("Concat", [batch, graph.whole([size])], axis=0)
    zero = onnx.helper.make_tensor("zero", _DOUBLE, [1], [0.0])
    return graph.add("ConstantOfShape", [shape], value=zero)


def _body(step: Step, arrays: Mapping[str, str]):
    """The graph of one sample: states and `x` in, states and the response out."""
    import onnx

    body = Graph("step")
    values = {**arrays, "x": "step_x", **{name: f"step_before_{name}" for name in step.states}}
    for statement in step.statements:
        values[statement.target] = _written(body, statement, values)
    sizes = step.sizes
    before = [(f"step_before_{name}", size) for name, size in step.states.items()]
    after = [(body.add("Identity", [values[name]], f"step_after_{name}"), size) for name, size in step.states.items()]
    after.append((body.add("Identity", [values[step.output]], "step_response"), sizes[step.output]))
    inputs, outputs = (
        [onnx.helper.make_tensor_value_info(name, _DOUBLE, [None, size]) for name, size in ends]
        for ends in ([*before, ("step_x", step.inputs)], after)
    )
    return onnx.helper.make_graph(body.nodes, "step", inputs, outputs, body.arrays)


def _written(body: Graph, statement: Statement, values: Mapping[str, str]) -> str:
    """Add the nodes of a statement; gives the name of its value."""
    if isinstance(statement, Affine):
        terms = [body.add("MatMul", [values[vector], values[matrix]]) for vector, matrix in statement.terms]
        terms += [values[statement.bias]] if statement.bias else []
        whole = terms[0]
        for term in terms[1:]:
            whole = body.add("Add", [whole, term])
        return _activated(body, statement.activation, whole)
    known = dict(values)
    for each in operations(statement):
        inputs = [known[a] if isinstance(a, str) else body.array(np.array(a), np.float64) for a in each.arguments]
        arithmetic = _ARITHMETIC.get(each.operator)
        made = body.add(arithmetic, inputs) if arithmetic else _activated(body, each.operator, inputs[0])
        known[each.target] = made
    return known[statement.target]


def _activated(body: Graph, activation: str, value: str) -> str:
    operator = ACTIVATIONS[activation].onnx
    if operator not in _SINGLE_ALONE:
        return body.add(operator, [value])
    single = body.add(operator, [body.add("Cast", [value], to=_SINGLE)])
    return body.add("Cast", [single], to=_DOUBLE)
