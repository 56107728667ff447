"""What a library may never come back from is tried in a child process first, which can crash or be ended."""

import faulthandler
import os
import resource
import select
import signal
import sys
import warnings
from collections.abc import Callable
from enum import Enum
from pathlib import Path

from neuron_models.foundation.worker_life import end_with_parent

_DONE, _STEP = b"d", b"s"


class Outcome(Enum):
    """How work ended that was tried."""

    DONE = "done"
    UNKNOWN = "an error was raised, or nothing could be tried"
    CRASHED = "crashed"
    ENDLESS = "never ended"


def try_in_child(work: Callable[[Callable[[], None]], object], seconds: float) -> Outcome:
    """Do work in a child process, which nothing is left of, and say how it ended.

    A fork costs milliseconds and is safe on Linux, as long as the work takes no lock of another thread; where it does,
    the child sleeps until its time is over, and that says nothing of the work. Elsewhere nothing is tried.

    Args:
        work: is given a function to call after each step.
        seconds: that a step may last.
    """
    if sys.platform != "linux":
        return Outcome.UNKNOWN
    reading, writing = os.pipe()
    try:
        child = _fork()
        if child == 0:
            _become(work, writing)
    except OSError:
        os.close(reading)
        return Outcome.UNKNOWN
    finally:
        os.close(writing)
    return _outcome(child, reading, seconds)


def _fork() -> int:
    parent = os.getpid()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of threads, which the child never waits for
        child = os.fork()
    if child == 0:
        end_with_parent(parent, by_thread=False)
    return child


def _become(work: Callable[[Callable[[], None]], object], writing: int) -> None:
    """Be the child; does not come back."""
    try:
        faulthandler.disable()
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what the system's library says when it crashes
        work(lambda: _tell(writing, _STEP))
        _tell(writing, _DONE)
    finally:
        os._exit(0)


def _tell(writing: int, what: bytes) -> None:
    os.write(writing, what)


def _outcome(child: int, reading: int, seconds: float) -> Outcome:
    last = b""
    try:
        while news := _news(reading, seconds):
            last = news
        silent, running = news is None, _state(child) == "R"
    finally:
        os.kill(child, signal.SIGKILL)
        status = os.waitpid(child, 0)[1]
        os.close(reading)
    if silent:  # asleep, it waits for a lock that another thread held when it was forked: nothing was tried
        return Outcome.ENDLESS if running else Outcome.UNKNOWN
    if last.endswith(_DONE):
        return Outcome.DONE
    return Outcome.CRASHED if os.WIFSIGNALED(status) else Outcome.UNKNOWN


def _state(process: int) -> str:
    """R where a process runs or would like to, as the kernel says (proc(5))."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]


def _news(reading: int, seconds: float) -> bytes | None:
    """What the child wrote since; empty where it has ended, None where it was silent for too long."""
    poll = select.poll()
    poll.register(reading, select.POLLIN)
    return os.read(reading, 65536) if poll.poll(1000 * seconds) else None
