"""What the commands on datasets have to know of responses to stimuli."""

from datasets.dataset import Dataset
from datasets.topics import FOLDER, DataTopic


def _owns(dataset: Dataset) -> bool:
    return dataset.task == "regression"


TOPIC = DataTopic(
    _owns,
    hidden=("stimuli", "key"),
    imports={"dataset import-io": (".csv", ".mat"), "dataset import-dat": (FOLDER,)},
)
