"""Files of Tierpsy Tracker (Javer et al. 2018): skeletons and feature time series of many worms.

Written from its documentation of output files: skeletons are rows of an array; a table says of each row which worm it
is and which frame; the attributes of the table say the frame rate and the size of a pixel.
"""

from pathlib import Path

import h5py
import numpy as np
from jaxtyping import Int, Shaped

from datasets.posture.formats.raw import MidlineRecording, Reading
from datasets.posture.recording import AmplitudeRecording
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.hdf5 import column, stored_array, table_of

SKELETONS = ("coordinates/skeletons", "skeleton", "skeletons")
"""The first is in micrometres where the size of a pixel is known, the others in pixels."""
TABLES = ("timeseries_data", "features_timeseries", "trajectories_data")
FEATURES = TABLES[:2]
WORM_COLUMNS = ("worm_index", "worm_index_joined")
FRAME_COLUMNS = ("timestamp", "frame_number", "timestamp_raw")
MOST_FRAMES = 10_000_000
"""Four days at 30 frames a second."""
_MOST_EIGENWORMS = 7


def has_skeletons(file: h5py.File) -> bool:
    """Whether a file holds skeletons and a table of them."""
    return any(name in file for name in SKELETONS) and any(name in file for name in TABLES)


def has_features(file: h5py.File) -> bool:
    """Whether a file holds a time series of eigenworm projections."""
    return any("eigen_projection_1" in _columns(file, name) for name in FEATURES)


def read_skeletons(file: h5py.File, path: Path, reading: Reading) -> tuple[MidlineRecording, ...]:
    """The midlines of every worm of a file of skeletons.

    Raises:
        InputError: the table does not fit the skeletons, or nobody says the frame rate.
    """
    key = next(name for name in SKELETONS if name in file)
    stored = stored_array(file, key, "row point 2")
    table, rows = _rows(file, path, stored.shape[0], key)
    fps = reading.rate(_fps(file), str(path))
    pixel = _pixel(file)
    unit = pixel if pixel is None or key in SKELETONS[1:] else 1e-3
    skeletons = np.asarray(stored[:], dtype=float)
    recordings = []
    for worm, frames, indices in _worms(table, rows, path):
        midlines = np.full((frames[-1] - frames[0] + 1, *skeletons.shape[1:]), np.nan)
        midlines[frames - frames[0]] = skeletons[indices]
        name = f"{path.stem} worm {worm}"
        recordings.append(MidlineRecording(name, midlines, fps, reading.unit or unit, reading.strain, source=path.name))
    return tuple(recordings)


def read_features(file: h5py.File, path: Path, reading: Reading) -> tuple[AmplitudeRecording, ...]:
    """The projections on Tierpsy's eigenworms of every worm of a file of features; frames numbered below 0 are dropped.

    Raises:
        InputError: a column is missing, or nobody says the frame rate.
    """
    key = next(name for name in FEATURES if "eigen_projection_1" in _columns(file, name))
    table, where = table_of(file, key), f"{path}: {key}"
    names = [f"eigen_projection_{i}" for i in range(1, _MOST_EIGENWORMS + 1)]
    held = [column(table, name, where) for name in names if name in (table.dtype.names or ())]
    projections = np.stack(held, axis=1).astype(float)
    fps = reading.rate(_fps(file), str(path))
    recordings = []
    for worm, frames, indices in _worms(table, np.arange(len(table)), path):
        amplitudes = np.full((frames[-1] - frames[0] + 1, projections.shape[1]), np.nan)
        amplitudes[frames - frames[0]] = projections[indices]
        name = f"{path.stem} worm {worm}"
        recordings.append(AmplitudeRecording(name, amplitudes, fps, strain=reading.strain, source=path.name))
    return tuple(recordings)


def _rows(
    file: h5py.File, path: Path, count: int, key: str
) -> tuple[Shaped[np.ndarray, " row"], Int[np.ndarray, " row"]]:
    """The table that has a row for each skeleton, or names the skeleton of each row; and the skeleton of each row."""
    for name in TABLES:
        columns, where = _columns(file, name), f"{path}: {name}"
        if not columns:
            continue
        table = table_of(file, name)
        if name == TABLES[2] and "skeleton_id" in columns:
            rows = _whole(column(table, "skeleton_id", where))
            if "is_good_skel" in columns:
                rows = np.where(column(table, "is_good_skel", where) > 0, rows, -1)
            last = int(rows.max(initial=-1))
            require(last < count, f"{where} names a skeleton {last}, {key} has {count}")
            return table, rows
        if len(table) == count:
            return table, np.arange(count)
    raise InputError(f"{path}: no table ({', '.join(TABLES)}) has a row for each of the {count} of {key}")


def _worms(
    table: Shaped[np.ndarray, " row"], rows: Int[np.ndarray, " row"], path: Path
) -> list[tuple[int, Int[np.ndarray, " frame"], Int[np.ndarray, " frame"]]]:
    """Of each worm its index, its frames in order, and the places of these in the array that `rows` counts into."""
    columns = table.dtype.names or ()
    worm_column = next((name for name in WORM_COLUMNS if name in columns), None)
    frame_column = next((name for name in FRAME_COLUMNS if name in columns), None)
    if worm_column is None or frame_column is None:
        wanted = "worm_index and timestamp (or worm_index_joined and frame_number)"
        raise InputError(f"{path}: the table needs the columns {wanted}, it has {', '.join(columns[:8])}")
    numbers, worms = _whole(column(table, frame_column, str(path))), _whole(column(table, worm_column, str(path)))
    kept = (numbers >= 0) & (rows >= 0) & (worms >= 0)
    require(bool(kept.any()), f"{path}: no row of the table belongs to a worm and a frame")
    recordings = []
    for worm in np.unique(worms[kept]):
        mine = np.flatnonzero(kept & (worms == worm))
        frames, first = np.unique(numbers[mine], return_index=True)
        span = int(frames[-1] - frames[0]) + 1
        require(span <= MOST_FRAMES, f"{path}: worm {worm} has frames {frames[0]} to {frames[-1]}: {span} cannot be")
        recordings.append((int(worm), frames, rows[mine[first]]))
    return recordings


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
