"""Columns of numbers by name, from a `.csv`, `.mat` or `.npz` file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from neuron_models.foundation.archives import load_arrays
from neuron_models.foundation.csv_file import read_csv
from neuron_models.foundation.errors import InputError, reason, require
from neuron_models.foundation.files import require_file
from neuron_models.foundation.hdf5 import open_hdf5, require_own_data
from neuron_models.foundation.units import Milliseconds

Columns = Mapping[str, np.ndarray]
"""Series of one length or of several, in the units of their file, by name."""
_EVEN = 1e-3
"""How far an interval may be from the others, as a share of it."""


def read_columns(path: Path) -> dict[str, np.ndarray]:
    """Read the columns of a file: numbers (time,), as long as they are; NaN at a column's end is no part of it.

    An array with several channels gives a column each: `Acceleration` of shape (3, time) is `Acceleration_1` to `_3`.

    Raises:
        InputError: no such file, another kind of file, or one that is damaged.
    """
    readers = {".csv": _read_csv, ".mat": _read_mat, ".npz": load_arrays}
    require_file(path, "a table, .csv, .mat or .npz")
    if path.suffix.lower() not in readers:
        raise InputError(f"{path}: a table ends in {', '.join(readers)}, not {path.suffix or 'nothing'!r}")
    found: dict[str, np.ndarray] = {}
    for name, values in readers[path.suffix.lower()](path).items():
        found |= _series(str(name).strip(), np.asarray(values))
    require(bool(found), f"{path}: it holds no column of numbers")
    return found


def chosen(columns: Columns, names: Sequence[str], where: str) -> Float[np.ndarray, "time channel"]:
    """Some columns side by side, in the units of the file.

    Raises:
        InputError: a column that is not there, or columns of different lengths.
    """
    for name in names:
        if name not in columns:
            listed = ", ".join(list(columns)[:12])
            raise InputError(f"{where}: there is no column {name!r}; the columns are {listed}")
    lengths = {name: len(columns[name]) for name in names}
    require(len(set(lengths.values())) == 1, f"{where}: columns of different lengths: {lengths}")
    return np.stack([columns[name] for name in names], axis=-1).astype(float)


def even_interval(times: Float[np.ndarray, " time"], where: str) -> Milliseconds:
    """The sampling interval of times in seconds.

    Raises:
        InputError: they are not evenly spaced; the message names the first that is not.
    """
    require(len(times) >= 2, f"{where}: fewer than two times")
    steps = np.diff(times)
    middle = float(np.median(steps))
    odd = ~(np.abs(steps - middle) <= _EVEN * abs(middle))
    require(
        middle > 0 and not odd.any(),
        f"{where}: the times are not evenly spaced: {steps[odd.argmax()]:g} s after {times[odd.argmax()]:g} s, and "
        f"{middle:g} s elsewhere: resample them first",
    )
    return 1000 * float(times[-1] - times[0]) / (len(times) - 1)


def _series(name: str, values: np.ndarray) -> dict[str, np.ndarray]:
    """An array as columns of numbers (time,): the longer of two axes is time; what holds no numbers gives none."""
    values = np.squeeze(values)
    if values.dtype.kind not in "iuf" or values.ndim not in (0, 1, 2):
        return {}
    if values.ndim < 2:
        return {name: _without_end(np.atleast_1d(values).astype(float))}
    rows = values if values.shape[1] >= values.shape[0] else values.T
    return {f"{name}_{number}": _without_end(row.astype(float)) for number, row in enumerate(rows, start=1)}


def _without_end(column: Float[np.ndarray, " time"]) -> Float[np.ndarray, " known"]:
    """A column without the NaN that fill it up to the length of others; such as a sampling interval in row one."""
    there = np.flatnonzero(~np.isnan(column))
    return column[: there[-1] + 1] if len(there) else column[:0]


def _read_csv(path: Path) -> dict[str, np.ndarray]:
    try:
        table = read_csv(path, index_col=False, skipinitialspace=True)
    except InputError:
        raise
    except ValueError as error:
        raise InputError(f"{path}: not a table with a line of names ({reason(error)})") from None
    return {str(name): table[name].to_numpy() for name in table if not str(name).startswith("Unnamed:")}


def _read_mat(path: Path) -> dict[str, Any]:
    """MATLAB's files before version 7.3; those of 7.3 are HDF5, their axes turned."""
    import h5py
    from scipy.io import loadmat

    if h5py.is_hdf5(path):
        require_own_data(path)
        with open_hdf5(path, "MATLAB file (.mat)") as file:
            arrays = {name: item for name, item in file.items() if isinstance(item, h5py.Dataset)}
            return {name: np.asarray(item).T for name, item in arrays.items()}
    try:
        content = loadmat(path)
    except Exception as error:  # whatever a parser meets in an invalid file
        raise InputError(f"{path}: not a MATLAB file that can be read ({reason(error)})") from None
    return {name: each for name, each in content.items() if not name.startswith("__")}
