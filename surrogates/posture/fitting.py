"""Trains a network that predicts postures, from a dataset to a folder."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from datasets.dataset import Dataset
from neuron_models.files import written_whole
from surrogates.backend import keras
from surrogates.model_file import Channels, save_model
from surrogates.models import train_model
from surrogates.posture.prediction import NETWORK, NextFrame, score_next_frame
from surrogates.posture.stretches import stretches
from surrogates.report.plots import plot_history, save_figure
from surrogates.report.posture_model_plots import plot_next_frames
from surrogates.result import HISTORY_PLOT, MODEL_FILE, SCORES_FILE, TRACES_FILE, save_history, versions, without_nan
from surrogates.training import Training, TrainingConfig


def fit_and_predict(
    dataset: Dataset, model: str, settings: Mapping[str, Any], config: TrainingConfig, out: Path, *, data: str = ""
) -> tuple[keras.Model, Training, NextFrame]:
    """Train a network on postures, score the next frame, and write model, history, plots and scores into `out`.

    Args:
        dataset: of amplitudes; of recordings without a split, the last tenth validates.
        model: one of `surrogates.models.MODELS` that is for predicting the next step.
        settings: the model's own, such as `units`.
        config: epochs, batch size, learning rate, seed.
        out: the folder; `scores.json` in it is written last.
        data: the name of the data, for the record.

    Raises:
        InputError: see `stretches` and `train_model`.
        FloatingPointError: the loss was never finite.
    """
    cut = stretches(dataset)
    channels = Channels.of(cut, model)
    channels.require_sound()
    trained, training = train_model(model, cut, config, settings)
    found = score_next_frame(trained, cut)
    for stale in (SCORES_FILE, HISTORY_PLOT, TRACES_FILE):
        (out / stale).unlink(missing_ok=True)
    save_model(trained, out / MODEL_FILE, channels)
    save_history(training, out)
    save_figure(plot_history(training.history, ""), out / HISTORY_PLOT)
    save_figure(plot_next_frames(trained, cut), out / TRACES_FILE)
    record = {
        "model": model,
        "settings": dict(training.settings),
        "seed": config.seed,
        "parameters": trained.count_params(),
        "scores": {name: {split: asdict(s) for split, s in each.items()} for name, each in found.scores.items()},
        "lags_of_the_autoregression": found.lags,
        "best_epoch": training.best_epoch,
        "seconds": training.seconds,
        "data": data or dataset.name,
        "versions": versions() | {"engine": training.engine},
    }
    with written_whole(out / SCORES_FILE) as beside:
        beside.write_text(json.dumps(without_nan(record), indent=1))
    return trained, training, found


def print_next_frame(found: NextFrame, units: str) -> None:
    """Print the error of the next frame by split and method, over all channels and by channel."""
    splits = list(found.scores[NETWORK])
    channels = list(found.scores[NETWORK][splits[0]].rmse_by_output)
    table = Table("split", "next frame from", f"RMSE ({units})", *channels, title="RMSE of the next frame")
    for split in splits:
        for name, scores in found.scores.items():
            told = f"{name}, {found.lags} lags" if name.startswith("linear") else name
            row = scores[split]
            table.add_row(split, told, f"{row.rmse:.4g}", *(f"{row.rmse_by_output[each]:.4g}" for each in channels))
    console = Console()
    console.width = max(console.width, 70 + 10 * len(channels))  # figures are never cut
    console.print(table)
