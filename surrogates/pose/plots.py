"""Pictures of how well key points are found: circles on an image, errors by key point, images with what was found."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from datasets.dataset import Dataset
from datasets.plots import COLOURS, GRID, tidy
from datasets.pose.labelled import keypoints_of, skeleton_of
from datasets.pose.sampling.splits import is_labelled

_RINGS = {50: "-", 90: "--"}
"""Percentiles of the error that are drawn around a key point, and their line."""
_BRIGHT = ("#56B4E9", "#E69F00", "#F0E442", "#CC79A7", "#009E73", "#D55E00", "#0072B2")
"""Okabe and Ito's colours, those that show on dark images first."""


def plot_pose_history(history: Mapping[str, Sequence[float]]) -> Figure:
    """Draw the loss and the pixel error of training (on changed images) and validation over the epochs."""
    figure = Figure(figsize=(8.0, 3.0), layout="constrained")
    panels = figure.subplots(1, 2)
    for axes, key, label in zip(panels, ("loss", "pixels"), ("loss", "mean error (px)"), strict=True):
        for name, part, colour in ((key, "training", COLOURS[0]), (f"val_{key}", "validation", COLOURS[1])):
            if name in history:
                axes.plot(np.arange(1, len(history[name]) + 1), history[name], color=colour, lw=1.3, label=part)
        if key == "pixels":
            axes.set_ylim(bottom=0)
        axes.set_xlabel("epoch")
        axes.set_ylabel(label)
    panels[0].legend(fontsize=8, frameon=False)
    tidy(panels)
    return figure


def plot_circles(dataset: Dataset, predictions: Sequence[Any]) -> Figure:
    """Draw on one image, around each of its key points, how far 50 and 90 % of all predictions of it are off at most.

    Args:
        dataset: of labelled images; the test trials count, or those of validation, or all.
        predictions: what was found in each trial, `KeyPoints`.
    """
    rows = shown_trials(dataset)
    errors = np.concatenate([_errors(dataset, predictions, row) for row in rows])
    index, frame = most_labelled(dataset, rows)
    image, keypoints = picture(dataset, index, frame), keypoints_of(dataset.trials[index])[frame]
    figure = Figure(figsize=(6.4, 4.4), layout="constrained")
    axes = figure.subplots()
    _show(axes, image)
    for number, (name, colour) in enumerate(zip(dataset.y_names, cycle(_BRIGHT))):
        away = errors[:, number][np.isfinite(errors[:, number])]
        if len(away) and np.isfinite(keypoints[number]).all():
            for percentile, line in _RINGS.items():
                radius = np.percentile(away, percentile)
                axes.add_patch(Circle(keypoints[number], radius, fill=False, ec=colour, lw=1.4, ls=line))
            axes.plot([], [], color=colour, lw=2, label=f"{name}: {np.median(away):.2f} px")
    for percentile, line in _RINGS.items():
        axes.plot([], [], color=GRID, lw=1.4, ls=line, label=f"{percentile} % are inside")
    columns = 1 + (len(dataset.y_names) + 2) // 22
    axes.legend(fontsize=7, frameon=False, loc="center left", bbox_to_anchor=(1.01, 0.5), ncols=columns)
    return figure


