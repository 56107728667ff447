"""How long frames take to label: as a table and as a picture."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from datasets.pose.labelling.book import Spent
from neuron_models.foundation.csv_file import write_csv
from neuron_models.foundation.files import atomic_write

TABLE, PICTURE = "times.csv", "times.png"
_WIDTH = 20


def save_times(spent: Sequence[Spent], folder: Path) -> Path:
    """Write a row a visit of a frame with changes, in order, and draw the seconds that frames took one after another.

    Returns:
        The table: film, frame, seconds, changes, at (when the visit ended, Unix time in s).
    """
    import pandas as pd
    from matplotlib.figure import Figure

    rows = [(each.film, each.frame, each.seconds, each.changes, each.at) for each in spent]
    table = pd.DataFrame(rows, columns=["film", "frame", "seconds", "changes", "at"])
    with atomic_write(folder / TABLE) as temporary:
        write_csv(table, temporary, index=False)
    seconds = table.groupby(["film", "frame"], sort=False)["seconds"].sum().to_numpy()
    figure = Figure(figsize=(7, 3.2), layout="constrained")
    axis = figure.subplots()
    number = np.arange(1, len(seconds) + 1)
    axis.plot(number, seconds, ".", color="#56B4E9", label="a frame")
    medians = [float(np.median(seconds[max(0, k - _WIDTH) : k])) for k in number]
    axis.plot(number, medians, color="#0072B2", label=f"median of the last {_WIDTH}")
    axis.set(xlabel="labelled frames", ylabel="time a frame (s)", ylim=(0, None))
    axis.legend(fontsize=8)
    with atomic_write(folder / PICTURE) as temporary:
        figure.savefig(temporary, dpi=130, facecolor="#FCFCFA")
    return folder / TABLE
