"""Trains any Keras model on a dataset, and keeps the weights of its best validation epoch."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from datasets.dataset import Dataset
from neuron_models.errors import InputError, require, require_seed
from neuron_models.progress import progress_bar
from neuron_models.units import Dimensionless, Seconds
from surrogates.backend import keras

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray | None]
"""x, y and sample weight."""
Transform = Callable[[np.ndarray, np.ndarray, np.ndarray | None, np.random.Generator], Arrays]
"""Turns a batch into another when it is used: windows, augmentation, targets made on the fly."""


@dataclass(frozen=True)
class TrainingConfig:
    """How long, in which steps, from which seed; the defaults are those of Barbulescu et al. 2023 for GRU and LSTM."""

    epochs: int = 1000
    batch_size: int = 32
    learning_rate: Dimensionless = 0.05
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size"):
            require(getattr(self, name) >= 1, f"TrainingConfig.{name} must be >= 1, got {getattr(self, name)}")
        require_seed(self.seed, "TrainingConfig.seed")
        require(
            math.isfinite(self.learning_rate) and self.learning_rate > 0,
            f"TrainingConfig.learning_rate must be > 0, got {self.learning_rate}",
        )


@dataclass(frozen=True)
class Objective:
    """What a model is trained for: the loss, what is watched beside it, and what is done to every batch.

    `transform` acts on training batches only; `arrays` turns a dataset into x, y and weight (its trials stacked, when
    not told otherwise).
    """

    loss: Any = "mean_squared_error"
    metrics: Sequence[Any] = ()
    transform: Transform | None = None
    arrays: Callable[[Dataset], Arrays] | None = None

    @property
    def squared(self) -> bool:
        """Whether the root of the loss is a root-mean-square error in the data's units."""
        return self.loss == "mean_squared_error"


REGRESSION = Objective()
CLASSIFICATION = Objective("sparse_categorical_crossentropy", ("sparse_categorical_accuracy",))


@dataclass(frozen=True)
class Training:
    """What training gave: `loss`, `val_loss` and metrics by epoch, the best epoch (from 0), the seconds that it took.

    `settings` are the model's, with those that were chosen on the validation trials; `train_model` fills them in.

    Of a squared loss, the history holds the roots too: `rmse` and `val_rmse`, in the data's units.
    """

    history: dict[str, list[float]]
    best_epoch: int
    seconds: Seconds
    settings: Mapping[str, Any] = field(default_factory=dict)


def train(
    model: keras.Model,
    dataset: Dataset,
    config: TrainingConfig | None = None,
    objective: Objective = REGRESSION,
    progress: bool = True,
) -> Training:
    """Train a model in place with Adam; it ends with the weights of its best validation epoch.

    Args:
        model: takes (trial, time, input) or whatever the objective's arrays and transform make of the dataset.
        dataset: its training trials are learned; its validation trials choose the epoch (if there are
            none, the training trials).
        config: epochs, batch size, learning rate, seed.
        objective: loss, metrics, batch-time transform.
        progress: show a bar with the current RMSE.

    Returns:
        The history by epoch, the best epoch, the seconds.

    Raises:
        InputError: no training trials, or trials without targets.
        FloatingPointError: the loss was never finite.
    """
    config = config or TrainingConfig()
    parts = dataset.by_split()
    require("train" in parts, f"dataset {dataset.name!r} has no training trials")
    learned = _arrays(parts["train"], objective)
    checked = _arrays(parts["validation"], objective) if "validation" in parts else learned
    model.compile(
        optimizer=keras.optimizers.Adam(config.learning_rate),
        loss=objective.loss,
        weighted_metrics=list(objective.metrics),  # so that a sample of weight zero does not count in them either
    )
    best = _BestWeights()
    callbacks = [best, _Bar(config.epochs, objective.squared)] if progress else [best]
    started = time.perf_counter()
    done = model.fit(
        _Batches(learned, config, objective.transform),
        validation_data=checked,
        validation_batch_size=len(checked[0]),
        epochs=config.epochs,
        shuffle=False,
        verbose=0,
        callbacks=callbacks,
    )
    best.restore()
    history = {key: values for key, values in done.history.items() if "validation" in parts or key[:4] != "val_"}
    if objective.squared:
        losses = [key for key in ("loss", "val_loss") if key in history]
        history |= {key.replace("loss", "rmse"): np.sqrt(history[key]).tolist() for key in losses}
    return Training(history, best.epoch, time.perf_counter() - started)


