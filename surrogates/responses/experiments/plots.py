"""Figures of an experiment: error against size, loss over epochs, error by output, best models side by side."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator, StrMethodFormatter

from datasets.plots import COLOURS, GRID, INK, MUTED, tidy
from neuron_models.foundation.numerals import significant
from surrogates.responses.experiments.tables import NETWORKS, frontier

STYLES = {"rnn": (COLOURS[4], "v"), "lstm": (COLOURS[2], "s"), "gru": (COLOURS[1], "o"), "linear": (COLOURS[0], "D")}
STYLES |= {"derived": (INK, "d")}
"""Colour and marker of a model; those not named here take the next of the others."""
_OTHERS = ((COLOURS[3], "P"), (COLOURS[5], "X"), (COLOURS[6], "*"), (COLOURS[7], "^"))
_DASHES = ("-", "--", "-.", ":")
_PUBLISHED, _LOWEST, _FLOOR = "published (open)", "lowest so far", "linear floor"
_LEGEND: dict[str, Any] = {"fontsize": 8, "frameon": False, "loc": "outside lower center"}


def styles(models: Iterable[str]) -> dict[str, tuple[str, str]]:
    """A colour and a marker for each model, the same on every figure of the same models."""
    others = [model for model in dict.fromkeys(models) if model not in STYLES]
    return STYLES | {model: _OTHERS[index % len(_OTHERS)] for index, model in enumerate(others)}


def plot_size(table: pd.DataFrame, units: str, floors: Mapping[str, float] | None = None) -> Figure:
    """Draw test error against parameters, a panel a variant: networks as lines by kind, baselines as points.

    Args:
        table: as `entries_table` makes it.
        units: of the errors in it.
        floors: of each variant, the error of the network linearised about rest.
    """
    variants = list(dict.fromkeys(table["variant"]))
    figure = Figure(figsize=(max(6.4, 4.1 * len(variants)), 4.6), layout="constrained")
    panels = figure.subplots(1, len(variants), sharex=True, sharey=True, squeeze=False)[0]
    looks, sizes = styles(table["model"]), table.dropna(subset="test")["parameters"]
    for axes, name in zip(panels, variants, strict=True):
        _draw_sizes(axes, table[table["variant"] == name], looks)
        if name in (floors or {}):
            axes.axhline(floors[name], color=MUTED, ls="--", lw=1.2, label=_FLOOR)  # type: ignore[index]
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_title(name, fontsize=9)
        axes.set_xlabel("parameters")
        log_ticks(axes.xaxis, float(sizes.min()), float(sizes.max()))
        axes.grid(which="major", lw=0.4, alpha=0.6)
    shown = table[["test_low", "test_high", "test_published"]]
    log_ticks(panels[0].yaxis, float(shown.min().min()), float(shown.max().max()))
    panels[0].set_ylabel(f"test RMSE ({units})")
    handles = {text: handle for axes in panels for handle, text in _legend(axes)}
    order = [NETWORKS.get(model, model) for model in dict.fromkeys(table["model"])] + [_PUBLISHED, _LOWEST, _FLOOR]
    known = [text for text in order if text in handles]
    figure.legend([handles[text] for text in known], known, ncols=min(5, len(known)), **_LEGEND)
    tidy(panels)
    return figure


def _draw_sizes(axes: Axes, table: pd.DataFrame, looks: Mapping[str, tuple[str, str]]) -> None:
    """One panel: the frontier below, then a line or points for each model, the published ones open."""
    edge = frontier(table)
    if len(edge) > 1:
        axes.step(edge["parameters"], edge["test"], where="post", color=MUTED, lw=5, alpha=0.25, label=_LOWEST)
    for model, rows in table.dropna(subset="test").sort_values("parameters").groupby("model", sort=False):
        colour, marker = looks[str(model)]
        spread = np.abs([rows["test"] - rows["test_low"], rows["test_high"] - rows["test"]])
        line = "-" if rows["network"].all() or model == "derived" else "none"
        shape: dict[str, Any] = {"marker": marker, "ms": 7 if line == "-" else 9, "capsize": 3, "lw": 1.3}
        name = NETWORKS.get(str(model), str(model))
        axes.errorbar(rows["parameters"], rows["test"], yerr=spread, ls=line, color=colour, label=name, **shape)
        for _, row in rows[~rows["network"]].iterrows():
            axes.annotate(
                row["label"], (row["parameters"], row["test"]), (7, 5), textcoords="offset points", fontsize=8
            )
    published = table.dropna(subset="test_published")
    for model, rows in published.groupby("model", sort=False):
        colour, marker = looks[str(model)]
        axes.plot(rows["parameters"], rows["test_published"], marker, mfc="none", mec=colour, mew=1.3, ms=9)
    if len(published):
        axes.plot([], [], "o", mfc="none", mec=MUTED, ms=9, label=_PUBLISHED)


def plot_losses(curves: pd.DataFrame, units: str) -> Figure | None:
    """Draw validation RMSE over epochs: a column a model, a row a variant, a line (median) and band (range) a size.

    Args:
        curves: columns model, variant, size, epoch, median, low, high.
        units: of the errors.
    """
    if curves.empty:
        return None
    models, variants = (list(dict.fromkeys(curves[key])) for key in ("model", "variant"))
    wide = 5.6 if len(models) == 1 else 3.0 * len(models) + 1.0
    figure = Figure(figsize=(wide, 2.6 * len(variants) + 0.6), layout="constrained")
    panels = figure.subplots(len(variants), len(models), sharex=True, sharey=True, squeeze=False)
    order = sorted(curves["size"].unique(), key=_by_number)
    for row, name in enumerate(variants):
        for column, model in enumerate(models):
            mine = curves[(curves["model"] == model) & (curves["variant"] == name)]
            _draw_losses(panels[row, column], mine, order)
            panels[row, column].set_title(", ".join(filter(None, (NETWORKS.get(model, model), name))), fontsize=9)
    for axes in panels[-1]:
        axes.set_xlabel("epoch")
    for axes in panels[:, 0]:
        axes.set_ylabel(f"validation RMSE ({units})")
    log_ticks(panels[0, 0].yaxis, curves["low"].min(), curves["high"].max())
    handles = {text: handle for axes in panels.flat for handle, text in _legend(axes)}
    known = [text for text in order if text in handles]
    figure.legend([handles[text] for text in known], known, title="size", title_fontsize=8, ncols=8, **_LEGEND)
    tidy(panels.flat)
    return figure


def _draw_losses(axes: Axes, curves: pd.DataFrame, order: Sequence[str]) -> None:
    for size, rows in curves.groupby("size", sort=False):
        index = order.index(str(size))
        colour = COLOURS[index % len(COLOURS)]
        axes.plot(rows["epoch"], rows["median"], color=colour, ls=_DASHES[index % len(_DASHES)], lw=1.3, label=size)
        axes.fill_between(rows["epoch"], rows["low"], rows["high"], color=colour, alpha=0.18, lw=0)
    axes.set_yscale("log")
    axes.grid(which="major", axis="y", lw=0.4, alpha=0.6)


def plot_outputs(errors: pd.DataFrame, units: str) -> Figure:
    """Draw the test error of every output (rows) by every model (columns) as a heat map with its numbers.

    Args:
        errors: columns place, label, variant, output, rmse, as `outputs_table` makes it.
        units: of the errors.
    """
    grid = errors.pivot(index="output", columns="place", values="rmse").loc[list(dict.fromkeys(errors["output"]))]
    heads = errors.drop_duplicates("place").set_index("place").loc[grid.columns]
    figure = Figure(figsize=(0.62 * len(heads) + 1.9, 0.3 * len(grid) + 1.9), layout="constrained")
    axes = figure.subplots()
    low, high = float(grid.min().min()), float(grid.max().max())
    scale = LogNorm(low, high) if 0 < low < high else None
    picture = axes.imshow(grid.to_numpy(), cmap="cividis_r", norm=scale, aspect="auto", interpolation="nearest")
    for (row, column), value in np.ndenumerate(grid.to_numpy()):
        dark = sum(picture.cmap(picture.norm(value))[:3]) / 3 < 0.5
        ink = "#FEFEFE" if dark else "#010101"  # stays as it is on dark pages: the cell below does too
        axes.text(column, row, significant(value), ha="center", va="center", fontsize=7.5, color=ink)
    names = [f"{row.label}\n{row.variant}" if row.variant else row.label for row in heads.itertuples()]
    axes.set_xticks(range(len(heads)), names, rotation=90 if any(heads["variant"]) else 45, ha="center", fontsize=8)
    axes.xaxis.tick_top()
    axes.set_yticks(range(len(grid)), grid.index)
    axes.tick_params(length=0, labelsize=8)
    axes.spines[:].set_visible(False)
    bar = figure.colorbar(picture, ax=axes, location="bottom", aspect=40, shrink=0.8, label=f"test RMSE ({units})")
    log_ticks(bar.ax.xaxis, low, high)
    return figure


def plot_headline(rows: pd.DataFrame, units: str) -> Figure:
    """Draw for each experiment the test error of its best network and best baseline, and the best published one.

    Args:
        rows: columns experiment, network, baseline, published (errors, NaN where there is none).
        units: of the errors.
    """
    figure = Figure(figsize=(6.6, 0.5 * len(rows) + 1.5), layout="constrained")
    axes = figure.subplots()
    heights = np.arange(len(rows))[::-1]
    shown = rows[["network", "baseline", "published"]]
    axes.hlines(heights, shown.min(axis=1), shown.max(axis=1), color=GRID, lw=2, zorder=0)
    axes.plot(rows["network"], heights, "o", color=COLOURS[1], ms=8, label="best network")
    axes.plot(rows["baseline"], heights, "D", color=COLOURS[0], ms=8, label="best baseline")
    axes.plot(rows["published"], heights, "o", mfc="none", mec=COLOURS[1], mew=1.4, ms=12, label="best published")
    axes.set_xscale("log")
    log_ticks(axes.xaxis, float(shown.min().min()), float(shown.max().max()))
    axes.set_yticks(heights, rows["experiment"])
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_xlabel(f"test RMSE ({units})")
    axes.grid(axis="x", lw=0.4, alpha=0.6)
    figure.legend(ncols=3, **_LEGEND)
    tidy([axes])
    return figure


def log_ticks(axis: Axis, low: float, high: float) -> None:
    """Label a logarithmic axis with plain numbers: powers of ten, or more between where these are few."""
    ticks: list[float] = []
    for subs in ((1,), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 7)):
        if len(ticks) < 3:
            ticks = [s * 10.0**power for power in range(-12, 12) for s in subs if low <= s * 10.0**power <= high]
    if len(ticks) < 2:
        ticks = [tick for tick in MaxNLocator(4).tick_values(low, high) if low <= tick <= high and tick > 0]
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_locator(NullLocator())


def _legend(axes: Axes) -> list[tuple]:
    """The pairs of handle and text that the legend of a panel would hold."""
    return list(zip(*axes.get_legend_handles_labels(), strict=True))


def _by_number(size: str) -> list[float]:
    return [float(part) if part.replace(".", "").isdigit() else 0.0 for part in size.split("-")]
