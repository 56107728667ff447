"""How the command line ends: an exit status, and one line for whatever went wrong."""

import os
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import typer

from neuron_models.foundation.bad_parts import left_out_parts
from neuron_models.foundation.errors import InputError
from neuron_models.foundation.extras import missing_extra
from neuron_models.foundation.printing import plain, plain_output

DEBUG = "--debug"
"""Taken anywhere on the command line; the variable below does the same."""
DEBUG_VARIABLE = "WORMTWIN_DEBUG"
INTERRUPTED = 130
_RESUMED = "simulations, trainings, experiments and searches"
_LONGEST = 300
"""The most characters that are shown of an error that nobody foresaw."""

_UsageError: type[Exception] = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
"""What typer raises for wrong options; it brings its own copy of click, or uses click's, by version."""


def run_app(make: Callable[[], Any], arguments: Sequence[str], name: str) -> int:
    """Run a command line and return its exit status: 0, 2 with one line on standard error, or 130 when stopped.

    A user's mistake is reported in its own words. Anything unforeseen becomes a line too, with where to report it;
    `--debug`, or the variable `WORMTWIN_DEBUG`, prints the traceback before it. What was left out of files, and no
    command told, is told at the end.

    Args:
        make: makes the commands, as typer gives them to click.
        arguments: without the program's name.
        name: the program's.
    """
    debug = DEBUG in arguments or os.environ.get(DEBUG_VARIABLE, "0") not in ("", "0")
    given = [argument for argument in arguments if argument != DEBUG]
    swallowed: list[KeyboardInterrupt] = []
    try:
        with nullcontext() if "--help" in given else plain_output(), _kept_in(swallowed), left_out_parts() as left:
            status = make().main(given, prog_name=name, standalone_mode=False)
            for line in dict.fromkeys(left):
                print(f"Left out: {line}")
        if status == INTERRUPTED:  # some versions of typer give the status back instead of raising
            raise KeyboardInterrupt
    except (typer.Abort, KeyboardInterrupt):
        return _stopped(name)
    except SystemExit as ended:
        if ended.code != 1:
            raise
        _tell(name, one_line(BrokenPipeError()))  # click's way to say that nobody reads the output any more
        return 2
    except Exception as error:
        if swallowed:
            return _stopped(name)
        if type(error).__name__ == "NoArgsIsHelpError":
            print(error)
            return 2
        if debug:
            traceback.print_exc()
        _tell(name, one_line(error))
        return 2
    return status if isinstance(status, int) else 0


@contextmanager
def _kept_in(swallowed: list[KeyboardInterrupt]) -> Iterator[None]:
    """Keep the stops that come while a library calls back, which cannot raise them: it then fails in its own way."""
    before = sys.unraisablehook

    def keep(unraisable: Any) -> None:
        if isinstance(unraisable.exc_value, KeyboardInterrupt):
            swallowed.append(unraisable.exc_value)
        else:
            before(unraisable)

    sys.unraisablehook = keep
    try:
        yield
    finally:
        sys.unraisablehook = before


def _stopped(name: str) -> int:
    _tell(name, f"stopped; {_RESUMED} go on when the same command is started again")
    return INTERRUPTED


def _tell(name: str, line: str) -> None:
    print(f"{name}: {plain(line)}", file=sys.stderr)


def one_line(error: Exception) -> str:
    """What a user reads of an error, in one line."""
    if isinstance(error, _UsageError):
        return f"{_joined(getattr(error, 'format_message', error.__str__)())} (--help lists the options)"
    if isinstance(error, BrokenPipeError):
        return "what reads the output was closed before its end"
    if isinstance(error, OSError):
        return _of_system(error)
    if isinstance(error, MemoryError):
        return f"the memory is too small for this ({_joined(str(error)) or 'no more could be had'})"
    if isinstance(error, InputError | FloatingPointError):
        return _joined(str(error)) or type(error).__name__
    missing = missing_extra(error) if isinstance(error, ModuleNotFoundError) else None
    return missing or _of_numbers(error) or _unforeseen(error)


def _of_numbers(error: Exception) -> str:
    """Of a matrix that numpy or scipy cannot solve, which a wrong command need not import; else empty."""
    if type(error).__name__ != "LinAlgError":
        return ""
    return f"a linear system has no solution ({_joined(str(error))}): are values of the data far too large?"


def _of_system(error: OSError) -> str:
    if error.strerror:
        where = f": {os.fsdecode(error.filename)}" if isinstance(error.filename, str | bytes) else ""
        return f"{_joined(error.strerror)}{where}"
    if "written" in str(error):
        return f"writing failed, is the disk full? ({_joined(str(error))})"
    return _joined(str(error)) or type(error).__name__


def _unforeseen(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    place = next((f" in {Path(frame.filename).name}, line {frame.lineno}" for frame in reversed(frames)), "")
    said = _joined(str(error))[:_LONGEST]
    message = f"{type(error).__name__}: {said}" if said else type(error).__name__
    return (
        f"something went wrong unforeseen by wormtwin ({message}{place}): is a file damaged? Otherwise report it "
        f"on the project's issue tracker, with this command run with {DEBUG}"
    )


def _joined(text: str) -> str:
    return " ".join(text.split())


def flush_output() -> None:
    """Write what is left of the output, and let nothing more be written where nobody reads."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
