"""Plots of the ways that worms crawl."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from datasets.plots import COLOURS, MUTED, tidy
from datasets.posture.locomotion.path import midlines
from datasets.posture.recording import PostureRecording

_MOST, _COLUMNS = 12, 4


def shown_first(strains: Sequence[str], most: int) -> list[int]:
    """Which of many worms to draw: one of each strain, then another of each, and so on."""
    seen: dict[str, int] = {}
    ranked = []
    for index, strain in enumerate(strains):
        seen[strain] = seen.get(strain, 0) + 1
        ranked.append((seen[strain], index))
    return sorted(index for _, index in sorted(ranked)[:most])


def plot_paths(recorded: Sequence[PostureRecording], crawled: Sequence[PostureRecording]) -> Figure:
    """Draw the paths of worms, beside the recorded ones where there are places; the last midline lies at the end.

    Args:
        recorded: the worms as they were given.
        crawled: the same with the places that were found.
    """
    shown = shown_first([each.strain for each in recorded], _MOST)
    columns = min(_COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    figure = Figure(figsize=(3.0 * columns + 0.3, 2.9 * rows + 0.7), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, index in zip(panels, shown, strict=False):
        given, found = recorded[index], crawled[index]
        if given.centroid is not None:
            axes.plot(*_from_start(given).T, color=MUTED, lw=2.2, alpha=0.45, label="recorded")
        axes.plot(*_from_start(found).T, color=COLOURS[0], lw=1.0, label="by its shapes")
        _draw_worm(axes, found)
        axes.set_title(found.name, fontsize=9)
        axes.set_aspect("equal", adjustable="datalim")
        axes.set_xlabel("x (mm)", fontsize=8)
        axes.set_ylabel("y (mm)", fontsize=8)
    for axes in panels[len(shown) :]:
        axes.remove()
    tidy(panels[: len(shown)])
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), fontsize=8, frameon=False)
    return figure


def _from_start(recording: PostureRecording) -> Float[np.ndarray, "frame 2"]:
    indices = np.zeros((1, 2)) if recording.centroid is None else recording.centroid
    known = np.flatnonzero(np.isfinite(indices).all(axis=1))
    return indices - indices[known[0]] if len(known) else indices


def _draw_worm(axes, recording: PostureRecording) -> None:
    """The last midline and its head, and where the path begins."""
    last = np.flatnonzero(recording.valid())[-1:]
    if len(last) == 0 or recording.centroid is None:
        return
    line = midlines(recording)[last[0]] + _from_start(recording)[last[0]] - recording.centroid[last[0]]
    axes.plot(*line.T, color=COLOURS[1], lw=2.2, solid_capstyle="round", label="worm at the end")
    axes.plot(*line[0], "o", color=COLOURS[6], ms=3.5, label="its head")
    axes.plot(0, 0, "s", color=COLOURS[2], ms=4, label="start")
