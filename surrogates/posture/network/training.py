"""Trains the posture network: first the linear part by least squares, then the network on what that leaves.

A loss at every frame of long pieces takes an order of magnitude fewer passes through the cells than windows of 50
frames with one target each, so that it is what `posture_lstm` does; `posture_lstm_paper` learns windows.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from datasets.dataset import Dataset
from neuron_models.foundation.errors import require
from surrogates.backend import keras
from surrogates.posture.network.augmentation import scale_amplitudes
from surrogates.posture.network.autoregression import Autoregression, fit_autoregression, spread_of
from surrogates.posture.network.losses import SquaredError, loss_of
from surrogates.posture.network.networks import components_of, innovations
from surrogates.posture.network.prediction import forecasts
from surrogates.posture.network.segments import CONTEXT, segments, training_chunks, windows
from surrogates.training.configuration import Arrays, EarlyStopping, Objective, Training, TrainingConfig
from surrogates.training.seeds import seeds_of
from surrogates.training.trainer import train

BY_FRAME = Objective(
    SquaredError(), optimizer="rmsprop", stopping=EarlyStopping(rate_factor=0.25, rate_patience=10, patience=25)
)
"""The loss is that of the model; the rate falls to a quarter after 10 epochs without gain, and 25 end the training."""
COPIES = 2
"""Swollen copies of the recordings that a generator learns beside them."""
GRADUALLY = EarlyStopping(cosine_decay=True)
"""How the rate falls for a generator: a loss of recorded frames does not tell when its free runs are good."""


def train_on_pieces(
    model: keras.Model, dataset: Dataset, config: TrainingConfig, objective: Objective, progress: bool = True
) -> Training:
    """Train a `posture_lstm` in place with a loss at every frame of long pieces: see `train_on_windows`.

    A network that gives a distribution, from which frames are to be drawn, learns the recordings and `COPIES` of them
    with waves that swell and shrink.
    """
    copies = COPIES if components_of(model) else 0
    return _train(model, dataset, config, objective, progress, training_chunks, copies)


def train_on_windows(
    model: keras.Model, dataset: Dataset, config: TrainingConfig, objective: Objective, progress: bool = True
) -> Training:
    """Train a `posture_lstm` in place with windows of 50 frames and the frame after each (Li et al. 2017).

    The loss is that of what the linear autoregression leaves, in its standard deviations.

    Args:
        model: a `posture_lstm`.
        dataset: of amplitudes; what is learned, and what is held out, is stated by `segments`.
        config: epochs, batch size, learning rate, seed.
        objective: optimizer and stopping; the loss is decided by the model.
        progress: show a bar.

    Raises:
        InputError: no segment is long enough.
        FloatingPointError: the loss was never finite.
    """
    return _train(model, dataset, config, objective, progress, windows)


def _train(
    model: keras.Model,
    dataset: Dataset,
    config: TrainingConfig,
    objective: Objective,
    progress: bool,
    cut: Callable[..., Arrays],
    copies: int = 0,
) -> Training:
    dataset = segments(dataset)
    parts = dataset.by_split()
    require("train" in parts, f"dataset {dataset.name!r} has no training recordings with a long enough segment")
    linear = fit_linear_parts(model, parts["train"])

    def arrays(part: Dataset) -> Arrays:
        seeds = seeds_of(config.seed, copies) if part.trials[0].split == "train" else ()
        part = replace(part, trials=sum((scale_amplitudes(part, seed).trials for seed in seeds), part.trials))
        return cut(part, [linear.innovations(np.asarray(t.x[:]), np.asarray(t.y[:])) for t in part])  # type: ignore[index]

    stopping = GRADUALLY if copies else objective.stopping
    objective = replace(objective, loss=loss_of(components_of(model)), arrays=arrays, stopping=stopping)
    training = train(innovations(model), dataset, config, objective, progress)
    _set_noise(model, parts.get("validation", parts["train"]), linear)
    return training


def fit_linear_parts(model: keras.Model, train_data: Dataset) -> Autoregression:
    """Set the scales of the inputs and the linear prediction to those of segments; gives the linear prediction."""
    frames = np.concatenate([np.asarray(t.x[:]) for t in train_data])
    changes = np.concatenate([np.diff(np.asarray(t.x[:]), axis=0) for t in train_data])
    scales = [np.where(each > 0, each, 1.0) for each in (frames.std(0), changes.std(0))]
    model.get_layer("standard").set_weights([frames.mean(0), *scales])
    forecast = model.get_layer("forecast")
    linear = fit_autoregression(train_data, forecast.lags)
    forecast.set_weights([linear.past, linear.rest, linear.spread, np.eye(len(linear.rest))])
    return linear


def _set_noise(model: keras.Model, judged: Dataset, linear: Autoregression) -> None:
    """Keep how far the trained network is off, in the coordinates of what it gives, for drawing from it."""
    off = [
        np.asarray(t.y[:])[CONTEXT - 1 :] - predicted[CONTEXT - 1 :]  # type: ignore[index]
        for t, predicted in zip(judged, forecasts(model, judged), strict=True)
    ]
    errors = np.linalg.solve(linear.spread.T, np.concatenate(off).T).T
    *kept, _ = model.get_layer("forecast").get_weights()
    model.get_layer("forecast").set_weights([*kept, spread_of(errors)])
