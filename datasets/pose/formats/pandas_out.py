"""Tables of numbers under several lines of names in HDF5, as pandas' form `fixed` has them, without PyTables."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import h5py
import numpy as np
from jaxtyping import Float

_NAMELESS = np.bytes_(b"N.")
"""How PyTables keeps None."""


def save_frame(
    levels: Mapping[str, Sequence[str]],
    rows: Sequence[int] | Sequence[tuple[str, ...]],
    values: Float[np.ndarray, "row column"],
    path: Path,
    key: str = "df_with_missing",
) -> None:
    """Write a table that `pandas.read_hdf` reads.

    Args:
        levels: the names of the columns, a line of them under the name of each level.
        rows: numbers of frames, or names of several parts alike in number.
        values: of the cells, in their own units.
        path: the file.
        key: the name of the table in it.
    """
    with h5py.File(path, "w") as file:
        _say(file, CLASS="GROUP", TITLE="", VERSION="1.0", PYTABLES_FORMAT_VERSION="2.1")
        group = file.create_group(key)
        _say(group, CLASS="GROUP", TITLE="", VERSION="1.0", pandas_type="frame", encoding="UTF-8", errors="strict")
        group.attrs.update({"ndim": 2, "nblocks": 1})
        named = [(name, list(line)) for name, line in levels.items()]
        for axis in ("axis0", "block0_items"):
            _names(group, axis, named)
        if rows and isinstance(rows[0], tuple):
            parts = list(zip(*(row for row in rows if isinstance(row, tuple)), strict=True))
            _names(group, "axis1", [("", list(part)) for part in parts])
        else:
            _say(group, axis1_variety="regular")
            _array(group, "axis1", np.asarray(rows, np.int64), kind="integer").attrs["name"] = _NAMELESS
        _array(group, "block0_values", np.asarray(values, float))


def _names(group: h5py.Group, axis: str, levels: Sequence[tuple[str, Sequence[str]]]) -> None:
    """Names of several parts along an axis: the different ones of each part, and which stands where."""
    _say(group, **{f"{axis}_variety": "multi"})
    group.attrs[f"{axis}_nlevels"] = len(levels)
    for number, (name, line) in enumerate(levels):
        different = list(dict.fromkeys(line))
        texts = np.array([text.encode() for text in different])
        level = _array(group, f"{axis}_level{number}", texts, kind="string", nan_rep="")
        for attribute in ("name", f"{axis}_name{name or None}"):
            if name:
                _say(level, **{attribute: name})
            else:
                level.attrs[attribute] = _NAMELESS
        places = {text: place for place, text in enumerate(different)}
        _array(group, f"{axis}_label{number}", np.array([places[text] for text in line], np.int64))


def _array(group: h5py.Group, name: str, values: np.ndarray, **texts: str) -> h5py.Dataset:
    stored = group.create_dataset(name, data=values)
    _say(stored, CLASS="ARRAY", FLAVOR="numpy", TITLE="", VERSION="2.4", **texts)
    stored.attrs["transposed"] = np.uint8(1)
    return stored


def _say(node: h5py.Group | h5py.Dataset, **texts: str) -> None:
    """Texts in UTF-8 of a fixed length, which PyTables takes for texts; it takes others for pickles."""
    for name, text in texts.items():
        if text:
            node.attrs.create(name, text.encode(), dtype=h5py.string_dtype("utf-8", len(text.encode())))
        else:
            node.attrs[name] = h5py.Empty("S1")