def plot_examples(dataset: Dataset, keypoints: Sequence[Any], number: int = 8) -> Figure:
    """Draw evenly chosen images with the labels (rings), what was found (dots) and the skeleton.

    Args:
        dataset: of labelled images; the test trials are shown, or those of validation, or all.
        keypoints: what was found in each trial, `KeyPoints`.
        number: how many images.
    """
    frames = [
        (row, frame)
        for row in shown_trials(dataset)
        for frame in np.flatnonzero(is_labelled(dataset.trials[row])).tolist()
    ]
    frames = [frames[k] for k in np.linspace(0, len(frames) - 1, min(number, len(frames))).astype(int)]
    across = min(4, len(frames))
    down = -(-len(frames) // across)
    figure = Figure(figsize=(2.4 * across, 2.4 * down), layout="constrained")
    edges = skeleton_of(dataset).edge_places()
    for axes in figure.subplots(down, across, squeeze=False).ravel():
        axes.set_axis_off()
    for axes, (row, frame) in zip(figure.axes, frames, strict=False):
        _show(axes, picture(dataset, row, frame))
        true, predicted = keypoints_of(dataset.trials[row])[frame], keypoints[row].points[frame]
        for edge in edges:
            axes.plot(*predicted[edge].T, color="#FFFFFF", lw=0.8, alpha=0.8)
        for keypoint, colour in zip(range(len(true)), cycle(_BRIGHT)):
            axes.plot(*true[keypoint], "o", mfc="none", mec=colour, ms=6, mew=1.0)
            axes.plot(*predicted[keypoint], "o", color=colour, ms=2.2)
    return figure


def plot_error_by_keypoint(scores: Mapping[str, Any]) -> Figure:
    """Draw each key point's median error with its 90th and 95th percentile.

    Args:
        scores: `KeyPointScore` by key point.
    """
    figure = Figure(figsize=(6.2, 0.26 * len(scores) + 1.1), layout="constrained")
    axes = figure.subplots()
    rows = np.arange(len(scores))[::-1]
    for what, marker, label in (("median", "o", "median"), ("p90", "|", "90 %"), ("p95", "x", "95 %")):
        values = [getattr(score, what) for score in scores.values()]
        axes.plot(values, rows, marker, color=COLOURS[0], ms=6, label=label, ls="none")
    axes.hlines(rows, [s.median for s in scores.values()], [s.p95 for s in scores.values()], color=GRID, lw=1, zorder=0)
    axes.set_yticks(rows, list(scores), fontsize=8)
    axes.set_xlim(left=0)
    axes.set_xlabel("error (px)")
    axes.legend(fontsize=8, frameon=False, loc="lower right", bbox_to_anchor=(1, 1), ncols=3)
    tidy([axes])
    return figure


def plot_error_shares(errors: Mapping[str, Float[np.ndarray, " keypoint"]], most: float = 0.1) -> Figure:
    """Draw the share of key points (%) within a distance, in % of the body length.

    Args:
        errors: over body length, by what they are called.
        most: where the axis ends.
    """
    figure = Figure(figsize=(5.6, 3.4), layout="constrained")
    axes = figure.subplots()
    at = np.linspace(0, most, 201)
    for (name, values), colour, line in zip(errors.items(), cycle(COLOURS), cycle(("-", "--", "-.", ":"))):
        share = np.searchsorted(np.sort(values[np.isfinite(values)]), at, side="right") / np.isfinite(values).sum()
        axes.plot(100 * at, 100 * share, color=colour, ls=line, lw=1.4, label=name)
    axes.axvline(2.5, color=GRID, lw=0.8)
    axes.set_xlabel("distance (% of the body length)")
    axes.set_ylabel("key points within (%)")
    axes.set_ylim(0, 100)
    axes.set_xlim(0, 100 * most)
    axes.legend(fontsize=8, frameon=False)
    tidy([axes])
    return figure


def plot_study(table: Any, head: str) -> Figure:
    """Draw the test errors of trainings side by side, and the validation's error over the time of training.

    Args:
        table: as `surrogates.pose.studies.run_study` makes it.
        head: the column that names the trainings.
    """
    figure = Figure(figsize=(9.0, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    indices = np.arange(len(table))
    for column, marker, label in (("median_px", "o", "median"), ("p90_px", "^", "90 %"), ("p95_px", "x", "95 %")):
        left.plot(indices, table[column], marker=marker, color=COLOURS[0], lw=1, ls=":", label=label)
    left.set_xticks(indices, [str(each).replace("_", " ") for each in table[head]], fontsize=8)
    left.set_xlabel(head)
    left.set_ylabel("test error (px)")
    left.set_ylim(bottom=0)
    left.legend(fontsize=8, frameon=False)
    for row, colour, line in zip(table.to_dict("records"), cycle(COLOURS), cycle(("-", "--", "-.", ":"))):
        course = row["course"]
        seconds = row["seconds"] * np.arange(1, len(course) + 1) / len(course)
        right.plot(seconds, course, color=colour, ls=line, lw=1.3, label=str(row[head]).replace("_", " "))
    right.set_xlabel("time of training (s)")
    right.set_ylabel("validation error (px)")
    right.set_ylim(bottom=0)
    right.legend(fontsize=8, frameon=False, title=head, title_fontsize=8)
    tidy([left, right])
    return figure


def shown_trials(dataset: Dataset) -> list[int]:
    """The places of the test trials, or of those of validation, or of all."""
    for split in ("test", "validation"):
        rows = [i for i, trial in enumerate(dataset) if trial.split == split]
        if rows:
            return rows
    return list(range(len(dataset)))


def most_labelled(dataset: Dataset, rows: Sequence[int]) -> tuple[int, int]:
    """The (trial, frame) with the most labelled key points."""
    counts = [np.isfinite(keypoints_of(dataset.trials[row])).all(axis=-1).sum(axis=1) for row in rows]
    best = int(np.argmax([each.max() for each in counts]))
    return rows[best], int(counts[best].argmax())


def picture(dataset: Dataset, index: int, frame: int) -> np.ndarray:
    """One image of a dataset, (height, width) or (height, width, 3), with the pixel values of the dataset."""
    image = np.moveaxis(np.asarray(dataset.trials[index].x[frame]), 0, -1)
    return image[..., 0] if image.shape[-1] == 1 else image


def _errors(dataset: Dataset, keypoints: Sequence[Any], row: int) -> Float[np.ndarray, "frame keypoint"]:
    return np.linalg.norm(keypoints[row].points - keypoints_of(dataset.trials[row]), axis=-1)


def _show(axes: Any, image: np.ndarray) -> None:
    axes.imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axes.set_axis_off()
