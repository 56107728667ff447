"""Zip archives and NumPy files of strangers: what they declare is compared with what is there before it is read."""

import math
import os
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from neuron_models.foundation.errors import InputError, reason, require
from neuron_models.foundation.files import require_file

_SHARE = 0.5
"""Of this machine's memory, for what an archive holds unpacked."""
_DAMAGE = (
    *(OSError, ValueError, EOFError, KeyError, RuntimeError, zipfile.BadZipFile, zlib.error, OverflowError),
    *(SyntaxError, tokenize.TokenError),  # NumPy reads the head of an array as Python's literals
)
"""What a damaged archive makes zipfile and NumPy raise (NotImplementedError is a RuntimeError)."""
_NPY, _NPZ = b"\x93NUMPY", b"PK"


def require_unpacked(archive: zipfile.ZipFile, path: Path) -> None:
    """Check that what an archive holds fits into this machine's memory when it is unpacked.

    Raises:
        InputError: it does not.
    """
    size = sum(member.file_size for member in archive.infolist())
    require(size <= _most(), f"{path}: unpacked it would take {size / 1e9:.3g} GB: more than this machine has room for")


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """Read a `.npy` file (its array under the file's name) or a `.npz` file; nothing in them is run.

    Raises:
        InputError: no such file, damaged, arrays of objects, or more declared than there is.
    """
    require_file(path, "a .npy or .npz file")
    try:
        with path.open("rb") as file:
            head = file.read(6)
            file.seek(0)
            if head == _NPY:
                return {path.stem: _array(file, path.stat().st_size, str(path))}
        require(head[:2] == _NPZ, f"{path}: not a whole {path.suffix} file of plain arrays (it begins otherwise)")
        with zipfile.ZipFile(path) as archive:
            require_unpacked(archive, path)
            return {_key(each.filename): _member(archive, each, path) for each in archive.infolist()}
    except InputError:
        raise
    except (*_DAMAGE, MemoryError) as error:
        raise InputError(f"{path}: not a whole {path.suffix} file of plain arrays ({reason(error)})") from None


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> np.ndarray:
    with archive.open(member) as file:
        return _array(file, member.file_size, f"{path}: {_key(member.filename)}")


def _array(file: Any, size: int, where: str) -> np.ndarray:
    """One array, whose declared size must be that of what follows its head."""
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, columns_first, dtype = read(file)
    require(not dtype.hasobject, f"{where}: an array of Python objects, which is not read")
    declared, there = math.prod(shape) * dtype.itemsize, size - file.tell()
    require(declared <= there, f"{where}: {declared:,} bytes are declared and {there:,} are there: the file is damaged")
    values = np.frombuffer(file.read(declared), dtype) if declared else np.zeros(0, dtype)
    return values.reshape(shape, order="F" if columns_first else "C").copy()


def _key(name: str) -> str:
    return name.removesuffix(".npy")


def _most() -> int:
    try:
        return int(_SHARE * os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (ValueError, OSError, AttributeError):
        return 2**33
