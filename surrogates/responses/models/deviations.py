"""Trials as arrays measured from rest: what the models that feed back their own outputs learn from."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from datasets.dataset import Dataset
from datasets.parts.splitting import require_training
from neuron_models.foundation.errors import require

_NEAR = 0.01


@dataclass(frozen=True, eq=False)
class BaselineSubtracted:
    """Trials side by side: stimuli `x`, deviations `y` from `rest`, and `weight`, zero where a sample does not count.

    What does not count is zero in `y`, and in `x` if it is NaN. Shorter trials are filled up with samples that do not
    count. `free` says that each trial begins in a state of its own, which is to be found.
    """

    x: Float[np.ndarray, "trial time input"]
    y: Float[np.ndarray, "trial time output"]
    weight: Float[np.ndarray, "trial time"]
    rest: Float[np.ndarray, " output"]
    free: bool = False

    @property
    def begins_at_rest(self) -> bool:
        """Whether every trial begins within a hundredth of the outputs' range from the rest: then nothing moves there.

        A trial whose first sample does not count says nothing; where none counts, the trials are parts of something
        that moves.
        """
        counts = self.weight > 0
        if self.free or not counts[:, 0].any():
            return False
        spread = np.ptp(self.y[counts], axis=0) if counts.any() else np.zeros(len(self.rest))
        return bool((np.abs(self.y[:, 0][counts[:, 0]]) <= _NEAR * spread).all())


def training_deviations(dataset: Dataset) -> BaselineSubtracted:
    """The training trials, measured from their own rest (see `resting_level`).

    Raises:
        InputError: no training trials, a trial without y, no first sample that counts, or NaN where samples count.
    """
    parts = dataset.by_split()
    require_training(dataset)
    return deviations_from(parts["train"], resting_level(parts["train"]))


def resting_level(dataset: Dataset) -> Float[np.ndarray, " output"]:
    """The mean first sample of the trials, of those that count, in the units of the outputs.

    Before the stimulus, every output is at rest. Of windows that begin with samples that do not count, it is the mean
    of all samples that do.
    """
    require(all(t.y is not None for t in dataset), f"dataset {dataset.name!r} has no outputs to learn")
    first = [t.y[:1] for t in dataset if t.valid()[0]]  # type: ignore[index]
    first = first or [t.y[:][t.valid()] for t in dataset if t.valid().any()]  # type: ignore[index]
    require(len(first) > 0, f"dataset {dataset.name!r}: no sample of training counts")
    return np.concatenate(first).astype(float).mean(axis=0)


def deviations_from(dataset: Dataset, rest: Float[np.ndarray, " output"]) -> BaselineSubtracted:
    """Trials measured from a given rest, which is in the units of the outputs, as the deviations are.

    Raises:
        InputError: a trial without y, or NaN where samples count.
    """
    require(all(t.y is not None for t in dataset), f"dataset {dataset.name!r} has no outputs to learn")
    number, steps = len(dataset), max(len(trial) for trial in dataset)
    x = np.zeros((number, steps, len(dataset.x_names)))
    y = np.zeros((number, steps, len(rest)))
    weight = np.zeros((number, steps))
    for row, trial in enumerate(dataset):
        counts, end = trial.valid(), len(trial)
        x[row, :end] = np.where(counts[:, None] | np.isfinite(trial.x[:]), trial.x[:], 0.0)
        y[row, :end] = np.where(counts[:, None], trial.y[:] - rest, 0.0)  # type: ignore[index]
        weight[row, :end] = 1.0 if trial.weight is None else trial.weight[:]
    for what, array in (("x", x), ("y", y)):
        require(bool(np.isfinite(array).all()), f"dataset {dataset.name!r}: NaN in {what}: give such samples weight 0")
    return BaselineSubtracted(x, y, weight, rest, dataset.extra.get("start") == "fit")


def past(series: Float[np.ndarray, "trial time channel"], lag: int) -> Float[np.ndarray, "trial time channel"]:
    """The series a number of samples ago, in its units: zero, which is at rest, before its first sample."""
    earlier = np.zeros_like(series)
    earlier[:, lag:] = series[:, : max(0, series.shape[1] - lag)]
    return earlier
