"""Plots: colour-blind-safe (Okabe and Ito 2008), on their own light ground, so that they read on dark pages too."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from datasets.dataset import Dataset, Trial
from neuron_models.foundation.errors import require
from neuron_models.foundation.files import atomic_write, require_figure_path

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")
GROUND = "#FCFCFA"
INK = "#000000"
MUTED = "#555555"
GRID = "#B0B0B0"
DPI = 130


_GUESSES = (
    {"color": COLOURS[1], "lw": 1.2, "ls": "--"},
    {"color": COLOURS[0], "lw": 1.2, "ls": ":"},
    {"color": COLOURS[2], "lw": 1.0, "ls": "-"},
    {"color": COLOURS[3], "lw": 1.0, "ls": "-."},
)


def save_figure(figure: Figure, path: str | Path) -> Path:
    """Write a figure, whole or not at all; the suffix chooses the format.

    Raises:
        InputError: the suffix names no format of pictures.
    """
    path = Path(path)
    require_figure_path(path)
    with atomic_write(path) as temporary:
        figure.savefig(temporary, dpi=DPI, facecolor=GROUND, bbox_inches="tight")
    return path


def plot_traces(
    dataset: Dataset,
    trials: Sequence[int],
    predictions: Mapping[str, Sequence[Float[np.ndarray, "time output"]]] | None = None,
    outputs: Sequence[str] | None = None,
    bands: Sequence[Float[np.ndarray, "time output"]] | None = None,
) -> Figure:
    """Draw trials side by side, in their units: inputs above, every output below, with the predictions over it.

    Args:
        dataset: gives the traces, their names and units.
        trials: which trials, counted from 0, a column each.
        predictions: by what they are called, one array (time, output) for each of the trials.
        outputs: which outputs to draw; the first six when None.
        bands: half the width about the first of the predictions, one array (time, output) for each of the trials.
    """
    shown = list(outputs or dataset.y_names[:6])
    rows = 1 + len(shown)
    figure = Figure(figsize=(3.4 * len(trials) + 1.2, 1.25 * rows + 0.6), layout="constrained")
    axes = figure.subplots(rows, len(trials), sharex=True, sharey="row", squeeze=False)
    for column, index in enumerate(trials):
        trial = dataset.trials[index]
        require(trial.y is not None, f"trial {trial.name!r} of dataset {dataset.name!r} has no outputs to draw")
        time = np.arange(len(trial)) * dataset.dt
        axes[0, column].set_title(f"{trial.name} ({trial.split})" if trial.split else trial.name, fontsize=9)
        draw_inputs(axes[0, column], time, trial, dataset.x_names)
        for row, name in enumerate(shown, start=1):
            place = dataset.y_names.index(name)
            axes[row, column].plot(time, trial.y[:][:, place], color=MUTED, lw=2.4, label="simulated")  # type: ignore[index]
            for (label, guesses), look in zip((predictions or {}).items(), cycle(_GUESSES)):
                axes[row, column].plot(time, guesses[column][:, place], label=label, **look)
            for middle in list((predictions or {}).values())[:1] if bands is not None else ():
                _draw_band(axes[row, column], time, middle[column][:, place], bands[column][:, place])  # type: ignore[index]
        axes[-1, column].set_xlabel("time (ms)")
    axes[0, 0].set_ylabel(f"input ({dataset.x_units})")
    for row, name in enumerate(shown, start=1):
        axes[row, 0].set_ylabel(f"{name} ({dataset.y_units})")
    axes[0, -1].legend(fontsize=7, loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    if shown:
        axes[1, -1].legend(fontsize=7, loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    tidy(axes.ravel())
    return figure


def _draw_band(axes, time: np.ndarray, middle: np.ndarray, half: np.ndarray) -> None:
    """Draw a band about a line; all are (time,), the band in the units of the line."""
    axes.fill_between(time, middle - half, middle + half, color=COLOURS[1], alpha=0.2, lw=0, label="band")


def plot_history(history: dict[str, list[float]], units: str) -> Figure:
    """Draw training and validation loss over epochs, as RMSE in the given units where the history holds it."""
    figure = Figure(figsize=(5.2, 3.2), layout="constrained")
    axes = figure.subplots()
    what = "rmse" if "rmse" in history else "loss"
    for key, name, colour in ((what, "training", COLOURS[0]), (f"val_{what}", "validation", COLOURS[1])):
        if key in history:
            axes.semilogy(np.arange(1, len(history[key]) + 1), history[key], color=colour, lw=1.2, label=name)
    plain_numbers(axes.yaxis)
    axes.set_xlabel("epoch")
    axes.set_ylabel(f"RMSE ({units})" if what == "rmse" else "loss")
    axes.legend(fontsize=8, frameon=False)
    tidy([axes])
    return figure


def plain_numbers(axis) -> None:
    """Label a logarithmic axis with 0.01, 0.02, 0.05, ... instead of powers of ten."""
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_formatter(NullFormatter())


def draw_inputs(axes, time: np.ndarray, trial: Trial, names: Sequence[str]) -> None:
    """Draw a trial's inputs, each with a colour and a dash of its own; of very many, those that are not zero.

    `time` (time,) is in ms.
    """
    x = np.asarray(trial.x[:])
    styles = ("-", "--", "-.", ":")
    for place, name in enumerate(names):
        if len(names) <= len(COLOURS) or np.any(x[:, place]):
            style = styles[place % len(styles)]
            axes.plot(time, x[:, place], lw=1.1, ls=style, color=COLOURS[place % len(COLOURS)], label=name)


def tidy(axes) -> None:
    """Give panels the ground of the figure, small tick labels and no frame above and to the right."""
    for each in axes:
        each.set_facecolor(GROUND)
        each.spines[["top", "right"]].set_visible(False)
        each.tick_params(labelsize=8)


def plot_summary(table, units: str) -> Figure:
    """Draw each model's test RMSE, measured (with the spread of the runs) beside published.

    Args:
        table: as `surrogates.responses.experiments.summary.summarise` makes it.
        units: of the RMSE.
    """
    figure = Figure(figsize=(6.2, 0.42 * len(table) + 1.3), layout="constrained")
    axes = figure.subplots()
    rows = np.arange(len(table))[::-1]
    spread = table["test_sd"].fillna(0.0)
    axes.errorbar(table["test"], rows, xerr=spread, fmt="o", color=COLOURS[0], ms=6, capsize=3, label="measured")
    axes.plot(table["test_published"], rows, "D", mfc="none", color=COLOURS[1], ms=7, label="published")
    axes.set_xscale("log")
    plain_numbers(axes.xaxis)
    axes.set_yticks(rows, [f"{m} ({p})" for m, p in zip(table["model"], table["parameters"], strict=True)])
    axes.set_xlabel(f"test RMSE ({units})")
    axes.set_ylabel("model (parameters)")
    axes.grid(axis="x", which="both", lw=0.4, alpha=0.5)
    axes.legend(fontsize=8, frameon=False)
    tidy([axes])
    return figure
