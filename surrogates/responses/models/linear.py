"""The linear baseline: an autoregressive model, fitted by least squares and run freely."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from datasets.dataset import Dataset
from neuron_models.foundation.errors import require
from surrogates.backend import keras
from surrogates.responses.models.deviations import BaselineSubtracted, training_deviations
from surrogates.responses.models.layers import AutoregressiveCell


def linear(inputs: int, outputs: int, *, lags: int) -> keras.Model:
    """A linear autoregressive model that starts at rest and runs freely: (trial, time, inputs) to (..., outputs).

    Raises:
        InputError: lags below one.
    """
    require(lags >= 1, f"linear: lags must be >= 1, got {lags}")
    cell = AutoregressiveCell(inputs, outputs, lags, name="autoregression")
    layers = [keras.Input((None, inputs), name="stimulus"), keras.layers.RNN(cell, return_sequences=True)]
    return keras.Sequential(layers, name=f"linear_{lags}")


def fit_linear(dataset: Dataset) -> Callable[[keras.Model], None]:
    """Give the function that fits a `linear` model in place, by least squares on one-step predictions.

    The training trials are learned. The rest is the mean first sample of theirs. A sample counts if its weight and
    those of the samples that it is predicted from are above zero.

    Raises:
        InputError: no training trials, no y; of the function: no stretch of samples that is longer than the lags.
    """
    data = training_deviations(dataset)

    def fit(model: keras.Model) -> None:
        cell = model.layers[-1].cell
        cell.set_weights([*_least_squares(data, cell.lags), data.rest])

    return fit


def _least_squares(
    data: BaselineSubtracted, lags: int
) -> tuple[Float[np.ndarray, "past output"], Float[np.ndarray, "drive output"]]:
    """Solve for (A, B) over the samples that count and whose `lags` predecessors count too."""
    x, y, steps = data.x, data.y, data.x.shape[1] - lags
    require(steps > 0, f"linear: {lags} lags need trials longer than {lags} samples, got {x.shape[1]}")
    counts = np.min([(data.weight > 0)[:, lags - k : lags - k + steps] for k in range(lags + 1)], axis=0)
    require(bool(counts.any()), f"linear: no stretch of {lags + 1} samples that count")
    columns = [y[:, lags - k : lags - k + steps] for k in range(1, lags + 1)]
    columns += [x[:, lags - k : lags - k + steps] for k in range(lags + 1)]
    root = np.sqrt(data.weight[:, lags:][counts])[:, None]
    design, target = np.concatenate(columns, -1)[counts] * root, y[:, lags:][counts] * root
    solution, *_ = np.linalg.lstsq(design, target, rcond=None)
    return solution[: lags * y.shape[-1]], solution[lags * y.shape[-1] :]
