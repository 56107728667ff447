"""HDF5 files of strangers: opened with care, and read a field at a time, each with its type and shape.

A file is refused as a whole when its data lie elsewhere (external links, virtual arrays, external storage), since it
would then read other files of this machine, or when it declares more than it can hold. What is wrong with a field is
said in words by whoever asks for it.
"""

import errno
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from neuron_models.foundation.errors import InputError, reason, require
from neuron_models.foundation.files import identity_of, is_written_here, require_file
from neuron_models.foundation.hdf5_check import DAMAGE, require_harmless

NUMBERS, WHOLE, TEXTS = "numbers", "whole numbers", "texts"
"""What a field can hold."""
_KINDS = {NUMBERS: "iufb", WHOLE: "iu"}
_HARMLESS: set[tuple[int, ...]] = set()
"""Files that were looked through: how, and what the system says of each."""
_WITHOUT_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)


@contextmanager
def open_hdf5(path: Path, what: str, *, own: bool = False, looked_through: bool = True, **options: Any) -> Iterator:
    """Open an HDF5 file to read it; everything that its content makes HDF5 raise is an `InputError` with its path.

    Args:
        path: the file.
        what: it should be, such as "file of tracks (.h5)".
        own: it was written by wormtwin, which makes no links.
        looked_through: refuse what lies outside of the file, and sizes that cannot be; False where this was done.
        options: of `h5py.File`.

    Raises:
        InputError: there is no such file, it is damaged, its data lie elsewhere, or another process writes to it.
        OSError: the system does not give the file.
    """
    require_file(path, f"the {what}")
    if looked_through:
        _look_through(path, what, own)
    with _opened(path, what, options) as file:
        yield file


def require_own_data(path: Path) -> None:
    """Check an HDF5 file before another library reads it: that its data lie in it, and fit into it.

    Raises:
        InputError: they do not, or another process writes to the file. Files that are no HDF5 or damaged pass: the
            reader says.
    """
    try:
        if not h5py.is_hdf5(path):
            return
    except (OSError, ValueError):
        return
    with open_hdf5(path, "HDF5 file"):
        pass


def require_own_bytes(content: bytes, where: str) -> None:
    """Check HDF5 that is a member of an archive, as `require_own_data` does.

    Raises:
        InputError: its data lie elsewhere, do not fit into it, or it is damaged.
    """
    try:
        require_harmless(lambda: h5py.File(io.BytesIO(content), "r"), where, len(content), own=False)
    except InputError:
        raise
    except DAMAGE as error:
        raise InputError(f"{where}: not a whole HDF5 file ({reason(error)})") from error


def _look_through(path: Path, what: str, own: bool) -> None:
    """Refuse a file that does harm, once: what this process wrote or found harmless is so until it changes."""
    known = own, *identity_of(path)
    if known not in _HARMLESS and not is_written_here(path):
        require_harmless(lambda: _opened(path, what, {}), path, path.stat().st_size, own)
        _HARMLESS.add(known)


@contextmanager
def _opened(path: Path, what: str, options: dict[str, Any]) -> Iterator[h5py.File]:
    """An open file; what its content makes HDF5 raise becomes an `InputError` with its path."""
    with _open(path, what, options) as file:
        try:
            yield file
        except InputError:
            raise
        except DAMAGE as error:
            raise InputError(f"{path}: not a whole {what} ({reason(error)}): make or copy it again") from error


def _open(path: Path, what: str, options: dict[str, Any]) -> h5py.File:
    """Open a file; without locks where the disk has none: a file is never written again under its final name."""
    try:
        return h5py.File(path, "r", **options)
    except OSError as error:
        number = error.errno or 0
        if number in _WITHOUT_LOCKS and "lock" in str(error):
            return h5py.File(path, "r", locking=False, **options)
        if is_locked(error):
            raise InputError(f"{path} is at work in another process: wait until it has ended") from None
        if number in (errno.EACCES, errno.EPERM, errno.EMFILE, errno.ENFILE, errno.EIO, errno.ENOMEM):
            raise
        raise InputError(f"{path}: not a whole {what} ({reason(error)}): make or copy it again") from error
    except DAMAGE as error:
        raise InputError(f"{path}: not a whole {what} ({reason(error)}): make or copy it again") from error


def is_locked(error: Exception) -> bool:
    """Whether HDF5 could not open a file only because another process has it open."""
    if isinstance(error, BlockingIOError):
        return True
    return isinstance(error, OSError) and "unable to lock file" in str(error) and error.errno not in _WITHOUT_LOCKS


def inner_group(group: h5py.Group, name: str) -> h5py.Group:
    """A group within another.

    Raises:
        InputError: it is missing, or an array.
    """
    where, found = f"{group.file.filename}: {_path(group, name)}", group.get(name)
    require(found is not None, f"{where} is missing")
    if not isinstance(found, h5py.Group):
        raise InputError(f"{where} must be a group, it is an array")
    return found


