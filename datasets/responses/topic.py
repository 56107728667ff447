"""What the commands on datasets have to know of responses to stimuli."""

from datasets.dataset import Dataset
from datasets.topics import DataTopic


def _owns(dataset: Dataset) -> bool:
    return dataset.task == "regression"


TOPIC = DataTopic(_owns, hidden=("stimuli", "key"))
