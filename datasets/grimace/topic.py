"""What the commands on datasets, and model files, have to know of scored faces."""

from typing import Any

from datasets.dataset import Dataset
from datasets.topics import FOLDER, DataTopic


def _owns(dataset: Dataset) -> bool:
    return "grimace" in dataset.extra


def _plot(dataset: Dataset, inputs: Any) -> Any:
    from datasets.grimace.plots import plot_faces

    return plot_faces(dataset)


def _print_details(dataset: Dataset) -> None:
    from datasets.grimace.units import NOT_ESTABLISHED

    print(NOT_ESTABLISHED)


def _details(dataset: Dataset) -> dict[str, Any]:
    from datasets.grimace.units import NOT_ESTABLISHED

    return {"size": list(dataset.trials[0].x.shape[2:]), "grimace": NOT_ESTABLISHED}


TOPIC = DataTopic(
    _owns,
    _plot,
    print_details=_print_details,
    hidden=("grimace", "images", "ratings", "sampled"),
    details=_details,
    imports={"grimace import": (FOLDER,)},
)
