"""Plots of the benchmark of behaviour states: accuracy by model and by training worms, edges, hidden neurons."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from matplotlib.figure import Figure

from datasets.plots import COLOURS, GROUND, MUTED, tidy

_PANELS = {"seen": "worms learned from", "unseen": "worms never seen"}
_MARKS = {"paper": ("o", COLOURS[0]), "strict": ("s", COLOURS[1])}
_LINES = ("-", "--", "-.", ":")


def model_label(name: str) -> str:
    """A model's name without the topic's.

    >>> model_label("calcium_gnn_one_hot")
    'gnn one hot'
    """
    return name.removeprefix("calcium_").replace("_", " ")


def plot_accuracy(table: pd.DataFrame, sizes: Mapping[str, int]) -> Figure:
    """Draw every model's accuracy under both protocols, with spread, chance and what is published.

    Args:
        table: of one rule, as `accuracy_table` makes it.
        sizes: how many training worms, for seen and for unseen worms.
    """
    models = list(dict.fromkeys(table["model"]))
    figure = Figure(figsize=(8.2, 0.3 * len(models) + 1.6), layout="constrained")
    panels = figure.subplots(1, len(sizes), sharey=True, squeeze=False)[0]
    for axes, (test, size) in zip(panels, sizes.items(), strict=True):
        of_panel = table[(table["asked"] == test) & (table["training_worms"] == size)].set_index("model")
        for shift, (protocol, (mark, colour)) in zip((0.16, -0.16), _MARKS.items(), strict=True):
            rows = of_panel[of_panel["protocol"] == protocol].reindex(models)
            height = np.arange(len(models))[::-1] + shift
            bars = {"fmt": mark, "color": colour, "ms": 4.5, "capsize": 2, "lw": 1}
            axes.errorbar(rows["accuracy"], height, xerr=rows["sd"].fillna(0), label=f"{protocol} protocol", **bars)
        published = of_panel[of_panel["protocol"] == "paper"]["published"].reindex(models)
        known = published.notna().to_numpy()
        index = np.arange(len(models))[::-1][known]
        if known.any():
            axes.plot(published[known], index, "D", mfc="none", color=COLOURS[2], ms=7, label="published")
        chance = float(of_panel["chance"].mean())
        worms = f"{size} worm" + "s" * (size > 1)
        axes.set_title(f"{_PANELS[test]}, trained on {worms}\n(chance {chance:.1f} %)", fontsize=9)
        axes.set_xlabel("accuracy (% of windows)")
        axes.grid(axis="x", lw=0.4, alpha=0.5)
    panels[0].set_yticks(np.arange(len(models))[::-1], [model_label(name) for name in models])
    panels[-1].legend(fontsize=7, frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    tidy(panels)
    return figure


def plot_by_worms(table: pd.DataFrame, models: Sequence[str]) -> Figure:
    """Draw the accuracy on worms never seen against the number of training worms (strict protocol), a panel a rule.

    Args:
        table: as `accuracy_table` makes it.
        models: those to draw.
    """
    rules = list(dict.fromkeys(table["rule"]))
    figure = Figure(figsize=(3.0 * len(rules) + 1.6, 3.0), layout="constrained")
    panels = figure.subplots(1, len(rules), squeeze=False)[0]
    for axes, rule in zip(panels, rules, strict=True):
        rows = table[(table["rule"] == rule) & (table["asked"] == "unseen") & (table["protocol"] == "strict")]
        for index, model in enumerate(models):
            mine = rows[rows["model"] == model].sort_values("training_worms")
            look = {"marker": "o", "ms": 4, "lw": 1.3, "ls": _LINES[index % len(_LINES)]}
            axes.plot(mine["training_worms"], mine["accuracy"], color=COLOURS[index], label=model_label(model), **look)
        axes.set_xticks(sorted(set(rows["training_worms"])))
        axes.set_title(f"rule {rule}", fontsize=9)
        axes.set_xlabel("worms learned from")
        axes.grid(axis="y", lw=0.4, alpha=0.5)
    panels[0].set_ylabel("accuracy on unseen worms (%)")
    panels[-1].legend(fontsize=7, frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    tidy(panels)
    return figure


def plot_edges(
    edges: Float[np.ndarray, "pre post"], contacts: Int[np.ndarray, "pre post"], neurons: Sequence[str]
) -> Figure:
    """Draw inferred edges beside the contacts of the connectome (chemical and gap junctions together, signed)."""
    figure = Figure(figsize=(8.4, 4.0), layout="constrained")
    left, right = figure.subplots(1, 2)
    most = float(np.abs(contacts).max()) or 1.0
    drawn = (
        (left, edges, "inferred: mean weight", {"cmap": "Blues", "vmin": 0}),
        (right, contacts, "connectome: contacts (GABA negative)", {"cmap": "RdBu_r", "vmin": -most, "vmax": most}),
    )
    for axes, matrix, title, look in drawn:
        figure.colorbar(axes.imshow(matrix, **look), ax=axes, shrink=0.8)
        axes.set_title(title, fontsize=9)
        axes.set_xticks(range(len(neurons)), neurons, rotation=90, fontsize=7)
        axes.set_yticks(range(len(neurons)), neurons, fontsize=7)
        axes.set_xlabel("after (post)")
        axes.set_facecolor(GROUND)
    left.set_ylabel("before (pre)")
    return figure


def plot_occlusion(lost: Mapping[str, Mapping[str, float]]) -> Figure:
    """Draw the accuracy that is lost when a neuron is hidden, by neuron and model."""
    neurons = list(next(iter(lost.values())))
    figure = Figure(figsize=(0.45 * len(neurons) + 2.4, 3.0), layout="constrained")
    axes, width = figure.subplots(), 0.8 / len(lost)
    for index, (model, by_neuron) in enumerate(lost.items()):
        at = np.arange(len(neurons)) + (index - (len(lost) - 1) / 2) * width
        axes.bar(at, [by_neuron[name] for name in neurons], width, color=COLOURS[index], label=model_label(model))
    axes.axhline(0, color=MUTED, lw=0.8)
    axes.set_xticks(range(len(neurons)), neurons, rotation=90)
    axes.set_xlabel("neuron that is hidden")
    axes.set_ylabel("accuracy lost (points)")
    axes.legend(fontsize=7, frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    tidy([axes])
    return figure
