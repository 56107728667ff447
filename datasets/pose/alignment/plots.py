"""A picture of an alignment: where the animals went, and some of their crops."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from datasets.dataset import ArrayLike, Dataset
from datasets.pose.alignment.align import Aligned
from datasets.pose.alignment.following import FOUND, STATUS
from datasets.video.background import find_background
from datasets.video.frame_readers import spread_frames
from neuron_models.foundation.files import atomic_write, require_figure_path

_COLOURS = ("#E69F00", "#56B4E9", "#CC79A7", "#F0E442", "#009E73")  # Okabe and Ito 2008, those that show on grey


def save_alignment_picture(video: ArrayLike, dataset: Dataset, aligned: Aligned, path: Path, crops: int = 8) -> Path:
    """Draw the tracks on the ground, when each animal was found, and crops spread over the video.

    `video` is (frame, channel, height, width), grey values.

    Raises:
        InputError: the file's name ends in none of the known kinds.
    """
    require_figure_path(path)
    animals = min(len(dataset), len(_COLOURS))
    figure = Figure(figsize=(11, 4.2 + 1.35 * animals), layout="constrained")
    rows: Any = figure.subfigures(2, 1, height_ratios=[4.2, 1.35 * animals])
    arena, time = rows[0].subplots(1, 2, width_ratios=[1.2, 1])
    arena.imshow(find_background(video, 20).ground, cmap="gray")
    for k in range(animals):
        arena.plot(*aligned.centre[:, k].T, color=_COLOURS[k], lw=1.2, label=dataset.trials[k].name)
        time.plot(aligned.status[:, k] + 0.08 * (k - animals / 2), ".", ms=2, color=_COLOURS[k])
    arena.set(xlabel="x (px)", ylabel="y (px)", title=f"{dataset.source}, {len(video)} frames")
    arena.legend(fontsize=8, loc="upper right")
    time.set_yticks(range(len(STATUS)), STATUS)
    time.set(xlabel="frame", ylim=(-0.5, len(STATUS) - 0.5), title="what each animal's frames are")
    _draw_crops(rows[1], dataset, aligned, animals, crops)
    with atomic_write(path) as beside:
        figure.savefig(beside, dpi=130, facecolor="#FCFCFA")
    return path


def _draw_crops(figure, dataset: Dataset, aligned: Aligned, animals: int, crops: int) -> None:
    axes = figure.subplots(animals, crops, squeeze=False)
    for k in range(animals):
        frames = np.flatnonzero(aligned.status[:, k] == FOUND)
        chosen = frames[spread_frames(len(frames), crops)] if len(frames) else frames
        for axis in axes[k]:
            axis.set_axis_off()
        for axis, frame in zip(axes[k], chosen, strict=False):
            image = np.asarray(dataset.trials[k].x[int(frame)])
            axis.imshow(image[0] if len(image) == 1 else image.transpose(1, 2, 0), cmap="gray", vmin=0, vmax=255)
            axis.set_title(f"frame {frame}", fontsize=7, color=_COLOURS[k] if k != 3 else "#555555")
