"""What stands in a pickle, read as data: no class is looked up and nothing is called.

A pickle is a program for a small machine. Here its instructions are read one by one; those that make numbers, texts,
lists and tables do so, and a call is only written down, with its name and its arguments, for whoever knows the name.
"""

import pickletools
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from io import BufferedIOBase
from typing import IO, Any, cast

from neuron_models.foundation.errors import require

_MARK = object()
_VALUES = (
    *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
    *("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
    *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
)
_CONSTANTS: Mapping[str, Any] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
_TUPLES: Mapping[str, int] = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_NOTHING = ("PROTO", "FRAME")


@dataclass(frozen=True)
class Name:
    """A name that a pickle would look up; it stands for itself."""

    text: str


@dataclass(frozen=True, eq=False)
class Call:
    """What a pickle would call, with what it would do to the result: the states and the entries that it gets."""

    name: str
    arguments: tuple[Any, ...]
    states: list[Any] = field(default_factory=list)
    entries: dict[Any, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Persistent:
    """What stands elsewhere in the file, by the words that tell which."""

    words: Any


def read_plain(file: BufferedIOBase, known: Collection[str] = ()) -> Any:
    """Read the next pickle of a file as data.

    Args:
        file: where it begins; afterwards where it ends.
        known: the names that may stand in it, such as `collections OrderedDict`.

    Returns:
        Numbers, texts, lists, tables, and a `Call` in place of what would be called.

    Raises:
        ValueError, LookupError, TypeError: it is damaged, or asks for a name that is not known (`InputError`).
    """
    stack: list[Any] = []
    memory: dict[Any, Any] = {}
    for operation, argument, _ in pickletools.genops(cast(IO[bytes], file)):
        name = operation.name
        if name == "STOP":
            require(len(stack) == 1, "a part of it makes more than one thing")
            return stack[0]
        if name in ("BINPUT", "LONG_BINPUT", "MEMOIZE"):
            memory[len(memory) if argument is None else argument] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(memory[argument])
        elif name in ("GLOBAL", "STACK_GLOBAL"):
            stack.append(_known(name, argument, stack, known))
        else:
            _step(name, argument, stack)
    raise ValueError("a part of it has no end")


def _known(name: str, argument: Any, stack: list[Any], known: Collection[str]) -> Name:
    if name == "STACK_GLOBAL":
        attribute, module = stack.pop(), stack.pop()
        argument = f"{module} {attribute}"
    require(argument in known, f"it asks for {argument!s:.60}")
    return Name(argument)


def _step(name: str, argument: Any, stack: list[Any]) -> None:
    """One instruction that changes the stack."""
    if name in _VALUES:
        stack.append(argument)
    elif name in _CONSTANTS:
        stack.append(_CONSTANTS[name])
    elif name in _TUPLES:
        stack[-_TUPLES[name] :] = [tuple(stack[-_TUPLES[name] :])]
    elif name in _ACTIONS:
        _ACTIONS[name](stack)
    else:
        require(name in _NOTHING, f"it holds the instruction {name}")


def _since_mark(stack: list[Any]) -> list[Any]:
    """Take off what lies above the last mark, and the mark."""
    place = max(index for index, value in enumerate(stack) if value is _MARK)
    taken = stack[place + 1 :]
    del stack[place:]
    return taken


def _tuple(stack: list[Any]) -> None:
    stack.append(tuple(_since_mark(stack)))


def _set(stack: list[Any], values: list[Any]) -> None:
    target = stack[-1].entries if isinstance(stack[-1], Call) else stack[-1]
    require(isinstance(target, dict), "names without a table")
    target.update(zip(values[::2], values[1::2], strict=True))


def _set_one(stack: list[Any]) -> None:
    value, name = stack.pop(), stack.pop()
    _set(stack, [name, value])


def _set_many(stack: list[Any]) -> None:
    values = _since_mark(stack)
    _set(stack, values)


def _add(stack: list[Any], values: list[Any]) -> None:
    require(isinstance(stack[-1], list), "values without a list")
    stack[-1].extend(values)


def _add_one(stack: list[Any]) -> None:
    value = stack.pop()
    _add(stack, [value])


def _add_many(stack: list[Any]) -> None:
    values = _since_mark(stack)
    _add(stack, values)


def _call(stack: list[Any]) -> None:
    arguments, name = stack.pop(), stack.pop()
    require(isinstance(name, Name) and isinstance(arguments, tuple), "it calls something without a name")
    stack.append(Call(name.text, arguments))


def _state(stack: list[Any]) -> None:
    state = stack.pop()
    require(isinstance(stack[-1], Call), "a state of nothing")
    stack[-1].states.append(state)


_ACTIONS: Mapping[str, Any] = {
    "MARK": lambda stack: stack.append(_MARK),
    "EMPTY_DICT": lambda stack: stack.append({}),
    "EMPTY_LIST": lambda stack: stack.append([]),
    "TUPLE": _tuple,
    "SETITEM": _set_one,
    "SETITEMS": _set_many,
    "APPEND": _add_one,
    "APPENDS": _add_many,
    "REDUCE": _call,
    "BUILD": _state,
    "BINPERSID": lambda stack: stack.append(Persistent(stack.pop())),
}
