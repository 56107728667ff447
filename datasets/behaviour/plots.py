"""Ethograms: which behaviour each frame of a recording shows, a strip for each rater."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Int
from matplotlib.figure import Figure

from datasets.dataset import contiguous_runs
from neuron_models.foundation.units import Hertz

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999")
"""Okabe and Ito 2008, and grey."""
_MOST = 12
"""Recordings in one picture."""


def plot_ethograms(
    rows: Mapping[str, Mapping[str, Int[np.ndarray, " _"]]], classes: Sequence[str], fps: Hertz
) -> Figure:
    """Draw a strip a rater of every recording (the first dozen), each behaviour in its colour.

    Args:
        rows: by recording and rater, the class of each frame; below 0 where it has none.
        classes: names.
        fps: frames a second.
    """
    shown = dict(list(rows.items())[:_MOST])
    strips = sum(len(raters) for raters in shown.values())
    figure = Figure(figsize=(9, 1.1 + 0.32 * strips + 0.12 * len(shown)), layout="constrained")
    axes = figure.subplots()
    ticks, names, row = [], [], 0.0
    for recording, raters in shown.items():
        for rater, labels in raters.items():
            for index in range(len(classes)):
                bars = _bars(labels == index, fps)
                axes.broken_barh(bars, (row - 0.4, 0.8), facecolors=COLOURS[index % len(COLOURS)])
            ticks.append(row)
            names.append(f"{recording}: {rater}" if len(raters) > 1 or rater != "labels" else recording)
            row += 1
        row += 0.4
    for index, name in enumerate(classes):
        axes.plot([], [], lw=7, color=COLOURS[index % len(COLOURS)], label=name)
    axes.legend(ncols=min(6, len(classes)), fontsize=8, loc="lower left", bbox_to_anchor=(0, 1))
    axes.set_yticks(ticks, names, fontsize=8)
    axes.set(xlabel="time (s)", ylim=(row - 0.6, -0.7), xlim=(0, None))
    return figure


def _bars(mask: np.ndarray, fps: Hertz) -> list[tuple[float, float]]:
    return [(a / fps, (b - a) / fps) for a, b in contiguous_runs(mask)]
