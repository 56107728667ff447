"""Models as the survey sees them: something that answers stimuli, and its step where that is known."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from datasets.dataset import Dataset
from neuron_models.foundation.errors import InputError, require
from surrogates.backend import keras
from surrogates.responses.models.table import MODELS
from surrogates.runs.model_file import load_model
from surrogates.runs.result import SCORES_FILE
from surrogates.steps.layers import LAYERS, exported_layers, step_of
from surrogates.steps.step import Step
from surrogates.training.configuration import TrainingConfig
from surrogates.training.metrics import Respond, respond
from surrogates.training.model_kind import ModelKind, look_up


@dataclass(frozen=True, eq=False)
class Recipe:
    """How a model was trained, so that it can be trained anew on fewer trials."""

    kind: ModelKind
    settings: Mapping[str, Any]
    config: TrainingConfig


@dataclass(frozen=True, eq=False)
class Subject:
    """A model: its name on the page, its numbers, what runs it, its step and recipe (None where they are unknown).

    `derived` says that no data made it.
    """

    name: str
    numbers: int
    run: Respond
    step: Step | None = None
    recipe: Recipe | None = None
    derived: bool = False
    model: Any = field(default=None, repr=False)


def subject_of(model: Any, name: str = "", recipe: Recipe | None = None, derived: bool = False) -> Subject:
    """A Keras model as a subject; its step is known where it is a chain of layers that exports know."""
    chain = isinstance(model, keras.Sequential) and all(kind in LAYERS for kind, _ in exported_layers(model))
    step = step_of(model) if chain else None
    return Subject(name or model.name, model.count_params(), respond(model), step, recipe, derived, model)


def read_subjects(paths: list[Path], dataset: Dataset) -> list[Subject]:
    """The subjects of some model files; models of one name are told apart by their folders.

    Raises:
        InputError: a file is no model, or of other channels than the dataset.
    """
    found = []
    for path in paths:
        model, signature = load_model(path)
        require(len(model.output_shape) == 3, f"{path} answers no stimuli: physics is measured on models of responses")
        if signature is not None:
            signature.require_same(dataset)
        found.append((path, model))
    names = [model.name for _, model in found]
    return [
        subject_of(
            model, model.name if names.count(model.name) == 1 else f"{model.name} {path.parent.name}", _recipe(path)
        )
        for path, model in found
    ]


def _recipe(path: Path) -> Recipe | None:
    """How a model was trained, as the scores beside it say; None where nothing says so."""
    try:
        content = json.loads((path.parent / SCORES_FILE).read_text())
        kind = look_up(content["model"], MODELS)
        settings = {name: value for name, value in content["settings"].items() if name not in kind.chosen}
        given = {"learning_rate": kind.learning_rate, **kind.training_defaults, **content.get("training", {})}
        return Recipe(kind, settings, TrainingConfig(**given, seed=content["seed"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, InputError):
        return None
