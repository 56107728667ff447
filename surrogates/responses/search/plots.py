"""Plots of searches over models: of tuning by trials and by settings, of reduction by size."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from datasets.plots import COLOURS, plain_numbers, tidy

_NAMES = {"learning_rate": "learning rate", "batch_size": "batch size (trials)", "activation": "activation function"}


def plot_tuning_history(trials: pd.DataFrame, units: str) -> Figure:
    """Draw every trial's validation RMSE and the best so far; trials that diverged are marked below.

    Args:
        trials: as `surrogates.responses.search.tuning_result.trial_table` makes it.
        units: of the RMSE.
    """
    figure = Figure(figsize=(5.2, 3.2), layout="constrained")
    axes = figure.subplots()
    complete = trials[trials["state"] == "complete"]
    _draw_trials(axes, trials, "number")
    axes.step(complete["number"], complete["validation_rmse"].cummin(), where="post", color=COLOURS[1], label="best")
    diverged = trials[trials["state"] == "diverged"]["number"]
    if len(diverged):
        heights = np.full(len(diverged), 0.03)
        ground = axes.get_xaxis_transform()
        axes.plot(diverged, heights, "x", color=COLOURS[6], ms=5, transform=ground, label="diverged")
    axes.set_xlabel("trial")
    _error_axis(axes, units)
    axes.legend(fontsize=8, frameon=False)
    return figure


def plot_tuning_parameters(trials: pd.DataFrame, parameters: list[str], units: str) -> Figure:
    """Draw the validation RMSE of the trials against each setting that was searched; arguments as above.

    Args:
        trials: as `surrogates.responses.search.tuning_result.trial_table` makes it.
        parameters: the columns to draw against.
        units: of the RMSE.
    """
    figure = Figure(figsize=(3.2 * len(parameters) + 0.6, 3.2), layout="constrained")
    for axes, name in zip(figure.subplots(1, len(parameters), sharey=True, squeeze=False)[0], parameters, strict=True):
        _draw_trials(axes, trials, name)
        if name == "learning_rate":
            axes.set_xscale("log")
            plain_numbers(axes.xaxis)
        elif name == "batch_size":
            axes.set_xticks(sorted(trials[name].unique()))
        axes.tick_params(axis="x", rotation=45)
        axes.set_xlabel(_NAMES.get(name, name))
        _error_axis(axes, units)
        axes.label_outer()
    return figure


def plot_reduction(tried: pd.DataFrame, bound: float, units: str, winner: Mapping[str, Any] | None) -> Figure:
    """Draw validation RMSE (with the spread over seeds) against the number of parameters, and the bound.

    Args:
        tried: as `surrogates.responses.search.reduction.tried_table` makes it.
        bound: the largest RMSE allowed.
        units: of the RMSE.
        winner: the row of the smallest model under the bound, if there is one.
    """
    figure = Figure(figsize=(5.6, 3.6), layout="constrained")
    axes = figure.subplots()
    drawn = tried.dropna(subset=["validation_rmse"]).sort_values("parameters")
    line: dict[str, Any] = {"fmt": "o-", "ms": 4, "lw": 1.0, "capsize": 2}
    for index, (model, rows) in enumerate(drawn.groupby("model", sort=False)):
        colour, spread = COLOURS[index % len(COLOURS)], rows["validation_sd"].fillna(0.0)
        axes.errorbar(rows["parameters"], rows["validation_rmse"], yerr=spread, color=colour, label=model, **line)
    axes.axhline(bound, color=COLOURS[6], ls="--", lw=1.0, label=f"bound {bound:g}")
    if winner is not None:
        axes.plot(
            winner["parameters"], winner["validation_rmse"], "o", mfc="none", color=COLOURS[6], ms=12, label="smallest"
        )
    axes.set_xscale("log")
    plain_numbers(axes.xaxis)
    axes.set_xlabel("parameters")
    _error_axis(axes, units)
    axes.legend(fontsize=8, frameon=False)
    return figure


def _draw_trials(axes, trials: pd.DataFrame, column: str) -> None:
    """Complete trials as discs, those given up early as rings."""
    for state, fill in (("complete", COLOURS[0]), ("pruned", "none")):
        rows = trials[trials["state"] == state]
        if len(rows):
            axes.plot(rows[column], rows["validation_rmse"], "o", color=COLOURS[0], mfc=fill, ms=4, label=state)


def _error_axis(axes, units: str) -> None:
    axes.set_yscale("log")
    plain_numbers(axes.yaxis)
    axes.set_ylabel(f"validation RMSE ({units})" if units else "validation RMSE")
    tidy([axes])
