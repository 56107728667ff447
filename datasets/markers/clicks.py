"""Where people clicked on marks: a table of frames, marks and places, as CSV or JSON."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from neuron_models.foundation.csv_file import write_csv
from neuron_models.foundation.errors import InputError, reason, require
from neuron_models.foundation.files import atomic_write, require_file
from neuron_models.foundation.text_files import read_json
from neuron_models.foundation.units import Pixels

ANIMAL = "animal"
"""Clicks of this name are on the body; they are no mark."""
_COLUMNS = ("frame", "mark", "x", "y")
_LONGEST = 40


@dataclass(frozen=True)
class Click:
    """A mark's middle in a frame, both from 0: x to the right, y down, the first pixel's centre at (0, 0), px."""

    frame: int
    mark: str
    x: Pixels
    y: Pixels

    def __post_init__(self) -> None:
        named = 0 < len(self.mark) <= _LONGEST and self.mark.isprintable() and "," not in self.mark
        require(named, f"a mark's name is 1 to {_LONGEST} characters without a comma, got {self.mark!r:.60}")
        require(self.frame >= 0, f"a click on {self.mark} is in frame {self.frame}: frames count from 0")
        inside = 0 <= self.x < 1e5 and 0 <= self.y < 1e5
        require(inside, f"a click on {self.mark} in frame {self.frame} lies at ({self.x:g}, {self.y:g}) px")


def marks_of(clicks: Iterable[Click]) -> tuple[str, ...]:
    """The names of the marks, in the order of their first click; without the body."""
    return tuple(dict.fromkeys(click.mark for click in clicks if click.mark != ANIMAL))


def read_clicks(path: Path) -> tuple[Click, ...]:
    """Read clicks from a table (.csv: frame, mark, x, y) or the same as a list of objects (.json).

    Raises:
        InputError: no file, another kind, or a row that is no click (with its number).
    """
    require_file(path, "a file of clicks (.csv or .json)")
    require(path.suffix in (".csv", ".json"), f"{path}: clicks are a .csv or .json file")
    rows = _json_rows(path) if path.suffix == ".json" else _csv_rows(path)
    clicks = tuple(click_of(row, f"{path}: row {number}") for number, row in enumerate(rows, start=1))
    require(len(clicks) > 0, f"{path} holds no clicks")
    return clicks


def click_of(row: Any, where: str) -> Click:
    """A click from a row with `frame`, `mark`, `x` and `y`.

    Raises:
        InputError: it is none; the message begins with `where`.
    """
    try:
        frame = float(row["frame"])
        require(frame == int(frame), f"frame {frame:g} is no whole number")
        return Click(int(frame), str(row["mark"]).strip(), float(row["x"]), float(row["y"]))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{where} is no click of frame, mark, x and y ({reason(error)})") from None


def _csv_rows(path: Path) -> list[dict[str, Any]]:
    try:
        table = pd.read_csv(path, dtype={"mark": str}, keep_default_na=False)
    except (ValueError, OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a table of clicks ({reason(error)})") from None
    missing = [name for name in _COLUMNS if name not in table]
    require(not missing, f"{path} has no column {', '.join(missing)}; clicks have {', '.join(_COLUMNS)}")
    return table.to_dict("records")


def _json_rows(path: Path) -> list[Any]:
    rows = read_json(path)
    require(isinstance(rows, list), f"{path}: clicks are a list of objects with {', '.join(_COLUMNS)}")
    return rows


def write_clicks(clicks: Sequence[Click], path: Path) -> None:
    """Write clicks as CSV, or as JSON where the name ends so; whole or not at all.

    Raises:
        InputError: the name ends otherwise.
    """
    require(path.suffix in (".csv", ".json"), f"clicks are a .csv or .json file, got {path.name!r}")
    rows = [asdict(click) for click in sorted(clicks, key=lambda each: (each.frame, each.mark))]
    with atomic_write(path) as temporary:
        if path.suffix == ".json":
            temporary.write_text(json.dumps(rows, indent=1) + "\n")
        else:
            write_csv(pd.DataFrame(rows, columns=list(_COLUMNS)), temporary, index=False)
