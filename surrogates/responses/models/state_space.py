"""A linear state-space model, identified from all training trials at once and run freely."""

from collections.abc import Callable

import numpy as np

from datasets.dataset import Dataset
from neuron_models.foundation.errors import InputError, require
from surrogates.backend import keras
from surrogates.responses.models.deviations import training_deviations
from surrogates.responses.models.layers import StateSpaceCell
from surrogates.responses.models.subspace import find_subspace, fit_drive


def state_space(inputs: int, outputs: int, *, order: int) -> keras.Model:
    """A linear state-space model that starts at rest and runs freely: (trial, time, inputs) to (..., outputs).

    Raises:
        InputError: an order below one.
    """
    require(order >= 1, f"state_space: order must be >= 1, got {order}")
    cell = StateSpaceCell(inputs, outputs, order, name="state_space")
    layers = [keras.Input((None, inputs), name="stimulus"), keras.layers.RNN(cell, return_sequences=True)]
    return keras.Sequential(layers, name=f"state_space_{order}")


def fit_state_space(dataset: Dataset) -> Callable[[keras.Model], None]:
    """Give the function that fits a `state_space` model of any order in place; their subspace is found once.

    The training trials are learned, measured from the mean of their first samples.

    Raises:
        InputError: no training trials, no y, or too few or too short ones; of the function: an order above what they
            tell.
    """
    data = training_deviations(dataset)
    subspace = find_subspace(data)

    def fit(model: keras.Model) -> None:
        cell = model.layers[-1].cell
        try:
            poles, seen, modes = subspace.poles_and_modes(cell.order)
            b, d = fit_drive(data, poles, seen)
            back = np.linalg.inv(modes)
        except np.linalg.LinAlgError as error:
            raise InputError(f"state_space: these data tell no system of order {cell.order} ({error})") from None
        cell.set_weights([((modes * poles) @ back).real, (modes @ b).real, (seen @ back).real, d, data.rest])

    return fit
