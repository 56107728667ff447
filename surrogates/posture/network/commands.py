"""What `wormtwin train` and `evaluate` do with models of postures: they are judged by the next frame."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.table import Table

from datasets.dataset import Dataset
from datasets.plots import save_figure
from neuron_models.foundation.printing import print_whole
from surrogates.posture.network.fitting import fit_and_predict
from surrogates.posture.network.models import POSTURE_MODELS
from surrogates.posture.network.plots import plot_next_frames
from surrogates.posture.network.prediction import NETWORK, NextFrame, score_next_frame
from surrogates.runs.model_file import Channels
from surrogates.runs.run_folder import how_it_went
from surrogates.training.model_kind import look_up
from surrogates.training.trainer import TrainingConfig


def train(
    dataset: Dataset, model: str, settings: Mapping[str, Any], config: TrainingConfig, out: Path, data: str
) -> None:
    """Train a network on postures, score the next frame and print the scores."""
    trained, training, found = fit_and_predict(dataset, model, settings, config, out, data=data)
    _print_next_frame(found, dataset.x_units)
    print(how_it_went(trained, training, out))


def evaluate(trained: Any, channels: Channels, dataset: Dataset, plot: Path | None) -> None:
    """Score the next frame by split and by channel, and draw it over the recorded ones into `plot`."""
    dataset = look_up(channels.model, POSTURE_MODELS).prepare(dataset)
    channels.require_same(dataset)
    _print_next_frame(score_next_frame(trained, dataset), dataset.x_units)
    if plot is not None:
        save_figure(plot_next_frames(trained, dataset), plot)


def _print_next_frame(found: NextFrame, units: str) -> None:
    """Print the error of the next frame by split and method, over all channels and by channel."""
    splits = list(found.scores[NETWORK])
    channels = list(found.scores[NETWORK][splits[0]].rmse_by_output)
    table = Table("split", "next frame from", f"RMSE ({units})", *channels, title="RMSE of the next frame")
    for split in splits:
        for name, scores in found.scores.items():
            told = f"{name}, {found.lags} lags" if name.startswith("linear") else name
            row = scores[split]
            table.add_row(split, told, f"{row.rmse:.4g}", *(f"{row.rmse_by_output[each]:.4g}" for each in channels))
    print_whole(table)
