"""Calls of commands in forked processes, which are cut at a change of the file system, killed, or given a full disk.

All is imported before the first fork, and nothing computed, so that a call costs its work alone. Run as a script by
`test_stops.py`.
"""

import hashlib
import io
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from calls import filled

import run_experiments

CUT = 77
"""The exit status of a call that was cut."""
SECONDS = 120
"""After which a call is called a hang."""
CHANGES = ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate", "os.link", "os.symlink", "shutil.move")
HEAVY = (
    *("surrogates.backend", "keras", "jax", "numba", "h5py", "pandas", "scipy.signal", "joblib"),
    *("sklearn.linear_model", "sklearn.ensemble"),
    *("matplotlib.pyplot", "optuna", "av", "sleap_io", "pynwb", "ndx_pose", "skimage.io", "imageio_ffmpeg"),
)


@dataclass(frozen=True)
class Ended:
    """How a call ended: its status (None: killed by a signal), what it printed, its changes and the results it kept."""

    status: int | None
    text: str
    changes: int
    kept: int
    seconds: float

    @property
    def lines(self) -> list[str]:
        return [line for line in self.text.splitlines() if line.startswith("wormtwin:")]


def warm_up() -> None:
    """Import what commands import, without computing anything: a fork takes no threads with it."""
    import importlib

    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
    for name in HEAVY:
        importlib.import_module(name)
    run_experiments.command_line()
    for package in ("neuron_models", "connectome", "datasets", "surrogates"):
        root = Path(sys.modules[package].__file__ or "").parent
        for path in sorted(root.rglob("*.py")):
            inside = path.relative_to(root).with_suffix("").parts
            if path.name not in ("__init__.py", "engine.py") and "kernels" not in inside and "fast" not in inside:
                importlib.import_module(".".join((package, *inside)))


def arguments_of(names: str, given: str, seeds: Path, folder: Path) -> list[str]:
    """The words of a call whose new files lie in a folder."""
    return [*names.split(), *(filled(each, 0, seeds, folder) for each in given.split())]


def call(
    arguments: list[str],
    folder: Path,
    cut: int | None = None,
    meanwhile: Callable[[int], None] | None = None,
    here: Path | None = None,
) -> Ended:
    """Make a call in a process of its own.

    Args:
        arguments: of the command line.
        folder: holds what it tells, and its temporary folder `tmp`.
        cut: the process ends at this change of the file system.
        meanwhile: what is done to the process, whose number it gets; it leads a group of its own.
        here: its working folder.
    """
    temporary, output, counts = folder / "tmp", folder / "output", folder / "counts"
    temporary.mkdir(exist_ok=True, parents=True)
    begun = time.monotonic()
    pid = os.fork()
    if pid == 0:
        _become(arguments, temporary, output, counts, cut, here or temporary)
    if meanwhile is not None:
        meanwhile(pid)
    status = _wait(pid)
    lines = counts.read_text().split()
    text = output.read_text(errors="replace")
    output.unlink()
    counts.unlink()
    return Ended(status, text, lines.count("change"), lines.count("kept"), time.monotonic() - begun)


