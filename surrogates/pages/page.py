"""Pages: sections and blocks, written as one HTML file that needs nothing else.

    page = Page("Title", "What it is about.", (Section("Figures", (Paragraph("..."), FigureBlock(...))),))
    write_page(page, Path("results/report.html"))

Every figure is also written as PNG and SVG, and the numbers that it draws as CSV, into the folder `figures` beside.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import jinja2

from datasets.plots import save_figure
from neuron_models.foundation.csv_file import write_csv
from neuron_models.foundation.errors import require, require_distinct
from neuron_models.foundation.files import atomic_files, atomic_write, require_writable
from surrogates.pages.blocks import Block, Details, FigureBlock, Page, Section

FIGURES = "figures"


def write_page(page: Page, path: Path) -> Path:
    """Write a page as one HTML file, whole or not at all, and its figures into `figures` beside it.

    Raises:
        InputError: two figures have the same name.
        OSError: the disk is full, or the folder cannot be written.
    """
    figures = list(_figures(page.sections))
    require_distinct((figure.name for figure in figures), f"page {page.title!r} has a figure")
    for block in figures:  # lay each out once for all the forms that it is written in
        block.figure.draw_without_rendering()
        block.figure.set_layout_engine("none")
    text = environment().get_template("page.html").render(page=page)
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace")
        if figures:
            with atomic_files(path.parent / FIGURES) as beside:
                _write_figures(figures, beside)
    return path


def _write_figures(figures: Sequence[FigureBlock], folder: Path) -> None:
    for block in figures:
        for suffix in ("png", "svg"):
            save_figure(block.figure, folder / f"{block.name}.{suffix}")
        if block.table is not None:
            write_csv(block.table, folder / f"{block.name}.csv", index=False)


def environment(*packages: str) -> jinja2.Environment:
    """The templates of some packages, and those of pages; what looks like HTML in a value is shown as it is."""
    return jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader(each) for each in (*packages, "surrogates.pages")]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def require_page(path: Path) -> None:
    """Raise an `InputError` unless a file's name ends in .html and there can be a file of this name."""
    require(not path.is_dir(), f"{path} is a folder: name the page to write (.html)")
    require(path.suffix == ".html", f"a page's name ends in .html, got {path.name!r}")
    require_writable(path)


def _figures(blocks: Sequence[Block]) -> Iterator[FigureBlock]:
    for block in blocks:
        if isinstance(block, FigureBlock):
            yield block
        elif isinstance(block, Section | Details):
            yield from _figures(block.blocks)
