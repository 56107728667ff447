"""The NARX network (nonlinear autoregressive with exogenous inputs): trained open loop, run in closed loop."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from datasets.dataset import Dataset
from datasets.parts.splitting import require_training
from neuron_models.foundation.errors import require, require_seed
from surrogates.backend import keras
from surrogates.responses.models.deviations import BaselineSubtracted, deviations_from, past, resting_level
from surrogates.responses.models.layers import NarxCell
from surrogates.training.configuration import Arrays, Objective, Training, TrainingConfig
from surrogates.training.trainer import train


def narx(
    inputs: int, outputs: int, *, units: int = 112, input_lags: int = 4, output_lags: int = 2, seed: int = 0
) -> keras.Model:
    """A NARX network in closed loop: it starts at rest and its own past outputs are fed back.

    Args:
        inputs: channels of x; the model takes (trial, time, inputs).
        outputs: channels of y; the model gives (trial, time, outputs).
        units: hidden units (tanh).
        input_lags: past inputs that count, from x(t-1) on.
        output_lags: past outputs that count, from y(t-1) on.
        seed: of the first weights.

    Raises:
        InputError: a size or a number of lags below one, or an invalid seed.
    """
    sizes = {"inputs": inputs, "outputs": outputs, "units": units}
    for name, value in {**sizes, "input_lags": input_lags, "output_lags": output_lags}.items():
        require(value >= 1, f"narx: {name} must be >= 1, got {value}")
    require_seed(seed, "narx: seed")
    cell = NarxCell(inputs, outputs, units, input_lags, output_lags, seed, name="narx")
    layers = [keras.Input((None, inputs), name="stimulus"), keras.layers.RNN(cell, return_sequences=True)]
    return keras.Sequential(layers, name=f"narx_{units}")


def train_open_loop(
    model: keras.Model, dataset: Dataset, config: TrainingConfig, objective: Objective, progress: bool = True
) -> Training:
    """Train a `narx` model in place to predict one sample from the recorded ones before it (teacher forcing).

    The loss by epoch, and with it the best epoch, is that of the prediction of one sample; it says little about the
    free run, in which errors are fed back.

    Raises:
        InputError: no training trials, or trials without y.
        FloatingPointError: the loss was never finite.
    """
    cell = model.layers[-1].cell
    parts = dataset.by_split()
    require_training(dataset)
    rest = resting_level(parts["train"])

    def arrays(part: Dataset) -> Arrays:
        return one_step_arrays(deviations_from(part, rest), cell.input_lags, cell.output_lags)

    *weights, _ = cell.get_weights()
    opened = open_loop(cell)
    opened.set_weights(weights)
    training = train(opened, dataset, config, replace(objective, arrays=arrays), progress)
    cell.set_weights([*opened.get_weights(), rest])
    return training


def open_loop(cell: NarxCell) -> keras.Model:
    """The cell without its feedback: takes what it is predicted from (trial, time, regressors), gives deviations."""
    layers = [
        keras.Input((None, sum(cell.state_size)), name="regressors"),
        keras.layers.Dense(cell.units, activation="tanh", name="hidden"),
        keras.layers.Dense(cell.outputs, name="response"),
    ]
    return keras.Sequential(layers, name=f"narx_{cell.units}_open")


def one_step_arrays(data: BaselineSubtracted, input_lags: int, output_lags: int) -> Arrays:
    """What each sample is predicted from, in the order of the cell's states, the sample, and whether it counts.

    A sample counts as its weight says, if all that it is predicted from counts too.
    """
    fed_back = [past(data.y, lag) for lag in range(1, output_lags + 1)]
    regressors = np.concatenate([*fed_back, *(past(data.x, lag) for lag in range(1, input_lags + 1))], axis=-1)
    if (data.weight == 1).all():
        return regressors, data.y, None
    return regressors, data.y, _whole_weight(data.weight, max(input_lags, output_lags))


def _whole_weight(weight: Float[np.ndarray, "trial time"], lags: int) -> Float[np.ndarray, "trial time"]:
    """The weight, zero where one of the samples before it is zero; before the first sample all is known."""
    missing = (weight <= 0)[..., None].astype(float)
    spoiled = np.sum([past(missing, lag) for lag in range(1, lags + 1)], axis=0)[..., 0] > 0
    return np.where(spoiled, 0.0, weight)
