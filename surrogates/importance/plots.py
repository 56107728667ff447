"""Figures of importance: a heat map a method, methods against the simulator and against each other."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from datasets.plots import COLOURS, GRID, MUTED, tidy
from neuron_models.foundation.units import Milliseconds
from surrogates.importance.table import Importance
from surrogates.importance.trust import Agreement, ranked, spearman
from surrogates.responses.experiments.plots import log_ticks

_DASHES = ("-", "--", "-.", ":")
_MARKERS = ("o", "s", "D", "^", "v", "P", "X", "*")
_LEGEND: dict[str, Any] = {"fontsize": 8, "frameon": False, "loc": "outside lower center"}


def group_looks(groups: Sequence[str]) -> dict[str, tuple[str, str, str]]:
    """A colour, a dash and a marker for each input or group, the same on every figure."""
    number = len(COLOURS) - 1  # the last, yellow, is too pale for lines
    return {
        name: (COLOURS[index % number], _DASHES[index // number % 4], _MARKERS[index % len(_MARKERS)])
        for index, name in enumerate(groups)
    }


def shown_scale(units: str) -> tuple[float, str]:
    """The factor and the units in which values are drawn: volts, and volts per something, as millivolts.

    >>> shown_scale("V/nA"), shown_scale("1")
    ((1000.0, 'mV/nA'), (1.0, '1'))
    """
    return (1000.0, f"m{units}") if units.partition("/")[0] == "V" else (1.0, units)


def plot_tables(tables: Sequence[Importance]) -> Figure:
    """Draw every method's table, inputs by outputs, each on a logarithmic scale of its own."""
    inputs, outputs = len(tables[0].inputs), len(tables[0].outputs)
    columns = 2 if outputs <= 24 and len(tables) > 1 else 1
    rows = math.ceil(len(tables) / columns)
    size = (columns * (0.27 * outputs + 2.1), rows * (0.24 * inputs + 1.15) + 0.2)
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, table in zip(panels, tables, strict=False):
        factor, units = shown_scale(table.units)
        values = table.values * factor
        scale = _log_scale(values)
        picture = axes.imshow(values, cmap="cividis_r", norm=scale, aspect="auto", interpolation="nearest")
        axes.set_title(table.method, fontsize=9)
        axes.set_xticks(range(outputs), table.outputs, rotation=90)
        axes.set_yticks(range(inputs), table.inputs)
        axes.tick_params(length=0, labelsize=8)
        axes.spines[:].set_visible(False)
        bar = figure.colorbar(picture, ax=axes, aspect=10, pad=0.02)
        bar.set_label(units, fontsize=8)
        bar.ax.tick_params(labelsize=7)
        if scale is not None:
            log_ticks(bar.ax.yaxis, float(scale.vmin or 0.0), float(scale.vmax or 0.0))
    for axes in panels[len(tables) :]:
        axes.set_visible(False)
    return figure


def _log_scale(values: np.ndarray) -> LogNorm | None:
    """A logarithmic scale of at most three decades; what lies below has the palest colour. None for no values."""
    high = float(values.max())
    above = values[values >= high / 1000] if high > 0 else values[:0]
    return LogNorm(float(above.min()), high, clip=True) if above.size and above.min() < high else None


def plot_values(tables: Sequence[Importance], simulator: Importance) -> Figure:
    """Draw methods whose values are of the kind of the simulator's, cell by cell, against them."""
    factor, units = shown_scale(simulator.units)
    figure, panels = _row(len(tables))
    every = np.stack([table.values for table in (*tables, simulator)]) * factor
    positive = every[every > 0]
    low, high = (float(positive.min()) / 1.3, float(positive.max()) * 1.3) if len(positive) else (0.1, 1.0)
    for axes, table in zip(panels, tables, strict=True):
        axes.plot([low, high], [low, high], color=GRID, lw=1, zorder=0)
        x, y = (np.maximum(each.values * factor, low) for each in (simulator, table))
        _scatter(axes, simulator.inputs, x, y)
        axes.set(xscale="log", yscale="log", xlim=(low, high), ylim=(low, high), aspect="equal")
        for axis in (axes.xaxis, axes.yaxis):
            log_ticks(axis, low, high)
        axes.set_title(table.method, fontsize=9)
        axes.set_xlabel(f"simulator ({units})", fontsize=9)
        axes.set_ylabel(f"surrogate ({units})", fontsize=9)
    _finish(figure, panels)
    return figure


def plot_ranks(tables: Sequence[Importance], simulator: Importance) -> Figure:
    """Draw every method's ranks of the cells against the simulator's; 1 is the largest."""
    figure, panels = _row(len(tables))
    last = simulator.values.size
    for axes, table in zip(panels, tables, strict=True):
        axes.plot([1, last], [1, last], color=GRID, lw=1, zorder=0)
        _scatter(axes, simulator.inputs, ranked(simulator.values), ranked(table.values))
        ticks = [1, *(round(last * part / 4) for part in range(1, 5))]
        axes.set(xlim=(last + 2, -1), ylim=(last + 2, -1), xticks=ticks, yticks=ticks, aspect="equal")
        rho = float(spearman(table.values.ravel(), simulator.values.ravel()))
        axes.set_title(f"{table.method}\ncorrelation {rho:.3f}", fontsize=9)
        axes.set_xlabel("rank in the simulator", fontsize=9)
        axes.set_ylabel("rank in the surrogate", fontsize=9)
    _finish(figure, panels)
    return figure


