"""How models of postures are scored: by the next frame, beside what needs no network."""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from matplotlib.figure import Figure
from rich.table import Table

from datasets.dataset import Dataset
from neuron_models.foundation.printing import print_whole
from surrogates.posture.network.plots import plot_next_frames
from surrogates.posture.network.prediction import NETWORK, NextFrame, score_next_frame
from surrogates.runs.model_file import ModelSignature
from surrogates.runs.result import TRACES_FILE
from surrogates.training.model_kind import Evaluation, ModelKind


@dataclass(frozen=True, eq=False)
class NextFrameEvaluation(Evaluation):
    """How well a network predicts the next frame of segments."""

    figure_file: ClassVar[str] = TRACES_FILE

    model: Any
    dataset: Dataset
    next_frame: NextFrame

    def record(self) -> dict[str, Any]:
        """The scores by method and split, and the lags of the autoregression."""
        scores = self.next_frame.scores.items()
        return {
            "scores": {name: {split: asdict(s) for split, s in each.items()} for name, each in scores},
            "lags_of_the_autoregression": self.next_frame.lags,
        }

    def plot(self) -> Figure:
        """Draw predicted over recorded frames."""
        return plot_next_frames(self.model, self.dataset)

    def print_scores(self) -> None:
        """Print the error of the next frame by split and method, over all channels and by channel."""
        measured, units = self.next_frame, self.dataset.x_units
        splits = list(measured.scores[NETWORK])
        channels = list(measured.scores[NETWORK][splits[0]].rmse_by_output)
        table = Table("split", "next frame from", f"RMSE ({units})", *channels, title="RMSE of the next frame")
        for split in splits:
            for name, scores in measured.scores.items():
                text = f"{name}, {measured.lags} lags" if name.startswith("linear") else name
                row = scores[split]
                table.add_row(split, text, f"{row.rmse:.4g}", *(f"{row.rmse_by_output[each]:.4g}" for each in channels))
        print_whole(table)


def evaluate_next_frame(
    model: Any, kind: ModelKind, dataset: Dataset, signature: ModelSignature | None
) -> NextFrameEvaluation:
    """Score the next frame."""
    return NextFrameEvaluation(model, dataset, score_next_frame(model, dataset))
