"""Worm tracker Commons Object Notation: `units`, `metadata` and `data` in JSON (Javer et al. 2018; openworm.org).

A fault is named by its place, such as `data[3].x[17]`. A worm of one frame takes the frame
rate of the others of its file.
"""

import json
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from jaxtyping import Float

from datasets.posture.formats.measures import in_millimetres, in_seconds
from datasets.posture.formats.raw import MidlineRecording, Reading
from datasets.posture.formats.tierpsy_file import MOST_FRAMES
from datasets.posture.formats.wcon_record import Track, joined, track_of
from datasets.posture.midlines import resampled
from neuron_models.foundation.archives import require_unpacked
from neuron_models.foundation.bad_parts import read_each
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import require_file

_LENGTHS = ("x", "y", "ox", "oy")
_FRAMES = ("frame", "frames")
_HIDDEN = re.compile(r"(^|/)(\.|__MACOSX/|$|desktop\.ini$|Thumbs\.db$)")
"""What systems put into archives beside the files: hidden files, entries of folders, thumbnails."""
_PIXELS = ("pixel", "pixels", "px")


def read_wcon(path: Path, reading: Reading) -> tuple[MidlineRecording, ...]:
    """Read a `.wcon` or `.json` file, or one that is alone in a `.zip`; a worm for each `id`.

    A record or a worm that cannot be used is left out and reported. Times become frames: the frame rate is that of the
    steps between neighbours, and what is missing is a gap. `ox`, `oy` are added to the coordinates, `cx`, `cy` are not;
    `head` "R" turns a midline round.

    Raises:
        InputError: no such file, no JSON, not as WCON wants it (the place is said), or units that are unknown.
    """
    return read_wcon_parts([path], reading)


def read_wcon_parts(paths: Sequence[Path], reading: Reading) -> tuple[MidlineRecording, ...]:
    """Read files that are the parts of one recording, in any order; a worm for each `id` of all of them.

    Raises:
        InputError: as `read_wcon`.
    """
    tracks: dict[str, list[Track]] = {}
    strain, in_frames = "", False
    for path in paths:
        content = wcon_content(path)
        units, records = _checked(path, content, reading)
        for track in _tracks(records, units, f"{path}: data", isinstance(content["data"], list)):
            tracks.setdefault(track.worm, []).append(track)
        in_frames = in_frames or content["units"]["t"].strip().lower() in _FRAMES
        strain = strain or _strain(path, content, reading)
    tracks = _whole_frames(tracks, reading) if in_frames else tracks
    first = paths[0]
    steps = [np.diff(np.sort(np.concatenate([part.times for part in parts]))) for parts in tracks.values()]
    rates = [1 / float(np.median(each)) for each in steps if len(each) and np.median(each) > 0]
    borrowed = replace(reading, fps=float(np.median(rates))) if rates and reading.fps is None else reading
    worms = zip(tracks.items(), steps, strict=True)
    each_worm = [(worm, parts, reading if len(own) else borrowed) for (worm, parts), own in worms]
    return tuple(read_each(each_worm, lambda each: _recording(first, *each, strain)))


def _whole_frames(tracks: dict[str, list[Track]], reading: Reading) -> dict[str, list[Track]]:
    """Tracks whose times are given in frames, which lie one apart at least: where neighbours are closer, so is a frame.

    Tierpsy writes seconds under the unit "frames"; the frame rate is the user's.
    """
    rate = reading.rate(None, "times in frames")
    times = [np.sort(np.concatenate([part.times for part in parts])) for parts in tracks.values()]
    steps = np.concatenate([np.diff(each) for each in times])
    step = float(np.median(steps)) * rate if len(steps) else 1.0
    if not 0 < step < 1:
        return tracks
    return {worm: [replace(part, times=part.times / step) for part in parts] for worm, parts in tracks.items()}


def wcon_content(path: Path) -> Any:
    """What is in a file, before it is checked.

    Raises:
        InputError: no such file, or no JSON.
    """
    require_file(path, "a .wcon file")
    content = _bytes(path)
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        fault = error
    try:
        return json.loads(content, parse_constant=_number)
    except (ValueError, RecursionError):
        raise InputError(f"{path}: not JSON: {fault}") from None


def _number(constant: str) -> float | None:
    """The null for which Python's own writer and MATLAB's write NaN; infinity, which `measured` will report."""
    return None if constant == "NaN" else float(constant)


def _tracks(records: list[Any], units: dict[str, float], where: str, many: bool) -> Iterator[Track]:
    """The track of each record; records of one time each are read together, unless one of them is at fault."""
    try:
        together = [track_of(record, units, where) for record in joined(records)]
    except InputError:
        each = enumerate(records)
        yield from read_each(each, lambda one: track_of(one[1], units, f"{where}[{one[0]}]" if many else where))
    else:
        yield from together


