"""Runs a step in NumPy over many trials side by side, from any states: nothing is compiled."""

from collections.abc import Callable, Mapping

import numpy as np
from jaxtyping import Float

from surrogates.steps.expressions import operations
from surrogates.steps.step import Affine, Step

_SELU = (1.0507009873554805, 1.7580993408473766)
FUNCTIONS: dict[str, Callable[..., np.ndarray]] = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "copy": np.asarray,
    "linear": np.asarray,
    "tanh": np.tanh,
    "sigmoid": lambda a: 0.5 + 0.5 * np.tanh(0.5 * a),
    "relu": lambda a: np.maximum(a, 0.0),
    "elu": lambda a: np.where(a > 0, a, np.expm1(np.minimum(a, 0.0))),
    "softsign": lambda a: a / (1.0 + np.abs(a)),
    "selu": lambda a: np.where(a > 0, _SELU[0] * a, _SELU[1] * np.expm1(np.minimum(a, 0.0))),
    "exp": np.exp,
    "reciprocal": np.reciprocal,
}
"""What statements call, by name."""

States = Mapping[str, Float[np.ndarray, "trial state"]]


def resting(step: Step, trials: int) -> dict[str, np.ndarray]:
    """The states before the first sample, all zero: (trial, state) by name, in the network's own units."""
    return {name: np.zeros((trials, size)) for name, size in step.states.items()}


def run_step(
    step: Step, x: Float[np.ndarray, "trial time input"], states: States
) -> tuple[Float[np.ndarray, "trial time output"], dict[str, np.ndarray]]:
    """Run a network over stimuli from given states; gives the outputs, and the states after the last sample.

    Stimuli and outputs are in the units that the network was trained on; it computes in double precision.
    """
    program, weights = _program(step), {name: np.asarray(array, float) for name, array in step.arrays.items()}
    values = {**weights, **{name: np.asarray(each, float) for name, each in states.items()}}
    y = np.zeros((*x.shape[:2], step.outputs))
    stimuli = np.ascontiguousarray(np.moveaxis(np.asarray(x, float), 1, 0))
    with np.errstate(over="ignore", invalid="ignore"):  # the caller reports what overflows
        for time, values["x"] in enumerate(stimuli):
            for act in program:
                act(values)
            y[:, time] = values[step.output]
    return y, {name: values[name] for name in step.states}


def _program(step: Step) -> list[Callable[[dict[str, np.ndarray]], None]]:
    """The statements as functions that each set a value."""
    found: list[Callable[[dict[str, np.ndarray]], None]] = []
    for statement in step.statements:
        if isinstance(statement, Affine):
            found.append(_affine(statement))
        else:
            found += [_elementwise(each.operator, each.arguments, each.target) for each in operations(statement)]
    return found


def _affine(statement: Affine) -> Callable[[dict[str, np.ndarray]], None]:
    function = FUNCTIONS[statement.activation]

    def act(values: dict[str, np.ndarray]) -> None:
        vector, matrix = statement.terms[0]
        total = values[vector] @ values[matrix]
        for vector, matrix in statement.terms[1:]:
            total = total + values[vector] @ values[matrix]
        values[statement.target] = function(total + values[statement.bias] if statement.bias else total)

    return act


def _elementwise(
    operator: str, arguments: tuple[str | float, ...], target: str
) -> Callable[[dict[str, np.ndarray]], None]:
    function = FUNCTIONS[operator]

    def act(values: dict[str, np.ndarray]) -> None:
        values[target] = function(*(values[each] if isinstance(each, str) else each for each in arguments))

    return act
