"""What `wormtwin train` and `evaluate` do with models that forecast calcium traces."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from datasets.dataset import Dataset
from datasets.plots import save_figure
from neuron_models.foundation.printing import print_whole
from surrogates.calcium.forecasts.fitting import fit_and_forecast, score_splits
from surrogates.calcium.forecasts.models import TRAJECTORY_MODELS
from surrogates.calcium.forecasts.plots import plot_forecast_errors
from surrogates.runs.model_file import Channels
from surrogates.runs.run_folder import how_it_went
from surrogates.training.model_kind import look_up
from surrogates.training.trainer import TrainingConfig


def train(
    dataset: Dataset, model: str, settings: Mapping[str, Any], config: TrainingConfig, out: Path, data: str
) -> None:
    """Train a model, score its forecasts and print the scores."""
    trained, training, scores = fit_and_forecast(dataset, model, settings, config, out, data=data)
    _print_forecast_scores(scores)
    print(how_it_went(trained, training, out))


def evaluate(trained: Any, channels: Channels, dataset: Dataset, plot: Path | None) -> None:
    """Score forecasts by split and by step, and draw the errors into `plot`."""
    dataset = look_up(channels.model, TRAJECTORY_MODELS).prepare(dataset)
    channels.require_same(dataset)
    scores = score_splits(trained, dataset)
    _print_forecast_scores(scores)
    if plot is not None:
        save_figure(plot_forecast_errors(scores, dataset.dt), plot)


def _print_forecast_scores(scores: Mapping[str, Mapping[str, Sequence[float]]]) -> None:
    """Print the RMSE of some steps by split, and those of persistence."""
    shown = (1, 2, 4, 8, 12, 16)
    table = Table("split", "forecast", *(f"step {step}" for step in shown), title="RMSE by step, share of the range")
    for split, both in scores.items():
        for name, errors in both.items():
            table.add_row(split, name, *(f"{errors[step - 1]:.4f}" for step in shown))
    print_whole(table)
