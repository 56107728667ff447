"""Tables and lines in a terminal, in which what a file says is text and never a command to the terminal."""

import errno
import os
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

_UNBOUNDED = 10_000


def plain(text: str, kept: str = "") -> str:
    r"""The text with every character that moves or hides others written as its escape; those of `kept` stay.

    Names that are not UTF-8 hold lone surrogates, which no terminal can show: these too.

    >>> plain("a\x1b[31mred\u202e")
    'a\\x1b[31mred\\u202e'
    """
    if text.isprintable():
        return text
    return "".join(each if _shown(each) or each in kept else _escaped(each) for each in text)


def _shown(character: str) -> bool:
    return character.isprintable() or unicodedata.category(character) == "Zs"


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()


class PlainConsole(Console):
    """A console of rich that prints texts as they are: no markup, no emoji, no escapes of the terminal."""

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(plain(text, "\n\t"), **{**options, "markup": False, "emoji": False})

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def plain_console(soft_wrap: bool = False) -> PlainConsole:
    """A console on standard output for tables and texts that name what a file says."""
    return PlainConsole(file=getattr(sys.stdout, "terminal", None), soft_wrap=soft_wrap)


def print_whole(*tables: Table) -> None:
    """Print tables as wide as they are: no figure is cut where the terminal is narrower."""
    console = plain_console()
    options = console.options.update(max_width=_UNBOUNDED)
    console.width = max(console.width, *(Measurement.get(console, options, table).maximum for table in tables))
    console.print(*tables)


class _PlainStream:
    """A text stream whose lines are written by `plain`; `terminal` is the stream below, for what makes its own."""

    def __init__(self, terminal: Any) -> None:
        self.terminal = terminal

    def write(self, text: str) -> int:
        self.terminal.write(plain(text, "\n\t"))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        self.write("".join(lines))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.terminal, name)


@contextmanager
def plain_output() -> Iterator[None]:
    """Print plain texts for a while: no escape of the terminal, and what the encoding lacks as its escape."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    with redirect_stdout(_PlainStream(sys.stdout)):
        yield
