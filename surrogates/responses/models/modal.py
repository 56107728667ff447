"""A sum of decaying exponentials at fixed rates, whose shares are found at once by ridge regression.

Passive cables and circuits answer by real poles alone. On a grid of them a free run is linear in its residues, so that
nothing is searched, and it is stable whatever the data are.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.signal import lfilter

from datasets.dataset import Dataset
from neuron_models.foundation.errors import require
from surrogates.backend import keras
from surrogates.responses.models.deviations import training_deviations
from surrogates.responses.models.layers import StateSpaceCell

RIDGES = tuple(range(-14, 0))
"""Powers of ten of the penalty, among which validation chooses."""


def modal(inputs: int, outputs: int, *, ridge: int, poles: int = 24, slowest: float = 80.0) -> keras.Model:
    """A linear model of real poles on a fixed grid that starts at rest: (trial, time, inputs) to (..., outputs).

    Args:
        inputs: channels of x; the model takes (trial, time, inputs).
        outputs: channels of y; the model gives (trial, time, outputs).
        ridge: power of ten of the penalty on residues, as a share of their mean square.
        poles: number of poles; their time constants fall evenly in logarithm from the slowest to half a sample.
        slowest: time constant of the first pole, in samples (40 ms are 80 of 0.5 ms).

    Raises:
        InputError: no pole, or a time constant that is not longer than half a sample.
    """
    require(poles >= 1, f"modal: poles must be >= 1, got {poles}")
    require(slowest > 0.5, f"modal: slowest must be > 0.5 samples, got {slowest}")
    require(-30 <= ridge <= 10, f"modal: ridge must be a power of ten from -30 to 10, got {ridge}")
    cell = StateSpaceCell(inputs, outputs, poles * inputs, intercept=True, name="modal")
    layers = [keras.Input((None, inputs), name="stimulus"), keras.layers.RNN(cell, return_sequences=True)]
    model = keras.Sequential(layers, name=f"modal_{poles}")
    rates = np.exp(-1 / np.geomspace(slowest, 0.5, poles))
    driven = np.kron(np.ones((poles, 1)), np.eye(inputs)) * np.repeat(1 - rates, inputs)[:, None]
    shapes = [np.zeros(weight.shape) for weight in cell.get_weights()]
    cell.set_weights([np.diag(np.repeat(rates, inputs)), driven, *shapes[2:5], np.full(poles * inputs, 0.0)])
    model.ridge = ridge
    return model


def fit_modal(dataset: Dataset) -> Callable[[keras.Model], None]:
    """Give the function that fits a `modal` model in place, by ridge regression on the free run of all training trials.

    Raises:
        InputError: no training trials, or no y.
    """
    data = training_deviations(dataset)
    counts = data.weight > 0
    root = np.sqrt(data.weight[counts])[:, None]
    still = not data.begins_at_rest

    def fit(model: Any) -> None:
        cell = model.layers[-1].cell
        a, b, *_, e = cell.get_weights()
        inputs, order = data.x.shape[-1], len(a)
        rates, shares = np.diag(a).astype(float), b.astype(float).sum(1)
        columns = [
            lfilter([0, shares[k]], [1, -rates[k]], data.x[..., k % inputs], axis=1)[counts] for k in range(order)
        ]
        columns += [data.x[..., i][counts] for i in range(inputs)] + ([np.ones(counts.sum())] if still else [])
        found = _ridge(np.stack(columns, axis=1) * root, data.y[counts] * root, 10.0**model.ridge, still)
        offset = found[-1] if still else 0.0
        through = found[order : order + inputs].T
        cell.set_weights([a, b, found[:order].T, through, data.rest + offset, e])

    return fit


def _ridge(
    design: Float[np.ndarray, "sample column"],
    target: Float[np.ndarray, "sample output"],
    ridge: float,
    last_free: bool,
) -> Float[np.ndarray, "column output"]:
    """The solution of least squares with a penalty, every column measured in its own size; the last may go free."""
    size = np.sqrt((design**2).mean(0))
    size[size == 0] = 1.0
    scaled = design / size
    held = np.full(design.shape[1], np.sqrt(ridge * len(design)))
    if last_free:
        held[-1] = 0.0
    whole = np.concatenate([scaled, np.diag(held)])
    wanted = np.concatenate([target, np.zeros((design.shape[1], target.shape[1]))])
    return np.linalg.lstsq(whole, wanted, rcond=None)[0] / size[:, None]
