"""How models of grimace are scored: right scores, pain, correlation, calibration, and what abstention would cost."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from rich.table import Table
from scipy.special import expit

from datasets.dataset import Dataset
from datasets.grimace.scored import scores_of
from datasets.grimace.units import NOT_ESTABLISHED, OUTPUTS, UNITS
from neuron_models.foundation.printing import print_whole
from neuron_models.foundation.units import Dimensionless, Fraction
from surrogates.backend import keras, tensorflow_unseen
from surrogates.runs.model_file import ModelSignature
from surrogates.training.model_kind import Evaluation, ModelKind

BINS = 10
COVERAGES = (1.0, 0.9, 0.75, 0.5)


@dataclass(frozen=True)
class GrimaceScore:
    """The score of a split.

    Attributes:
        images: with a score.
        units: share of right scores of each unit; `every_unit` over all.
        pain: share of right answers.
        correlation: Pearson's, of the summed expected with the summed given scores of the units.
        calibration: expected calibration error of the likeliest answers, all outputs together, ten bins.
        kept: by coverage, the share of right answers among those most sure.
    """

    images: int
    units: Mapping[str, Fraction]
    every_unit: Fraction
    pain: Fraction
    correlation: Dimensionless
    calibration: Fraction
    kept: Mapping[str, Fraction]


@dataclass(frozen=True, eq=False)
class GrimaceEvaluation(Evaluation):
    """The probabilities of scores of all images, one array a trial, and their scores by split."""

    figure_file: ClassVar[str] = "calibration.png"

    dataset: Dataset
    shares: list[Float[np.ndarray, "image output 3"]]
    scores: Mapping[str, GrimaceScore]

    def record(self) -> dict[str, Any]:
        """The scores by split, and that they are of no animal."""
        return {"accuracy_on_animals": NOT_ESTABLISHED, "scores": {name: asdict(s) for name, s in self.scores.items()}}

    def print_scores(self) -> None:
        """Print a line a split and a line a unit."""
        table = Table("split", "images", "units right %", "pain right %", "correlation", "calibration error",
                      *(f"{100 * float(part):.0f} % most sure" for part in COVERAGES[1:]), title="Grimace")  # fmt: skip
        for split, each in self.scores.items():
            kept = [f"{100 * each.kept[f'{part:g}']:.1f}" for part in COVERAGES[1:]]
            table.add_row(split, str(each.images), f"{100 * each.every_unit:.1f}", f"{100 * each.pain:.1f}",
                          f"{each.correlation:.3f}", f"{each.calibration:.3f}", *kept)  # fmt: skip
        split, last = list(self.scores.items())[-1]
        units = Table("unit", "right %", title=f"By unit ({split})")
        for name, share in last.units.items():
            units.add_row(name, f"{100 * share:.1f}")
        print_whole(table, units)
        print(NOT_ESTABLISHED)

    def plot(self) -> Figure:
        """Draw how often answers are right against how sure they are."""
        figure = Figure(figsize=(4.5, 4.5), layout="constrained")
        ax = figure.subplots()
        ax.plot([0, 1], [0, 1], color="0.7")
        for split, rows in self.dataset.by_part().items():
            sure, right = answers(
                [self.shares[row] for row in rows], [scores_of(self.dataset.trials[row]) for row in rows]
            )
            bins = np.minimum((sure * BINS).astype(int), BINS - 1)
            there = [b for b in range(BINS) if (bins == b).sum() >= 5]
            ax.plot(
                [sure[bins == b].mean() for b in there], [right[bins == b].mean() for b in there], "o-", label=split
            )
        ax.set(xlabel="probability of the answer", ylabel="share that is right", xlim=(0, 1), ylim=(0, 1))
        ax.set_title(NOT_ESTABLISHED, fontsize=6, wrap=True)
        ax.legend()
        return figure


def shares_of(model: keras.Model, images: np.ndarray, batch: int = 16) -> Float[np.ndarray, "image output 3"]:
    """The probability of each score of each output, of images (image, height, width, colour)."""
    filled = np.concatenate([images, np.zeros((-len(images) % batch, *images.shape[1:]), images.dtype)])
    with tensorflow_unseen():
        odds = [np.asarray(model.predict_on_batch(filled[i : i + batch])) for i in range(0, len(filled), batch)]
    above = expit(np.concatenate(odds)[: len(images)].astype(float))
    one, two = above[:, 0], above[:, 1]
    return np.stack([1 - one, one - two, two], axis=-1)


def answers(
    shares: list[Float[np.ndarray, "image output 3"]], scores: list[Float[np.ndarray, "image output"]]
) -> tuple[Float[np.ndarray, " answer"], Float[np.ndarray, " answer"]]:
    """Probabilities of the likeliest answers, and which are right (1 or 0), of all outputs that were scored."""
    chance, true = np.concatenate(shares), np.concatenate(scores)
    known = np.isfinite(true)
    right = chance.argmax(axis=-1) == np.rint(np.nan_to_num(true))
    return chance.max(axis=-1)[known], right[known].astype(float)


def calibration_error(sure: Float[np.ndarray, " answer"], right: Float[np.ndarray, " answer"]) -> Fraction:
    """The mean distance of how sure answers are from how many are right, over ten bins by their numbers."""
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    parts = [(bins == b).mean() * abs(sure[bins == b].mean() - right[bins == b].mean()) for b in np.unique(bins)]
    return float(np.sum(parts))


def score_faces(
    shares: list[Float[np.ndarray, "image output 3"]], scores: list[Float[np.ndarray, "image output"]]
) -> GrimaceScore:
    """Score probabilities; means of raters count as the nearest score."""
    chance, true = np.concatenate(shares), np.concatenate(scores)
    right = np.where(np.isfinite(true), chance.argmax(axis=-1) == np.rint(np.nan_to_num(true)), np.nan)
    units = {name: _mean(right[:, column]) for column, name in enumerate(UNITS)}
    whole = np.isfinite(true[:, : len(UNITS)]).all(axis=1)
    expected = (chance @ np.arange(3.0))[:, : len(UNITS)].sum(axis=1)[whole]
    true_sums = true[whole, : len(UNITS)].sum(axis=1)
    varies = len(true_sums) > 1 and np.ptp(true_sums) > 0 and np.ptp(expected) > 0
    sure, good = answers(shares, scores)
    order = np.argsort(-sure, kind="stable")
    kept = {f"{part:g}": float(good[order[: max(1, round(part * len(good)))]].mean()) for part in COVERAGES}
    return GrimaceScore(
        int(np.isfinite(true).any(axis=1).sum()),
        units,
        _mean(right[:, : len(UNITS)]),
        _mean(right[:, OUTPUTS.index("pain")]),
        float(np.corrcoef(expected, true_sums)[0, 1]) if varies else float("nan"),
        calibration_error(sure, good),
        kept,
    )


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def evaluate_grimace(
    model: keras.Model, kind: ModelKind, dataset: Dataset, signature: ModelSignature | None
) -> GrimaceEvaluation:
    """Score a model on every split; those of training are of faces that it has learned."""
    shares = [shares_of(model, np.moveaxis(np.asarray(trial.x[:]), 1, -1)) for trial in dataset]
    scores = {
        part: score_faces([shares[row] for row in rows], [scores_of(dataset.trials[row]) for row in rows])
        for part, rows in dataset.by_part().items()
    }
    return GrimaceEvaluation(dataset, shares, scores)
