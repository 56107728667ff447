"""What the commands on datasets have to know of labelled images."""

from datasets.dataset import Dataset
from datasets.topics import DataTopic


def _owns(dataset: Dataset) -> bool:
    return dataset.task == "keypoints"


def _print_details(dataset: Dataset) -> None:
    from datasets.pose.summary import print_labelled

    print_labelled(dataset)


TOPIC = DataTopic(_owns, print_details=_print_details, hidden=("skeleton", "crop", "flagged", "body_length"))
