"""Confusion matrices as heat maps."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from datasets.plots import GROUND

_DARK = 0.55
_ON_LIGHT, _ON_DARK = "#101010", "#F4F4F4"
"""Of numbers on the heat map, whose colours stay on a dark page: none of the palette's, which change there."""


def plot_confusion(
    tables: Mapping[str, Sequence[Sequence[int]]], classes: Sequence[str], columns: int = 3, what: str = "state"
) -> Figure:
    """Draw the share of every true class (row) that was given each class (column), a panel a table.

    Args:
        tables: numbers of samples by true and given class, by the panel's title.
        classes: their names.
        columns: panels side by side.
        what: is distinguished.
    """
    across = min(columns, len(tables))
    down = -(-len(tables) // across)
    side = 1.3 + 0.42 * len(classes)
    figure = Figure(figsize=(side * across + 0.9, (side + 0.3) * down + 0.5), layout="constrained")
    grid = figure.subplots(down, across, squeeze=False, sharex=True, sharey=True)
    names = [name.replace("_", " ") for name in classes]
    for axes, (title, table) in zip(grid.ravel(), tables.items(), strict=False):
        counts = np.asarray(table, dtype=float)
        share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
        for (row, column), value in np.ndenumerate(share):
            colour = _ON_DARK if value > _DARK else _ON_LIGHT
            axes.text(column, row, f"{100 * value:.0f}", ha="center", va="center", fontsize=7, color=colour)
        axes.set_title(title, fontsize=8)
        axes.set_xticks(range(len(names)), names, rotation=45, ha="right", fontsize=7)
        axes.set_yticks(range(len(names)), names, fontsize=7)
        axes.set_facecolor(GROUND)
    for axes in grid.ravel()[len(tables) :]:
        axes.set_visible(False)
    figure.supxlabel(f"given {what} (% of the true {what})", fontsize=8)
    figure.supylabel(f"true {what}", fontsize=8)
    return figure
