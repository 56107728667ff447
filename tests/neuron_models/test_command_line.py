"""How a command ends: its status, one line for whatever went wrong, and texts that command no terminal."""

import ctypes
import errno
import io
import sys

import numpy as np
import pytest
import typer

from neuron_models.foundation.command_line import one_line, run_app
from neuron_models.foundation.errors import InputError
from neuron_models.foundation.printing import plain, plain_console, plain_output


@pytest.fixture
def ending(capsys, monkeypatch):
    """Run an app of one command that raises something: gives (exit status, standard output, standard error)."""
    monkeypatch.delenv("WORMTWIN_DEBUG", raising=False)

    def call(error, *arguments):
        app = typer.Typer()

        @app.command()
        def work(text: str = ""):
            if error is not None:
                raise error() if callable(error) else error
            print(text)

        status = run_app(lambda: typer.main.get_command(app), list(arguments), "wormtwin")
        return status, *capsys.readouterr()

    return call


def test_a_stop_that_met_a_callback_of_a_library_is_a_stop(ending):
    def error():
        @ctypes.CFUNCTYPE(None)
        def called_back():
            raise KeyboardInterrupt

        called_back()
        return RuntimeError("no compiled object yet")  # the library goes on without what it called back for

    status, _, err = ending(error)
    assert (status, err.startswith("wormtwin: stopped; ")) == (130, True)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (InputError("--size must be\n> 0"), "wormtwin: --size must be > 0\n"),
        (OSError(errno.ENOSPC, "No space left on device", "a.h5"), "wormtwin: No space left on device: a.h5\n"),
        (np.linalg.LinAlgError("Eigenvalues did not converge"), "far too large?"),
        (OSError("400 requested and 0 written"), "disk full"),
        (MemoryError(), "the memory is too small"),
        (ZeroDivisionError("division by zero"), "ZeroDivisionError: division by zero in test_command_line.py, line"),
        (TypeError("x" * 5000), "issue tracker"),
        (RecursionError(), "RecursionError"),
    ],
)
def test_whatever_goes_wrong_is_one_line_and_status_2(ending, error, words):
    status, out, err = ending(error)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert words in err
    assert "Traceback" not in err
    assert len(err) < 700


def test_the_traceback_is_shown_when_asked(ending, monkeypatch):
    status, _, err = ending(KeyError("no such"), "--debug")
    assert status == 2
    assert "Traceback (most recent call last)" in err
    assert err.splitlines()[-1].startswith("wormtwin: something went wrong")
    monkeypatch.setenv("WORMTWIN_DEBUG", "1")
    assert "Traceback" in ending(KeyError("no such"))[2]
    monkeypatch.setenv("WORMTWIN_DEBUG", "0")
    assert "Traceback" not in ending(KeyError("no such"))[2]


def test_texts_do_not_command_the_terminal(ending):
    status, out, _ = ending(None, "--text", "a\x1b[31m\u202eb\udcff\tc")
    assert (status, out) == (0, "a\\x1b[31m\\u202eb\\udcff\tc\n")
    assert "\\x1b]0;title\\x07" in ending(InputError("name \x1b]0;title\x07"))[2]


def test_wrong_options_keep_their_hint(ending):
    status, _, err = ending(None, "--odd")
    assert status == 2
    assert "No such option" in err
    assert "--help" in err


def test_plain_keeps_what_can_be_read():
    assert plain("naïve 線虫 \N{NO-BREAK SPACE}x") == "naïve 線虫 \N{NO-BREAK SPACE}x"
    assert plain("a\nb", "\n") == "a\nb"
    assert plain("a\rb\x00") == "a\\rb\\x00"


def test_markup_is_printed_as_text(capsys):
    with plain_output():
        plain_console(soft_wrap=True).print("[red]AVAL[/red] :smile: [/nothing] \x1b[2J")
    assert capsys.readouterr().out == "[red]AVAL[/red] :smile: [/nothing] \\x1b[2J\n"


def test_what_an_encoding_lacks_is_escaped(monkeypatch):
    below = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(below, encoding="ascii"))
    with plain_output():
        print("Bărbulescu")
        sys.stdout.flush()
    assert below.getvalue() == b"B\\u0103rbulescu\n"


def test_a_closed_pipe_is_one_line():
    assert "closed" in one_line(BrokenPipeError(errno.EPIPE, "Broken pipe"))
