"""Trains a model that forecasts, from a dataset to a folder, and scores it by split and by step."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from datasets.dataset import SPLITS, Dataset
from surrogates.backend import keras
from surrogates.calcium.forecasts.models import TRAJECTORY_MODELS
from surrogates.calcium.forecasts.plots import plot_forecast_errors
from surrogates.calcium.forecasts.windows import errors_by_step, forecast, forecastable, forecasts
from surrogates.runs.model_file import Channels
from surrogates.runs.run_folder import leave_model, leave_scores
from surrogates.training.model_kind import fit_model, look_up
from surrogates.training.trainer import Training, TrainingConfig

ERRORS_PLOT = "errors.png"
Scores = dict[str, dict[str, list[float]]]
"""By split, the RMSE of every step: of the model, and of persistence."""


def score_splits(model: keras.Model, dataset: Dataset) -> Scores:
    """The errors of a model and of persistence by split; trials of no split are scored together as "all".

    Raises:
        InputError: a recording is too short to forecast, or the model takes other neurons.
    """
    dataset = forecastable(dataset)
    parts = {split: [i for i, t in enumerate(dataset) if (t.split or "all") == split] for split in (*SPLITS, "all")}
    scores: Scores = {}
    for split, places in parts.items():
        if places:
            cut = forecasts(dataset.select(places))
            kept = np.repeat(cut.seen[:, -1:], cut.future.shape[1], axis=1)
            both = {"model": forecast(model, cut.seen), "persistence": kept}
            scores[split] = {name: errors_by_step(given, cut.future).tolist() for name, given in both.items()}
    return scores


def fit_and_forecast(
    dataset: Dataset, model: str, settings: Mapping[str, Any], config: TrainingConfig, out: Path, *, data: str = ""
) -> tuple[keras.Model, Training, Scores]:
    """Train a model, score it, and write model, history, plots and last the scores into `out`.

    Args:
        dataset: traces, with training, and better also validation and test trials.
        model: one of `surrogates.calcium.forecasts.models.TRAJECTORY_MODELS`.
        settings: the model's own, such as `units`.
        config: epochs, batch size, learning rate, seed.
        out: the folder; `scores.json` in it is written last.
        data: the name of the data, for the record.

    Raises:
        InputError: no training trials, a recording that is too short, or as `fit_model` says.
        FloatingPointError: the loss was never finite.
    """
    ready = forecastable(dataset)
    trained, training = fit_model(look_up(model, TRAJECTORY_MODELS), ready, config, settings)
    scores = score_splits(trained, ready)
    figures = {ERRORS_PLOT: plot_forecast_errors(scores, ready.dt)}
    leave_model(trained, training, Channels.of(ready, model), out, figures, ready.x_units)
    leave_scores(trained, training, config, dataset, out, {"scores": scores}, model=model, data=data)
    return trained, training, scores
