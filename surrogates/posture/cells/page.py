"""The report on the cells of a network that reads postures."""

from collections.abc import Sequence
from pathlib import Path

from neuron_models.foundation.files import atomic_write
from neuron_models.foundation.wording import counted
from surrogates.pages import blocks
from surrogates.pages.page import write_page
from surrogates.posture.cells.correlations import LEVEL, CellTable
from surrogates.posture.cells.feature_traces import FEATURES, REVERSAL
from surrogates.posture.cells.figures_data import CellTraces
from surrogates.posture.cells.plots import plot_around, plot_correlations, plot_over_time

_LEAD = (
    "Every LSTM cell has a memory. Which of them follow what the worm does, while the network reads its postures? "
    "As in Figure 8 of Li et al. 2017, for every cell and every feature."
)
_TEST = (
    "Slow signals correlate by chance. Each recording's feature is therefore shifted round by random times, which "
    "keeps the autocorrelation of both sides; a p value is the share of rounds in which the largest correlation of all "
    "cells was at least as large in size. Among cells that follow nothing, one is called related in one of twenty "
    "tests."
)


def write_cells_report(table: CellTable, reading: CellTraces, model: str, data: str, out: Path) -> Path:
    """Write `cells.csv`, `report.html` and its figures.

    Args:
        table: what the cells were found to go with.
        reading: series of the cells that are drawn.
        model: its name.
        data: the name of the data.
        out: the folder.
    """
    frame = table.as_frame()
    with atomic_write(out / "cells.csv") as temporary:
        frame.to_csv(temporary, index=False, float_format="%.4g")
    correlations = blocks.FigureBlock(
        "cell-correlations",
        plot_correlations(table),
        "Each dot is a cell. Beyond the black lines lies, by chance, some cell in one of twenty tests; full dots are "
        "cells that the test calls related, pale ones are not.",
        "Correlations of all cells with each feature, by layer: each frame above, moving means below.",
        frame[["cell", "feature", "r", "r_smoothed"]] if "r_smoothed" in frame else frame,
    )
    over_time = blocks.FigureBlock(
        "cells-over-time",
        plot_over_time(reading.seconds, reading.pairs),
        f"Features (grey) and the cells that go with them best, in {reading.recording}; orange where the correlation "
        "is negative and the axis is turned.",
        "Traces of features over time, each with the memory of its best cell.",
    )
    sections = (
        blocks.Section("Best cells", (_best_table(table), over_time)),
        blocks.Section("All cells", (correlations, blocks.Paragraph(_TEST))),
        blocks.Section("Reversals", _reversals(table, reading)),
        blocks.Section("What was run", (blocks.KeyValues(_facts(table, model, data)),)),
    )
    return write_page(blocks.Page("Cells and what they follow", _LEAD, sections), out / "report.html")


def _best_table(table: CellTable) -> blocks.TableBlock:
    columns = (
        blocks.Column("Feature"),
        blocks.Column("Cell"),
        blocks.Column("r"),
        blocks.Column("p, all cells"),
        blocks.Column("Cell, smoothed"),
        blocks.Column("r, smoothed"),
        blocks.Column("p, smoothed"),
    )
    rows: list[tuple[blocks.Value, ...]] = []
    for feature, raw in table.raw.items():
        i = table.best(feature)
        row: list[blocks.Value] = [
            FEATURES[feature],
            table.indices.names[i],
            float(raw.correlation[i]),
            float(raw.p_all[i]),
        ]
        if feature in table.smooth:
            slow, j = table.smooth[feature], table.best(feature, smooth=True)
            row += [table.indices.names[j], float(slow.correlation[j]), float(slow.p_all[j])]
        else:
            row += ["", None, None]
        rows.append(tuple(row))
    caption = (
        f"The cell that correlates most with each feature, by frame and after a moving mean of {table.smoothing} "
        "frames of both; p is over all cells. A cell's name is layer.number."
    )
    return blocks.TableBlock(columns, (blocks.Rows(tuple(rows)),), caption)


def _reversals(table: CellTable, reading: CellTraces) -> tuple:
    if REVERSAL not in table.raw:
        return (blocks.Note("No worm of these recordings moves backward."),)
    found, related = table.raw[REVERSAL], table.reversal_cells()
    cells = counted(len(table.indices.names), "cell")
    text = f"{len(related)} of {cells} go with reversals (p <= {LEVEL:g} over all cells)"
    shown = related[:12] or [table.best(REVERSAL)]
    rows = tuple((table.indices.names[i], float(found.correlation[i]), float(found.p_all[i])) for i in shown)
    columns = (blocks.Column("Cell"), blocks.Column("r with moving backward"), blocks.Column("p, all cells"))
    caption = "The strongest." if related else "None is related; this one correlates most."
    content: list = [blocks.Note(f"{text}."), blocks.TableBlock(columns, (blocks.Rows(rows),), caption)]
    if reading.around:
        figure = plot_around(reading.around_seconds, reading.around)
        number = len(next(iter(reading.around.values())))
        caption = f"Memory around the start of {counted(number, 'reversal')}: mean and standard error."
        content.append(
            blocks.FigureBlock("around-reversals", figure, caption, "Mean memory of cells around reversals.")
        )
    return tuple(content)


def _facts(table: CellTable, model: str, data: str) -> dict[str, str]:
    sizes: Sequence[int] = [table.indices.layer.count(n) for n in sorted(set(table.indices.layer))]
    return {
        "model": model,
        "data": data,
        "cells": f"{len(table.indices.names)} in {counted(len(sizes), 'layer')} ({', '.join(map(str, sizes))})",
        "frames": f"{table.frames:,} that count, of {counted(table.recordings, 'recording')}",
    }
