"""What `wormtwin train` and `evaluate` do with models that tell behaviour states."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.table import Table

from datasets.dataset import Dataset
from datasets.plots import save_figure
from neuron_models.foundation.printing import print_whole
from surrogates.calcium.states.classification import ClassScore, fit_and_classify, score_classes
from surrogates.calcium.states.models import STATE_MODELS
from surrogates.runs.model_file import Channels
from surrogates.runs.run_folder import how_it_went
from surrogates.training.confusion import plot_confusion
from surrogates.training.model_kind import look_up
from surrogates.training.trainer import TrainingConfig


def train(
    dataset: Dataset, model: str, settings: Mapping[str, Any], config: TrainingConfig, out: Path, data: str
) -> None:
    """Train a classifier, score it and print the scores."""
    trained, training, scores = fit_and_classify(dataset, model, settings, config, out, data=data)
    _print_class_scores(scores)
    print(how_it_went(trained, training, out))


def evaluate(trained: Any, channels: Channels, dataset: Dataset, plot: Path | None) -> None:
    """Score a classifier by split and by state, and draw the confusion of the states into `plot`."""
    kind = look_up(channels.model, STATE_MODELS)
    dataset = kind.prepare(dataset)
    channels.require_same(dataset)
    scores = score_classes(trained, kind, dataset)
    _print_class_scores(scores)
    if plot is not None:
        save_figure(plot_confusion({split: s.confusion for split, s in scores.items()}, channels.classes), plot)


def _print_class_scores(scores: Mapping[str, ClassScore]) -> None:
    """Print accuracy, chance and each class's recall by split, and the confusion of the last split."""
    classes = list(next(iter(scores.values())).recall)
    table = Table("split", "accuracy", "chance", *classes, title="Accuracy, and recall by state, in %")
    for split, score in scores.items():
        cells = [score.accuracy, score.chance, *(score.recall[name] for name in classes)]
        table.add_row(split, *(f"{100 * cell:.1f}" for cell in cells))
    split, score = list(scores.items())[-1]
    confusion = Table("true \\ given", *classes, title=f"Confusion ({split}), in windows")
    for name, row in zip(classes, score.confusion, strict=True):
        confusion.add_row(name, *map(str, row))
    print_whole(table, confusion)
