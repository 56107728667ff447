"""Worker processes end with the process that started them, and what they share is removed after it."""

import ctypes
import os
import re
import shutil
import signal
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from functools import cache
from pathlib import Path

from neuron_models.foundation.scratch import scratch_folder, sweep

_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of <sys/prctl.h>
_MEMORY = Path("/dev/shm")
_LEAST = 2 * 10**9
"""Bytes that must be free in memory for arrays to be shared there; joblib asks for as many."""
_SECONDS = 0.5


@cache
def end_with_parent(parent: int, by_thread: bool) -> None:
    """Let this process end when its parent does, whatever it computes then.

    Args:
        parent: the process that started this one; where it is this one, nothing happens.
        by_thread: watch from a thread: Linux would take the end of a thread for that of its process.
    """
    if os.getpid() == parent:
        return
    if sys.platform == "linux" and not by_thread:
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
        return
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_SECONDS)
    os._exit(1)


@cache
def sharing_folder() -> str:
    """A folder in memory, or on the disk where there is little, for arrays that workers share; made once a process.

    What processes that were killed left there, their semaphores too, is removed first.
    """
    remove_shared_leftovers()
    roomy = _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free >= _LEAST
    folder = scratch_folder(_MEMORY if roomy else Path(tempfile.gettempdir()), f"wormtwin-{os.getpid()}-")
    return str(_until_exit().enter_context(folder))


@cache
def _until_exit() -> ExitStack:
    import atexit

    stack = ExitStack()
    atexit.register(stack.close)
    return stack


@cache
def use_own_temporary_folder() -> None:
    """Let all that this process, its libraries and its workers put into the temporary folder lie in one of its own.

    It is removed at the end, and by the next command where this process was killed. Where there is no temporary folder,
    there is none of its own.
    """
    remove_shared_leftovers()
    try:
        folder = scratch_folder(Path(tempfile.gettempdir()), f"wormtwin-{os.getpid()}-")
        tempfile.tempdir = str(_until_exit().enter_context(folder))
    except OSError:
        return
    os.environ["TMPDIR"] = tempfile.tempdir


def remove_shared_leftovers() -> None:
    """Remove what killed processes of this project left in shared memory and in the temporary folder."""
    for folder in (_MEMORY, Path(tempfile.gettempdir())):
        for pid in _processes(folder):
            if not Path(f"/proc/{pid}").exists():
                for left in _MEMORY.glob(f"sem.loky-{pid}-*"):
                    left.unlink(missing_ok=True)
        sweep(folder)


def _processes(folder: Path) -> list[str]:
    """The processes that made the sharing folders in a folder."""
    if not folder.is_dir():
        return []
    matches = (re.match(r"wormtwin-(\d+)-", each.name) for each in folder.glob("wormtwin-*.unfinished"))
    return [each[1] for each in matches if each]
