"""One bad part never refuses the whole: it is left out, and reported."""

import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from neuron_models.foundation.errors import InputError

Part = TypeVar("Part")
Read = TypeVar("Read")
_told: ContextVar[list[str] | None] = ContextVar("what is left out of files while they are read", default=None)


@contextmanager
def left_out_parts() -> Iterator[list[str]]:
    """Collect what is left out meanwhile, a line each; without it, each is a warning of Python's."""
    left_out: list[str] = []
    token = _told.set(left_out)
    try:
        yield left_out
    finally:
        _told.reset(token)


def read_each(parts: Iterable[Part], read: Callable[[Part], Read]) -> list[Read]:
    """What is read of each part; a part that cannot be used is left out and reported, unless none can be.

    Args:
        parts: of a whole, such as the files of a dataset or the worms of a file.
        read: raises an `InputError` that names the part and its fault.

    Raises:
        InputError: no part can be used; it is that of the first.
    """
    done: list[Read] = []
    errors: list[InputError] = []
    for part in parts:
        try:
            done.append(read(part))
        except InputError as error:
            errors.append(error)
    if errors and not done:
        raise errors[0]
    for fault in errors:
        leave_out(str(fault))
    return done


def leave_out(line: str) -> None:
    """Report that a part, which the line names with its fault, is left out."""
    left_out = _told.get()
    if left_out is None:
        warnings.warn(f"left out: {line}", stacklevel=3)
    else:
        left_out.append(line)
