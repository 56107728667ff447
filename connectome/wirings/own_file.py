"""A user's own wiring from a file: CSV or Excel, a list of pairs or adjacency matrices."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from connectome.c302_files import neurons
from connectome.contact import Kind, Sign, require_known
from connectome.wirings.signs import short_name, sign_of
from connectome.wirings.table import Pair, WiringTable
from connectome.wirings.transmitters import best_transmitter_of
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import require_file
from neuron_models.foundation.units import Dimensionless

SUFFIXES = (".csv", ".tsv", ".xls", ".xlsx")
COLUMNS = ("pre", "post", "kind", "number", "transmitter", "sign")
_NEEDED = ("pre", "post", "kind")
_SHOWN_FAULTS = 3
_KINDS: dict[str, Kind] = {
    **{kind: kind for kind in get_args(Kind)},
    "synapse": "chemical",
    "gap junction": "gap_junction",
    "gap": "gap_junction",
    "electrical": "gap_junction",
}
_SIGNS: dict[str, Sign] = {"+": 1, "1": 1, "+1": 1, "1.0": 1, "-": -1, "-1": -1, "-1.0": -1}

Row = tuple[str, ...]


def is_wiring_file(path: Path) -> bool:
    """Whether a file's name is that of a table and not of a network file."""
    return path.suffix.lower() in SUFFIXES


def load_wiring_file(path: Path) -> WiringTable:
    """Read a wiring from a CSV or Excel file.

    A list has the columns pre, post, kind (chemical or gap_junction) and, if it likes, number (1 when empty),
    transmitter and sign (+ or -); other columns are not read. Chemical rows of the same pair add up. A gap junction
    has no side: rows of a pair in one order add up, and of the two orders the larger number counts.

    An adjacency matrix has neurons in its first row (post) and its first column (pre), and in its corner the kind;
    an Excel file may have one on each of several sheets, named after their kinds.

    Where a chemical contact has no sign, its transmitter decides; where it has no transmitter either, that of its
    neuron (Wang et al. 2024 if cect is installed, else the table of 2012) does. Names lose leading zeros.

    Raises:
        InputError: the file is no such table, or a row names an unknown neuron, kind, number or sign, or a transmitter
            without a sign rule; the message names the first three of them with their rows.
    """
    require_file(path, "a table of contacts (.csv, .tsv, .xls or .xlsx)")
    faults: list[str] = []
    counts = _Found({}, set(), set())
    for sheet, rows in _sheets(path).items():
        _read_sheet(path, sheet, rows, counts, faults)
    if faults:
        more = f"; and {len(faults) - _SHOWN_FAULTS} more" if len(faults) > _SHOWN_FAULTS else ""
        raise InputError(f"{path}: {'; '.join(faults[:_SHOWN_FAULTS])}{more}")
    require(bool(counts.numbers), f"{path}: there is no contact in it")
    pairs, once = _pairs(counts.numbers)
    notes = [f"Gap junctions of {once} pairs are listed from both sides and counted once"] if once else []
    notes += [f"Columns that were not read: {', '.join(sorted(counts.unread))}"] if counts.unread else []
    source = "; ".join((f"wiring file {path.name}", *notes))
    return WiringTable(path.stem, tuple(sorted(counts.neurons)), pairs, source, tuple(notes))


@dataclass(frozen=True)
class _Found:
    """What has been read so far: numbers by (pre, post, kind, transmitter, sign), neurons, and columns left unread."""

    numbers: dict[tuple[str, str, Kind, str, Sign | None], Dimensionless]
    neurons: set[str]
    unread: set[str]

    def add(self, contact: tuple[str, str, Kind, str, Sign | None], number: Dimensionless) -> None:
        self.numbers[contact] = self.numbers.get(contact, 0.0) + number


def _sheets(path: Path) -> Mapping[str, list[Row]]:
    """The filled rows of every sheet, cells as stripped text."""
    if path.suffix.lower() in (".xls", ".xlsx"):
        return _excel(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path}: this is no text: save the table as CSV (UTF-8) or as .xlsx") from None
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    return {"": _filled(csv.reader(text.splitlines(), delimiter=delimiter))}


def _excel(path: Path) -> Mapping[str, list[Row]]:
    import pandas as pd

    try:
        sheets = pd.read_excel(path, sheet_name=None, header=None, dtype=object)
    except Exception as error:  # each engine has errors of its own for a damaged file
        raise InputError(f"{path}: this is no Excel file ({type(error).__name__}): save it again as .xlsx") from None
    return {str(name): _filled(frame.fillna("").itertuples(index=False)) for name, frame in sheets.items()}


