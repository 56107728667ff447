"""Scored faces side by side."""

import numpy as np
from matplotlib.figure import Figure

from datasets.dataset import Dataset
from datasets.grimace.scored import require_grimace, scores_of
from datasets.grimace.units import NOT_ESTABLISHED, UNITS


def plot_faces(dataset: Dataset, animals: int = 4, images: int = 6) -> Figure:
    """Draw the first images of the first animals, with the scores of the units and whether pain was scored."""
    require_grimace(dataset)
    shown = dataset.trials[:animals]
    figure = Figure(figsize=(1.6 * images, 1.9 * len(shown) + 0.6), layout="constrained")
    axes = figure.subplots(len(shown), images, squeeze=False)
    for line, trial in zip(axes, shown, strict=True):
        scores = scores_of(trial)
        for column, ax in enumerate(line):
            ax.set_axis_off()
            if column < len(trial):
                ax.imshow(np.moveaxis(np.asarray(trial.x[column]), 0, -1))
                text = " ".join("-" if np.isnan(each) else f"{each:g}" for each in scores[column, : len(UNITS)])
                pain = scores[column, -1]
                ax.set_title(f"{text}{'' if np.isnan(pain) else ', pain' if pain >= 0.5 else ', none'}", fontsize=7)
        line[0].text(
            -0.05, 0.5, trial.name, rotation=90, va="center", ha="right", transform=line[0].transAxes, fontsize=7
        )
    figure.suptitle(f"Scores: {', '.join(name.replace('_', ' ') for name in UNITS)}\n{NOT_ESTABLISHED}", fontsize=6)
    return figure
