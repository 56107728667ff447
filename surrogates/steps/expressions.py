"""The expression of a formula as operations on two vectors at a time, for what has no expressions of its own."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from surrogates.steps.step import Formula

_SIGNS: dict[type, str] = {ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply"}


@dataclass(frozen=True)
class Operation:
    """`target = operator(arguments)`, element by element.

    The operator is `add`, `subtract`, `multiply`, `copy` or an activation; arguments are names of vectors, or numbers.
    """

    operator: str
    arguments: tuple[str | float, ...]
    target: str


def operations(formula: Formula) -> list[Operation]:
    """The operations of a formula in the order in which they are done; the last one sets its target.

    >>> [(each.operator, each.arguments) for each in operations(Formula("h", "z * h + (1.0 - z)"))]
    [('multiply', ('z', 'h')), ('subtract', (1.0, 'z')), ('add', ('h:0', 'h:1'))]
    """
    found: list[Operation] = []
    names = (f"{formula.target}:{number}" for number in count())
    last = _walk(ast.parse(formula.expression, mode="eval").body, found, names)
    if not found or found[-1].target != last:
        return [*found, Operation("copy", (last,), formula.target)]
    return [*found[:-1], Operation(found[-1].operator, found[-1].arguments, formula.target)]


def _walk(node: ast.expr, found: list[Operation], names: Iterator[str]) -> str | float:
    """Append the operations of a part of an expression; gives the name, or the number, of its value."""
    if isinstance(node, ast.Constant):
        return float(node.value)  # type: ignore[arg-type]
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        operator, parts = node.func.id, node.args
    elif isinstance(node, ast.BinOp) and type(node.op) in _SIGNS:
        operator, parts = _SIGNS[type(node.op)], [node.left, node.right]
    else:
        raise NotImplementedError(f"a formula holds {ast.unparse(node)}")
    arguments = tuple(_walk(part, found, names) for part in parts)
    found.append(Operation(operator, arguments, next(names)))
    return found[-1].target
