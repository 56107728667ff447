"""The one error that a user's own input can cause."""

from collections import Counter
from collections.abc import Iterable


class InputError(ValueError):
    """Something that a user gave cannot be used.

    The message is one line: who complains, which rule is broken, the unit and the offending value. The command line
    prints it without a traceback and exits with status 2.
    """


def require(condition: bool, message: str) -> None:
    """Raise `InputError(message)` unless the condition holds."""
    if not condition:
        raise InputError(message)


def require_positive(description: object, **units: str) -> None:
    """Raise an `InputError` unless fields of a description are > 0.

    Args:
        description: what has the fields.
        units: of each field, by its name; empty for a pure number.
    """
    for name, unit in units.items():
        value = getattr(description, name)
        of = f"{type(description).__name__}.{name}"
        require(value > 0, f"{of} must be > 0 {unit}, got {value}" if unit else f"{of} must be > 0, got {value}")


def require_distinct(names: Iterable[str], where: str) -> None:
    """Raise an `InputError` that begins with `where` and gives the names that come more than once, if any do."""
    doubled = sorted(name for name, number in Counter(names).items() if number > 1)
    require(not doubled, f"{where} more than once: {', '.join(doubled[:5])}")


def require_seed(seed: int, where: str) -> None:
    """Raise an `InputError` unless a seed is a whole number from 0 to 2**31 - 1."""
    require(0 <= seed < 2**31 and seed == int(seed), f"{where} must be a whole number from 0 to 2147483647, got {seed}")


def reason(error: Exception) -> str:
    """The first line of what a library says, without quotes and of at most 200 characters; its kind where it is mute.

    >>> reason(KeyError("x")), reason(EOFError())
    ('x', 'EOFError')
    """
    lines = str(error).strip("\"' \n").splitlines()
    return lines[0][:200] if lines else type(error).__name__
