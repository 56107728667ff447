"""What the commands on datasets, and model files, have to know of labelled images."""

from collections.abc import Mapping
from typing import Any

from datasets.dataset import Dataset
from datasets.topics import DataTopic


def _owns(dataset: Dataset) -> bool:
    return dataset.task == "keypoints"


def _print_details(dataset: Dataset) -> None:
    from datasets.pose.summary import print_labelled

    print_labelled(dataset)


def _details(dataset: Dataset) -> dict[str, Any]:
    from datasets.pose.labelled import network_details

    return network_details(dataset)


def _require_details(names: tuple[str, ...], details: Mapping[str, Any], dataset: Dataset) -> None:
    from datasets.pose.labelled import skeleton_of
    from datasets.pose.skeleton import require_same_keypoints, skeleton_from

    require_same_keypoints(skeleton_from(names, details), skeleton_of(dataset), f"dataset {dataset.name!r}")


def _validate_details(names: tuple[str, ...], details: Mapping[str, Any]) -> None:
    from datasets.pose.skeleton import skeleton_from, validate_size

    if "size" in details:
        validate_size(details["size"])
        skeleton_from(names, details)


TOPIC = DataTopic(
    _owns,
    print_details=_print_details,
    hidden=("skeleton", "crop", "flagged", "body_length"),
    details=_details,
    require_details=_require_details,
    validate_details=_validate_details,
)
