"""Tables as CSV: read whichever comma a spreadsheet writes, and written so that no cell is a formula."""

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuron_models.foundation.errors import require

if TYPE_CHECKING:
    import pandas as pd

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What spreadsheets take for the beginning of a formula (OWASP, CSV injection)."""

_DECIMAL_COMMA = re.compile(r"\s*[-+]?\d*,\d+([eE][-+]?\d+)?\s*")
_HEAD = 100
"""Lines that tell how a table is written."""


@dataclass(frozen=True)
class Dialect:
    """What stands between the columns of a table, and between the digits of its numbers."""

    delimiter: str = ","
    decimal: str = "."

    def number(self, cell: str) -> float:
        """The number in a cell; raises a `ValueError` where there is none.

        >>> Dialect(";", ",").number("1,5")
        1.5
        """
        comma = self.decimal == "," and _DECIMAL_COMMA.fullmatch(cell)
        return float(cell.replace(",", ".") if comma else cell)


def dialect_of(lines: Iterable[str]) -> Dialect:
    """How a table is written: with tabs or semicolons if its first line has some, and then perhaps decimal commas.

    >>> dialect_of(["x;y", "0,5;1"]), dialect_of(["x,y", "0.5,1"])
    (Dialect(delimiter=';', decimal=','), Dialect(delimiter=',', decimal='.'))
    """
    head = [line for line in islice(lines, _HEAD) if line.strip()]
    first = head[0] if head else ""
    delimiter = "\t" if "\t" in first else ";" if ";" in first else ","
    cells = (cell for row in csv.reader(head, delimiter=delimiter) for cell in row)
    comma = delimiter != "," and any(_DECIMAL_COMMA.fullmatch(cell) for cell in cells)
    return Dialect(delimiter, "," if comma else ".")


def read_csv(path: Path, **options: Any) -> "pd.DataFrame":
    """Read a table with a line of names; semicolons, tabs and decimal commas are understood.

    Args:
        path: the file.
        options: of `pandas.read_csv`.

    Raises:
        InputError: a line has more cells than the names.
        ValueError: it is no table, or no text in UTF-8.
        OSError: it cannot be read.
    """
    import pandas as pd

    with path.open(encoding="utf-8-sig", newline="") as file:
        head = list(islice(file, _HEAD))
    try:
        dialect = dialect_of(head)
        _require_as_wide(list(csv.reader(head, delimiter=dialect.delimiter)), path)
    except csv.Error as error:
        raise ValueError(error) from None
    return pd.read_csv(path, sep=dialect.delimiter, decimal=dialect.decimal, encoding="utf-8-sig", **options)


def _require_as_wide(rows: Sequence[Sequence[str]], path: Path) -> None:
    """Raise an `InputError` where a row has cells beside those that have a name, of which pandas drops some."""
    width = len(rows[0]) if rows else 0
    for number, row in enumerate(rows, start=1):
        over = [cell for cell in row[width:] if cell.strip()]
        message = f"{path}, line {number}: {len(row)} cells and {width} names"
        require(not over, f"{message}: are there decimal commas? Then write ; between columns")


def write_csv(table: "pd.DataFrame", path: Path, **options: Any) -> None:
    """Write a table as CSV; texts that a spreadsheet would calculate get an apostrophe before them.

    Args:
        table: cells, names of columns and rows are looked at.
        path: the file.
        options: of `DataFrame.to_csv`.
    """
    safe = table.rename(columns=as_text, index=as_text)
    for place, kind in enumerate(safe.dtypes):
        if kind.kind == "O":  # texts, or anything
            safe.isetitem(place, safe.iloc[:, place].astype(object).map(as_text))
    safe.to_csv(path, **options, errors="backslashreplace")


def as_text(cell: Any) -> Any:
    """A cell that no spreadsheet calculates; numbers stay.

    >>> as_text("=1+1"), as_text("-0.5"), as_text("+AVAL"), as_text(-3)
    ("'=1+1", '-0.5', "'+AVAL", -3)
    """
    if isinstance(cell, str) and cell.startswith(_FORMULA) and not _is_number(cell):
        return f"'{cell}"
    return cell


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return not text.startswith(("\t", "\r"))
