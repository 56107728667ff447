"""Readers and writers of labels: Caltech's annotator, hBehavior of BehaviorDEPOT, BORIS, and a column of 0 and 1."""

import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from datasets.behaviour.labels import Bout, Labels
from datasets.dataset import contiguous_runs
from neuron_models.foundation.bad_parts import leave_out
from neuron_models.foundation.csv_file import read_csv, write_csv
from neuron_models.foundation.errors import InputError, reason, require
from neuron_models.foundation.extras import require_extra
from neuron_models.foundation.files import atomic_write, require_file
from neuron_models.foundation.units import Hertz
from neuron_models.foundation.wording import counted

_CALTECH = "Caltech Behavior Annotator"
_BORIS = ("Behavior", "Start (s)", "Stop (s)")
_BORIS_HEADS = ("Observation id", "Subject")


def load_behaviour_labels(path: Path, fps: Hertz, rater: str = "") -> Labels:
    """Read one rater's labels of a recording.

    Args:
        path: an annotation file of Caltech's annotator (.txt), hBehavior (.mat), BORIS aggregated events (.csv, .tsv),
            or a table (.csv, .tsv) with a column of 0 and 1 for each behaviour, a row a frame.
        fps: frames a second, for files that count seconds.
        rater: the channel of Caltech's annotator, such as S2; S1 when empty.

    Returns:
        The bouts, counted from frame 0.

    Raises:
        InputError: no file, none of these kinds, or something in it that is no label (with the line).
    """
    require_file(path, "a file of labels")
    kinds: dict[str, Callable[[], Labels]] = {
        ".txt": lambda: _caltech(path, rater or "S1"),
        ".mat": lambda: _hbehavior(path),
        ".csv": lambda: _table(path, fps),
        ".tsv": lambda: _table(path, fps),
    }
    require(
        path.suffix.lower() in kinds,
        f"{path}: labels are .txt (Caltech annotator), .mat (hBehavior) or .csv or .tsv (BORIS, or columns of 0 and 1)",
    )
    return kinds[path.suffix.lower()]()


def _caltech(path: Path, channel: str) -> Labels:
    """Frames count from 1, and the last one of a bout belongs to it."""
    lines = path.read_text(errors="replace").splitlines()
    require(bool(lines) and lines[0].startswith(_CALTECH), f"{path} is no file of the {_CALTECH}")
    bouts, inside, channels = [], False, []
    for number, line in enumerate(lines, start=1):
        if head := re.match(r"(\w+):\s*start\s+end\s+type", line):
            channels.append(head[1])
            inside = head[1] == channel
        elif inside and re.match(r"\s*-?\d", line):
            parts = line.split()
            whole = len(parts) >= 3 and all(re.fullmatch(r"-?\d+", part) for part in parts[:2])
            require(whole, f"{path}, line {number}: a bout is start, end and behaviour, got {line.strip()!r}")
            message = f"{path}, line {number}: frames count from 1 in such files, got 0: add 1 to all frames of yours"
            require(int(parts[0]) != 0, message)
            bouts.append(Bout(" ".join(parts[2:]), int(parts[0]) - 1, int(parts[1])))
    require(bool(bouts), f"{path} has no bouts in the channel {channel}; it has {', '.join(channels) or 'none'}")
    return Labels(tuple(bouts), path.name)


def _hbehavior(path: Path) -> Labels:
    """A structure with a vector of 0 and 1 for each behaviour (BehaviorDEPOT)."""
    require_extra("pymatreader", extra="calcium", purpose="reading MATLAB files")
    from pymatreader import read_mat

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            content = read_mat(str(path))
    except Exception as error:
        raise InputError(f"{path} is no MATLAB file: {reason(error)}") from None
    held: Any = content.get("hBehavior")
    require(isinstance(held, dict), f"{path} has no structure hBehavior")
    vectors = {
        str(name): np.ravel(part["Vector"]).astype(float)
        for name, part in held.items()
        if isinstance(part, dict) and "Vector" in part
    }
    require(bool(vectors), f"{path}: hBehavior holds no behaviour with a Vector")
    return _of_columns(vectors, path)


