"""Tracks of marks in and out: files of any tracker, M-Track's text, and tables of a mark's places."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from datasets.dataset import PointTracks
from datasets.markers.clicks import ANIMAL
from datasets.markers.mtrack_file import write_mtrack
from datasets.topics import read_point_tracks, write_point_tracks
from neuron_models.foundation.csv_file import read_csv
from neuron_models.foundation.errors import InputError, reason, require
from neuron_models.foundation.files import require_file, require_writable
from neuron_models.foundation.units import Hertz
from neuron_models.foundation.wording import counted

_TEXT = ".txt"


def read_marks(path: Path, fps: Hertz | None = None) -> PointTracks:
    """Read the tracks of one recording, at a frame rate that is known.

    Raises:
        InputError: no tracker's file, several recordings, or no frame rate.
    """
    require_file(path, "a file of tracks")
    recordings = read_point_tracks(path)
    require(len(recordings) == 1, f"{path} holds {counted(len(recordings), 'recording')}: give the tracks of one")
    require(fps is None or 0 < fps < 1e6, f"--fps must be > 0, got {fps}")
    tracks = recordings[0] if fps is None else replace(recordings[0], fps=fps)
    require(tracks.fps > 1 or fps is not None, f"{path} does not say its frame rate: give it by --fps")
    return tracks


def require_track_file(out: Path, to: str = "") -> None:
    """Raise an `InputError` unless a file of tracks can be written, before work is done for it."""
    kinds = (".h5", ".slp", ".csv", ".nwb", ".json", _TEXT)
    require(out.suffix in kinds, f"--out {out}: its name must end in {', '.join(kinds)}")
    require(to in ("", "mtrack") or out.suffix != _TEXT, f"--to {to} does not go with the name {out.name}")
    require(not out.exists(), f"{out} exists: delete it or choose another --out")
    require_writable(out)


def write_marks(tracks: PointTracks, out: Path, to: str = "", corners: Sequence[tuple[float, float]] = ()) -> None:
    """Write tracks as M-Track's text (.txt), or to any file of the topic of tracks.

    Args:
        tracks: of one recording.
        out: the file.
        to: its kind; by its name when empty.
        corners: of the cages that M-Track's pixels are of.
    """
    if out.suffix == _TEXT:
        write_mtrack(tracks, out, corners)
    elif out.suffix == ".h5" or to:
        write_point_tracks(tracks, out, to)
    else:
        write_point_tracks(tracks, out)


def read_places(path: Path) -> PointTracks:
    """Read a table of places (frame, mark, x, y; .csv) as tracks; frames and marks that lack are NaN.

    Rows without x and y say that a mark is out of sight; what the table does not name is not known. The former have the
    score 0, the latter NaN.

    Raises:
        InputError: another table, or a mark twice in a frame.
    """
    require_file(path, "a table of places (.csv)")
    try:
        table = read_csv(path, dtype={"mark": str})
        require({"frame", "mark", "x", "y"} <= set(table), f"{path} has no columns frame, mark, x and y")
        numbers = table[["frame", "x", "y"]].astype(float).to_numpy()
    except (ValueError, OSError, UnicodeDecodeError) as error:
        raise error if isinstance(error, InputError) else InputError(f"{path}: no table ({reason(error)})") from None
    frames = numbers[:, 0]
    sound = len(table) > 0 and bool(np.isfinite(frames).all()) and bool((frames >= 0).all())
    require(sound and bool(frames.max() < 1e7), f"{path}: frames are whole numbers from 0")
    half = np.flatnonzero(np.isinf(numbers).any(axis=1) | (np.isnan(numbers[:, 1]) != np.isnan(numbers[:, 2])))
    require(not len(half), f"{path}, line {half[0] + 2 if len(half) else 0}: a place is two numbers, x and y, or none")
    nameless = np.flatnonzero(table.mark.isna())
    require(not len(nameless), f"{path}, line {nameless[0] + 2 if len(nameless) else 0}: the mark has no name")
    require(not table.duplicated(["frame", "mark"]).any(), f"{path} has a mark twice in one frame")
    marks = tuple(name for name in dict.fromkeys(table.mark) if name != ANIMAL)
    require(len(marks) > 0, f"{path} names no mark")
    xy = np.full((int(frames.max()) + 1, 1, len(marks), 2), np.nan)
    scores = np.full(xy.shape[:3], np.nan)
    for (frame, *place), mark in zip(numbers.tolist(), table.mark, strict=True):
        if mark in marks:
            xy[int(frame), 0, marks.index(mark)] = place
            scores[int(frame), 0, marks.index(mark)] = float(np.isfinite(place).all())
    return PointTracks(path.stem, marks, ("animal",), xy, 1.0, scores=scores)


def read_bouts(path: Path) -> list[tuple[int, int]]:
    """Read bouts (first_frame, end_frame) of a table, of all animals.

    Raises:
        InputError: another table, or a bout that ends before it begins.
    """
    require_file(path, "a table of bouts (.csv)")
    try:
        table = read_csv(path)
        require({"first_frame", "end_frame"} <= set(table), f"{path} has no columns first_frame and end_frame")
        numbers = table[["first_frame", "end_frame"]].astype(float).to_numpy()
    except (ValueError, OSError, UnicodeDecodeError) as error:
        raise error if isinstance(error, InputError) else InputError(f"{path}: no table ({reason(error)})") from None
    sound = bool(np.isfinite(numbers).all()) and bool((numbers[:, 0] >= 0).all())
    require(sound and bool((numbers[:, 1] > numbers[:, 0]).all()), f"{path}: a bout goes from a frame to a later one")
    return [(int(first), int(end)) for first, end in numbers]
