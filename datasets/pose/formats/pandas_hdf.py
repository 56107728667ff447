"""Tables that pandas wrote to HDF5, read without running what stands in them.

pandas and PyTables keep some names as pickles, which can hold programs: a file of a stranger must not be read with
them. Only plain lists, tuples, texts and numbers are taken from a pickle here.
"""

import io
import pickle
from pathlib import Path
from typing import Any, NoReturn

import h5py
import numpy as np
from jaxtyping import Float

from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.hdf5 import require_own_data

Frame = tuple[dict[str, list[str]], list[str], Float[np.ndarray, "row column"]]
"""The levels of the columns by name, the names of the rows, and the values."""


class _Plain(pickle.Unpickler):
    """Takes values that need no class."""

    def find_class(self, module: str, name: str) -> NoReturn:
        raise pickle.UnpicklingError(f"it holds a {module}.{name}")


def load_frame(path: Path) -> Frame:
    """Read the first table of a file, of pandas' formats `fixed` and `table`.

    Raises:
        InputError: there is none, or it holds something else than numbers under names.
    """
    require_own_data(path)
    try:
        with h5py.File(path, "r") as file:
            groups = [group for group in file.values() if "pandas_type" in group.attrs]
            require(len(groups) > 0, f"{path}: there is no table of pandas in it")
            return _fixed(groups[0]) if "block0_values" in groups[0] else _table(groups[0])
    except (OSError, KeyError, ValueError, TypeError, IndexError, pickle.UnpicklingError) as error:
        if isinstance(error, InputError):
            raise
        reason = str(error).strip("\"'").splitlines()[0]
        raise InputError(f"{path}: no table of numbers can be read from it ({reason})") from None


def _fixed(group: h5py.Group) -> Frame:
    require("block1_values" not in group, f"{group.file.filename}: its columns are not all numbers")
    names = _axis(group, "block0_items")
    levels = {name: [row[index] for row in names] for index, name in enumerate(_level_names(group, "block0_items"))}
    rows = ["/".join(row) for row in _axis(group, "axis1")]
    return levels, rows, np.asarray(group["block0_values"][:], float).reshape(len(rows), len(names))


def _axis(group: h5py.Group, axis: str) -> list[tuple[str, ...]]:
    """The names along an axis, one or several to each place."""
    if f"{axis}_level0" not in group:
        return [(text,) for text in _texts(group[axis][:])]
    parts = []
    for level in range(int(group.attrs[f"{axis}_nlevels"])):
        known, indices = _texts(group[f"{axis}_level{level}"][:]), group[f"{axis}_label{level}"][:]
        parts.append([known[index] for index in indices])
    return list(zip(*parts, strict=True))


def _level_names(group: h5py.Group, axis: str) -> list[str]:
    return [_text(group[f"{axis}_level{level}"].attrs["name"]) for level in range(int(group.attrs[f"{axis}_nlevels"]))]


def _table(group: h5py.Group) -> Frame:
    table = group["table"]
    fields = [name for name in table.dtype.names if name.startswith("values_block")]
    require(len(fields) == 1, f"{group.file.filename}: its columns are not all numbers")
    ((_, columns),) = _unpickled(group.attrs["non_index_axes"])
    info = _unpickled(group.attrs["info"]) if "info" in group.attrs else {}
    text = next((part["names"] for part in info.values() if isinstance(part, dict) and "names" in part), None)
    names = [str(name) for name in text] if text else ["scorer", "individuals", "bodyparts", "coords"]
    if not text and len(columns[0]) == 3:
        names.remove("individuals")
    levels = {name: [str(column[index]) for column in columns] for index, name in enumerate(names)}
    return levels, _texts(table["index"]), np.asarray(table[fields[0]], float)


def _unpickled(stored: Any) -> Any:
    return _Plain(io.BytesIO(bytes(stored))).load()


def _text(value: Any) -> str:
    """A text, which PyTables keeps as it is or as a pickle."""
    raw = bytes(value) if isinstance(value, bytes | np.bytes_) else None
    if raw is None:
        return str(value)
    return str(_unpickled(raw)) if raw[:1] in (b"V", b"S", b"\x80", b"X") and raw.endswith(b".") else raw.decode()


def _texts(values: np.ndarray) -> list[str]:
    return [each.decode() if isinstance(each, bytes) else str(each) for each in values.tolist()]
