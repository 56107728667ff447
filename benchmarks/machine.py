"""What every benchmark prints beside its figures: the machine, the date, the versions, the peak memory."""

import datetime
import importlib.metadata
import os
import platform
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

from surrogates.pages.machine import cores, processor


def describe() -> str:
    """One line about this machine and the versions."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("neuron", "keras", "jax", "numpy"))
    python = platform.python_version()
    return f"{datetime.date.today()}, {cores()} core(s) of {processor()}, Python {python}, {versions}"


def fastest(call: Callable[[], object], repeats: int, clock: Callable[[], float] = time.process_time) -> float:
    """Seconds of the fastest of some calls, after one that does not count; by default of this process."""
    call()
    seconds = []
    for _ in range(repeats):
        started = clock()
        call()
        seconds.append(clock() - started)
    return min(seconds)


def peak_memory(who: int = resource.RUSAGE_SELF) -> float:
    """Peak resident memory in MiB, of this process or of the largest finished child."""
    peak = resource.getrusage(who).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def shared_folder() -> Path:
    """The reference files beside the project, or an exit that says so."""
    folder = Path(os.environ.get("WORMTWIN_SHARED", Path(__file__).parent.parent.parent / "shared"))
    if not (folder / "reference").is_dir():
        sys.exit(f"the reference files are not at {folder}: set WORMTWIN_SHARED")
    return folder
