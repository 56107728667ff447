"""Tables of importance on disk: all of a run in one HDF5 file, their values in one CSV."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd

from neuron_models.foundation.errors import InputError, require, require_distinct
from neuron_models.foundation.files import atomic_write, require_file, require_space
from surrogates.importance.table import Importance

FORMAT = "wormtwin-importance"
VERSION = 1
_ARRAYS = ("values", "by_trial", "over_time", "standard_error")
_NAMES = ("inputs", "outputs", "trials")
_TEXTS = {"units": "units", "pooling": "pooling", "time_axis": "clock"}
"""Texts of a table, and the attributes that hold them."""


def save_importance(tables: Sequence[Importance], path: Path) -> Path:
    """Write tables to an HDF5 file, whole or not at all: a group a method, in it the arrays of `Importance`.

    Names and what else decides the numbers are attributes, as JSON.

    Raises:
        InputError: no tables, or two of one method.
    """
    require(len(tables) > 0, "there is no table of importance to save")
    require_distinct((table.method for table in tables), "tables of importance name a method")
    arrays = [getattr(table, name) for table in tables for name in _ARRAYS]
    with atomic_write(path) as temporary:
        require_space(temporary, 65536 * len(tables) + sum(array.nbytes for array in arrays if array is not None))
        with h5py.File(temporary, "w", track_order=True) as file:
            file.attrs.update(format=FORMAT, format_version=VERSION)
            for table in tables:
                _write(file.create_group(table.method), table)
    return path


def load_importance(path: Path) -> list[Importance]:
    """Read the tables that `save_importance` wrote, in their order.

    Raises:
        InputError: the file is missing, damaged, no such file, or of another version.
    """
    require_file(path, "the file of importance tables (.h5)")
    try:
        with h5py.File(path, "r", track_order=True) as file:
            require(file.attrs.get("format") == FORMAT, f"{path}: an HDF5 file, but not a {FORMAT}")
            version = int(file.attrs["format_version"])
            require(version == VERSION, f"{path}: version {version} of {FORMAT}, this wormtwin reads {VERSION}")
            return [_read(method, file[method]) for method in file]
    except (OSError, KeyError, RuntimeError, TypeError, json.JSONDecodeError) as error:
        raise InputError(f"{path}: not whole tables of importance ({error}): make or copy it again") from None


def _write(group: h5py.Group, table: Importance) -> None:
    for name in _ARRAYS:
        if (array := getattr(table, name)) is not None:
            group.create_dataset(name, data=array)
    group.attrs.update({stored: getattr(table, name) for name, stored in _TEXTS.items()}, dt_ms=table.dt)
    group.attrs.update({name: json.dumps(getattr(table, name)) for name in (*_NAMES, "about")})


def _read(method: str, group: h5py.Group) -> Importance:
    fields: dict[str, Any] = {name: group[name][:] if name in group else None for name in _ARRAYS}
    fields |= {name: str(group.attrs[stored]) for name, stored in _TEXTS.items()}
    fields |= {name: tuple(json.loads(group.attrs[name])) for name in _NAMES}
    about = json.loads(group.attrs["about"])
    return Importance(method=method, dt=float(group.attrs["dt_ms"]), about=about, **fields)


def as_frame(tables: Iterable[Importance]) -> pd.DataFrame:
    """One row a method, input and output: value, standard error (NaN where there is none), units."""
    frames = []
    for table in tables:
        error = np.full(table.values.shape, np.nan) if table.standard_error is None else table.standard_error
        frames.append(
            pd.DataFrame(
                {
                    "method": table.method,
                    "input": np.repeat(table.inputs, len(table.outputs)),
                    "output": np.tile(table.outputs, len(table.inputs)),
                    "value": table.values.ravel(),
                    "standard_error": error.ravel(),
                    "units": table.units,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)