def _become(arguments: list[str], temporary: Path, printed: Path, counts: Path, cut: int | None, here: Path) -> None:
    """Be the process of a call; does not come back."""
    status = 1
    try:
        os.setsid()
        counter = os.open(counts, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        output = os.open(printed, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        sys.stdout, sys.stderr = (io.TextIOWrapper(os.fdopen(n, "wb", 0), write_through=True) for n in (1, 2))
        os.environ["TMPDIR"] = str(temporary)
        os.chdir(here)
        tempfile.tempdir = None
        tempfile.gettempdir()  # Python tries it out with a file of its own
        _count(counter, cut)
        sys.argv[1:] = arguments
        run_experiments.main()
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 1
        _exit_handlers()
    except BaseException as error:
        print(f"raised {type(error).__name__}: {error}", file=sys.stderr)
    finally:
        os._exit(status)


def _exit_handlers() -> None:
    import atexit

    atexit._run_exitfuncs()


def _count(counter: int, cut: int | None) -> None:
    """Write a line to a file for each change of the file system and each result that is kept; end at the `cut`th."""
    import h5py

    from neuron_models.foundation.resumable import ResumableFolder

    seen = 0

    def change() -> None:
        nonlocal seen
        seen += 1
        os.write(counter, b"change\n")
        if seen == cut:
            os._exit(CUT)

    def audit(event: str, given: tuple[Any, ...]) -> None:
        if event in CHANGES or (event == "open" and _writes(*given)):
            change()

    def counted(function: Callable[..., Any], before: bool = True) -> Callable[..., Any]:
        def calls(*given: Any, **options: Any) -> Any:
            if before:
                change()
            result = function(*given, **options)
            if not before:
                os.write(counter, b"kept\n")
            return result

        return calls

    h5py.Dataset.__setitem__ = counted(h5py.Dataset.__setitem__)
    h5py.Group.create_dataset = counted(h5py.Group.create_dataset)
    h5py.File.close = counted(h5py.File.close)
    ResumableFolder.keep = counted(ResumableFolder.keep, before=False)  # type: ignore[method-assign]
    sys.addaudithook(audit)


def _writes(path: Any, mode: Any, flags: Any) -> bool:
    if not isinstance(path, str | bytes | os.PathLike) or str(os.fsdecode(path)).startswith("/dev/null"):
        return False
    return bool(isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR))


def _wait(pid: int) -> int | None:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.WEXITSTATUS(status) if os.WIFEXITED(status) else None
        time.sleep(0.005)
    os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return -1


def killed(rng: random.Random, seconds: float) -> Callable[[int], None]:
    """Kill a process at a random moment: its group, itself or one of its workers; or ask it to end."""

    def kill(pid: int) -> None:
        time.sleep(rng.uniform(0.02, 1.0) * seconds)
        whom = rng.choice(["group", "parent", "worker", "ask"])
        try:
            workers = [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
            if whom == "group":
                os.killpg(pid, signal.SIGKILL)
            else:
                target = rng.choice(workers) if whom == "worker" and workers else pid
                os.kill(target, signal.SIGTERM if whom == "ask" else signal.SIGKILL)
        except (ProcessLookupError, FileNotFoundError):
            return

    return kill


def content(folder: Path) -> dict[str, str]:
    """What lies in a folder: a hash by name, without what tells how long something took and when."""
    return {str(path.relative_to(folder)): _hash(path) for path in sorted(folder.rglob("*")) if path.name != "tmp"}


def _hash(path: Path) -> str:
    if path.is_dir():
        return "folder"
    if path.suffix == ".keras":
        with zipfile.ZipFile(path) as archive:
            parts = [archive.read(name) for name in archive.namelist() if name != "metadata.json"]
        return hashlib.sha256(b"".join(parts)).hexdigest()
    found = path.read_bytes()
    if path.suffix == ".csv":
        found = _without_seconds(found.decode()).encode()
    if path.suffix in (".json", ".html", ".md"):
        found = re.sub(rb'"(seconds\w*|date|written|versions?)": [^,}\n]*|\d+(\.\d+)? m?s\b', b"", found)
    return hashlib.sha256(found).hexdigest()


def _without_seconds(text: str) -> str:
    lines = [line.split(",") for line in text.splitlines()]
    left = {k for k, name in enumerate(lines[0]) if "seconds" in name} if lines else set()
    return "\n".join(",".join(cell for k, cell in enumerate(line) if k not in left) for line in lines)


def in_shared_memory() -> set[str]:
    """What is there of processes that have ended; others may be at work beside this one."""
    names = (re.match(r"(?:wormtwin|sem\.loky)-(\d+)", each.name) for each in Path("/dev/shm").glob("*"))
    return {name.string for name in names if name and not Path("/proc", name[1]).exists()}


@contextmanager
def new_folder(beside: Path) -> Iterator[Path]:
    """A folder of a call, with `out` for what it writes."""
    folder = Path(tempfile.mkdtemp(dir=beside, prefix="call-"))
    (folder / "out").mkdir()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
