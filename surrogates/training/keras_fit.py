"""Training by Keras's own `fit`, for what neither the fast engine nor a JAX program trains."""

import json
import math
from dataclasses import asdict
from typing import Any

from surrogates.backend import keras, tensorflow_unseen
from surrogates.training.batches import Batches, padded
from surrogates.training.checkpoint import Checkpoint, listed, unlisted
from surrogates.training.configuration import Arrays, Objective, TrainingConfig
from surrogates.training.epochs_bar import ProgressBar

_OPTIMIZERS = {"adam": keras.optimizers.Adam, "rmsprop": keras.optimizers.RMSprop}


def fit_keras(
    model,
    train_data: Arrays,
    validation_data: Arrays,
    config: TrainingConfig,
    objective: Objective,
    bar: ProgressBar,
    kept: Checkpoint,
) -> tuple[dict[str, list[float]], int]:
    """Train a model in place with Keras's `fit`; gives the history by epoch, and the best epoch (-1 for none).

    A training whose state was `kept` continues from there.
    """
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
    state = kept.load()
    falling = _falling(objective, config)
    going = _GoingOn(kept, state, best, batches, falling)
    validation_data = padded(validation_data, objective.at_once) if objective.at_once else validation_data
    with tensorflow_unseen():
        done = model.fit(
            batches,
            validation_data=validation_data,
            validation_batch_size=objective.at_once or len(validation_data[0]),
            epochs=config.epochs,
            initial_epoch=going.first,
            shuffle=False,
            verbose=0,
            callbacks=[going, best, *falling, going.last],
        )
    best.restore()
    if callable(objective.loss):  # a file of the model can hold no loss of our own, and needs no optimizer
        model.compiled, model.optimizer = False, None
    return {key: [*going.history.get(key, ()), *values] for key, values in done.history.items()}, best.epoch


def _falling(objective: Objective, config: TrainingConfig) -> list[keras.callbacks.Callback]:
    """What lets the learning rate fall, if anything does."""
    if objective.plateau is None:
        return []
    return [keras.callbacks.ReduceLROnPlateau(monitor="val_loss", **asdict(objective.plateau))]


class _BestWeights(keras.callbacks.Callback):
    """Remembers the weights of the epoch with the smallest validation loss, which is taken with just these weights."""

    def __init__(self, batches: Batches, bar: ProgressBar) -> None:
        super().__init__()
        self.loss, self.epoch = math.inf, -1
        self.weights: list[Any] | None = None
        self._batches, self._bar = batches, bar

    def on_epoch_begin(self, epoch, logs=None) -> None:
        self._batches.shuffle()

    def on_epoch_end(self, epoch, logs=None) -> None:
        logs = logs or {}
        if logs["val_loss"] < self.loss:
            self.loss, self.epoch, self.weights = logs["val_loss"], epoch, self.model.get_weights()
        watched = {key.removeprefix("val_"): value for key, value in logs.items() if key.startswith("val_")}
        watched.pop("loss")
        self._bar.show(logs["loss"], logs["val_loss"], **watched)

    def restore(self) -> None:
        if self.weights is not None:
            self.model.set_weights(self.weights)


class _GoingOn(keras.callbacks.Callback):
    """Restores the state that was kept before the first epoch; its part `last` keeps the state after epochs.

    Batches, plateaus and weights are restored when the first epoch begins, since `fit` looks at a batch and resets its
    callbacks before.
    """

    def __init__(self, kept: Checkpoint, state: Any, best: "_BestWeights", batches: Batches, falling: list) -> None:
        super().__init__()
        self._state, self._best, self._batches, self._falling = state, best, batches, falling
        text = json.loads(str(state["told"])) if state is not None else {}
        self.history: dict[str, list[float]] = text.get("history", {})
        self.first = len(self.history.get("loss", ()))
        self._text = text
        self.last = _Keeping(kept, self)

    def on_epoch_begin(self, epoch, logs=None) -> None:
        """Go on, before the first epoch."""
        if self._state is None:
            return
        state, self._state = self._state, None
        for variable, value in zip(_variables(self.model), unlisted("variable", state), strict=True):
            variable.assign(value)
        self._best.loss, self._best.epoch = self._text["best_loss"], self._text["best_epoch"]
        self._best.weights = unlisted("best", state) or None
        for callback, seen in zip(self._falling, self._text["falling"], strict=True):
            callback.best, callback.wait, callback.cooldown_counter = seen
        self._batches.go_on(self._text["batches"], epoch)

    def state(self, history: dict[str, list[float]]) -> dict[str, Any]:
        """All that decides how the training goes on."""
        best = self._best
        text = {
            "history": history,
            "best_loss": best.loss,
            "best_epoch": best.epoch,
            "falling": [[float(each.best), each.wait, each.cooldown_counter] for each in self._falling],
            "batches": self._batches.state,
        }
        arrays = listed("variable", [keras.ops.convert_to_numpy(each) for each in _variables(self.model)])
        return {"told": json.dumps(text), **arrays, **listed("best", best.weights or [])}


class _Keeping(keras.callbacks.Callback):
    """Keeps the state after an epoch, if it is time to, once all other callbacks have seen the epoch."""

    def __init__(self, kept: Checkpoint, going: _GoingOn) -> None:
        super().__init__()
        self._kept, self._going = kept, going
        self._history = {key: list(values) for key, values in going.history.items()}

    def on_epoch_end(self, epoch, logs=None) -> None:
        """Keep it."""
        for key, value in (logs or {}).items():
            self._history.setdefault(key, []).append(float(value))
        if self._kept.due():
            self._kept.save(self._going.state(self._history))


def _variables(model: keras.Model) -> list[Any]:
    """The variables of a model, seeds among them, and of its optimizer."""
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    return [*model.trainable_variables, *model.non_trainable_variables, *model.optimizer.variables]
