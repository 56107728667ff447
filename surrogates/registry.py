"""Every model of every topic, by name."""

from collections.abc import Mapping
from typing import Any

from datasets.dataset import Dataset
from datasets.topics import topic_modules
from surrogates.training.configuration import Training, TrainingConfig
from surrogates.training.model_kind import ModelKind, fit_model, look_up

MODELS: dict[str, ModelKind] = {
    name: kind for module in topic_modules("surrogates") for name, kind in module.MODELS.items()
}
"""The tables of the topics, merged."""


def model_kind(name: str) -> ModelKind:
    """Look a model up.

    Raises:
        InputError: there is no such model; the message lists those that there are.
    """
    return look_up(name, MODELS)


def train_model(
    name: str, dataset: Dataset, config: TrainingConfig, settings: Mapping[str, Any], progress: bool = True
) -> tuple[Any, Training]:
    """Build the model of this name for a dataset as it is stored and train it, as `fit_model` says.

    Raises:
        InputError: an unknown model, a setting that it does not have, or a dataset for another task.
        FloatingPointError: the loss, or every candidate's free run, was not finite.
    """
    kind = model_kind(name)
    return fit_model(kind, kind.prepare(dataset), config, settings, progress)