def _table(path: Path, fps: Hertz) -> Labels:
    try:
        table = read_csv(path)
    except InputError:
        raise
    except ValueError as error:
        raise InputError(f"{path} is no table: {reason(error)}") from None
    if set(_BORIS) <= set(table.columns):
        return _boris(table, path, fps)
    numbers = [table.pop(name).to_numpy() for name in ("frame", "Frame") if name in table.columns]
    for each in numbers:
        _require_every_frame(each, path)
    columns = {str(name): table[name].to_numpy() for name in table.columns}
    require(bool(columns), f"{path} has no column of labels")
    for name, values in columns.items():
        fine = np.issubdtype(values.dtype, np.number) and bool(np.isin(values, (0, 1)).all())
        columns_needed = f"a table of labels has {', '.join(_BORIS)} (BORIS), or columns of 0 and 1"
        require(fine, f"{path}: the column {name!r} holds other values than 0 and 1: {columns_needed}")
    return _of_columns({name: values.astype(float) for name, values in columns.items()}, path)


def _require_every_frame(numbers: np.ndarray, path: Path) -> None:
    """Raise an `InputError` unless frames are numbered one by one, from 0 or 1 on."""
    wanted = np.arange(len(numbers)) + (1 if len(numbers) and numbers[0] == 1 else 0)
    wrong = np.flatnonzero(numbers != wanted)
    if len(wrong):
        row = int(wrong[0])
        raise InputError(
            f"{path}, line {row + 2}: a row is a frame, in order from 0 or 1; frame {wanted[row]} comes here, "
            f"got {numbers[row]}"
        )


def _boris(table: pd.DataFrame, path: Path, fps: Hertz) -> Labels:
    """Seconds; a bout holds the frames whose time lies from its start to before its stop.

    Events without length (POINT), and bouts shorter than a frame, are left out and reported.
    """
    _require_one_recording(table, path)
    bouts, moments = [], []
    for line, (behaviour, start, stop) in enumerate(table[list(_BORIS)].itertuples(index=False, name=None), start=2):
        require(
            isinstance(behaviour, str) or bool(np.isfinite(behaviour)),
            f"{path}, line {line}: the behaviour has no name",
        )
        try:
            first, end = round(float(start) * fps), round(float(stop) * fps)
        except (TypeError, ValueError, OverflowError):
            raise InputError(f"{path}, line {line}: start and stop are seconds, got {start!r} and {stop!r}") from None
        if first == end and float(start) <= float(stop):
            moments.append(line)
        else:
            bouts.append(Bout(str(behaviour), first, end))
    require(bool(bouts) or not moments, f"{path} holds events without length alone (POINT), and a bout has one")
    if moments:
        events = counted(len(moments), "event")
        leave_out(f"{path.name}: {events} without length, or shorter than a frame, the first in line {moments[0]}")
    return Labels(tuple(bouts), path.name)


def _require_one_recording(table: pd.DataFrame, path: Path) -> None:
    """Raise an `InputError` where a table holds several observations; report where it holds several subjects."""
    held = {name: list(dict.fromkeys(table[name].dropna().astype(str))) for name in _BORIS_HEADS if name in table}
    observations, subjects = (held.get(name, []) for name in _BORIS_HEADS)
    few = ", ".join(map(repr, observations[:3]))
    message = f"{path} holds {len(observations)} observations ({few}): export each alone, as labels of its recording"
    require(len(observations) < 2, message)
    if len(subjects) > 1:
        leave_out(f"{path.name}: who did it ({', '.join(subjects[:5])}): bouts of all subjects count alike")


def _of_columns(columns: dict[str, np.ndarray], path: Path) -> Labels:
    """Every frame was looked at: those of 0 throughout show none of the behaviours."""
    lengths = {len(values) for values in columns.values()}
    require(len(lengths) == 1, f"{path}: behaviours have different numbers of frames: {sorted(lengths)}")
    bouts = []
    for name, values in columns.items():
        bouts += [Bout(name, int(first), int(end)) for first, end in contiguous_runs(values > 0)]
    return Labels(tuple(bouts), path.name, whole=True, frames=lengths.pop())


def save_boris(bouts: tuple[Bout, ...], fps: Hertz, out: Path, observation: str = "") -> Path:
    """Write bouts as BORIS's table of aggregated events (.csv), in seconds."""
    rows = [
        (observation, fps, b.behaviour, "STATE", b.start / fps, b.end / fps, (b.end - b.start) / fps) for b in bouts
    ]
    names = ["Observation id", "FPS", "Behavior", "Behavior type", "Start (s)", "Stop (s)", "Duration (s)"]
    with atomic_write(out) as temporary:
        write_csv(pd.DataFrame(rows, columns=names), temporary, index=False)
    return out