def stored_array(group: h5py.Group, name: str, axes: str | None, kind: str = NUMBERS) -> h5py.Dataset:
    """A field that is an array, not read yet.

    Args:
        group: the file, or a group in it.
        name: of the field.
        axes: such as "frame point 2": a word is any size, a number this one; None where any shape will do.
        kind: of `NUMBERS`, `WHOLE`, `TEXTS`.

    Raises:
        InputError: it is missing, no array, or of another kind or shape.
    """
    where, array = f"{group.file.filename}: {_path(group, name)}", group.get(name)
    require(array is not None, f"{where} is missing")
    wanted = f"{where} must be {kind}" + ("" if axes is None else f" ({', '.join(axes.split())})")
    if not isinstance(array, h5py.Dataset):
        raise InputError(f"{wanted}, it is a {type(array).__name__.lower()}")
    shape = array.shape
    if shape is None:
        raise InputError(f"{wanted}, it is empty")
    of_kind = h5py.check_string_dtype(array.dtype) is not None if kind == TEXTS else array.dtype.kind in _KINDS[kind]
    require(of_kind and _fits(shape, axes), f"{wanted}, got {_named(array.dtype)} of the shape {shape}")
    return array


def numbers(group: h5py.Group, name: str, axes: str | None, kind: str = NUMBERS) -> np.ndarray:
    """A field of numbers, read: see `stored_array`."""
    return np.asarray(stored_array(group, name, axes, kind)[()])


def one_number(group: h5py.Group, name: str) -> float:
    """A field of one number, whatever its axes.

    Raises:
        InputError: it is missing, or not one number.
    """
    values = np.ravel(numbers(group, name, None))
    require(len(values) == 1, f"{group.file.filename}: {_path(group, name)} must be one number, got {len(values)}")
    return float(values[0])


def texts(group: h5py.Group, name: str) -> tuple[str, ...]:
    """A field that is a list of texts.

    Raises:
        InputError: it is missing, or something else.
    """
    return tuple(str(each) for each in stored_array(group, name, "entry", TEXTS).asstr()[:])


def table_of(group: h5py.Group, name: str) -> np.ndarray:
    """A field that is a table: a structured array (row,).

    Raises:
        InputError: it is missing, or something else.
    """
    columns = group.get(name)
    where = f"{group.file.filename}: {_path(group, name)}"
    table = isinstance(columns, h5py.Dataset) and columns.dtype.names is not None and len(columns.shape or ()) == 1
    require(table, f"{where} must be a table (rows of named columns)")
    return columns[:]


def column(table: np.ndarray, name: str, where: str) -> np.ndarray:
    """A column of numbers of a table (row,).

    Raises:
        InputError: it is missing, or holds something else; the message begins with `where`.
    """
    require(name in (table.dtype.names or ()), f"{where}: the column {name} is missing")
    values = table[name]
    fits = values.dtype.kind in _KINDS[NUMBERS] and values.ndim == 1
    require(fits, f"{where}: the column {name} must be one number a row, got {_named(values.dtype)}")
    return values


def text_attribute(group: h5py.Group, name: str) -> str:
    """An attribute that is a text.

    Raises:
        InputError: it is missing, or something else.
    """
    text = plain_attribute(group, name)
    require(isinstance(text, str), f"{_attribute(group, name)} must be a text, got {text!r:.60}")
    return text


def number_attribute(group: h5py.Group, name: str) -> float:
    """An attribute that is a number.

    Raises:
        InputError: it is missing, or something else.
    """
    stored = plain_attribute(group, name)
    number = isinstance(stored, int | float)
    require(number, f"{_attribute(group, name)} must be a number, got {stored!r:.60}")
    return float(stored)


def json_attribute(group: h5py.Group, name: str, kind: type) -> Any:
    """An attribute that is JSON, of a list or of an object.

    Raises:
        InputError: it is missing, or something else.
    """
    said = text_attribute(group, name)
    try:
        value = json.loads(said)
    except (ValueError, RecursionError):
        raise InputError(f"{_attribute(group, name)} must be JSON, got {said!r:.60}") from None
    require(isinstance(value, kind), f"{_attribute(group, name)} must be a JSON {kind.__name__}, got {said!r:.60}")
    return value


def names_attribute(group: h5py.Group, name: str) -> tuple[str, ...]:
    """An attribute that is a list of texts, as JSON.

    Raises:
        InputError: it is missing, or something else.
    """
    names = json_attribute(group, name, list)
    named = all(isinstance(each, str) for each in names)
    require(named, f"{_attribute(group, name)} must be a list of texts, got {names!r:.60}")
    return tuple(names)


def plain_attribute(group: h5py.Group, name: str) -> Any:
    """An attribute as Python has it: a text, a number, or a list of them; None where it is empty.

    Raises:
        InputError: it is missing.
    """
    require(name in group.attrs, f"{_attribute(group, name)} is missing")
    value = group.attrs[name]
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.ravel()[0]
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return None if isinstance(value, h5py.Empty) else value


def _attribute(group: h5py.Group, name: str) -> str:
    of = "" if group.name == "/" else f" of {(group.name or '').strip('/')}"
    return f"{group.file.filename}: the attribute {name}{of}"


def _path(group: h5py.Group, name: str) -> str:
    return f"{group.name or ''}/{name}".strip("/")


def _fits(shape: tuple[int, ...], axes: str | None) -> bool:
    if axes is None:
        return True
    wanted = axes.split()
    return len(wanted) == len(shape) and all(
        not want.isdigit() or int(want) == size for want, size in zip(wanted, shape, strict=True)
    )


def _named(dtype: np.dtype) -> str:
    return TEXTS if h5py.check_string_dtype(dtype) is not None else "a table" if dtype.names else str(dtype)
