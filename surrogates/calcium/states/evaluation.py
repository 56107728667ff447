"""How models that tell behaviour states are scored: accuracy and recall by split, and the confusion of the states."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from matplotlib.figure import Figure
from rich.table import Table

from datasets.dataset import Dataset
from neuron_models.foundation.printing import print_whole
from surrogates.calcium.states.classification import ClassScore, score_classes
from surrogates.runs.model_file import ModelSignature
from surrogates.training.confusion import plot_confusion
from surrogates.training.model_kind import Evaluation, ModelKind


@dataclass(frozen=True, eq=False)
class StateEvaluation(Evaluation):
    """How a classifier separates the states of a dataset, by split; `rule` names the state rule."""

    figure_file: ClassVar[str] = "confusion.png"

    scores: Mapping[str, ClassScore]
    rule: str

    def record(self) -> dict[str, Any]:
        """The state rule, and the scores by split."""
        return {"rule": self.rule, "scores": {split: asdict(score) for split, score in self.scores.items()}}

    def plot(self) -> Figure:
        """Draw the confusion of the states by split."""
        classes = list(next(iter(self.scores.values())).recall)
        return plot_confusion({split: score.confusion for split, score in self.scores.items()}, classes)

    def print_scores(self) -> None:
        """Print accuracy, chance and each class's recall by split, and the confusion of the last split."""
        classes = list(next(iter(self.scores.values())).recall)
        table = Table("split", "accuracy", "chance", *classes, title="Accuracy, and recall by state, in %")
        for split, score in self.scores.items():
            cells = [score.accuracy, score.chance, *(score.recall[name] for name in classes)]
            table.add_row(split, *(f"{100 * cell:.1f}" for cell in cells))
        split, score = list(self.scores.items())[-1]
        confusion = Table("true \\ given", *classes, title=f"Confusion ({split}), in windows")
        for name, row in zip(classes, score.confusion, strict=True):
            confusion.add_row(name, *map(str, row))
        print_whole(table, confusion)


def evaluate_states(model: Any, kind: ModelKind, dataset: Dataset, signature: ModelSignature | None) -> StateEvaluation:
    """Score a classifier on a dataset with features."""
    return StateEvaluation(score_classes(model, kind, dataset), str(dataset.extra.get("rule", "")))
