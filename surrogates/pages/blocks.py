"""What a page consists of: a small algebra of sections and blocks, each with a template of its own."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Union

import pandas as pd
from matplotlib.figure import Figure

from neuron_models.foundation.errors import require
from neuron_models.foundation.numerals import DASH, significant
from surrogates.pages.vector import InlineFigure, inline_svg

Value = str | int | float | None


@dataclass(frozen=True)
class Paragraph:
    """Plain text; what looks like HTML in it is shown as it is."""

    text: str
    template: ClassVar[str] = "paragraph.html"


@dataclass(frozen=True)
class Note:
    """A paragraph that stands out: a result in a sentence, or a caution."""

    text: str
    template: ClassVar[str] = "note.html"


@dataclass(frozen=True)
class KeyValues:
    """Names and what they are: what was run, on what."""

    entries: Mapping[str, str]
    template: ClassVar[str] = "keyvalues.html"


@dataclass(frozen=True)
class Column:
    """A column of a table: its head, its units, and whether the lowest or the highest value is the best."""

    head: str
    units: str = ""
    best: Literal["", "lowest", "highest"] = ""


@dataclass(frozen=True)
class Cell:
    """A cell that says more than its value: `note` follows it in small print, such as a spread."""

    value: Value
    note: str = ""


@dataclass(frozen=True)
class Rows:
    """Rows under a heading of their own (none when empty); the first cell of each names it."""

    rows: tuple[tuple[Value | Cell, ...], ...]
    title: str = ""


@dataclass(frozen=True)
class TableBlock:
    """A table: columns, groups of rows, a caption.

    Numbers stand to the right with three significant digits, whole numbers in full; None and NaN are a dash. The best
    values of a column that has such are marked.
    """

    columns: tuple[Column, ...]
    groups: tuple[Rows, ...]
    caption: str
    template: ClassVar[str] = "table.html"

    def __post_init__(self) -> None:
        for row in self._rows():
            width = len(row)
            require(
                width == len(self.columns), f"table {self.caption!r}: {width} cells for {len(self.columns)} columns"
            )

    def shown(self) -> list[tuple[str, list[list[dict]]]]:
        """What the template draws: for each group its title and rows of cells (text, note, numeric, best)."""
        best = [self._best(index) for index in range(len(self.columns))]
        return [(group.title, [self._cells(row, best) for row in group.rows]) for group in self.groups]

    def numeric(self, index: int) -> bool:
        """Whether a column holds numbers, or nothing but dashes, and so stands to the right."""
        return index > 0 and not any(isinstance(_value(row[index]), str) for row in self._rows())

    def _rows(self) -> Iterator[tuple[Value | Cell, ...]]:
        return (row for group in self.groups for row in group.rows)

    def _best(self, index: int) -> str | None:
        """The best number of a column as it is shown, so that equals are marked alike."""
        numbers = [value for row in self._rows() if isinstance(value := _value(row[index]), int | float)]
        numbers = [number for number in numbers if math.isfinite(number)]
        if not self.columns[index].best or len(numbers) < 2:
            return None
        return significant(min(numbers) if self.columns[index].best == "lowest" else max(numbers))

    def _cells(self, row: Sequence[Value | Cell], best: Sequence[str | None]) -> list[dict]:
        shown = []
        for index, cell in enumerate(row):
            value, note = _value(cell), _note(cell)
            text = significant(value) if isinstance(value, int | float) else value or DASH
            marked = isinstance(value, int | float) and text == best[index]
            numeric = self.numeric(index)
            room = numeric and any(_note(other[index]) for other in self._rows())
            shown.append({"text": text, "note": note, "room": room, "numeric": numeric, "best": marked})
        return shown


@dataclass(frozen=True, eq=False)
class FigureBlock:
    """A figure: its name (of the files, too), its caption, and what a reader who does not see it should know.

    `table` holds the numbers that it draws.
    """

    name: str
    figure: Figure
    caption: str
    alt: str
    table: pd.DataFrame | None = None
    template: ClassVar[str] = "figure.html"

    def __post_init__(self) -> None:
        plain = self.name.replace("-", "").replace("_", "")
        require(plain.isascii() and plain.isalnum(), f"a figure's name has letters, digits, - and _, got {self.name!r}")

    def drawn(self) -> InlineFigure:
        """The figure as an element of the page, with the widths that it may have there."""
        return inline_svg(self.figure, self.name, self.alt)


Block = Union[Paragraph, Note, KeyValues, TableBlock, FigureBlock, "Details", "Section"]


@dataclass(frozen=True)
class Details:
    """Blocks that are folded away until they are asked for."""

    title: str
    blocks: tuple[Block, ...]
    template: ClassVar[str] = "details.html"


@dataclass(frozen=True)
class Section:
    """Blocks under a heading; sections may stand in sections."""

    title: str
    blocks: tuple[Block, ...]
    template: ClassVar[str] = "section.html"

    @property
    def sections(self) -> tuple["Section", ...]:
        """The sections in this one."""
        return tuple(block for block in self.blocks if isinstance(block, Section))


@dataclass(frozen=True)
class Page:
    """A title, a sentence or two about what this is, and sections."""

    title: str
    lead: str
    sections: tuple[Section, ...]


def _value(cell: Value | Cell) -> Value:
    return cell.value if isinstance(cell, Cell) else cell


def _note(cell: Value | Cell) -> str:
    return cell.note if isinstance(cell, Cell) else ""
