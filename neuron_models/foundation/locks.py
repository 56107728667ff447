"""Locks that the operating system holds: they end with the process that took them, however it ends."""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_HELD = (errno.EAGAIN, errno.EACCES)
_IMPOSSIBLE = (errno.ENOSYS, errno.ENOLCK, errno.ENOTSUP)
"""A file system that has no locks."""


def try_lock(path: Path, flags: int = os.O_RDWR | os.O_CREAT) -> int | None:
    """Take the lock of a file, which is made when it is missing, or of a folder, without waiting.

    Args:
        path: the file or folder.
        flags: how it is opened; `os.O_RDONLY` for a folder.

    Returns:
        What `os.close` gives the lock back with; None where another process holds it. Where the file system has no
        locks, nobody is kept out.

    Raises:
        OSError: the file cannot be opened or made.
    """
    while True:
        file = os.open(path, flags, 0o644)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in _IMPOSSIBLE:
                return file
            os.close(file)
            if error.errno in _HELD:
                return None
            raise
        if _still_there(file, path):
            return file
        os.close(file)  # its last holder removed it between our two steps
        if not flags & os.O_CREAT:
            return None


def _still_there(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False


@contextmanager
def lock_file(path: Path) -> Iterator[bool]:
    """Hold the lock of a file while the `with` lasts, and remove the file after it; gives whether it was free."""
    file = try_lock(path)
    try:
        yield file is not None
    finally:
        if file is not None:
            path.unlink(missing_ok=True)  # still locked: nobody else holds this file now
            os.close(file)
