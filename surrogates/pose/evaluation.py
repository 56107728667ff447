"""How networks that find key points are scored: by the distance of found from labelled key points."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from matplotlib.figure import Figure
from rich.table import Table

from datasets.dataset import Dataset
from neuron_models.foundation.errors import InputError
from neuron_models.foundation.printing import print_whole
from surrogates.backend import keras
from surrogates.pose.plots import plot_circles
from surrogates.pose.prediction import BATCH, Finder, KeyPoints, find_in_dataset, keypoint_finder
from surrogates.pose.presence import PresenceScore, kept_threshold, score_presence, why_not
from surrogates.pose.scores import KeyPointScore, PoseScore, score_keypoints, video_pixels
from surrogates.runs.model_file import ModelSignature
from surrogates.training.model_kind import Evaluation, ModelKind


@dataclass(frozen=True, eq=False)
class PoseEvaluation(Evaluation):
    """The key points that a network finds in the images of a dataset, one value a trial, and their scores by split."""

    figure_file: ClassVar[str] = "circles.png"

    dataset: Dataset
    found: list[KeyPoints]
    scores: Mapping[str, PoseScore]
    presence: Mapping[str, PresenceScore] = field(default_factory=dict)

    def record(self) -> dict[str, Any]:
        """The scores by split."""
        presence = {split: asdict(score) for split, score in self.presence.items()}
        scores = {split: asdict(score) for split, score in self.scores.items()}
        return {"scores": scores, **({"presence": presence} if presence else {})}

    def details(self) -> dict[str, Any]:
        """The confidence that tells which key points are there, if the data tell it."""
        return kept_threshold(self.presence)

    def plot(self) -> Figure:
        """Draw circles of the errors around key points."""
        return plot_circles(self.dataset, self.found)

    def print_scores(self) -> None:
        """Print the errors of key points by split, and by key point of the last split."""
        heads = (
            "median px",
            "90 % px",
            "95 % px",
            "RMSE px",
            "median of body %",
            "within 2.5 %",
            "within 5 %",
            "within 10 %",
        )
        table = Table("split", "frames", *heads, "mAP (OKS)", title="Distance of found from labelled key points")
        for split, score in self.scores.items():
            table.add_row(split, str(score.frames), *_pose_cells(score.keypoints), f"{score.precision:.3f}")
        split, score = list(self.scores.items())[-1]
        keypoints = Table("key point", "labelled", *heads, title=f"By key point ({split})")
        for name, each in score.by_keypoint.items():
            keypoints.add_row(name, str(each.number), *_pose_cells(each))
        print_whole(table, keypoints)
        self._print_presence()
        least, most = video_pixels(self.dataset)
        if round(least, 3) != 1 or round(most, 3) != 1:
            scale = f"{most:.3g}" if round(least, 3) == round(most, 3) else f"{least:.3g} to {most:.3g}"
            print(f"px are those of the images, which were scaled: 1 px of them is {scale} px of the video.")

    def _print_presence(self) -> None:
        """Print how well the confidence shows which key points are there, or why nobody can say."""
        if not self.presence:
            print(f"Presence of key points is not scored: {why_not(self.dataset)}.")
            return
        any_score = next(iter(self.presence.values()))
        title = f"Presence: confidence >= {any_score.threshold:.3g}, chosen on {any_score.chosen_on} frames"
        table = Table("split", "present", "absent", "precision %", "recall %", "F1 %", title=title)
        for split, each in self.presence.items():
            shares = (f"{100 * value:.1f}" for value in (each.precision, each.recall, each.f1))
            table.add_row(split, str(each.present), str(each.absent), *shares)
        print_whole(table)


def evaluate_keypoints(
    model: Any, kind: ModelKind, dataset: Dataset, signature: ModelSignature | None
) -> PoseEvaluation:
    """Find the key points of every image and score them."""
    signature = signature or ModelSignature.of(dataset, kind.name)
    keypoints = find_in_dataset(kind_finder(kind, model, signature), dataset)
    presence = score_presence(dataset, keypoints, signature.details.get("presence"))
    return PoseEvaluation(dataset, keypoints, score_keypoints(dataset, keypoints), presence)


def kind_finder(
    kind: ModelKind, model: keras.Model, signature: ModelSignature, *, refine: bool = True, batch: int = BATCH
) -> Finder:
    """What finds key points with a network of a kind.

    Raises:
        InputError: the signature does not tell the size of the images.
    """
    if "size" not in signature.details:
        raise InputError(f"model {signature.model or model.name!r} finds no key points")
    high, wide = signature.details["size"]
    return keypoint_finder(model, kind.objective.loss, (high, wide), refine=refine, batch=batch)


def _pose_cells(score: KeyPointScore) -> list[str]:
    """Percentiles in px, the median over the body length and the shares of near key points in %."""
    pixels = [f"{value:.2f}" for value in (score.median, score.p90, score.p95, score.rmse)]
    return [*pixels, f"{100 * score.relative:.2f}", *(f"{100 * share:.1f}" for share in score.near.values())]
