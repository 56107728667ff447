"""Figures of a physics report: long stimuli, errors against amplitude and against training trials."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from datasets.plots import COLOURS, INK, MUTED, plain_numbers, tidy
from neuron_models.foundation.numerals import shown_units
from surrogates.responses.physics.measures import Probes
from surrogates.responses.physics.report import Answers

_LINES = [(colour, dash) for dash in ("-", "--", ":") for colour in COLOURS if colour not in (INK, "#F0E442")]
_DERIVED = (INK, "-")


def looks(found: Sequence[Answers]) -> dict[str, tuple[str, str]]:
    """A colour and a dash for each model, the derived one in ink."""
    models = [each.name for each in found if not each.derived]
    own = {name: _LINES[place % len(_LINES)] for place, name in enumerate(models)}
    return own | {each.name: _DERIVED for each in found if each.derived}


def plot_long(found: Sequence[Answers], probes: Probes, units: str) -> tuple[Figure, pd.DataFrame]:
    """Draw the output that moves most under a held stimulus, and after a stimulus that ends; also as a table."""
    factor, shown = shown_units(units)
    moves = np.max([np.ptp(each.held[: probes.length], axis=0) for each in found], axis=0)
    output, times = int(np.argmax(moves)), np.arange(probes.long) * probes.dt / 1000
    figure = Figure(figsize=(7.2, 4.6), layout="constrained")
    panels = figure.subplots(2, 1, sharex=True)
    colours, every = looks(found), max(1, probes.long // 2000)
    columns: dict[str, np.ndarray] = {"time": times[::every]}
    for axes, what in zip(panels, ("held", "silent"), strict=True):
        for each in found:
            trace = factor * getattr(each, what)[::every, output]
            colour, dash = colours[each.name]
            axes.plot(times[::every], trace, color=colour, ls=dash, lw=1.2, label=each.name)
            columns[f"{each.name} {what}"] = trace
        axes.axvline(probes.length * probes.dt / 1000, color=MUTED, lw=0.8, ls=":")
        axes.set_ylabel(f"{probes.y_names[output]} ({shown})")
    panels[0].set_title("all inputs held at half their largest value", fontsize=9)
    panels[1].set_title("the strongest test stimulus, then silence", fontsize=9)
    panels[1].set_xlabel("time (s); dotted: as long as the training trials")
    _legend(figure, panels[0])
    tidy(panels)
    return figure, pd.DataFrame(columns)


def plot_amplitudes(found: Sequence[Answers], units: str) -> tuple[Figure, pd.DataFrame]:
    """Draw RMSE over the factor of the stimuli against that factor; also as a table."""
    factor, shown = shown_units(units)
    rows = [(e.name, size, factor * error) for e in found for size, error in e.by_amplitude.items()]
    table = pd.DataFrame(rows, columns=["model", "factor", "rmse_over_factor"])
    figure = _curves(found, {e.name: [(a, [factor * b]) for a, b in e.by_amplitude.items()] for e in found})
    axes = figure.axes[0]
    axes.set_xlabel("stimuli, times those of the test")
    axes.set_ylabel(f"test RMSE over that factor ({shown})")
    return figure, table


def plot_trials(found: Sequence[Answers], units: str) -> tuple[Figure, pd.DataFrame]:
    """Draw RMSE against the number of training trials, median and range of the draws; the derived model is a line."""
    factor, shown = shown_units(units)
    curves = {e.name: [(n, [factor * v for v in values]) for n, values in e.by_trials.items()] for e in found}
    figure = _curves(found, curves)
    axes = figure.axes[0]
    for each in found:
        if each.derived:
            colour, dash = _DERIVED
            axes.axhline(factor * each.rmse, color=colour, ls=dash, lw=1.4, label=f"{each.name} (no data)")
    axes.set_xlabel("training trials")
    axes.set_ylabel(f"test RMSE ({shown})")
    for old in figure.legends:
        old.remove()
    _legend(figure, axes)
    rows = [(e.name, n, factor * v) for e in found for n, values in e.by_trials.items() for v in values]
    return figure, pd.DataFrame(rows, columns=["model", "trials", "rmse"])


def _curves(found: Sequence[Answers], curves: Mapping[str, Sequence[tuple[float, list[float]]]]) -> Figure:
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes, colours = figure.subplots(), looks(found)
    for name, points in curves.items():
        known = [(x, np.array(ys)[np.isfinite(ys)]) for x, ys in points]
        known = [(x, ys) for x, ys in known if len(ys)]
        if not known:
            continue
        colour, dash = colours[name]
        middle = np.array([np.median(ys) for _, ys in known])
        spread = np.abs(np.array([[ys.min(), ys.max()] for _, ys in known]).T - middle)
        look: dict[str, Any] = {"color": colour, "ls": dash, "marker": "o", "ms": 4, "lw": 1.3, "capsize": 2}
        axes.errorbar([x for x, _ in known], middle, yerr=spread, label=name, **look)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    ticks = sorted({x for points in curves.values() for x, _ in points})
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    plain_numbers(axes.yaxis)
    axes.grid(which="major", lw=0.4, alpha=0.6)
    _legend(figure, axes)
    tidy([axes])
    return figure


def _legend(figure: Figure, axes) -> None:
    figure.legend(*axes.get_legend_handles_labels(), fontsize=8, frameon=False, loc="outside lower center", ncols=4)