def _bytes(path: Path) -> bytes:
    if path.suffix.lower() != ".zip":
        return path.read_bytes()
    try:
        with zipfile.ZipFile(path) as archive:
            inside = [name for name in archive.namelist() if not _HIDDEN.search(name)]
            require_unpacked(archive, path)
            require(len(inside) == 1, f"{path} holds {len(inside)} files: unpack it and name those to read")
            return archive.read(inside[0])
    except InputError:
        raise
    except (zipfile.BadZipFile, RuntimeError, OSError, EOFError, ValueError, zlib.error) as error:
        raise InputError(f"{path}: not a .zip file that can be read ({error})") from None


def _checked(path: Path, content: Any, reading: Reading) -> tuple[dict[str, float], list[Any]]:
    """What units are in s and mm, and the records; frames and pixels are what the user says they are."""
    require(isinstance(content, dict), f"{path}: WCON is an object with units and data, got {_kind(content)}")
    for key in ("units", "data"):
        require(key in content, f"{path}: {key} is missing; it has {', '.join(list(content)[:8]) or 'nothing'}")
    units, data = content["units"], content["data"]
    require(isinstance(units, dict), f"{path}: units must be an object, got {_kind(units)}")
    for key in ("t", "x", "y"):
        require(key in units, f"{path}: units.{key} is missing")
    for key in ("t", *_LENGTHS):
        text = isinstance(units.get(key, ""), str)
        require(text, f"{path}: units.{key} must be text such as mm, got {_kind(units.get(key))}")
    factors = {"t": _seconds(units["t"], f"{path}: units.t", reading)}
    factors |= {key: _millimetres(units[key], f"{path}: units.{key}", reading) for key in _LENGTHS if key in units}
    records = data if isinstance(data, list) else [data]
    require(len(records) > 0, f"{path}: data is empty")
    return factors, records


def _seconds(unit: str, where: str, reading: Reading) -> float:
    if unit.strip().lower() not in _FRAMES:
        return in_seconds(unit, where)
    if reading.fps is None:
        raise InputError(f"{where}: {unit!r} is no unit of time: give the frame rate in Hz by --fps")
    return 1 / reading.rate(None, where)


def _millimetres(unit: str, where: str, reading: Reading) -> float:
    if unit.strip().lower() not in _PIXELS:
        return in_millimetres(unit, where)
    if reading.unit is None:
        raise InputError(f"{where}: {unit!r} is no unit of length: give the size of a pixel by --unit, such as 5.2*um")
    return reading.unit


def _strain(path: Path, content: dict[str, Any], reading: Reading) -> str:
    metadata = content.get("metadata") or {}
    require(isinstance(metadata, dict), f"{path}: metadata must be an object, got {_kind(metadata)}")
    strain = "" if metadata.get("strain") is None else metadata["strain"]
    strain = strain[0] if isinstance(strain, list) and len(strain) == 1 else strain
    require(isinstance(strain, str), f"{path}: metadata.strain must be text, got {_kind(strain)}")
    return strain.strip() or reading.strain


def _recording(path: Path, worm: str, tracks: list[Track], reading: Reading, strain: str) -> MidlineRecording:
    where = f"{path}: worm {worm!r}"
    times = np.concatenate([track.times for track in tracks])
    order = np.argsort(times, kind="stable")
    times = times[order]
    twice = np.flatnonzero(np.diff(times) <= 0)
    require(len(twice) == 0, f"{where} has two midlines at t = {times[twice[0]] if len(twice) else 0:g} s")
    frames, rate = _frames(times, reading, where)
    points = max(track.midlines.shape[1] for track in tracks)
    require(points >= 3, f"{where} has {points} point(s) a midline, and a midline needs at least 3")
    alike = [
        track.midlines if track.midlines.shape[1] == points else resampled(track.midlines, points) for track in tracks
    ]
    midlines = np.full((frames[-1] + 1, points, 2), np.nan)
    midlines[frames] = np.concatenate(alike)[order]
    name = f"{path.name.partition('.')[0]} {worm}"
    return MidlineRecording(name, midlines, rate, 1.0, strain, source=path.name)


def _frames(times: Float[np.ndarray, " midline"], reading: Reading, where: str) -> tuple[np.ndarray, float]:
    """The frame of each midline, and the frame rate; of two midlines within half a frame the later one stays."""
    steps = np.diff(times)
    said = None
    if len(steps):
        neighbours = steps[steps < 1.5 * np.median(steps)]
        said = len(neighbours) / float(neighbours.sum())
    rate = reading.rate(said, where)
    with np.errstate(over="ignore"):
        frames = np.concatenate(([0], np.cumsum(np.round(steps * rate))))
    message = f"{where} has {len(times)} midlines in {times[-1] - times[0]:g} s at {rate:g} Hz: that cannot be"
    require(bool(frames[-1] < MOST_FRAMES), message)
    return frames.astype(int), rate


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