def _arrays(dataset: Dataset, objective: Objective) -> Arrays:
    """x, y and weights ready for Keras: what does not count is zero, and the weights have mean one.

    Keras divides a weighted loss by the number of samples; with mean one, that is the mean over those that count.
    """
    x, y, weight = (objective.arrays or Dataset.stacked)(dataset)
    if y is None:
        raise InputError(f"dataset {dataset.name!r} has no targets to learn")
    if weight is not None:
        require(bool((weight > 0).any()), f"dataset {dataset.name!r}: no sample counts, all weights are zero")
        x, y = (np.where(weight.reshape(weight.shape + (1,) * (a.ndim - weight.ndim)) > 0, a, 0) for a in (x, y))
        weight = np.asarray(weight / weight.mean(), np.float32)
    for what, array in (("x", x), ("y", y)):
        require(bool(np.isfinite(array).all()), f"dataset {dataset.name!r}: NaN in {what}: give such samples weight 0")
    integers = np.issubdtype(np.asarray(y).dtype, np.integer)
    return np.asarray(x, np.float32), np.asarray(y) if integers else np.asarray(y, np.float32), weight


class _Batches(keras.utils.PyDataset):
    """Batches in an order shuffled anew in every epoch by the config's seed, transformed when they are used."""

    def __init__(self, arrays: Arrays, config: TrainingConfig, transform: Transform | None) -> None:
        super().__init__()
        self._arrays, self._size, self._transform = arrays, config.batch_size, transform
        self._rng = np.random.default_rng(config.seed)
        self._order = np.arange(len(arrays[0]))
        self._whole = len(self._order) <= self._size

    def __len__(self) -> int:
        return math.ceil(len(self._order) / self._size)

    def __getitem__(self, index: int) -> tuple:
        if self._whole:
            x, y, weight = self._arrays
        else:
            rows = self._order[index * self._size : (index + 1) * self._size]
            x, y, weight = self._arrays
            x, y, weight = x[rows], y[rows], None if weight is None else weight[rows]
        if self._transform is not None:
            x, y, weight = self._transform(x, y, weight, self._rng)
        return (x, y) if weight is None else (x, y, weight)

    def on_epoch_begin(self) -> None:
        self._rng.shuffle(self._order)


class _BestWeights(keras.callbacks.Callback):
    """Remembers the weights of the epoch with the smallest validation loss, which is taken with just these weights."""

    def __init__(self) -> None:
        super().__init__()
        self._loss, self._weights, self.epoch = math.inf, None, -1

    def on_epoch_end(self, epoch, logs=None) -> None:
        loss = (logs or {})["val_loss"]
        if loss < self._loss:
            self._loss, self.epoch, self._weights = loss, epoch, self.model.get_weights()

    def restore(self) -> None:
        if self._weights is None:
            raise FloatingPointError("training diverged: its loss was never finite; use a smaller learning rate")
        self.model.set_weights(self._weights)


class _Bar(keras.callbacks.Callback):
    """A progress bar over epochs with the current losses, or their roots where they are squared errors."""

    def __init__(self, epochs: int, squared: bool) -> None:
        super().__init__()
        self._bar, self._squared = progress_bar(epochs, "epoch"), squared

    def on_epoch_end(self, epoch, logs=None) -> None:
        what = "RMSE" if self._squared else "loss"
        shown = {
            f"{part} {what}": (logs or {}).get(key) for part, key in (("train", "loss"), ("validation", "val_loss"))
        }
        roots = {part: value**0.5 if self._squared else value for part, value in shown.items() if value is not None}
        self._bar.set_postfix({part: f"{value:.4g}" for part, value in roots.items()}, refresh=False)
        self._bar.update()

    def on_train_end(self, logs=None) -> None:
        self._bar.close()
