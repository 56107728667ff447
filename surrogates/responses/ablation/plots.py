"""Rasters of many neurons' voltages over time, and the map of an ablation screen."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib.colors import AsinhNorm, Normalize
from matplotlib.figure import Figure

from connectome.c302_files import neurons
from datasets.dataset import Dataset
from datasets.plots import COLOURS, tidy
from datasets.responses.activity import deviations
from datasets.responses.screen_file import Screen

ROLES = ("sensory", "interneuron", "motor", "polymodal", "unknown")
_LINEAR = 2.0
"""Up to so many mV the colours are linear, then logarithmic: stimulated neurons pass 1,000 mV, most stay below 10."""
_COLUMNS = 40
"""Of more recorded neurons, a map shows the most affected."""


def by_role(names: Sequence[str]) -> tuple[list[int], list[tuple[str, int]]]:
    """The places of neurons ordered by role, then by name, and each role with the number of its neurons."""
    known = {neuron.name: neuron.role for neuron in neurons()}
    roles = [known.get(name, "unknown") for name in names]
    order = sorted(range(len(names)), key=lambda index: (ROLES.index(roles[index]), names[index]))
    return order, [(role, roles.count(role)) for role in ROLES if role in roles]


def plot_raster(runs: dict[str, Dataset], trial: int) -> Figure:
    """Draw a trial's deviation from rest of every neuron, a panel for each run, and for two runs their difference.

    Args:
        runs: by what they are called; the same neurons and trials.
        trial: which trial, counted from 0.
    """
    first = next(iter(runs.values()))
    order, roles = by_role(first.y_names)
    panels = {name: _millivolts(run, trial)[order] for name, run in runs.items()}
    figure = Figure(figsize=(3.4 * (len(panels) + (len(panels) == 2)) + 1.6, 6.4), layout="constrained")
    axes = figure.subplots(1, len(panels) + (len(panels) == 2), sharey=True, squeeze=False)[0]
    most = max(np.abs(panel).max() for panel in panels.values())
    extent = (0.0, len(first.trials[trial]) * first.dt, len(order) - 0.5, -0.5)
    for each, (name, panel) in zip(axes, panels.items(), strict=False):
        image = _image(each, panel, AsinhNorm(_LINEAR, vmin=0.0, vmax=max(most, 1e-3)), "cividis", extent)
        each.set_title(name, fontsize=9)
    _bar(figure, image, axes[: len(panels)], "above rest (mV)", most)
    if len(panels) == 2:
        before, after = panels.values()
        change = after - before
        size = max(np.abs(change).max(), 1e-3)
        image = _image(axes[-1], change, AsinhNorm(_LINEAR, vmin=-size, vmax=size), "PuOr", extent)
        axes[-1].set_title("difference", fontsize=9)
        _bar(figure, image, axes[-1:], "change (mV)", size, signed=True)
    _mark_roles(axes, roles)
    axes[0].set_ylabel("neurons by class")
    return figure


def most_affected(ranked: pd.DataFrame, outputs: Sequence[str], number: int) -> list[str]:
    """The recorded neurons on which ablations have the largest mean effect, in the order in which they were recorded.

    Args:
        ranked: as `Screen.ranked` makes it.
        outputs: the recorded neurons.
        number: how many at most.
    """
    mean = ranked[list(outputs)].mean().sort_values(ascending=False, kind="stable")
    return [name for name in outputs if name in set(mean.index[:number])]


def plot_screen(screen: Screen, most: int = 30) -> Figure:
    """Draw the effects of the ablations that matter most, on every recorded neuron (of many, on the most affected)."""
    ranked = screen.ranked().head(most)
    shown = most_affected(ranked, screen.outputs, _COLUMNS)
    values = 100 * ranked[shown].to_numpy()
    figure = Figure(figsize=(max(4.8, 0.24 * len(shown) + 3.4), 0.19 * len(ranked) + 1.5), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(values, aspect="auto", cmap="cividis", norm=Normalize(0, 100), interpolation="nearest")
    axes.set_xticks(range(len(shown)), shown, rotation=90, fontsize=7)
    axes.set_yticks(range(len(ranked)), ranked["ablation"], fontsize=7)
    axes.set_xlabel("recorded neuron")
    axes.set_ylabel("ablated")
    figure.colorbar(image, ax=axes, label="RMS change (% of intact activity)", extend="max", shrink=0.8)
    tidy([axes])
    axes.tick_params(labelsize=7)
    return figure


def plot_ranking(screen: Screen, most: int = 30) -> Figure:
    """Draw the mean effect of the ablations that matter most, and how it falls over all of them."""
    ranked = screen.ranked()
    figure = Figure(figsize=(7.4, 0.17 * min(most, len(ranked)) + 1.4), layout="constrained")
    bars, curve = figure.subplots(1, 2, width_ratios=(3, 2))
    top = ranked.head(most)
    bars.barh(range(len(top)), 100 * top["mean"], color=COLOURS[0])
    bars.set_yticks(range(len(top)), top["ablation"], fontsize=7)
    bars.invert_yaxis()
    bars.set_xlabel("mean effect (% of intact activity)")
    curve.plot(np.arange(1, len(ranked) + 1), 100 * ranked["mean"], color=COLOURS[0], lw=1.4)
    curve.set_xlabel("rank of the ablation")
    curve.set_ylabel("mean effect (% of intact activity)")
    curve.set_yscale("symlog", linthresh=0.1)
    curve.set_ylim(bottom=0)
    curve.yaxis.set_major_formatter("{x:g}")
    tidy([bars, curve])
    bars.tick_params(axis="y", labelsize=7)
    return figure


def _millivolts(run: Dataset, trial: int) -> Float[np.ndarray, "neuron time"]:
    return 1000.0 * deviations(run.trials[trial]).T


def _image(axes, panel: Float[np.ndarray, "neuron time"], norm: Normalize, colours: str, extent: tuple):
    axes.set_xlabel("time (ms)")
    return axes.imshow(panel, aspect="auto", cmap=colours, norm=norm, extent=extent, interpolation="nearest")


def _bar(figure: Figure, image, axes, label: str, most: float, signed: bool = False) -> None:
    ticks = [tick for tick in (0, 3, 10, 30, 100, 300, 1000, 3000) if tick <= most]
    bar = figure.colorbar(image, ax=list(axes), shrink=0.7, label=label, aspect=30)
    both = [*(-tick for tick in reversed(ticks[1:])), *ticks] if signed else ticks
    bar.set_ticks(both, labels=[str(tick).replace("-", "\N{MINUS SIGN}") for tick in both])
    bar.ax.minorticks_off()


def _mark_roles(axes, roles: Sequence[tuple[str, int]]) -> None:
    """Name the classes at the left and part them by lines."""
    edges = np.cumsum([0, *(number for _, number in roles)])
    middles = (edges[:-1] + edges[1:] - 1) / 2
    axes[0].set_yticks(middles, [f"{role}\n({number})" for role, number in roles], fontsize=8)
    tidy(axes)
    for each in axes:
        each.tick_params(axis="y", length=0)
        for edge in edges[1:-1]:
            each.axhline(edge - 0.5, color="white", lw=0.8)
