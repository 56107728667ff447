"""What the commands on datasets have to know of calcium recordings."""

from typing import Any

from datasets.dataset import Dataset
from datasets.topics import DataTopic


def _owns(dataset: Dataset) -> bool:
    from datasets.calcium.plots import is_calcium

    return is_calcium(dataset)


def _plot(dataset: Dataset, neurons: Any) -> Any:
    from datasets.calcium.plots import plot_recordings

    return plot_recordings(dataset, neurons)


TOPIC = DataTopic(_owns, _plot, hidden=("neurons",), imports={"calcium import": (".npz", ".mat", ".nwb")})
