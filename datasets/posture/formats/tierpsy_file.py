"""Files of Tierpsy Tracker (Javer et al. 2018): skeletons and feature time series of many worms.

Written from its documentation of output files: skeletons are rows of an array; a table says of each row which worm it
is and which frame; the attributes of the table say the frame rate and the size of a pixel. Where a person has joined
tracks and labelled them in its viewer (`worm_index_manual`, `worm_label`), that goes before what the tracker found.
"""

from pathlib import Path

import h5py
import numpy as np
from jaxtyping import Int, Shaped

from datasets.posture.formats.raw import MidlineRecording, Reading
from datasets.posture.recording import AmplitudeRecording
from neuron_models.foundation.bad_parts import leave_out, read_each
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.hdf5 import column, stored_array, table_of

SKELETONS = ("coordinates/skeletons", "skeleton", "skeletons")
"""The first is in micrometres where the size of a pixel is known, the others in pixels."""
TABLES = ("timeseries_data", "features_timeseries", "trajectories_data")
FEATURES = TABLES[:2]
WORM_COLUMNS = ("worm_index", "worm_index_joined")
CORRECTED, LABEL = "worm_index_manual", "worm_label"
"""The columns of a person's corrections; the label is 0 where the person said nothing, 1 for a single worm."""
_SINGLE_WORM = 1
FRAME_COLUMNS = ("timestamp", "frame_number", "timestamp_raw")
MOST_FRAMES = 10_000_000
"""Four days at 30 frames a second."""
_MOST_EIGENWORMS = 7


_Worm = tuple[int, np.ndarray]
"""The index of a worm, and its rows of a table (row,)."""


def has_skeletons(file: h5py.File) -> bool:
    """Whether a file holds skeletons and a table of them."""
    return any(name in file for name in SKELETONS) and any(name in file for name in TABLES)


def has_features(file: h5py.File) -> bool:
    """Whether a file holds a time series of eigenworm projections."""
    return any("eigen_projection_1" in _columns(file, name) for name in FEATURES)


def read_skeletons(file: h5py.File, path: Path, reading: Reading) -> tuple[MidlineRecording, ...]:
    """The midlines of every worm of a file of skeletons; a worm that cannot be used is left out with a message.

    Raises:
        InputError: the table does not fit the skeletons, the frame rate is unknown, or no worm can be used.
    """
    key = next(name for name in SKELETONS if name in file)
    stored = stored_array(file, key, "row point 2")
    table, rows = _rows(file, path, stored.shape[0], key, TABLES)
    fps = reading.rate(_fps(file), str(path))
    pixel = _pixel(file)
    unit = pixel if pixel is None or key in SKELETONS[1:] else 1e-3
    skeletons = np.asarray(stored[:], dtype=float)

    def read(worm: _Worm) -> MidlineRecording:
        frames, indices = _frames(table, rows, worm, path, len(skeletons))
        midlines = np.full((frames[-1] - frames[0] + 1, *skeletons.shape[1:]), np.nan)
        midlines[frames - frames[0]] = skeletons[indices]
        name = f"{path.stem} worm {worm[0]}"
        return MidlineRecording(name, midlines, fps, reading.unit or unit, reading.strain, source=path.name)

    return tuple(read_each(_worms(table, rows, path), read))


def read_features(file: h5py.File, path: Path, reading: Reading) -> tuple[AmplitudeRecording, ...]:
    """The projections on Tierpsy's eigenworms of every worm of a file of features; frames numbered below 0 are dropped.

    A worm that cannot be used is left out with a message.

    Raises:
        InputError: a column is missing, the frame rate is unknown, or no worm can be used.
    """
    key = next(name for name in FEATURES if "eigen_projection_1" in _columns(file, name))
    table, where = table_of(file, key), f"{path}: {key}"
    names = [f"eigen_projection_{i}" for i in range(1, _MOST_EIGENWORMS + 1)]
    held = [column(table, name, where) for name in names if name in (table.dtype.names or ())]
    projections = np.stack(held, axis=1).astype(float)
    fps = reading.rate(_fps(file), str(path))
    owners, rows = _rows(file, path, len(table), key, (key, TABLES[2]))

    def read(worm: _Worm) -> AmplitudeRecording:
        frames, indices = _frames(owners, rows, worm, path, len(table))
        amplitudes = np.full((frames[-1] - frames[0] + 1, projections.shape[1]), np.nan)
        amplitudes[frames - frames[0]] = projections[indices]
        name = f"{path.stem} worm {worm[0]}"
        return AmplitudeRecording(name, amplitudes, fps, strain=reading.strain, source=path.name)

    return tuple(read_each(_worms(owners, rows, path), read))


def _rows(
    file: h5py.File, path: Path, count: int, key: str, tables: tuple[str, ...]
) -> tuple[Shaped[np.ndarray, " row"], Int[np.ndarray, " row"]]:
    """The table that has a row for each skeleton, or names the skeleton of each row; and the skeleton of each row.

    A table that a person corrected goes before the others.
    """
    for name in sorted(tables, key=lambda name: not _is_corrected(file, name)):
        columns, where = _columns(file, name), f"{path}: {name}"
        if not columns:
            continue
        table = table_of(file, name)
        if name == TABLES[2] and "skeleton_id" in columns:
            rows = _whole(column(table, "skeleton_id", where))
            if "is_good_skel" in columns:
                rows = np.where(column(table, "is_good_skel", where) > 0, rows, -1)
            return table, rows
        if len(table) == count:
            return table, np.arange(count)
    raise InputError(f"{path}: no table ({', '.join(tables)}) has a row for each of the {count} of {key}")


