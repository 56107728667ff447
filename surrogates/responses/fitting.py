"""Fits a model to a dataset, scores it and leaves a folder that holds everything about it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from datasets.dataset import Dataset
from datasets.plots import plot_traces
from surrogates.responses.models.table import MODELS
from surrogates.runs.model_file import Channels
from surrogates.runs.result import (
    TRACES_FILE,
    Result,
    save_result,
    versions,
)
from surrogates.runs.run_folder import leave_model
from surrogates.training.metrics import predict, score, step_microseconds
from surrogates.training.model_kind import fit_model, look_up
from surrogates.training.trainer import TrainingConfig

_SHOWN = 3


def fit_and_score(
    dataset: Dataset,
    model: str,
    settings: Mapping[str, Any],
    config: TrainingConfig,
    out: Path,
    *,
    experiment: str = "train",
    data: str = "",
    progress: bool = True,
    pictures: bool = True,
) -> Result:
    """Train a model, score it in free run, and write model, history, plots and last the scores into `out`.

    Args:
        dataset: with training, and better also validation and test trials.
        model: one of `surrogates.responses.models.table.MODELS`.
        settings: the model's own, such as `units`.
        config: epochs, batch size, learning rate, seed.
        out: the folder; `scores.json` in it is written last, so that its presence says that all is there.
        experiment: what the run belongs to.
        data: the name of the data, for the record.
        progress: show a bar.
        pictures: draw the history and some traces too.

    Raises:
        InputError: an unknown model or setting, or a dataset without training trials or with a name
            that is not a printable line.
        FloatingPointError: the loss was never finite, or the free run is not.
    """
    channels = Channels.of(dataset)
    channels.require_sound()
    trained, training = fit_model(look_up(model, MODELS), dataset, config, settings, progress)
    predictions = predict(trained, dataset)
    result = Result(
        experiment=experiment,
        model=model,
        settings=training.settings,
        seed=config.seed,
        parameters=trained.count_params(),
        scores=score(dataset, predictions),
        best_epoch=training.best_epoch,
        seconds=training.seconds,
        data=data or dataset.name,
        versions=versions() | {"engine": training.engine},
        step_microseconds=step_microseconds(trained, dataset),
    )
    traces = plot_predictions(dataset, predictions, trained.name) if pictures else None
    leave_model(trained, training, channels, out, {TRACES_FILE: traces}, dataset.y_units, history=pictures)
    save_result(result, out)
    return result


def plot_predictions(dataset: Dataset, predictions: list[Float[np.ndarray, "time output"]], name: str):
    """Draw predicted over simulated traces for the first test trials (or the first of any, without a test split)."""
    tests = [i for i, trial in enumerate(dataset) if trial.split == "test"] or list(range(len(dataset)))
    shown = tests[:_SHOWN]
    return plot_traces(dataset, shown, {name: [predictions[i] for i in shown]})
