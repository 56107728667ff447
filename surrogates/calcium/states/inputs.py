"""What the models see of a recording, and how that is chosen inside the training worms."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from datasets.calcium.features import with_features
from datasets.dataset import Dataset, Trial
from neuron_models.foundation.errors import require
from surrogates.calcium.states.baselines import PENALTY

SCALINGS = ("range", "standard")
_BLOCKS = 5


@dataclass(frozen=True)
class Inputs:
    """Frames in the moving average before the derivative, and how channels of different worms are made comparable.

    `range`: from the least to the greatest value of the recording is [0, 1] (Wang et al. 2020). `standard`: from the
    mean, in units of four standard deviations of the recording, so that the width is about the same and one large
    transient does not set it. Both know all frames of a recording and no labels.
    """

    smoothing: int = 5
    scaling: str = "range"

    def __post_init__(self) -> None:
        require(self.scaling in SCALINGS, f"scaling must be one of {', '.join(SCALINGS)}, got {self.scaling!r}")


CANDIDATES = tuple(Inputs(smoothing, scaling) for scaling in SCALINGS for smoothing in (5, 1, 9))
"""The first is what is taken where none is better."""


def prepared(dataset: Dataset, inputs: Inputs) -> Dataset:
    """The dataset with traces and derivatives, smoothed and scaled.

    Raises:
        InputError: it has features already, or the smoothing is even.
    """
    dataset = with_features(dataset, inputs.smoothing)
    if inputs.scaling == "range":
        return dataset
    return replace(dataset, trials=tuple(map(_standardised, dataset)), x_units="of four standard deviations")


def _standardised(trial: Trial) -> Trial:
    x = np.asarray(trial.x[:])
    measured = (x != 0).any(axis=1)
    spread = 4 * x[measured].std(axis=0)
    standard = (x - x[measured].mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return replace(trial, x=np.where(measured[:, None], standard, 0.0))


def choose_inputs(dataset: Dataset, candidates: Sequence[Inputs] = CANDIDATES) -> Inputs:
    """Choose what all models see by a yardstick of its own: logistic regression on single frames.

    Each training worm is left out in turn; with a single worm, each of five blocks of time. The candidate with the best
    mean accuracy wins, of equals the first.

    Args:
        dataset: the training worms alone, with traces and a state rule applied.
        candidates: what to try.
    """
    accuracies = [_inner_accuracy(prepared(dataset, inputs)) for inputs in candidates]
    return candidates[int(np.argmax(accuracies))]


def _inner_accuracy(dataset: Dataset) -> float:
    """The mean accuracy on what is left out."""
    from sklearn.linear_model import LogisticRegression

    folds = dataset.folds(_BLOCKS, by="block") if len(dataset) == 1 else dataset.folds(len(dataset))
    accuracies = []
    for rest, held in folds:
        (x, y), (test, true) = _frames(rest), _frames(held)
        if len(set(y.tolist())) > 1 and len(true) > 0:
            model = LogisticRegression(C=PENALTY, max_iter=300, tol=1e-3).fit(x, y)
            accuracies.append(float(model.score(test, true)))
    return float(np.mean(accuracies)) if accuracies else 0.0


def _frames(dataset: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """All frames that count, and their classes."""
    x = np.concatenate([np.asarray(trial.x[:])[trial.valid()] for trial in dataset])
    y = np.concatenate([np.asarray(trial.y[:])[trial.valid(), 0] for trial in dataset])  # type: ignore[index]
    return x, y
