"""Tables as CSV that a spreadsheet may open: no cell of them is a formula."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What spreadsheets take for the beginning of a formula (OWASP, CSV injection)."""


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
