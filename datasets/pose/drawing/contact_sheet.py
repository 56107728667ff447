"""A picture of some labelled images, to see at a glance whether an import went well."""

from pathlib import Path

import numpy as np

from datasets.dataset import Dataset
from datasets.pose.drawing.skeletons import LEFT, MIDDLE, RIGHT, keypoint_colours
from datasets.pose.labelled import keypoints_of, skeleton_of
from neuron_models.foundation.files import atomic_write, require_figure_path


def save_sheet(dataset: Dataset, path: Path, number: int = 12, columns: int = 4) -> Path:
    """Draw labelled images, evenly spread over a dataset, with their key points and edges.

    Raises:
        InputError: the file's name ends in none of the known kinds.
    """
    import matplotlib.lines
    from matplotlib.figure import Figure

    require_figure_path(path)
    skeleton = skeleton_of(dataset)
    indices = [(trial, row) for trial in dataset for row in np.flatnonzero(trial.valid())]
    chosen = [indices[i] for i in np.unique(np.linspace(0, len(indices) - 1, min(number, len(indices))).astype(int))]
    height, width = dataset.trials[0].x.shape[2:]
    rows = -(-len(chosen) // columns)
    columns = min(columns, len(chosen))
    figure = Figure(figsize=(2.6 * columns, 2.6 * rows * height / width + 0.9), layout="constrained")
    axes = np.atleast_1d(figure.subplots(rows, columns, squeeze=False)).ravel()
    colours = [tuple(value / 255 for value in colour) for colour in keypoint_colours(skeleton)]
    for axis, (trial, row) in zip(axes, chosen, strict=False):
        image, xy = np.asarray(trial.x[int(row)]), keypoints_of(trial)[row]
        axis.imshow(image[0] if len(image) == 1 else image.transpose(1, 2, 0), cmap="gray", vmin=0, vmax=255)
        for a, b in skeleton.edge_places():
            axis.plot(*xy[[a, b]].T, color=colours[b], linewidth=1)
        axis.scatter(*xy.T, s=9, c=colours, edgecolors="black", linewidths=0.4, zorder=3)
        axis.set_title(f"{trial.name}, {row}", fontsize=7)
    for axis in axes:
        axis.set_axis_off()
        axis.set_xlim(-0.5, width - 0.5)
        axis.set_ylim(height - 0.5, -0.5)
    sides = (("left", LEFT), ("right", RIGHT), ("middle", MIDDLE)) if skeleton.pairs else (("key point", MIDDLE),)
    handles = [
        matplotlib.lines.Line2D(
            [],
            [],
            marker="o",
            linestyle="",
            markeredgecolor="black",
            color=(c[0] / 255, c[1] / 255, c[2] / 255),
            label=side,
        )
        for side, c in sides
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    figure.suptitle(f"{dataset.name}: {len(indices)} labelled images of {width} x {height} px", fontsize=9)
    with atomic_write(path) as temporary:
        figure.savefig(temporary, dpi=150)
    return path
