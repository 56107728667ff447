"""Stimuli as columns of a CSV or NPY file, one row a sample."""

import csv
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float

from connectome.contact import require_known
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import require_file
from neuron_models.foundation.units import Milliseconds

_TIMES = ("time", "time_ms", "t")
"""Columns of a CSV file that hold the times of the samples, in ms."""


def read_column(path: Path, column: str | int, samples: int, sampling: Milliseconds) -> tuple[float, ...]:
    """Read one column: by its name in a CSV file, by its number, counted from 0, in an NPY file.

    Args:
        path: the file; of an NPY file, an array (time, column) or (time,).
        column: which.
        samples: how many rows there must be.
        sampling: the interval between two rows in ms, which a column of times must confirm.

    Raises:
        InputError: no such file or column, another number of rows, other times, or a value that is no finite number.
    """
    if path.suffix.lower() == ".npy":
        return _checked(path, str(column), _npy_column(path, column), samples)
    table = _csv_columns(path, samples, sampling)
    require_known([str(column)], table, f"column of {path.name}")
    return _checked(path, str(column), table[str(column)], samples)


def read_columns(
    path: Path, wanted: Sequence[str], samples: int, sampling: Milliseconds
) -> dict[str, tuple[float, ...]]:
    """Read a CSV file whose columns are named after some of the `wanted` inputs; one of times may stand beside them.

    Raises:
        InputError: as for `read_column`, or a column that is no input.
    """
    require(
        path.suffix.lower() == ".csv",
        f"{path.name} has no names of columns: give each input a table such as {{ file = {path.name!r}, column = 0 }}",
    )
    table = _csv_columns(path, samples, sampling)
    require_known(table, wanted, "input")
    return {name: _checked(path, name, values, samples) for name, values in table.items()}


def _npy_column(path: Path, column: str | int) -> Float[np.ndarray, " time"]:
    require_file(path, "an .npy file")
    try:
        array = np.load(path, allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise InputError(f"{path}: this is no NPY file of numbers: {error}") from None
    require(
        isinstance(array, np.ndarray) and array.dtype.kind in "fiu" and array.ndim in (1, 2),
        f"{path} must hold numbers of the shape (time, column), got {getattr(array, 'dtype', 'an archive')}",
    )
    array = array.astype(float)
    if array.ndim == 1:
        return array
    number = array.shape[1]
    if isinstance(column, bool) or not isinstance(column, int) or not 0 <= column < number:
        raise InputError(f"{path} has the columns 0 to {number - 1}, not {column!r}")
    return array[:, column]


def _csv_columns(path: Path, samples: int, sampling: Milliseconds) -> dict[str, Float[np.ndarray, " time"]]:
    """The columns of a CSV file by name, without those of times, which are checked."""
    require_file(path, "a .csv or .npy file")
    require(path.suffix.lower() == ".csv", f"{path} must be a .csv or .npy file")
    try:
        rows = [row for row in csv.reader(path.read_text(encoding="utf-8-sig").splitlines()) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: this is no CSV file: {error}") from None
    require(len(rows) > 0, f"{path} is empty")
    header, *body = rows
    names = [name.strip() for name in header]
    for place, row in enumerate(body, 2):
        require(len(row) == len(names), f"{path}, row {place} has {len(row)} values under {len(names)} names")
    double = next((name for name in names if names.count(name) > 1), None)
    require(double is None, f"{path} names the column {double} twice")
    columns = {name: _numbers(path, name, [row[index] for row in body]) for index, name in enumerate(names)}
    for name in [name for name in columns if name.lower() in _TIMES]:
        _require_times(path, name, columns.pop(name), sampling)
    return columns


def _numbers(path: Path, name: str, cells: Sequence[str]) -> Float[np.ndarray, " time"]:
    found = np.empty(len(cells))
    for index, cell in enumerate(cells):
        try:
            found[index] = float(cell)
        except ValueError:
            raise InputError(f"{path}, row {index + 2}: {name} must be a number, got {cell!r}") from None
    return found


def _require_times(path: Path, name: str, times: Float[np.ndarray, " time"], sampling: Milliseconds) -> None:
    wanted = np.arange(len(times)) * sampling
    off = np.flatnonzero(~(np.abs(times - wanted) <= 1e-3 * sampling))
    if len(off):
        row = int(off[0])
        raise InputError(
            f"{path}, row {row + 2}: {name} is {times[row]:g} ms, but at a sampling of {sampling:g} ms it is "
            f"{wanted[row]:g}"
        )


def _checked(path: Path, column: str, values: Float[np.ndarray, " time"], samples: int) -> tuple[float, ...]:
    require(
        len(values) == samples,
        f"{path} has {len(values)} rows, but duration / sampling makes {samples} samples",
    )
    wrong = next((index for index, value in enumerate(values) if not math.isfinite(value)), None)
    if wrong is not None:
        raise InputError(f"{path}: column {column} holds {values[wrong]} in sample {wrong + 1}: give a finite number")
    return tuple(values.tolist())
