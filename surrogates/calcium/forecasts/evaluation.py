"""How models that forecast calcium traces are scored: by split and by step, beside persistence."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from matplotlib.figure import Figure
from rich.table import Table

from datasets.dataset import SPLITS, Dataset
from neuron_models.foundation.printing import print_whole
from neuron_models.foundation.units import Milliseconds
from surrogates.backend import keras
from surrogates.calcium.forecasts.plots import plot_forecast_errors
from surrogates.calcium.forecasts.windows import errors_by_step, forecast, forecastable, forecasts
from surrogates.runs.model_file import ModelSignature
from surrogates.training.model_kind import Evaluation, ModelKind

Scores = dict[str, dict[str, list[float]]]
"""By split, the RMSE of every step: of the model, and of persistence."""


@dataclass(frozen=True, eq=False)
class ForecastEvaluation(Evaluation):
    """The errors of forecasts by split and step."""

    figure_file: ClassVar[str] = "errors.png"

    scores: Scores
    dt: Milliseconds

    def record(self) -> dict[str, Any]:
        """The errors by split: of the model and of persistence."""
        return {"scores": self.scores}

    def plot(self) -> Figure:
        """Draw the errors by step."""
        return plot_forecast_errors(self.scores, self.dt)

    def print_scores(self) -> None:
        """Print the RMSE of some steps by split, and those of persistence."""
        shown = (1, 2, 4, 8, 12, 16)
        table = Table(
            "split", "forecast", *(f"step {step}" for step in shown), title="RMSE by step, share of the range"
        )
        for split, both in self.scores.items():
            for name, errors in both.items():
                table.add_row(split, name, *(f"{errors[step - 1]:.4f}" for step in shown))
        print_whole(table)


def evaluate_forecasts(
    model: Any, kind: ModelKind, dataset: Dataset, signature: ModelSignature | None
) -> ForecastEvaluation:
    """Score the forecasts of a model."""
    return ForecastEvaluation(score_splits(model, dataset), dataset.dt)


def score_splits(model: keras.Model, dataset: Dataset) -> Scores:
    """The errors of a model and of persistence by split; trials of no split are scored together as "all".

    Raises:
        InputError: a recording is too short to forecast, or the model takes other neurons.
    """
    dataset = forecastable(dataset)
    parts = {split: [i for i, t in enumerate(dataset) if (t.split or "all") == split] for split in (*SPLITS, "all")}
    scores: Scores = {}
    for split, indices in parts.items():
        if indices:
            cut = forecasts(dataset.select(indices))
            kept = np.repeat(cut.seen[:, -1:], cut.future.shape[1], axis=1)
            both = {"model": forecast(model, cut.seen), "persistence": kept}
            scores[split] = {name: errors_by_step(predicted, cut.future).tolist() for name, predicted in both.items()}
    return scores
