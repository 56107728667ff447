"""The last layer: fitted at once on features of the backbone, and what is learned when the backbone is opened."""

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.optimize import minimize_scalar

from datasets.dataset import Dataset
from datasets.grimace.scored import scores_of
from datasets.grimace.units import HIGHEST, OUTPUTS
from neuron_models.foundation.workers import one_thread
from surrogates.backend import keras, tensorflow_unseen
from surrogates.grimace.ordinal import fit_ordinal, ordinal_loss
from surrogates.training.configuration import Objective, Training, TrainingConfig
from surrogates.training.trainer import train

LAST = ("one_or_more", "two")
"""The layers that give the log-odds of both thresholds."""


def images_of(dataset: Dataset) -> np.ndarray:
    """All images of a dataset, (image, height, width, colour), grey values 0 to 255."""
    return np.concatenate([np.moveaxis(np.asarray(trial.x[:]), 1, -1) for trial in dataset])


def features_of(model: keras.Model, images: np.ndarray, batch: int = 16) -> Float[np.ndarray, "image feature"]:
    """The dimensionless features of the layer `features` for images, 0 to 255, a batch at a time."""
    part = keras.Model(model.input, model.get_layer("features").output)
    filled = np.concatenate([images, np.zeros((-len(images) % batch, *images.shape[1:]), images.dtype)])
    with tensorflow_unseen():
        found = [np.asarray(part.predict_on_batch(filled[i : i + batch])) for i in range(0, len(filled), batch)]
    return np.concatenate(found)[: len(images)].astype(float)


def solve_head(dataset: Dataset) -> Callable[[Any], None]:
    """What fits the last layer on frozen features, an output after the other."""
    train = dataset.by_split()["train"]
    images, scores = images_of(train), np.concatenate([scores_of(trial) for trial in train])
    animals = [trial.group or trial.name for trial in train for _ in range(len(trial))]

    def fit(model: Any) -> None:
        features = features_of(model, images)
        mean, scale = features.mean(axis=0), features.std(axis=0) + 1e-3
        old = [model.get_layer(name).get_weights() for name in LAST]
        begun = any(np.any(array) for layer in old for array in layer)
        start = np.stack([features @ kernel + offset for kernel, offset in old], axis=1) if begun else None
        kernels, offsets = np.zeros((2, features.shape[1], len(OUTPUTS))), np.zeros((2, len(OUTPUTS)))
        for column, name in enumerate(OUTPUTS):
            if np.isfinite(scores[:, column]).any():
                before = None if start is None else start[:, :, column]
                found = fit_ordinal((features - mean) / scale, scores[:, column], animals, HIGHEST[name], before)
                slopes = found.slopes / scale
                kernels[:, :, column] = slopes
                offsets[:, column] = np.array(found.offsets) - mean @ slopes
                kept = 1 / found.temperature if found.started else 0.0
            else:
                kept = 1.0  # nobody scored it: what the model knew of it stays
            kernels[:, :, column] += kept * np.stack([kernel[:, column] for kernel, _ in old])
            offsets[:, column] += kept * np.array([offset[column] for _, offset in old])
        for layer, kernel, offset in zip(LAST, kernels, offsets, strict=True):
            model.get_layer(layer).set_weights([kernel.astype(np.float32), offset.astype(np.float32)])

    return fit


def train_opened(
    model: keras.Model, dataset: Dataset, config: TrainingConfig, objective: Objective, progress: bool = True
) -> Training:
    """Fit the last layer while the backbone is frozen, then learn the opened blocks with it, in place.

    The validation animals choose the epoch, and at the end the temperature of each output.

    Raises:
        InputError, FloatingPointError: as `train` does.
    """
    with one_thread():
        solve_head(dataset)(model)
    done = train(model, dataset, config, objective, progress)
    temper(model, dataset.by_split().get("validation", dataset.by_split()["train"]))
    return done


def temper(model: keras.Model, dataset: Dataset) -> None:
    """Divide the log-odds of each output, in place, by the temperature that suits the scores of a dataset best."""
    features, scores = features_of(model, images_of(dataset)), np.concatenate([scores_of(trial) for trial in dataset])
    layers = [model.get_layer(name).get_weights() for name in LAST]
    for column, name in enumerate(OUTPUTS):
        known = np.isfinite(scores[:, column])
        if not known.any():
            continue
        odds = np.stack([(features @ kernel + offset)[known, column] for kernel, offset in layers], axis=1)
        y = scores[known, column]

        def loss(t: float, odds: Any = odds, y: Any = y, highest: int = HIGHEST[name]) -> float:
            return ordinal_loss(odds / np.exp(t), y, highest)

        found = minimize_scalar(loss, bounds=(-1, 3), method="bounded")
        for kernel, offset in layers:
            kernel[:, column] /= np.exp(found.x)
            offset[column] /= np.exp(found.x)
    for name, weights in zip(LAST, layers, strict=True):
        model.get_layer(name).set_weights(weights)
