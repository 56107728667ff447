"""Training by Keras's own `fit`, for what neither the fast engine nor a JAX program trains."""

import math
from dataclasses import asdict
from typing import Any

from surrogates.backend import keras, tensorflow_unseen
from surrogates.training.batches import Batches, padded
from surrogates.training.configuration import Arrays, Objective, TrainingConfig
from surrogates.training.epochs_bar import ProgressBar

_OPTIMIZERS = {"adam": keras.optimizers.Adam, "rmsprop": keras.optimizers.RMSprop}


def fit_keras(
    model, train_data: Arrays, validation_data: Arrays, config: TrainingConfig, objective: Objective, bar: ProgressBar
) -> tuple[dict[str, list[float]], int]:
    """Train a model in place with Keras's `fit`; gives the history by epoch, and the best epoch (-1 for none)."""
    batches = Batches(train_data, config, objective)
    rate: Any = config.learning_rate
    if objective.stopping.cosine_decay:
        rate = keras.optimizers.schedules.CosineDecay(rate, config.epochs * len(batches))
    model.compile(
        optimizer=_OPTIMIZERS[objective.optimizer](rate),
        loss=objective.loss,
        weighted_metrics=list(objective.metrics),  # so that a sample of weight zero does not count in them either
    )
    best = _BestWeights(batches, bar)
    validation_data = padded(validation_data, objective.at_once) if objective.at_once else validation_data
    with tensorflow_unseen():
        done = model.fit(
            batches,
            validation_data=validation_data,
            validation_batch_size=objective.at_once or len(validation_data[0]),
            epochs=config.epochs,
            shuffle=False,
            verbose=0,
            callbacks=[best, *_falling(objective, config)],
        )
    best.restore()
    if callable(objective.loss):  # a file of the model can hold no loss of our own, and needs no optimizer
        model.compiled, model.optimizer = False, None
    return done.history, best.epoch


def _falling(objective: Objective, config: TrainingConfig) -> list[keras.callbacks.Callback]:
    """What lets the learning rate fall, if anything does."""
    if objective.plateau is None:
        return []
    return [keras.callbacks.ReduceLROnPlateau(monitor="val_loss", **asdict(objective.plateau))]


class _BestWeights(keras.callbacks.Callback):
    """Remembers the weights of the epoch with the smallest validation loss, which is taken with just these weights."""

    def __init__(self, batches: Batches, bar: ProgressBar) -> None:
        super().__init__()
        self._loss, self._weights, self.epoch = math.inf, None, -1
        self._batches, self._bar = batches, bar

    def on_epoch_begin(self, epoch, logs=None) -> None:
        self._batches.shuffle()

    def on_epoch_end(self, epoch, logs=None) -> None:
        logs = logs or {}
        if logs["val_loss"] < self._loss:
            self._loss, self.epoch, self._weights = logs["val_loss"], epoch, self.model.get_weights()
        watched = {key.removeprefix("val_"): value for key, value in logs.items() if key.startswith("val_")}
        watched.pop("loss")
        self._bar.show(logs["loss"], logs["val_loss"], **watched)

    def restore(self) -> None:
        if self._weights is not None:
            self.model.set_weights(self._weights)
