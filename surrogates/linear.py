"""The linear baseline: an autoregressive model, fitted by least squares and run freely."""

import numpy as np
from jaxtyping import Float

from datasets.dataset import Dataset
from neuron_models.errors import InputError, require
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

    The rest is the mean first sample of the training trials: before the stimulus, every output is at rest. A sample
    counts if its weight and those of the samples that it is predicted from are above zero.

    Raises:
        InputError: no training trials, no y, or no trial that is longer than the lags.
    """
    parts = dataset.by_split()
    require("train" in parts, f"dataset {dataset.name!r} has no training trials")
    x, y, weight = parts["train"].stacked()
    if y is None:
        raise InputError(f"dataset {dataset.name!r} has no outputs to learn")
    cell = model.layers[-1].cell
    counts = np.ones(x.shape[:2]) if weight is None else weight
    rest = np.nanmean(np.where(counts[:, :1] > 0, y[:, 0], np.nan), axis=0)
    require(bool(np.isfinite(rest).all()), f"dataset {dataset.name!r}: no first sample of training counts")
    past, drive = _least_squares(np.asarray(x, float), np.asarray(y, float) - rest, counts, cell.lags)
    cell.set_weights([past, drive, rest])


def _least_squares(
    x: Float[np.ndarray, "trial time input"],
    y: Float[np.ndarray, "trial time output"],
    weight: Float[np.ndarray, "trial time"],
    lags: int,
) -> tuple[Float[np.ndarray, "past output"], Float[np.ndarray, "drive output"]]:
    """Solve for (A, B) over the samples that count and whose `lags` predecessors count too."""
    require(x.shape[1] > lags, f"linear: {lags} lags need trials longer than {lags} samples, got {x.shape[1]}")
    steps = x.shape[1] - lags
    counts = np.min([(weight > 0)[:, lags - k : lags - k + steps] for k in range(lags + 1)], axis=0)
    require(bool(counts.any()), f"linear: no stretch of {lags + 1} samples that count")
    columns = [y[:, lags - k : lags - k + steps] for k in range(1, lags + 1)]
    columns += [x[:, lags - k : lags - k + steps] for k in range(lags + 1)]
    root = np.sqrt(weight[:, lags:][counts])[:, None]
    design, target = np.concatenate(columns, -1)[counts] * root, y[:, lags:][counts] * root
    solution, *_ = np.linalg.lstsq(design, target, rcond=None)
    return solution[: lags * y.shape[-1]], solution[lags * y.shape[-1] :]
