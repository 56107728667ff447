"""Files that appear under their final name only when they are whole."""

import errno
import os
import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.scratch import scratch_folder, sweep

PICTURES = (".png", ".svg", ".pdf")
_BLOCKED = "{} cannot be written: on the way there is a file where a folder should be"
_WRITTEN: dict[tuple[int, ...], None] = {}
"""What the system says of the files that this process wrote last."""
_MOST_WRITTEN = 1000
_FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)


def require_writable(path: Path) -> None:
    """Raise an `InputError` unless a file or a folder can lie at `path`, before work is done for it.

    It cannot where a file stands instead of a folder above it, and in place of a device, a pipe or a socket.
    """
    if any(parent.exists() and not parent.is_dir() for parent in path.parents):
        raise InputError(_BLOCKED.format(path))
    if path.exists() and not path.is_file() and not path.is_dir():
        raise InputError(f"{path} is a device or a pipe, no plain file: choose another name")


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


def require_files(paths: Sequence[Path], endings: Collection[str], what: str) -> None:
    """Raise an `InputError` unless there are files of `what`, such as recordings, whose names have known endings."""
    require(len(paths) > 0, f"no file of {what} is named")
    for path in paths:
        require(path.suffix.lower() in endings, f"{path}: files of {what} end in {', '.join(endings)}")
        require_file(path, f"a file of {what}")


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

    The parent folder is made when it is missing. The suffix is kept, since some writers choose the format by it. Where
    `path` is a symbolic link, the file that it names is written and the link stays. Errors name `path`. What killed
    processes left of the same file is removed.
    """
    target = _behind_links(path)
    require_writable(target)
    require(not target.is_dir(), f"{path} is a folder: name a file")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise InputError(_BLOCKED.format(path)) from None
    folder = None
    try:
        sweep(target.parent, target.name)
        with scratch_folder(target.parent, f".{target.name}-") as folder:
            temporary = folder / target.name
            yield temporary
            temporary.replace(target)
            _remember(target)
    except (OSError, InputError) as error:
        named = _of_path(error, folder, path)
        if named is error:
            raise
        raise named from error


def identity_of(path: Path) -> tuple[int, ...]:
    """What the system says of a file, which changes when the file does.

    Raises:
        OSError: there is none.
    """
    found = path.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def is_written_here(path: Path) -> bool:
    """Whether this process wrote a file by `atomic_write`, and nobody changed it since."""
    return identity_of(path) in _WRITTEN


def _remember(path: Path) -> None:
    with suppress(OSError):  # somebody may have moved it already
        _WRITTEN[identity_of(path)] = None
    while len(_WRITTEN) > _MOST_WRITTEN:
        del _WRITTEN[next(iter(_WRITTEN))]


@contextmanager
def atomic_files(folder: Path) -> Iterator[Path]:
    """Give a folder to write files to; they move into `folder` only if nothing went wrong.

    It lies beside `folder`, or in it where it is there, which may be another disk. What `folder` holds already stays,
    but for files of the same names. Errors name `folder`.
    """
    require_writable(folder)
    require(not folder.is_file(), f"{folder} is a file: name a folder")
    made = [each for each in (folder, *folder.parents) if not each.exists()]
    scratch = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        inside = folder if folder.is_dir() else folder.parent
        for each in {inside, folder.parent}:
            sweep(each, folder.name)
        with scratch_folder(inside, f".{folder.name}-") as scratch:
            yield scratch
            folder.mkdir(exist_ok=True)
            for each in sorted(scratch.iterdir()):
                each.replace(folder / each.name)
    except (OSError, InputError) as error:
        for each in made:
            if each.is_dir() and not any(each.iterdir()):
                each.rmdir()
        named = _of_path(error, scratch, folder)
        if named is error:
            raise
        raise named from error


def _behind_links(path: Path) -> Path:
    try:
        return path.resolve() if path.is_symlink() else path
    except (RuntimeError, OSError):
        raise InputError(f"{path} is a link that leads back to itself: choose another name") from None


def _of_path(error: OSError | InputError, folder: Path | None, path: Path) -> OSError | InputError:
    """The error of a file that was written in `folder`, naming the file that the user named."""
    if isinstance(error, InputError):
        return InputError(_renamed(str(error), folder, path)) if folder and str(folder) in str(error) else error
    if error.errno in _FULL:
        return OSError(error.errno, os.strerror(error.errno), str(path))
    about = str(error.filename or "")
    if error.errno and error.strerror:
        ours = folder is None or not about or about.startswith(str(folder))
        return OSError(error.errno, _renamed(error.strerror, folder, path), str(path)) if ours else error
    return OSError(_renamed(str(error), folder, path)) if folder and str(folder) in str(error) else error


def _renamed(text: str, folder: Path | None, path: Path) -> str:
    if folder is None:
        return text
    return text.replace(str(folder / path.name), str(path)).replace(str(folder), str(path.parent))