def _row(number: int) -> tuple[Figure, list[Axes]]:
    """Panels in rows of three."""
    columns = min(3, number)
    rows = math.ceil(number / columns)
    figure = Figure(figsize=(2.75 * columns + 0.6, 2.85 * rows + 0.6), layout="constrained")
    panels = list(figure.subplots(rows, columns, squeeze=False).ravel())
    for axes in panels[number:]:
        axes.set_visible(False)
    return figure, panels[:number]


def _scatter(axes: Axes, inputs: Sequence[str], x: np.ndarray, y: np.ndarray) -> None:
    for row, (name, (colour, _, marker)) in enumerate(group_looks(inputs).items()):
        axes.plot(x[row], y[row], marker, color=colour, ms=4.5, mew=0, alpha=0.8, label=name)


def _finish(figure: Figure, panels: Sequence[Axes]) -> None:
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, ncols=min(8, len(names)), **_LEGEND)
    tidy(panels)


def plot_agreements(agreements: Sequence[Agreement]) -> Figure:
    """Draw each method's rank correlation with the simulator, with both of its intervals."""
    figure = Figure(figsize=(6.6, 0.5 * len(agreements) + 1.4), layout="constrained")
    axes = figure.subplots()
    heights = np.arange(len(agreements))[::-1].astype(float)
    rho = np.array([each.rho for each in agreements])
    kinds = (("over_trials", "interval over trials", COLOURS[0], 0.12), ("over_cells", "over cells", COLOURS[1], -0.12))
    for name, label, colour, shift in kinds:
        ends = np.array([getattr(each, name) for each in agreements])
        axes.hlines(heights + shift, ends[:, 0], ends[:, 1], color=colour, lw=2.5, label=label)
    axes.plot(rho, heights, "o", color=MUTED, ms=7, label="over all cells")
    within = [each.within for each in agreements]
    axes.plot(within, heights, "D", mfc="none", mec=MUTED, ms=7, label="mean within an output")
    axes.set_yticks(heights, [each.method for each in agreements])
    axes.set_ylim(-0.6, len(agreements) - 0.4)
    axes.set_xlim(right=1.02)
    axes.set_xlabel("Spearman's rank correlation with the simulator")
    axes.grid(axis="x", lw=0.4, alpha=0.6)
    figure.legend(ncols=2, **_LEGEND)
    tidy([axes])
    return figure


def plot_matrix(tables: Sequence[Importance]) -> Figure:
    """Draw the rank correlation over all cells of every method with every other."""
    names = [table.method for table in tables]
    grid = np.array([[float(spearman(a.values.ravel(), b.values.ravel())) for b in tables] for a in tables])
    figure = Figure(figsize=(0.72 * len(names) + 1.8, 0.5 * len(names) + 1.7), layout="constrained")
    axes = figure.subplots()
    low = min(0.0, float(np.nanmin(grid)))
    picture = axes.imshow(grid, cmap="cividis_r", vmin=low, vmax=1, aspect="auto", interpolation="nearest")
    for (row, column), value in np.ndenumerate(grid):
        dark = sum(picture.cmap(picture.norm(value))[:3]) / 3 < 0.5
        ink = "#FEFEFE" if dark else "#010101"  # stays as it is on dark pages: the cell below does too
        axes.text(column, row, f"{value:.3f}", ha="center", va="center", fontsize=8, color=ink)
    axes.set_xticks(range(len(names)), names, rotation=35, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(length=0, labelsize=8)
    axes.spines[:].set_visible(False)
    return figure


def plot_over_time(
    effects: Mapping[str, np.ndarray],
    inputs: Sequence[str],
    outputs: Mapping[str, int],
    dt: Milliseconds,
    units: Mapping[str, str],
    marks: Mapping[str, float] | None = None,
    time_axis: str = "response",
) -> Figure:
    """Draw signed effects of one trial over time: a column a method, a row an output, a line an input or group.

    Args:
        effects: by method, (time, group, output).
        inputs: the groups.
        outputs: the outputs to draw and their places.
        dt: the sampling interval in ms.
        units: of each method.
        marks: a time in ms for each output, drawn as a line.
        time_axis: whose time it is, response or stimulus.
    """
    figure = Figure(figsize=(2.6 * len(effects) + 1.2, 1.55 * len(outputs) + 1.2), layout="constrained")
    same = len(set(units.values())) == 1
    panels = figure.subplots(len(outputs), len(effects), sharex=True, sharey="row" if same else False, squeeze=False)
    looks = group_looks(inputs)
    for column, (method, effect) in enumerate(effects.items()):
        factor, shown = shown_scale(units[method])
        time = np.arange(len(effect)) * dt
        for row, (name, index) in enumerate(outputs.items()):
            axes = panels[row, column]
            for group, (colour, dash, _) in enumerate(looks.values()):
                axes.plot(time, effect[:, group, index] * factor, color=colour, ls=dash, lw=1.3)
            if marks:
                axes.axvline(marks[name], color=MUTED, lw=0.8, ls=":")
            if column == 0 or not same:
                axes.set_ylabel(f"{name} ({shown})", fontsize=8)
        panels[0, column].set_title(method, fontsize=9)
        panels[-1, column].set_xlabel(f"time of the {time_axis} (ms)", fontsize=8)
    figure.legend(panels[0, 0].lines[: len(looks)], list(looks), ncols=min(8, len(looks)), **_LEGEND)
    tidy(panels.ravel())
    return figure
