"""Words of messages."""

from collections import Counter
from collections.abc import Iterable


def counted(number: int, noun: str) -> str:
    """A number and a noun that agree.

    >>> counted(1, "simulation"), counted(2, "simulation")
    ('1 simulation', '2 simulations')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def repeat_suffixes(names: Iterable[str]) -> list[str]:
    """What makes names differ: nothing for one that comes first, a number for one that comes again.

    >>> repeat_suffixes(["a", "b", "a"])
    ['', '', ' 2']
    """
    seen = Counter[str]()
    suffixes = []
    for name in names:
        seen[name] += 1
        suffixes.append(f" {seen[name]}" if seen[name] > 1 else "")
    return suffixes
