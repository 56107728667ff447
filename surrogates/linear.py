"""The linear baseline: an autoregressive model, fitted by least squares and run freely."""

import numpy as np
from jaxtyping import Float

from datasets.dataset import Dataset
from neuron_models.errors import require
from surrogates.backend import keras
from surrogates.layers import AutoregressiveCell


def linear(inputs: int, outputs: int, *, lags: int = 2) -> keras.Model:
    """A linear autoregressive model that starts at rest and runs freely: (trial, time, inputs) to (..., outputs).

    Raises:
        InputError: lags below one.
    """
    require(lags >= 1, f"linear: lags must be >= 1, got {lags}")
    cell = AutoregressiveCell(inputs, outputs, lags, name="autoregression")
    layers = [keras.Input((None, inputs), name="stimulus"), keras.layers.RNN(cell, return_sequences=True)]
    return keras.Sequential(layers, name=f"linear_{lags}")


def fit_linear(model: keras.Model, dataset: Dataset) -> None:
    """Fit a `linear` model in place on the training trials, by least squares on one-step predictions.

    The rest is the mean first sample of the training trials: before the stimulus, every output is at rest.

    Raises:
        InputError: the dataset has no training trials, or a trial no y.
    """
    train = dataset.by_split().get("train", dataset)
    x, y, weight = train.stacked()
    require(y is not None, f"dataset {dataset.name!r} has no outputs to learn")
    cell = model.layers[-1].cell
    rest = y[:, 0].mean(0)  # type: ignore[index]
    past, drive = _least_squares(np.asarray(x, float), np.asarray(y, float) - rest, weight, cell.lags)
    cell.set_weights([past, drive, rest])


def _least_squares(
    x: Float[np.ndarray, "trial time input"],
    y: Float[np.ndarray, "trial time output"],
    weight: Float[np.ndarray, "trial time"] | None,
    lags: int,
) -> tuple[Float[np.ndarray, "past output"], Float[np.ndarray, "drive output"]]:
    """Solve for (A, B); before the first sample the deviations and the inputs are zero."""

    def delayed(array: np.ndarray, k: int) -> np.ndarray:
        return np.pad(array, ((0, 0), (k, 0), (0, 0)))[:, : array.shape[1]]

    columns = [delayed(y, k) for k in range(1, lags + 1)] + [delayed(x, k) for k in range(lags + 1)]
    design = np.concatenate(columns, -1)[:, lags:].reshape(-1, lags * y.shape[-1] + (lags + 1) * x.shape[-1])
    target = y[:, lags:].reshape(-1, y.shape[-1])
    if weight is not None:
        root = np.sqrt(weight[:, lags:].reshape(-1, 1))
        design, target = design * root, target * root
    solution, *_ = np.linalg.lstsq(design, target, rcond=None)
    return solution[: lags * y.shape[-1]], solution[lags * y.shape[-1] :]
