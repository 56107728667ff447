"""How networks that find calls are scored: by the frames in which they say that a call is."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from rich.table import Table

from datasets.dataset import Dataset
from neuron_models.foundation.printing import print_whole
from surrogates.calls.detection.scores import Counts
from surrogates.runs.model_file import ModelSignature
from surrogates.training.model_kind import Evaluation, ModelKind

_AT_ONCE = 16


@dataclass(frozen=True, eq=False)
class DetectionEvaluation(Evaluation):
    """Counts by part of a dataset: frames with a call, and points (frame and band) of calls."""

    figure_file: ClassVar[str] = "calls.png"

    dataset: Dataset
    odds: Float[np.ndarray, "frame band"]
    frames: Mapping[str, Counts]
    points: Mapping[str, Counts]

    def record(self) -> dict[str, Any]:
        """The scores by part."""
        scores = {part: _figures(counts) for part, counts in self.frames.items()}
        return {"scores": scores, "points": {part: asdict(counts) for part, counts in self.points.items()}}

    def print_scores(self) -> None:
        """Print precision, recall and F1 by part."""
        table = Table("split", "frames with a call", "precision", "recall", "F1", "F1 of points")
        for part, counts in self.frames.items():
            shares = (*_figures(counts).values(), self.points[part].f1)
            table.add_row(part, str(int(counts.true)), *(f"{each:.3f}" for each in shares))
        print_whole(table)

    def plot(self) -> Figure:
        """Draw the last stretch: levels, where calls are, and where the network says so."""
        trial = self.dataset.trials[-1]
        true = np.asarray(trial.y[:]) if trial.y is not None else np.zeros_like(self.odds)
        figure = Figure(figsize=(8, 6), layout="constrained")
        panels = ((np.asarray(trial.x[:]), "levels"), (true, "calls"), (1 / (1 + np.exp(-self.odds)), "probability"))
        for axes, (image, title) in zip(figure.subplots(3, 1, sharex=True), panels, strict=True):
            axes.imshow(image.T, origin="lower", aspect="auto", cmap="gray_r")
            axes.set(title=title, yticks=[])
        axes.set_xlabel(f"frame of {self.dataset.dt:.2f} ms")
        return figure


def evaluate_detection(
    model: Any, kind: ModelKind, dataset: Dataset, signature: ModelSignature | None
) -> DetectionEvaluation:
    """Score a network on the stretches of a dataset; a call is where its log odds are above 0."""
    frames: dict[str, Counts] = {}
    points: dict[str, Counts] = {}
    odds = np.zeros((1, 1), np.float32)
    for part, indices in dataset.by_part().items():
        for start in range(0, len(indices), _AT_ONCE):
            x, y, _ = dataset.select(indices[start : start + _AT_ONCE]).stacked()
            found = np.asarray(model.predict_on_batch(x))
            said, true = np.asarray(found > 0), np.asarray(np.zeros_like(found) if y is None else y) > 0
            frames[part] = _added(frames.get(part), np.any(said, -1), np.any(true, -1))
            points[part] = _added(points.get(part), said, true)
            odds = found[-1] if indices[min(start + _AT_ONCE, len(indices)) - 1] == len(dataset) - 1 else odds
    return DetectionEvaluation(dataset, odds, frames, points)


def _added(before: Counts | None, found: Any, true: Any) -> Counts:
    counts = Counts(int((found & true).sum()), int(found.sum()), int(true.sum()))
    return counts if before is None else before + counts


def _figures(counts: Counts) -> dict[str, float]:
    return {"precision": counts.precision, "recall": counts.recall, "f1": counts.f1}
