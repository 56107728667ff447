"""What the commands on datasets have to know of calls."""

from datasets.dataset import Dataset
from datasets.topics import DataTopic


def _owns(dataset: Dataset) -> bool:
    return "spectrogram" in dataset.extra


TOPIC = DataTopic(_owns)