def _is_corrected(file: h5py.File, name: str) -> bool:
    """Whether a person labelled some of a table's rows; only the table of trajectories names their skeletons."""
    corrected = name == TABLES[2] and {CORRECTED, LABEL, "skeleton_id"} <= set(_columns(file, name))
    return corrected and _has_labels(table_of(file, name))


def _has_labels(table: Shaped[np.ndarray, " row"]) -> bool:
    has = {CORRECTED, LABEL} <= set(table.dtype.names or ())
    return has and bool((_whole(column(table, LABEL, LABEL)) > 0).any())


def _worms(table: Shaped[np.ndarray, " row"], rows: Int[np.ndarray, " row"], path: Path) -> list["_Worm"]:
    """Of each worm its index and its rows of the table.

    Of a table that a person labelled the rows of single worms count, under the index that the person gave; how many
    others there are is said in a message.
    """
    columns, labelled = table.dtype.names or (), _has_labels(table)
    known = (CORRECTED,) if labelled else WORM_COLUMNS
    worm_column = next((name for name in known if name in columns), None)
    frame_column = _frame_column(table)
    if worm_column is None or not frame_column:
        wanted = "worm_index and timestamp (or worm_index_joined and frame_number)"
        raise InputError(f"{path}: the table needs the columns {wanted}, it has {', '.join(columns[:8])}")
    numbers, worms = _whole(column(table, frame_column, str(path))), _whole(column(table, worm_column, str(path)))
    kept = (numbers >= 0) & (rows >= 0) & (worms >= 0)
    if labelled:
        single = _whole(column(table, LABEL, str(path))) == _SINGLE_WORM
        if others := int((kept & ~single).sum()):
            leave_out(f"{path}: {others} skeletons that a person did not label as a single worm ({LABEL})")
        kept &= single
    require(bool(kept.any()), f"{path}: no row of the table belongs to a worm and a frame")
    return [(int(worm), np.flatnonzero(kept & (worms == worm))) for worm in np.unique(worms[kept])]


def _frames(
    table: Shaped[np.ndarray, " row"],
    rows: Int[np.ndarray, " row"],
    worm: "_Worm",
    path: Path,
    count: int,
) -> tuple[Int[np.ndarray, " frame"], Int[np.ndarray, " frame"]]:
    """The frames of a worm in order, and the places of these among the `count` that `rows` counts into.

    Raises:
        InputError: a place that there is not, or more frames than a recording can have.
    """
    index, mine = worm
    last = int(rows[mine].max())
    require(last < count, f"{path}: worm {index} names a skeleton {last}, there are {count}")
    numbers = _whole(column(table, _frame_column(table), str(path)))
    frames, first = np.unique(numbers[mine], return_index=True)
    twice = len(mine) - len(frames)
    require(twice == 0, f"{path}: worm {index} has {twice} frames more than once: nothing says which is right")
    span = int(frames[-1] - frames[0]) + 1
    require(span <= MOST_FRAMES, f"{path}: worm {index} has frames {frames[0]} to {frames[-1]}: {span} cannot be")
    return frames, rows[mine[first]]


def _frame_column(table: Shaped[np.ndarray, " row"]) -> str:
    """The column that counts frames; empty where there is none."""
    return next((name for name in FRAME_COLUMNS if name in (table.dtype.names or ())), "")


def _columns(file: h5py.File, name: str) -> tuple[str, ...]:
    """The columns of a table; none where it is something else, or is not there."""
    table = file.get(name)
    return tuple(table.dtype.names or ()) if isinstance(table, h5py.Dataset) else ()


def _whole(values: Shaped[np.ndarray, " row"]) -> Int[np.ndarray, " row"]:
    """Numbers as whole ones; -1 where there is none, or none that counts rows."""
    known = np.nan_to_num(values.astype(float), nan=-1, posinf=-1, neginf=-1)
    return np.where(np.abs(known) < 2**53, known, -1).astype(int)


def _fps(file: h5py.File) -> float | None:
    """The frame rate that the attributes of a table say; None when they count time in frames, or say nothing."""
    rates = (_number(file, name, "time_units", "frames") for name in ("fps", "expected_fps"))
    return next((value for value in rates if value is not None), None)


def _pixel(file: h5py.File) -> float | None:
    """The size of a pixel in mm; None where it is unknown."""
    value = _number(file, "microns_per_pixel", "xy_units", "pixels")
    return None if value is None else value * 1e-3


def _number(file: h5py.File, name: str, units: str, unknown: str) -> float | None:
    """A number > 0 among the attributes; Tierpsy writes 1 where it is unknown, and says so in the units."""
    value, said = _said(file, name), _said(file, units)
    known = isinstance(value, float) and value > 0 and said != unknown and (said is not None or value != 1)
    return float(value) if known else None  # type: ignore[arg-type]


def _said(file: h5py.File, name: str) -> float | str | None:
    """An attribute of the first table that has it, if it is one number or text."""
    for table in TABLES:
        value = file[table].attrs.get(name) if table in file else None
        if isinstance(value, bytes | str):
            return value.decode(errors="replace") if isinstance(value, bytes) else value
        if value is not None and np.size(value) == 1 and np.asarray(value).dtype.kind in "iuf":
            return float(np.asarray(value).item())
    return None
