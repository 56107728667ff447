"""Folders for what is not finished yet; one whose process was killed is known by its free lock, and removed."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from neuron_models.foundation.locks import try_lock

_SUFFIX = ".unfinished"
_NAME = re.compile(r"(\..+|wormtwin(-\d+)?)-[a-z0-9_]{8}\.unfinished")
_EARLIER = re.compile(r"\.(.+)-[a-z0-9_]{8}")
"""What version 0.1 called them."""
_DEPTH = 4


def is_scratch(path: Path) -> bool:
    """Whether a folder is one of these, be it of an earlier version."""
    return bool(_NAME.fullmatch(path.name)) or _is_earlier(path)


@contextmanager
def scratch_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """Give a folder of this process's own, whose lock is held and which is removed at the end.

    Args:
        parent: where it is made.
        prefix: `.<name>-` for what becomes the file `<name>` in `parent`; `wormtwin-` elsewhere.
    """
    folder, lock = _make(parent, prefix)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def _make(parent: Path, prefix: str) -> tuple[Path, int | None]:
    while True:
        folder = Path(tempfile.mkdtemp(dir=parent, prefix=prefix, suffix=_SUFFIX))
        try:
            lock = try_lock(folder, os.O_RDONLY)
        except FileNotFoundError:
            continue  # another process swept it before it was locked
        except OSError:
            return folder, None
        if lock is not None:
            return folder, lock


def sweep(folder: Path, name: str = "") -> None:
    """Remove what killed processes left in a folder.

    Args:
        folder: the folder.
        name: only what would have become the file of this name.
    """
    for each in _entries(folder):
        mine = each.name.startswith(f".{name}-") if name else True
        if mine and each.is_dir() and not each.is_symlink() and _NAME.fullmatch(each.name):
            _remove_if_free(each)


def sweep_tree(folder: Path) -> None:
    """Remove what killed processes left in a folder and in the folders below, a few levels deep."""
    for top, below, _ in os.walk(folder):
        sweep(Path(top))
        depth = len(Path(top).relative_to(folder).parts)
        below[:] = [name for name in below if not name.endswith(_SUFFIX)] if depth < _DEPTH else []


def _entries(folder: Path) -> list[Path]:
    try:
        return [Path(each.path) for each in os.scandir(folder) if each.name.endswith(_SUFFIX)]
    except OSError:
        return []


def _is_earlier(path: Path) -> bool:
    """Whether it is a folder that version 0.1 left: empty, or with one file, of the name that the folder says."""
    match = _EARLIER.fullmatch(path.name)
    if match is None or not path.is_dir():
        return False
    return {each.name for each in path.iterdir()} <= {match[1]}


def _remove_if_free(folder: Path) -> None:
    try:
        lock = try_lock(folder, os.O_RDONLY)
    except OSError:
        return
    if lock is not None:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)
