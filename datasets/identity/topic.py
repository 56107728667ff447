"""What the commands on datasets have to know of identities: none of their files is a dataset."""

from datasets.dataset import Dataset
from datasets.topics import DataTopic


def _owns(dataset: Dataset) -> bool:
    return "identities" in dataset.extra


TOPIC = DataTopic(_owns)