def _filled(rows: Iterable) -> list[Row]:
    """Rows as text; empty ones stay, so that a row keeps its number."""
    return [tuple(str(cell).strip() for cell in row) for row in rows]


def _read_sheet(path: Path, sheet: str, rows: list[Row], counts: _Found, faults: list[str]) -> None:
    if not any(any(row) for row in rows):
        return
    head = tuple(cell.lower() for cell in rows[0])
    where = f"sheet {sheet!r}, " if sheet and path.suffix.lower() != ".csv" else ""
    if {"pre", "post"} <= set(head):
        missing = [name for name in _NEEDED if name not in head]
        require(not missing, f"{path}: {where}the column {', '.join(missing)} is missing: a list has {list(COLUMNS)}")
        counts.unread.update(name for name in head if name and name not in COLUMNS)
        for number, row in enumerate(rows[1:], 2):
            if any(row):
                _collect(lambda row=row: _read_row(dict(zip(head, row, strict=False)), counts), where, number, faults)
        return
    corner = head[0] or sheet.lower()
    if corner not in _KINDS:
        raise InputError(
            f"{path}: {where}the first row has no columns pre and post, and its corner says {rows[0][0]!r} instead of "
            f"a matrix's kind: one of {', '.join(get_args(Kind))}"
        )
    _read_matrix(rows, _KINDS[corner], where, counts, faults)


def _collect(read, where: str, number: int, faults: list[str]) -> None:
    try:
        read()
    except InputError as error:
        faults.append(f"{where}row {number}: {error}")


def _read_row(cells: Mapping[str, str], sheet: _Found) -> None:
    pre, post = _neuron(cells["pre"]), _neuron(cells["post"])
    kind = _KINDS.get(cells["kind"].lower())
    if kind is None:
        raise InputError(f"the kind is one of {', '.join(get_args(Kind))}, got {cells['kind']!r}")
    sheet.neurons.update((pre, post))
    number = _number(cells.get("number") or "1")
    if number:
        sheet.add(_contact(pre, post, kind, cells.get("transmitter", ""), cells.get("sign", "")), number)


def _read_matrix(rows: list[Row], kind: Kind, where: str, sheet: _Found, faults: list[str]) -> None:
    columns: list[tuple[int, str]] = []
    for index, cell in enumerate(rows[0][1:], 1):
        if cell:
            _collect(lambda cell=cell, index=index: columns.append((index, _neuron(cell))), where, 1, faults)
    sheet.neurons.update(name for _, name in columns)
    for number, row in enumerate(rows[1:], 2):
        if any(row):
            _collect(lambda row=row: _read_matrix_row(row, columns, kind, sheet), where, number, faults)


def _read_matrix_row(row: Row, columns: list[tuple[int, str]], kind: Kind, sheet: _Found) -> None:
    pre = _neuron(row[0])
    sheet.neurons.add(pre)
    for index, post in columns:
        number = _number((row[index] if index < len(row) else "") or "0")
        if number:
            sheet.add(_contact(pre, post, kind, "", ""), number)


def _contact(pre: str, post: str, kind: Kind, transmitter: str, sign: str) -> tuple[str, str, Kind, str, Sign | None]:
    if kind == "gap_junction":
        return pre, post, kind, transmitter or "Generic", None
    label = transmitter or best_transmitter_of(pre)
    if not sign:
        return pre, post, kind, label, sign_of(label)
    if sign not in _SIGNS:
        raise InputError(f"the sign is + or -, got {sign!r}")
    return pre, post, kind, label, _SIGNS[sign]


def _neuron(name: str) -> str:
    return require_known([short_name(name)], (neuron.name for neuron in neurons()))[0]


def _number(text: str) -> Dimensionless:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    require(0 <= number < float("inf"), f"the number of contacts must be >= 0 and finite, got {text!r}")
    return number


def _pairs(
    numbers: Mapping[tuple[str, str, Kind, str, Sign | None], Dimensionless],
) -> tuple[tuple[Pair, ...], int]:
    """The pairs, gap junctions of both orders made one, and how many of those there were."""
    kept: dict[tuple, Dimensionless] = {}
    once = 0
    for (pre, post, kind, transmitter, sign), number in numbers.items():
        sides = tuple(sorted((pre, post))) if kind == "gap_junction" else (pre, post)
        if kind == "gap_junction" and pre == post:
            continue
        key = (*sides, kind, transmitter, sign)
        once += key in kept
        kept[key] = max(kept.get(key, 0.0), number)
    return tuple(Pair(p, q, kind, number, label, sign) for (p, q, kind, label, sign), number in kept.items()), once
