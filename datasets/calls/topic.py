"""What the commands on datasets have to know of calls."""

from collections.abc import Mapping
from typing import Any

from datasets.dataset import Dataset
from datasets.topics import DataTopic
from neuron_models.foundation.errors import InputError, require


def _owns(dataset: Dataset) -> bool:
    return "spectrogram" in dataset.extra


def _details(dataset: Dataset) -> dict[str, Any]:
    return {"spectrogram": dict(dataset.extra["spectrogram"])}


def _validate(names: tuple[str, ...], details: Mapping[str, Any]) -> None:
    facts = details.get("spectrogram")
    if facts is None:
        return
    keys = {"low", "high", "bins", "step"}
    sound = isinstance(facts, dict) and set(facts) == keys
    if not sound or not all(isinstance(facts[key], int | float) and facts[key] > 0 for key in keys):
        raise InputError(f"spectrogram must hold {', '.join(sorted(keys))}, each > 0, got {facts!r:.60}")


def _require_same(names: tuple[str, ...], details: Mapping[str, Any], dataset: Dataset) -> None:
    mine, its = details.get("spectrogram"), dataset.extra["spectrogram"]
    require(mine == its, f"the model looks at the spectrogram {mine}, dataset {dataset.name!r} holds {its}")


TOPIC = DataTopic(
    _owns,
    details=_details,
    validate_details=_validate,
    require_details=_require_same,
    imports={"calls teach": (".wav", ".flac")},
)
