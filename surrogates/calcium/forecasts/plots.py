"""Plots of forecasts: error by step."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from datasets.plots import COLOURS, MUTED, tidy
from neuron_models.foundation.units import Milliseconds

_LINES = ("-", "--", "-.", ":")
_PREFIX = "calcium_trajectory_"


def trajectory_label(name: str) -> str:
    """A model's name without the topic's.

    >>> trajectory_label("calcium_trajectory_gnn_gru")
    'gnn gru'
    """
    return name.removeprefix(_PREFIX).replace("_", " ")


def plot_error_by_step(runs: pd.DataFrame, models: Sequence[str], rival: str) -> Figure:
    """Draw the error of forecasts by step: left in units of the range, right as a share of a rival's.

    Lines are means over the unseen worms; bands are the standard deviation, right that of the share within a worm.

    Args:
        runs: of one number of training worms, as `runs_table` makes it.
        models: those to draw, the rival among them.
        rival: what the right panel compares with.
    """
    figure = Figure(figsize=(9.4, 3.7), layout="constrained")
    left, right = figure.subplots(1, 2)
    case = ["trained_on", "unseen"]
    tables = {model: runs[runs["model"] == model].pivot(index=case, columns="step", values="rmse") for model in models}
    for index, (model, table) in enumerate(tables.items()):
        colour = MUTED if model.endswith("persistence") else COLOURS[(index - 1) % len(COLOURS)]
        look = {"color": colour, "lw": 1.5, "ls": _LINES[index % len(_LINES)], "label": trajectory_label(model)}
        for axes, shown in ((left, table), (right, 100 * table / tables[rival])):
            mean, sd = shown.mean(), shown.std().fillna(0)
            axes.plot(mean.index, mean, **look)
            axes.fill_between(mean.index, mean - sd, mean + sd, color=colour, alpha=0.08, lw=0)
    rate = runs["ahead"].iloc[0] / runs["step"].iloc[0]
    for axes in (left, right):
        axes.set_xlabel(f"step (one is {rate:.2f} s)")
        axes.set_xticks([1, *range(2, int(runs["step"].max()) + 1, 2)])
        axes.grid(axis="y", lw=0.4, alpha=0.5)
    left.set_ylabel("RMSE on unseen worms (share of the range)")
    left.set_ylim(bottom=0)
    right.set_ylabel(f"RMSE (% of that of {trajectory_label(rival)})")
    right.legend(fontsize=7, frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    tidy([left, right])
    return figure


def plot_forecast_errors(scores: Mapping[str, Mapping[str, Sequence[float]]], dt: Milliseconds) -> Figure:
    """Draw the error of one model by step and split, with that of persistence dotted.

    Args:
        scores: by split, the RMSE of each step of `model` and of `persistence`.
        dt: the frame interval in ms.
    """
    figure = Figure(figsize=(5.4, 3.3), layout="constrained")
    axes = figure.subplots()
    for index, (split, errors) in enumerate(scores.items()):
        steps = np.arange(1, len(errors["model"]) + 1)
        axes.plot(steps, errors["model"], color=COLOURS[index], lw=1.5, label=split)
        label = f"{split}, persistence"
        axes.plot(steps, errors["persistence"], color=COLOURS[index], lw=1.2, ls=":", label=label)
    axes.set_xlabel(f"step (one is {dt / 1000:.2f} s)")
    axes.set_ylabel("RMSE (share of the range)")
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=7, frameon=False)
    tidy([axes])
    return figure
