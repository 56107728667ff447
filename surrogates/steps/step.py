"""One step of a network as a short list of statements, from which code in any language can be written."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from jaxtyping import Float
from numpy import ndarray

_NAME = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True)
class Affine:
    """`target = activation(vector @ matrix + ... + bias)`, over the terms (vector, matrix); a bias may be left out."""

    target: str
    terms: tuple[tuple[str, str], ...]
    bias: str = ""
    activation: str = "linear"


@dataclass(frozen=True)
class Formula:
    """`target = expression`, element by element: names of vectors, numbers, + - * ( ) and calls of activations."""

    target: str
    expression: str

    @property
    def names(self) -> list[str]:
        """All names in the expression, of vectors and of activations."""
        return _NAME.findall(self.expression)


Statement = Affine | Formula


@dataclass(frozen=True, eq=False)
class Part:
    """What one layer adds to a step: its states (all zero before t = 0), arrays, statements, and its output."""

    states: Mapping[str, int]
    arrays: Mapping[str, Float[ndarray, "..."]]
    statements: tuple[Statement, ...]
    output: str


@dataclass(frozen=True, eq=False)
class Step:
    """One step of a whole network: it reads the vector `x`, updates the states and leaves its response in `output`.

    Matrices are (from, to), as Keras has them. Statements run in order; one that has a state as its target sets it.
    """

    inputs: int
    states: Mapping[str, int]
    arrays: Mapping[str, Float[ndarray, "..."]]
    statements: tuple[Statement, ...]
    output: str

    @property
    def sizes(self) -> dict[str, int]:
        """The length of every vector, biases included."""
        lengths = {"x": self.inputs, **self.states}
        lengths |= {name: len(array) for name, array in self.arrays.items() if array.ndim == 1}
        for statement in self.statements:
            if isinstance(statement, Affine):
                lengths[statement.target] = self.arrays[statement.terms[0][1]].shape[1]
            else:
                lengths[statement.target] = next(lengths[name] for name in statement.names if name in lengths)
        return lengths

    @property
    def outputs(self) -> int:
        """The number of outputs."""
        return self.sizes[self.output]

    @property
    def activations(self) -> list[str]:
        """The activations that are called, without the linear one, each once."""
        vectors, names = self.sizes, []
        for statement in self.statements:
            called = [statement.activation] if isinstance(statement, Affine) else statement.names
            names += [name for name in called if name not in vectors and name != "linear"]
        return list(dict.fromkeys(names))


def renamed(step: Step, prefix: str) -> Step:
    """The step with a prefix before every name of its own: of vectors and arrays, not of `x` and of activations."""
    own = (set(step.sizes) | set(step.arrays)) - {"x"}

    def new(name: str) -> str:
        return prefix + name if name in own else name

    def text(statement: Statement) -> Statement:
        if isinstance(statement, Formula):
            expression = _NAME.sub(lambda texts: new(texts[0]), statement.expression)
            return Formula(new(statement.target), expression)
        terms = tuple((new(vector), new(matrix)) for vector, matrix in statement.terms)
        return Affine(new(statement.target), terms, new(statement.bias), statement.activation)

    return Step(
        step.inputs,
        {new(name): size for name, size in step.states.items()},
        {new(name): array for name, array in step.arrays.items()},
        tuple(text(statement) for statement in step.statements),
        new(step.output),
    )


def indexed(formula: Formula, sizes: Mapping[str, int]) -> str:
    """A formula's expression with `[k]` behind every vector.

    >>> indexed(Formula("h", "z * h + (1.0 - z) * tanh(u)"), {"z": 2, "h": 2, "u": 2})
    'z[k] * h[k] + (1.0 - z[k]) * tanh(u[k])'
    """
    return _NAME.sub(lambda match: match[0] + ("[k]" if match[0] in sizes else ""), formula.expression)


def applied(activation: str, expression: str) -> str:
    """An expression inside an activation."""
    return expression if activation == "linear" else f"{activation}({expression})"
