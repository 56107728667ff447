"""How models of responses are scored: in free run over every trial, by split and by output."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from rich.table import Table

from datasets.dataset import Dataset
from neuron_models.foundation.printing import print_whole
from neuron_models.foundation.units import Microseconds
from surrogates.runs.bands import Bands, half_widths, mean_width, trial_score
from surrogates.runs.model_file import ModelSignature
from surrogates.runs.result import TRACES_FILE
from surrogates.training.configuration import Training
from surrogates.training.metrics import Score, predict, rmse_of_mean, score, step_microseconds, stimulus, target
from surrogates.training.model_kind import Evaluation, ModelKind

_SHOWN = 3


@dataclass(frozen=True, eq=False)
class ResponseEvaluation(Evaluation):
    """Free runs over the trials of a dataset, and how far they are from the recorded outputs.

    `predictions` are one array (time, output) a trial, in the data's units; `step` is the time of one simulated step;
    `tests` are the scores of each test that the dataset names; `bands` those of a calibrated model; `unlike` says of
    trials that were not learned in what their stimuli are unlike those that were.
    """

    figure_file: ClassVar[str] = TRACES_FILE

    model: str
    dataset: Dataset
    predictions: list[Float[np.ndarray, "_time output"]]
    scores: Mapping[str, Score]
    step: Microseconds
    tests: Mapping[str, Score] = field(default_factory=dict)
    bands: Bands | None = None
    unlike: Mapping[str, list[str]] = field(default_factory=dict)

    def record(self) -> dict[str, Any]:
        """Scores by split and by output, and the time of a step."""
        scores = {split: asdict(each) for split, each in self.scores.items()}
        tests = {"tests": {name: asdict(each) for name, each in self.tests.items()}} if self.tests else {}
        return {"scores": scores, "diverged": False, "step_microseconds": self.step, **tests}

    def print_scores(self) -> None:
        """Print a table of RMSE, RMSE over range, NRMSE and fit, by split (or named test) and output."""
        outputs = list(next(iter(self.scores.values())).rmse_by_output)[:12]
        table = Table(
            *("split", f"RMSE ({self.dataset.y_units})", "of range", "NRMSE", "fit"),
            *outputs,
            title="RMSE by split and by output",
        )
        parts = {split: each for split, each in self.scores.items() if split != "test" or not self.tests}
        for split, scored in {**parts, **self.tests}.items():
            cells = [f"{scored.rmse_by_output[name]:.4g}" for name in outputs]
            shares = f"{100 * scored.relative:.2f} %", f"{scored.nrmse:.4g}", f"{scored.fit:.2f} %"
            table.add_row(split, f"{scored.rmse:.4g}", *shares, *cells)
        print_whole(table)
        if warm_up := self.dataset.extra.get("warm_up"):
            print(f"tests without their first {warm_up} samples (warm-up)")
        if self.bands is not None:
            self._print_bands(self.bands)

    def _print_bands(self, bands: Bands) -> None:
        """Say how many trials of each part lie in the band whole."""
        parts = self.dataset.by_part()
        text = [f"{name} {self._inside(bands, trials)} of {len(trials)}" for name, trials in parts.items() if trials]
        width = mean_width(bands, self.predictions)
        print(
            f"bands of {100 * bands.coverage:g} % coverage, {width:.3g} {self.dataset.y_units} wide in the mean "
            f"(calibrated on {bands.trials} trials): whole trials in them: {', '.join(text)}"
        )

    def _inside(self, bands: Bands, trials: Sequence[int]) -> int:
        counts = [(i, self.dataset.trials[i].valid()) for i in trials]
        answers = [(self.predictions[i][c], target(self.dataset.trials[i])[c]) for i, c in counts]
        return sum(trial_score(bands, predicted, measured) <= 1 for predicted, measured in answers)

    def warnings(self) -> list[str]:
        """Which stimuli are unlike those of the training."""
        if not self.unlike:
            return []
        name, reasons = next(iter(self.unlike.items()))
        number = f"{len(self.unlike)} of {len(self.dataset)} stimuli are unlike those of the training"
        return [f"{number}, where errors can be larger: {name}: {'; '.join(reasons[:3])}"]

    def plot(self) -> Figure:
        """Draw predicted over recorded traces of the first test trials (the first of any, without a test split)."""
        from datasets.plots import plot_traces

        tests = [i for i, trial in enumerate(self.dataset) if trial.split == "test"] or list(range(len(self.dataset)))
        shown = tests[:_SHOWN]
        answers = [self.predictions[i] for i in shown]
        bands = None if self.bands is None else half_widths(self.bands, answers)
        return plot_traces(self.dataset, shown, {self.model: answers}, bands=bands)

    def doubt(self, training: Training) -> str:
        """A first epoch that was the best, or an error above that of the outputs' mean."""
        if len(training.history.get("loss", ())) > 1 and training.best_epoch == 0:
            return "the first epoch was the best, so that nothing was learned after it: try a smaller --learning-rate"
        split = "validation" if "validation" in self.scores else "train"
        rmse = self.scores[split].rmse if split in self.scores else math.nan
        mean = rmse_of_mean(self.dataset, split)
        if not rmse > mean:
            return ""
        return (
            f"the {split} RMSE of {rmse:.4g} is worse than that of the outputs' mean, {mean:.4g}: "
            "the model is of no use"
        )


def evaluate_responses(
    model: Any, kind: ModelKind, dataset: Dataset, signature: ModelSignature | None
) -> ResponseEvaluation:
    """Run a model freely on every trial and score it."""
    predictions = predict(model, dataset)
    scores = score(dataset, predictions)
    tests = score(dataset, predictions, by_test=True) if dataset.extra.get("tests") else {}
    bands = None if signature is None else signature.bands
    step, unlike = step_microseconds(model, dataset), _unlike(dataset, signature)
    return ResponseEvaluation(model.name, dataset, predictions, scores, step, tests, bands, unlike)


def _unlike(dataset: Dataset, signature: ModelSignature | None) -> dict[str, list[str]]:
    """In what stimuli that were not learned are unlike those that were, by trial."""
    if signature is None or signature.stimuli is None:
        return {}
    strange = [(t.name, t.split not in ("train", "validation"), stimulus(t)) for t in dataset]
    unlike = {name: signature.stimuli.unlike(x, dataset.x_names, dataset.x_units) for name, new, x in strange if new}
    return {name: reasons for name, reasons in unlike.items() if reasons}
