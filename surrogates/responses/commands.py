"""What `wormtwin train` and `evaluate` do with models of responses to stimuli."""

import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.table import Table

from datasets.dataset import Dataset
from datasets.plots import save_figure
from neuron_models.foundation.printing import print_whole
from neuron_models.foundation.wording import counted
from surrogates.responses.fitting import fit_and_score, plot_predictions
from surrogates.responses.models.table import MODELS
from surrogates.runs.model_file import Channels
from surrogates.runs.result import Result
from surrogates.training.metrics import Score, predict, rmse_of_mean, score
from surrogates.training.model_kind import look_up
from surrogates.training.trainer import TrainingConfig


def train(
    dataset: Dataset, model: str, settings: Mapping[str, Any], config: TrainingConfig, out: Path, data: str
) -> None:
    """Train a model, score it in free run, and print the scores; what is suspicious goes to standard error."""
    kind = look_up(model, MODELS)
    result = fit_and_score(dataset, model, settings, config, out, data=data)
    _print_scores(result.scores, dataset.y_units)
    if doubt := _doubt(dataset, result, trained_by_epochs=not kind.closed_form and config.epochs > 1):
        print(f"wormtwin: warning: {doubt}", file=sys.stderr)
    chosen = "".join(f"{name} {result.settings[name]} chosen, " for name in kind.chosen if name not in settings)
    how = chosen if kind.closed_form else f"best epoch {result.best_epoch + 1}, "
    print(f"{counted(result.parameters, 'parameter')}, {how}{result.seconds:.1f} s; all in {out}")


def evaluate(trained: Any, channels: Channels | None, dataset: Dataset, plot: Path | None) -> None:
    """Score a model by split and by output, and draw predicted over simulated traces into `plot`."""
    if channels is not None:
        channels.require_same(dataset)
    predictions = predict(trained, dataset)
    _print_scores(score(dataset, predictions), dataset.y_units)
    if plot is not None:
        save_figure(plot_predictions(dataset, predictions, trained.name), plot)


def _doubt(dataset: Dataset, result: Result, trained_by_epochs: bool) -> str:
    """What is suspicious about a training whose loss stayed finite; empty when nothing is."""
    if trained_by_epochs and result.best_epoch == 0:
        return "the first epoch was the best, so that nothing was learned after it: try a smaller --learning-rate"
    split = "validation" if "validation" in result.scores else "train"
    found, mean = result.rmse(split), rmse_of_mean(dataset, split)
    if found <= mean or math.isnan(mean):
        return ""
    return (
        f"the {split} RMSE of {found:.4g} is worse than that of the outputs' mean, {mean:.4g}: the model is of no use"
    )


def _print_scores(scores: Mapping[str, Score], units: str) -> None:
    """Print a table of RMSE, and RMSE over range, by split and output."""
    outputs = list(next(iter(scores.values())).rmse_by_output)[:12]
    table = Table("split", f"RMSE ({units})", "of range", *outputs, title="RMSE by split and by output")
    for split, found in scores.items():
        cells = [f"{found.rmse_by_output[name]:.4g}" for name in outputs]
        table.add_row(split, f"{found.rmse:.4g}", f"{100 * found.relative:.2f} %", *cells)
    print_whole(table)
