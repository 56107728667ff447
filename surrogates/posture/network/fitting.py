"""Trains a network that predicts postures, from a dataset to a folder."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from datasets.dataset import Dataset
from surrogates.backend import keras
from surrogates.posture.network.models import POSTURE_MODELS
from surrogates.posture.network.plots import plot_next_frames
from surrogates.posture.network.prediction import NextFrame, score_next_frame
from surrogates.posture.network.segments import stretches
from surrogates.runs.model_file import Channels
from surrogates.runs.result import TRACES_FILE
from surrogates.runs.run_folder import leave_model, leave_scores
from surrogates.training.model_kind import fit_model, look_up
from surrogates.training.trainer import Training, TrainingConfig


def fit_and_predict(
    dataset: Dataset, model: str, settings: Mapping[str, Any], config: TrainingConfig, out: Path, *, data: str = ""
) -> tuple[keras.Model, Training, NextFrame]:
    """Train a network on postures, score the next frame, and write model, history, plots and scores into `out`.

    Args:
        dataset: of amplitudes; of recordings without a split, the last tenth validates.
        model: one of `surrogates.posture.network.models.POSTURE_MODELS` that is for predicting the next step.
        settings: the model's own, such as `units`.
        config: epochs, batch size, learning rate, seed.
        out: the folder; `scores.json` in it is written last.
        data: the name of the data, for the record.

    Raises:
        InputError: see `stretches` and `fit_model`.
        FloatingPointError: the loss was never finite.
    """
    cut = stretches(dataset)
    channels = Channels.of(cut, model)
    channels.require_sound()
    trained, training = fit_model(look_up(model, POSTURE_MODELS), cut, config, settings)
    found = score_next_frame(trained, cut)
    leave_model(trained, training, channels, out, {TRACES_FILE: plot_next_frames(trained, cut)})
    told = {
        "scores": {name: {split: asdict(s) for split, s in each.items()} for name, each in found.scores.items()},
        "lags_of_the_autoregression": found.lags,
    }
    leave_scores(trained, training, config, dataset, out, told, model=model, data=data)
    return trained, training, found
