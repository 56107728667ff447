"""Files that appear under their final name only when they are whole."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.scratch import scratch_folder

PICTURES = (".png", ".svg", ".pdf")
_BLOCKED = "{} cannot be written: on the way there is a file where a folder should be"


def require_writable(path: Path) -> None:
    """Raise an `InputError` if a file stands where a folder above `path` should be, before work is done for it."""
    if any(parent.is_file() for parent in path.parents):
        raise InputError(_BLOCKED.format(path))


def require_figure_path(path: Path | None) -> None:
    """Raise an `InputError` unless there can be a picture of this name, ending in one of `PICTURES`; None is none."""
    if path is None:
        return
    require(path.suffix.lower() in PICTURES, f"a picture's name ends in {', '.join(PICTURES)}, got {path.name!r}")
    require(not path.is_dir(), f"{path} is a folder: give a picture another name")
    require_writable(path)


def require_file(path: Path, wanted: str) -> None:
    """Raise an `InputError` unless `path` is a file; `wanted` says what to name instead of a folder."""
    if path.is_dir():
        raise InputError(f"{path} is a folder: name {wanted}")
    if not path.is_file():
        raise InputError(f"{path}: there is no such file")


def require_space(path: Path, size: int) -> None:
    """Check that `size` bytes can be written to `path`, before a writer starts that does not survive a full disk.

    Raises:
        OSError: they cannot: the disk is full, or a limit is set on the size of files.
    """
    with path.open("wb") as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
        elif shutil.disk_usage(path.parent).free < size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Give a path beside `path` to write a file to; it gets its final name only if nothing went wrong.

    The parent folder is made when it is missing. The suffix is kept, since some writers choose the format by it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise InputError(_BLOCKED.format(path)) from None
    try:
        with scratch_folder(path.parent, f".{path.name}-") as folder:
            temporary = folder / path.name
            yield temporary
            temporary.replace(path)
    except OSError as error:
        if error.errno is not None and error.strerror:
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise
