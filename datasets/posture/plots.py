"""Plots of postures: curvature along the body over time, and eigenworms."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from datasets.dataset import Dataset
from datasets.plots import COLOURS, GRID, INK, MUTED, tidy
from datasets.posture.eigenworms import Eigenworms, Reconstruction, angles_from, eigenworms_of
from datasets.posture.midlines import midlines_of
from datasets.posture.recording import AMPLITUDES, ANGLES, MEAN_ANGLE, recordings_of, strain_of

GAP = "#9A9A9A"
_LIMIT_QUANTILE = 0.99


def is_posture(dataset: Dataset) -> bool:
    """Whether a dataset holds postures."""
    return dataset.extra.get("posture") in (ANGLES, AMPLITUDES)


def plot_postures(dataset: Dataset, channels: Sequence[str] | None = None) -> Figure:
    """Draw recordings one below the other: curvature along the body over time, grey in gaps.

    Amplitudes are drawn as curvature where their eigenworms are known, else as traces.

    Args:
        dataset: of postures.
        channels: draw traces of these inputs instead.
    """
    if channels or not _has_shapes(dataset):
        return _plot_traces(dataset, list(channels or dataset.x_names[:6]))
    figure = Figure(figsize=(9.0, 1.9 * len(dataset) + 0.6), layout="constrained")
    axes = figure.subplots(len(dataset), 1, squeeze=False)[:, 0]
    bends = _curvatures(dataset)
    known = np.abs(np.concatenate([bend[np.isfinite(bend)] for bend in bends]))
    limit = float(np.quantile(known, _LIMIT_QUANTILE)) or 1.0
    for axis, trial, bend in zip(axes, dataset, bends, strict=True):
        axis.set_facecolor(GAP)
        extent = (0.0, len(trial) * dataset.dt / 1000, 1.0, 0.0)
        image = axis.imshow(
            bend.T, aspect="auto", extent=extent, cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="nearest"
        )
        axis.set_title(_title(dataset, trial), fontsize=9, loc="left")
        axis.set_yticks([0, 0.5, 1], ["head", "middle", "tail"])
        axis.tick_params(labelsize=8)
    axes[-1].set_xlabel("time (s)")
    bar = figure.colorbar(image, ax=axes, pad=0.01, aspect=18 * len(dataset))
    bar.set_label("curvature (rad a body length)", fontsize=9)
    bar.ax.tick_params(labelsize=8)
    return figure


def _has_shapes(dataset: Dataset) -> bool:
    return dataset.extra["posture"] == ANGLES or "eigenworms" in dataset.extra


def _curvatures(dataset: Dataset) -> list[Float[np.ndarray, "frame joint"]]:
    """Curvature in rad a body length between neighbouring segments; NaN in gaps."""
    if dataset.extra["posture"] == ANGLES:
        angles = [recording.angles for recording in recordings_of(dataset)]
    else:
        eigenworms = eigenworms_of(dataset)
        count, angles = len(eigenworms.shapes), []
        for trial in dataset:
            x = np.where(trial.valid()[:, None], np.asarray(trial.x[:], dtype=float), np.nan)
            angles.append(angles_from(x[:, :count], eigenworms))
    return [np.diff(each, axis=1) * each.shape[1] for each in angles]


def _plot_traces(dataset: Dataset, shown: list[str]) -> Figure:
    figure = Figure(figsize=(2.9 * len(dataset) + 1.0, 0.95 * len(shown) + 0.9), layout="constrained")
    axes = figure.subplots(len(shown), len(dataset), sharex="col", sharey="row", squeeze=False)
    for column, trial in enumerate(dataset):
        x = np.where(trial.valid()[:, None], np.asarray(trial.x[:], dtype=float), np.nan)
        time = np.arange(len(trial)) * dataset.dt / 1000
        for row, name in enumerate(shown):
            axes[row, column].plot(time, x[:, dataset.x_names.index(name)], color=COLOURS[0], lw=0.7)
        axes[0, column].set_title(_title(dataset, trial), fontsize=9)
        axes[-1, column].set_xlabel("time (s)")
    for row, name in enumerate(shown):
        axes[row, 0].set_ylabel(f"{name} (rad)" if name in ("turn", MEAN_ANGLE) else name, fontsize=9)
    tidy(axes.ravel())
    return figure


def _title(dataset: Dataset, trial) -> str:
    strain = strain_of(dataset, trial)
    return f"{trial.name} ({strain})" if strain else trial.name


def plot_eigenworms(eigenworms: Eigenworms, quality: Reconstruction) -> Figure:
    """Draw every eigenworm as angles along the body and as midlines, and the variance that they explain.

    Args:
        eigenworms: the shapes.
        quality: how well they tell the postures at hand.
    """
    count, segments = eigenworms.shapes.shape
    figure = Figure(figsize=(2.0 * count + 3.4, 3.7), layout="constrained")
    grid = figure.add_gridspec(2, count + 2, height_ratios=(1.0, 0.72))
    along = (np.arange(segments) + 0.5) / segments
    limit = 1.1 * float(np.abs(eigenworms.shapes).max())
    first = None
    for index, (shape, share) in enumerate(zip(eigenworms.shapes, eigenworms.variance_explained, strict=True)):
        axis = figure.add_subplot(grid[0, index], sharey=first)
        first = first or axis
        axis.axhline(0, color=GRID, lw=0.8)
        axis.plot(along, shape, color=COLOURS[0], lw=1.8, marker="o", ms=3)
        axis.set_ylim(-limit, limit)
        axis.set_xlim(0, 1)
        axis.set_title(f"a{index + 1}: {100 * share:.1f} %", fontsize=9)
        axis.tick_params(labelleft=index == 0)
        if index == 0:
            axis.set_ylabel("tangent angle\n(unit norm)")
        if index == count // 2:
            axis.set_xlabel("head to tail (body lengths)")
        tidy([axis])
        _draw_midlines(figure.add_subplot(grid[1, index]), eigenworms, index)
    _draw_variance(figure.add_subplot(grid[:, count:]), eigenworms, quality)
    return figure


def _draw_midlines(axis, eigenworms: Eigenworms, index: int) -> None:
    """The mean posture bent by one eigenworm, from one side to the other; the head is a dot."""
    bend = 0.8 / float(np.sqrt((eigenworms.shapes[index] ** 2).mean()))
    for part, colour in ((-1.0, COLOURS[1]), (0.0, MUTED), (1.0, COLOURS[0])):
        amplitudes = np.zeros((1, len(eigenworms.shapes)))
        amplitudes[0, index] = part * bend
        line = midlines_of(angles_from(amplitudes, eigenworms))[0]
        axis.plot(line[:, 0], line[:, 1], color=colour, lw=2.0, solid_capstyle="round")
        axis.plot(*line[0], "o", color=colour, ms=5)
    axis.set_aspect("equal")
    axis.set_xlim(-0.55, 0.55)
    axis.set_ylim(-0.42, 0.42)
    axis.set_axis_off()


def _draw_variance(axis, eigenworms: Eigenworms, quality: Reconstruction) -> None:
    numbers = np.arange(1, len(eigenworms.shapes) + 1)
    total = 100 * np.cumsum(eigenworms.variance_explained)
    axis.bar(numbers, 100 * eigenworms.variance_explained, color=COLOURS[5], label="each")
    axis.plot(numbers, total, "o-", color=INK, lw=1.2, ms=4, label="together")
    axis.set_ylim(0, 104)
    axis.set_xticks(numbers)
    axis.set_xlabel("eigenworm")
    axis.set_ylabel("variance explained (%)")
    axis.set_title(f"{eigenworms.method.upper()}; error of these postures {quality.error:.3f} rad", fontsize=9)
    axis.legend(fontsize=8, frameon=False, loc="center right")
    tidy([axis])
