"""A choice of frames as a table and as a picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from datasets.dataset import Trial
from datasets.pose.sampling.frame_choice import Diversity, Pool
from neuron_models.foundation.csv_file import write_csv
from neuron_models.foundation.files import atomic_write, require_figure_path


def save_choice(trials: Sequence[Trial], pool: Pool, chosen: np.ndarray, out: Path) -> Path:
    """Write the columns order, trial, frame, cluster, in the order in which to label.

    `chosen` (choice,) holds indices in the pool.
    """
    import pandas as pd

    names = [trials[t].name for t in pool.trial[chosen]]
    columns = {"order": np.arange(1, len(chosen) + 1), "trial": names, "frame": pool.frame[chosen]}
    with atomic_write(out) as temporary:
        write_csv(pd.DataFrame({**columns, "cluster": pool.cluster[chosen]}), temporary, index=False)
    return out


def save_choice_picture(
    trials: Sequence[Trial], pool: Pool, choices: dict[str, tuple[np.ndarray, Diversity]], out: Path
) -> Path:
    """Draw each choice over the pool in its first two principal components, and the first frames chosen.

    A choice is its indices (choice,) in the pool.

    Raises:
        InputError: the file's name ends in none of the known kinds.
    """
    from matplotlib.figure import Figure

    require_figure_path(out)
    figure = Figure(figsize=(10, 6.4), layout="constrained")
    rows: Any = figure.subfigures(2, 1, height_ratios=[3.4, 2.6])
    for axis, (name, (chosen, bins)) in zip(rows[0].subplots(1, len(choices)), choices.items(), strict=True):
        axis.scatter(*pool.features[:, :2].T, s=5, color="#B0B0B0", label="all frames")
        axis.scatter(*pool.features[chosen, :2].T, s=14, color="#D55E00", edgecolor="black", lw=0.3, label="chosen")
        text = f"distance to the nearest {bins.distance:.3f}, coverage {100 * bins.coverage:.0f} %"
        axis.set_title(f"{name}\n{text}", fontsize=9)
        axis.set(xlabel="first component (grey values)", ylabel="second component (grey values)")
    rows[0].axes[0].legend(fontsize=8)
    first = next(iter(choices.values()))[0]
    axes = rows[1].subplots(2, 8).ravel()
    for axis in axes:
        axis.set_axis_off()
    for axis, place in zip(axes, first, strict=False):
        image = np.asarray(trials[pool.trial[place]].x[int(pool.frame[place])])
        axis.imshow(image[0] if len(image) == 1 else image.transpose(1, 2, 0), cmap="gray")
        axis.set_title(f"cluster {pool.cluster[place]}", fontsize=7)
    with atomic_write(out) as temporary:
        figure.savefig(temporary, dpi=130, facecolor="#FCFCFA")
    return out
