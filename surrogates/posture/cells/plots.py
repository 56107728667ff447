"""Plots of cells and of strains distinguished."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib.figure import Figure

from datasets.plots import COLOURS, INK, MUTED, tidy
from surrogates.posture.cells.correlations import CellTable
from surrogates.posture.cells.strain_classification import ClassificationResult

SHORT = {
    "speed": "speed\n(lengths/s)",
    "speed size": "size of speed\n(lengths/s)",
    "curvature": "curvature\n(rad/length)",
    "curvature size": "size of\ncurvature",
    "reversal": "reversal",
    "pause": "paused",
    "omega turn": "omega turn",
}
"""What stands beside a panel; bends are `name (rad)`."""


def shown_name(feature: str) -> str:
    """A feature with its unit, in two lines."""
    return SHORT.get(feature, f"{feature}\n(rad)")


def plot_correlations(table: CellTable) -> Figure:
    """Draw every cell's correlation with every feature, a column a layer, raw above and smoothed below."""
    layers = sorted(set(table.indices.layer))
    layer = np.array(table.indices.layer)
    spread = np.random.default_rng(0).uniform(-0.3, 0.3, len(layer))
    figure = Figure(figsize=(max(8.5, 0.75 * len(table.raw)), 6.2), layout="constrained")
    axes = figure.subplots(2, 1, sharex=True)
    for panel, related, what in zip(axes, (table.raw, table.smooth), ("each frame", "moving means"), strict=True):
        for index, (_, relation) in enumerate(related.items()):
            called = relation.p_all <= 0.05
            x = index + 0.8 * ((layer - 0.5) / len(layers) - 0.5) + 0.6 * spread / len(layers)
            for at in layers:
                chosen = layer == at
                colour = COLOURS[(at - 1) % len(COLOURS)]
                for inside, alpha in ((chosen & called, 0.9), (chosen & ~called, 0.22)):
                    panel.scatter(x[inside], relation.correlation[inside], s=7, color=colour, alpha=alpha, lw=0)
            for side in (-1, 1):
                panel.plot([index - 0.42, index + 0.42], [side * relation.threshold] * 2, color=INK, lw=0.9)
        panel.set_ylim(-1, 1)
        panel.axhline(0, color=MUTED, lw=0.6)
        panel.set_ylabel(f"correlation, {what}")
    names = [shown_name(name).split("\n(")[0].replace("\n", " ") for name in table.raw]
    axes[1].set_xticks(range(len(names)), names, rotation=35, ha="right")
    marks = [figure.axes[0].scatter([], [], s=20, color=COLOURS[(at - 1) % 8], label=f"layer {at}") for at in layers]
    figure.legend(handles=marks, loc="outside upper right", ncols=len(marks), fontsize=8, frameon=False)
    tidy(axes)
    return figure


def plot_over_time(
    seconds: Float[np.ndarray, " frame"],
    pairs: Sequence[tuple[str, str, Float[np.ndarray, " frame"], Float[np.ndarray, " frame"], float]],
) -> Figure:
    """Draw features over time with the memory of the cell that goes with each best, as Figure 8 of Li et al. 2017.

    Args:
        seconds: of each frame.
        pairs: by row: the feature's name, the cell's, their series, and their correlation over all recordings.
    """
    figure = Figure(figsize=(9.5, 1.5 * len(pairs) + 0.6), layout="constrained")
    panels = figure.subplots(len(pairs), 1, sharex=True, squeeze=False)[:, 0]
    twins = []
    for panel, (feature, cell, values, memory, r) in zip(panels, pairs, strict=True):
        panel.plot(seconds, values, color=MUTED, lw=1.1)
        panel.set_ylabel(shown_name(feature), fontsize=8)
        twin = panel.twinx()
        twin.plot(seconds, memory, color=COLOURS[0] if r >= 0 else COLOURS[1], lw=1.1)
        twin.set_ylabel(f"memory of\ncell {cell}", fontsize=8, color=COLOURS[0] if r >= 0 else COLOURS[1])
        if r < 0:
            twin.invert_yaxis()
        note = " (axis upside down)" if r < 0 else ""
        panel.set_title(f"{feature}: cell {cell}, r = {r:.2f}{note}", fontsize=8.5, loc="left")
        twins.append(twin)
    panels[-1].set_xlabel("time (s)")
    tidy(panels)
    tidy(twins)
    for twin in twins:
        twin.spines["right"].set_visible(True)
        twin.set_facecolor("none")
    return figure


def plot_around(seconds: Float[np.ndarray, " frame"], curves: Mapping[str, Float[np.ndarray, "event frame"]]) -> Figure:
    """Draw the memory of cells around the starts of reversals: mean and its standard error over the reversals.

    Args:
        seconds: from the start of the reversal, s.
        curves: by cell, its state (dimensionless) around each reversal.
    """
    figure = Figure(figsize=(2.6 * len(curves) + 0.6, 2.6), layout="constrained")
    panels = figure.subplots(1, len(curves), squeeze=False)[0]
    for panel, (name, each), colour in zip(panels, curves.items(), COLOURS * 9, strict=False):
        mean, error = each.mean(axis=0), each.std(axis=0) / np.sqrt(len(each))
        panel.fill_between(seconds, mean - error, mean + error, color=colour, alpha=0.3, lw=0)
        panel.plot(seconds, mean, color=colour, lw=1.4)
        panel.axvline(0, color=MUTED, lw=0.8, ls="--")
        panel.set_title(f"cell {name}", fontsize=9)
        panel.set_xlabel("time from start (s)", fontsize=8)
    panels[0].set_ylabel("memory", fontsize=8)
    tidy(panels)
    return figure


def plot_accuracies(
    results: Sequence[ClassificationResult], guess: float, published: pd.DataFrame | None = None
) -> Figure:
    """Draw accuracies with their 95 % intervals, chance as a dashed line, and published ones as open diamonds."""
    figure = Figure(figsize=(7.0, 0.55 * len(results) + 1.2), layout="constrained")
    axes = figure.subplots()
    rows = np.arange(len(results))[::-1]
    for row, result in zip(rows, results, strict=True):
        colour = COLOURS[0] if result.features == "cells" else COLOURS[2]
        sides = [[result.accuracy - result.low], [result.high - result.accuracy]]
        axes.errorbar(result.accuracy, row, xerr=sides, fmt="o", color=colour, capsize=3)
        if published is not None:
            match = published[
                (published["features"] == result.features) & (published["classifier"] == result.classifier)
            ]
            axes.plot(match["accuracy"], [row] * len(match), "D", mfc="none", color=COLOURS[1], ms=8)
    axes.axvline(guess, color=MUTED, ls="--", lw=1)
    axes.text(guess, rows[0] + 0.45, " chance", fontsize=8, color=MUTED, ha="left", va="bottom")
    axes.set_yticks(rows, [f"{result.features}, {result.classifier}" for result in results])
    axes.set_ylim(-0.6, rows[0] + 0.9)
    axes.set_xlim(0, 1)
    axes.set_xlabel("accuracy (share of recordings), 95 % interval")
    tidy([axes])
    return figure
