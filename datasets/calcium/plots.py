"""Plots of calcium recordings: every neuron's trace, coloured by what the worm does."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Int
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from datasets.calcium.features import scaled
from datasets.dataset import Dataset, Trial
from datasets.plots import COLOURS, tidy
from neuron_models.foundation.errors import require

UNCOUNTED = "#9A9A9A"
STATE_COLOURS = {
    "forward": "#0072B2",
    "slowing": "#56B4E9",
    "dorsal_turn": "#009E73",
    "ventral_turn": "#E69F00",
    "reverse": "#D55E00",
    "sustained_reverse": "#D55E00",
    "reverse_1": "#CC79A7",
    "reverse_2": "#000000",
    "no_state": UNCOUNTED,
}


def is_calcium(dataset: Dataset) -> bool:
    """Whether a dataset holds calcium recordings: those have a frame rate a worm."""
    return isinstance(dataset.extra.get("fps"), dict) and len(dataset.x_names) > 0


def class_colours(classes: Sequence[str]) -> dict[str, str]:
    """A colour for each class: that of the state of this name, else the next that is free."""
    free = [colour for colour in COLOURS if colour not in {STATE_COLOURS.get(name) for name in classes}]
    return {
        name: STATE_COLOURS[name] if name in STATE_COLOURS else free.pop(0) if free else COLOURS[place % len(COLOURS)]
        for place, name in enumerate(classes)
    }


def plot_recordings(dataset: Dataset, neurons: Sequence[str] | None = None) -> Figure:
    """Draw recordings side by side: a trace a neuron, scaled to its range, coloured by class; grey where none counts.

    Args:
        dataset: of calcium recordings, with or without states.
        neurons: which inputs to draw; all but the derivatives when None.
    """
    shown = list(neurons or [name for name in dataset.x_names if not name.startswith("d ")])
    colours = class_colours(dataset.extra.get("classes", ["trace"]))
    figure = Figure(figsize=(4.6 * len(dataset) + 1.6, max(2.6, 0.36 * len(shown) + 1.4)), layout="constrained")
    axes = figure.subplots(1, len(dataset), sharey=True, squeeze=False)[0]
    for axis, trial in zip(axes, dataset, strict=True):
        minutes = np.arange(len(trial)) / dataset.extra["fps"][trial.name] / 60
        for row, trace in enumerate(_traces(dataset, trial, shown).T):
            _draw(axis, minutes, trace - 1.15 * row, _codes(trial), list(colours.values()))
        axis.set_xlim(0, minutes[-1])
        axis.set_ylim(-1.15 * (len(shown) - 1) - 0.1, 1.15)
        axis.set_title(trial.name, fontsize=9)
        axis.set_xlabel("time (min)")
    axes[0].set_yticks([0.5 - 1.15 * row for row in range(len(shown))], shown)
    axes[0].set_ylabel("dF/F, each over its range")
    tidy(axes)
    for axis in axes:
        axis.tick_params(axis="y", length=0)
    _legend(figure, dataset, colours)
    return figure


def plot_manifold(dataset: Dataset) -> Figure:
    """Draw recordings along their first three principal components, a column a worm, coloured by class.

    The components are those of all worms together, each neuron scaled to its range and centred in every worm, so that
    an axis means the same in every panel.

    Args:
        dataset: of calcium recordings of three neurons or more, with or without states.
    """
    from sklearn.decomposition import PCA

    neurons = [name for name in dataset.x_names if not name.startswith("d ")]
    require(len(neurons) >= 3, f"three principal components take three neurons, there are {len(neurons)}")
    traces = [_traces(dataset, trial, neurons) for trial in dataset]
    centred = [each - np.nanmean(each, axis=0) for each in traces]
    whole = np.concatenate(centred)
    components = PCA(3).fit(whole[np.isfinite(whole).all(axis=1)])
    shares = 100 * components.explained_variance_ratio_
    colours = class_colours(dataset.extra.get("classes", ["trace"]))
    figure = Figure(figsize=(2.9 * len(dataset) + 1.0, 5.8), layout="constrained")
    grid = figure.subplots(2, len(dataset), sharex=True, sharey="row", squeeze=False)
    for column, (trial, each) in enumerate(zip(dataset, centred, strict=True)):
        places = each @ components.components_.T
        for row, axes in enumerate(grid[:, column]):
            _draw(axes, places[:, 0], places[:, row + 1], _codes(trial), list(colours.values()))
            axes.autoscale_view()
        grid[0, column].set_title(trial.name, fontsize=9)
        grid[1, column].set_xlabel(f"component 1 ({shares[0]:.0f} % of the variance)", fontsize=8)
    for row in (0, 1):
        grid[row, 0].set_ylabel(f"component {row + 2} ({shares[row + 1]:.0f} %)", fontsize=8)
    tidy(grid.ravel())
    _legend(figure, dataset, colours)
    return figure


def _traces(dataset: Dataset, trial: Trial, shown: Sequence[str]) -> Float[np.ndarray, "time neuron"]:
    """The chosen traces from 0 to 1, NaN where they were not measured."""
    x = np.asarray(trial.x[:], dtype=float)[:, [dataset.x_names.index(name) for name in shown]]
    measured = np.isfinite(x).all(axis=1)
    return np.where(measured[:, None], scaled(x, measured), np.nan)


def _codes(trial: Trial) -> Int[np.ndarray, " time"]:
    """The class of each frame, -1 where it does not count."""
    labels = np.zeros(len(trial), dtype=int) if trial.y is None else np.asarray(trial.y[:])[:, 0].astype(int)
    return np.where(trial.valid(), labels, -1)


def _draw(axis, x: np.ndarray, y: np.ndarray, codes: np.ndarray, colours: Sequence[str]) -> None:
    """One line of many colours: a piece for each stretch of one class, that reaches the first frame of the next."""
    edges = np.concatenate(([0], np.flatnonzero(np.diff(codes)) + 1, [len(codes)]))
    pieces = [np.column_stack([x[a : b + 1], y[a : b + 1]]) for a, b in pairwise(edges)]
    looks = [colours[code] if code >= 0 else UNCOUNTED for code in codes[edges[:-1]]]
    axis.add_collection(LineCollection(pieces, colors=looks, linewidths=0.8))


def _legend(figure: Figure, dataset: Dataset, colours: dict[str, str]) -> None:
    if "classes" not in dataset.extra:
        return
    marks = [Line2D([], [], color=colour, lw=2.5, label=name.replace("_", " ")) for name, colour in colours.items()]
    if any(not trial.valid().all() for trial in dataset) and UNCOUNTED not in colours.values():
        marks.append(Line2D([], [], color=UNCOUNTED, lw=2.5, label="not counted"))
    figure.legend(handles=marks, loc="outside upper center", ncols=min(8, len(marks)), fontsize=8, frameon=False)
