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
    return any(name in file and "eigen_projection_1" in (file[name].dtype.names or ()) for name in FEATURES)


def read_skeletons(file: h5py.File, path: Path, reading: Reading) -> tuple[MidlineRecording, ...]:
    """The midlines of every worm of a file of skeletons.

    Raises:
        InputError: the table does not fit the skeletons, or nobody says the frame rate.
    """
    key = next(name for name in SKELETONS if name in file)
    stored = file[key]
    require(stored.ndim == 3 and stored.shape[2] == 2, f"{path}: {key} must be (row, point, 2), got {stored.shape}")
    table, rows = _rows(file, path, stored.shape[0], key)
    fps = reading.rate(_fps(file), str(path))
    pixel = _pixel(file)
    unit = pixel if pixel is None or key in SKELETONS[1:] else 1e-3
    skeletons = np.asarray(stored[:], dtype=float)
    found = []
    for worm, frames, indices in _worms(table, rows, path):
        midlines = np.full((frames[-1] - frames[0] + 1, *skeletons.shape[1:]), np.nan)
        midlines[frames - frames[0]] = skeletons[indices]
        name = f"{path.stem} worm {worm}"
        found.append(MidlineRecording(name, midlines, fps, reading.unit or unit, reading.strain, source=path.name))
    return tuple(found)


def read_features(file: h5py.File, path: Path, reading: Reading) -> tuple[AmplitudeRecording, ...]:
    """The projections on Tierpsy's eigenworms of every worm of a file of features; frames numbered below 0 are dropped.

    Raises:
        InputError: a column is missing, or nobody says the frame rate.
    """
    key = next(name for name in FEATURES if name in file and "eigen_projection_1" in (file[name].dtype.names or ()))
    table = file[key][:]
    names = [f"eigen_projection_{i}" for i in range(1, _MOST_EIGENWORMS + 1)]
    projections = np.stack([table[name] for name in names if name in table.dtype.names], axis=1).astype(float)
    fps = reading.rate(_fps(file), str(path))
    found = []
    for worm, frames, indices in _worms(table, np.arange(len(table)), path):
        amplitudes = np.full((frames[-1] - frames[0] + 1, projections.shape[1]), np.nan)
        amplitudes[frames - frames[0]] = projections[indices]
        name = f"{path.stem} worm {worm}"
        found.append(AmplitudeRecording(name, amplitudes, fps, strain=reading.strain, source=path.name))
    return tuple(found)


def _rows(
    file: h5py.File, path: Path, count: int, key: str
) -> tuple[Shaped[np.ndarray, " row"], Int[np.ndarray, " row"]]:
    """The table that has a row for each skeleton, or names the skeleton of each row; and the skeleton of each row."""
    for name in TABLES:
        if name not in file or file[name].dtype.names is None:
            continue
        table = file[name][:]
        if name == TABLES[2] and "skeleton_id" in table.dtype.names:
            rows = table["skeleton_id"].astype(int)
            if "is_good_skel" in table.dtype.names:
                rows = np.where(table["is_good_skel"] > 0, rows, -1)
            require(bool((rows < count).all()), f"{path}: {name} names a skeleton {rows.max()}, {key} has {count}")
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
    numbers = np.nan_to_num(table[frame_column].astype(float), nan=-1).astype(int)
    kept = (numbers >= 0) & (rows >= 0) & (table[worm_column] >= 0)
    require(bool(kept.any()), f"{path}: no row of the table belongs to a worm and a frame")
    found = []
    for worm in np.unique(table[worm_column][kept]):
        mine = np.flatnonzero(kept & (table[worm_column] == worm))
        frames, first = np.unique(numbers[mine], return_index=True)
        span = int(frames[-1] - frames[0]) + 1
        require(span <= MOST_FRAMES, f"{path}: worm {worm} has frames {frames[0]} to {frames[-1]}: {span} cannot be")
        found.append((int(worm), frames, rows[mine[first]]))
    return found


def _fps(file: h5py.File) -> float | None:
    """The frame rate that the attributes of a table say; None when they count time in frames, or say nothing."""
    found = (_number(file, name, "time_units", "frames") for name in ("fps", "expected_fps"))
    return next((value for value in found if value is not None), None)


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
