"""What the commands on datasets, and model files, have to know of behaviours."""

from collections.abc import Mapping
from typing import Any

from datasets.dataset import Dataset
from datasets.topics import DataTopic
from neuron_models.foundation.errors import require


def _owns(dataset: Dataset) -> bool:
    return "behaviour" in dataset.extra


def _plot(dataset: Dataset, inputs: Any) -> Any:
    from datasets.behaviour.importing import labels_of
    from datasets.behaviour.plots import plot_ethograms

    require("classes" in dataset.extra, f"dataset {dataset.name!r} has no labels to draw: predict them first")
    rows = {trial.name: {"labels": labels_of(trial)} for trial in dataset}
    return plot_ethograms(rows, list(dataset.extra["classes"]), 1000 / dataset.dt)


def _validate_details(names: tuple[str, ...], details: Mapping[str, Any]) -> None:
    if "shortest_bout" in details:
        stated = details["shortest_bout"]
        each = stated if isinstance(stated, list) else [stated]
        fine = all(isinstance(one, int) and 1 <= one <= 10_000 for one in each) and len(each) > 0
        alike = not isinstance(stated, list) or len(stated) == len(details.get("shares", stated))
        require(fine and alike, f"shortest_bout must be a number of frames from 1 of each class, got {stated!r:.40}")
    if "transitions" in details:
        rows = details["transitions"]
        fine = isinstance(rows, list) and all(isinstance(row, list) and len(row) == len(rows) for row in rows)
        numbers = fine and all(isinstance(each, int | float) and 0 <= each <= 1 for row in rows for each in row)
        require(bool(numbers), "transitions must be rows of as many probabilities as there are classes")


TOPIC = DataTopic(
    _owns,
    _plot,
    hidden=("behaviour", "left_out"),
    validate_details=_validate_details,
    imports={"behaviour import": (".h5", ".hdf5", ".slp", ".csv", ".mat", ".nwb", ".json", ".wcon")},
)
