"""On which line of a TOML text a key stands, so that a message can name it."""

import re
from collections import Counter
from collections.abc import Sequence

_PART = r"(?:\"[^\"]*\"|'[^']*'|[A-Za-z0-9_-]+)"
_DOTTED = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEADER = re.compile(rf"\s*(\[\[?)\s*({_DOTTED})\s*\]")
_KEY = re.compile(rf"\s*({_DOTTED})\s*=")


def line_of(text: str, path: Sequence[str | int]) -> int:
    r"""The line, counted from 1, on which a key of a TOML text stands, or the table that holds it.

    Args:
        text: the whole file.
        path: keys from outside to inside; whole numbers count the tables of an array from 0.

    >>> line_of("a = 1\n[[b]]\nc = 2\n[[b]]\nc = 3", ("b", 1, "c"))
    5
    """
    best, found = 0, 1
    table: list[str | int] = []
    arrays: Counter[tuple] = Counter()
    for number, line in enumerate(text.splitlines(), 1):
        header, key = _HEADER.match(line), _KEY.match(line)
        if header:
            table = _numbered(_parts(header.group(2)), arrays, header.group(1) == "[[")
            here = table
        elif key:
            here = [*table, *_parts(key.group(1))]
        else:
            continue
        if best < len(here) <= len(path) and list(path[: len(here)]) == here:
            best, found = len(here), number
    return found


def _parts(dotted: str) -> list[str]:
    return [part.strip("\"'") for part in re.findall(_PART, dotted)]


def _numbered(parts: list[str], arrays: Counter[tuple], opens: bool) -> list[str | int]:
    """A header's path, in which the number of the last table of an array follows the array's name."""
    path: list[str | int] = []
    for index, part in enumerate(parts):
        path.append(part)
        key = tuple(path)
        if opens and index == len(parts) - 1:
            arrays[key] += 1
        if arrays[key]:
            path.append(arrays[key] - 1)
    return path
