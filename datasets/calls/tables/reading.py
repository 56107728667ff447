"""Read a table of calls, whichever program wrote it."""

import csv
import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from datasets.calls.call import Call, in_order
from datasets.calls.tables.columns import Columns, cells_of, layout_of
from neuron_models.foundation.csv_file import dialect_of
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import require_file
from neuron_models.foundation.units import Seconds

_RECORDINGS = ("begin file", "source_file")
"""Columns that name the recording of each call: Raven, AVA."""
_DECIMAL_COMMA = re.compile(r"^\s*-?\d+,\d+\s*$")


@dataclass(frozen=True)
class CallTable:
    """Calls that were read from a file.

    Attributes:
        calls: by channel and start.
        program: that wrote it, as its columns tell.
        left_out: rows that are no calls, and why, a line each.
    """

    calls: tuple[Call, ...]
    program: str
    left_out: tuple[str, ...] = ()


def read_calls(path: Path, shift: Seconds = 0.0) -> CallTable:
    """Read a table of calls: CSV, Raven, Audacity, DeepSqueak (.mat too), USVSEG, MUPET, VocalMat.

    Decimal commas, quotes, semicolons and tabs are understood. A row whose times are reversed, missing or before the
    recording is left out and named; the others are read.

    Args:
        path: the file.
        shift: added to all times, where a program's clock is off.

    Raises:
        InputError: it is no such table, or none of its rows is a call.
    """
    require_file(path, "a table of calls")
    if path.suffix.lower() == ".mat":
        from datasets.calls.tables.deepsqueak import read_deepsqueak

        table = read_deepsqueak(path)
    else:
        table = _read_text(path)
    return _shifted(table, shift, path)


def _read_text(path: Path) -> CallTable:
    rows = _rows(path)
    if not rows:
        return CallTable((), "any")
    bare = all(_number(cell) is not None for cell in rows[0][:2]) and len(rows[0]) >= 2
    if bare:
        audacity = path.suffix.lower() == ".txt"
        layout = Columns("Audacity" if audacity else "any", "start", "stop", low="low", high="high", label="label")
        names = ["start", "stop", "label"] if audacity else ["start", "stop", "label", "low", "high"]
        named, first = [dict(zip(names, row, strict=False)) for row in rows], 1
    else:
        header = [cell.strip().lower() for cell in rows[0]]
        layout, first = layout_of(rows[0], path.name), 2
        named = [dict(zip(header, row, strict=False)) for row in rows[1:]]
    _require_one_recording(named, path)
    drawn = _selections_drawn(named)
    calls: list = []
    left_out: list[str] = []
    for number, row in enumerate(named, first):
        if _is_waveform(row) and row.get("selection") in drawn:
            continue
        if next(iter(row.values()), "").startswith("\\"):  # frequencies of the label above, in Audacity's labels
            if calls:
                calls[-1] = _with_band(calls[-1], list(row.values()))
            continue
        try:
            calls.append(_call(row, layout))
        except InputError as error:
            left_out.append(f"row {number}: {error}")
    require(bool(calls) or not left_out, f"{path}: no row is a call; {left_out[0] if left_out else ''}")
    return CallTable(in_order(calls), layout.program, tuple(left_out))


def _require_one_recording(rows: Sequence[dict[str, str]], path: Path) -> None:
    """Raise an `InputError` where the rows name several recordings."""
    for column in _RECORDINGS:
        named = list(dict.fromkeys(row[column] for row in rows if row.get(column)))
        message = (
            f"{path} has calls of {len(named)} recordings ({', '.join(map(repr, named[:2]))}): give a table of each"
        )
        require(len(named) < 2, message)


def _selections_drawn(rows: Sequence[dict[str, str]]) -> set[str]:
    """The selections of Raven that have a row of their spectrogram; the row of their waveform says the same again."""
    return {row["selection"] for row in rows if row.get("selection") and not _is_waveform(row)}


def _is_waveform(row: dict[str, str]) -> bool:
    return row.get("view", "").lower().startswith("waveform")


def _rows(path: Path) -> list[list[str]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is no text in UTF-8 (byte {error.start}): save it as CSV in UTF-8") from None
    require("\0" not in text, f"{path} is no table: it holds bytes that no text has")
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=dialect_of(text.splitlines()).delimiter))
    except csv.Error as error:
        raise InputError(f"{path} is no table: {error}") from None
    return [row for row in rows if any(cell.strip() for cell in row)]


def _call(row: dict[str, str], layout: Columns) -> Call:
    start = _needed(cells_of(row, layout, "start"), "start")
    if layout.stop:
        stop = _needed(cells_of(row, layout, "stop"), "stop")
    else:
        stop = start + _needed(cells_of(row, layout, "duration"), "duration") / 1000
    low, high, score = (_known(cells_of(row, layout, name)) for name in ("low", "high", "score"))
    channel = _number(cells_of(row, layout, "channel"))
    if channel is not None and not channel <= 10_000:
        raise InputError(f"its channel is {channel:g}, not the number of one")
    return Call(
        start,
        stop,
        low * layout.hertz,
        high * layout.hertz,
        score,
        cells_of(row, layout, "label"),
        1 if channel is None or channel < 1 else int(channel),
    )


def _with_band(call: Call, cells: Sequence[str]) -> Call:
    low, high = (_number(cell) for cell in (*cells[1:3], "", "")[:2])
    return call if low is None or high is None else replace(call, low=low, high=high)


def _needed(text: str, what: str) -> float:
    value = _number(text)
    if value is None:
        raise InputError(f"its {what} is {text!r:.40}, no number")
    return value


def _number(text: str) -> float | None:
    """A number with a decimal point or comma; None where there is none."""
    try:
        return float(text.replace(",", ".") if _DECIMAL_COMMA.match(text) else text)
    except ValueError:
        return None


def _known(text: str) -> float:
    """A measurement; NaN where there is none, or an infinite one."""
    value = _number(text)
    return value if value is not None and math.isfinite(value) else math.nan


def _shifted(table: CallTable, shift: Seconds, path: Path) -> CallTable:
    if shift == 0:
        return table
    early = [each for each in table.calls if each.start + shift < 0]
    require(not early, f"{path}: a shift of {shift:g} s puts {len(early)} calls before the recording")
    moved = tuple(replace(each, start=each.start + shift, stop=each.stop + shift) for each in table.calls)
    return replace(table, calls=moved)
