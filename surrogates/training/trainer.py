"""Trains any Keras model on a dataset, and keeps the weights of its best validation epoch."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from datasets.dataset import Dataset, require_training
from neuron_models.foundation.errors import InputError, require, require_seed
from neuron_models.foundation.progress import progress_bar
from neuron_models.foundation.units import Dimensionless, Seconds
from surrogates.backend import keras, on_gpu, tensorflow_unseen
from surrogates.training.jax_program import Stopping, program_of

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray | None]
"""x, y and sample weight."""
Transform = Callable[[np.ndarray, np.ndarray, np.ndarray | None, np.random.Generator], Arrays]
"""Turns a batch into another when it is used: windows, augmentation, targets made on the fly."""

ENGINES = ("auto", "fast", "keras")
OPTIMIZERS = {"adam": keras.optimizers.Adam, "rmsprop": keras.optimizers.RMSprop}
_PATIENT = Stopping(patience=100)
"""After so many epochs without a smaller validation loss a classifier of windows has learned what it will."""


@dataclass(frozen=True)
class TrainingConfig:
    """How long, in which steps, from which seed; the defaults are those of Barbulescu et al. 2023 for GRU and LSTM.

    `engine` says what trains: `fast` is this project's own for small networks on a CPU, `keras` is Keras's
    `fit`; `auto` takes the fast one where it can run the model and no GPU is there. Classifiers of windows and networks
    on postures have a fast one too, a whole training in one JAX program, which stops early; `auto` takes it on the
    backend JAX.
    """

    epochs: int = 1000
    batch_size: int = 32
    learning_rate: Dimensionless = 0.05
    seed: int = 0
    engine: str = "auto"

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size"):
            value = getattr(self, name)
            require(value >= 1, f"{name.replace('_', ' ')} must be >= 1, got {value}")
        require_seed(self.seed, "seed")
        require(self.engine in ENGINES, f"engine must be one of {', '.join(ENGINES)}, got {self.engine!r}")
        require(
            math.isfinite(self.learning_rate) and self.learning_rate > 0,
            f"learning rate must be > 0, got {self.learning_rate}",
        )


@dataclass(frozen=True)
class Plateau:
    """The learning rate is multiplied by `factor` after so many epochs without a validation loss smaller by `gain`."""

    factor: Dimensionless = 0.1
    after: int = 3
    gain: Dimensionless = 1e-5


@dataclass(frozen=True)
class Objective:
    """What a model is trained for: the loss, what is watched beside it, what is done to every batch, and how.

    `transform` acts on training batches only; `arrays` turns a dataset into x, y and weight (its trials stacked, when
    not told otherwise). `loss` is a name of Keras's or a function of y and what the model gives. `stopping` holds for
    trainings that are one program, but for `anneal`, which Keras's follow too; `plateau` holds for Keras's. An epoch
    has so many `batches`, whatever the number of samples; when 0, every sample comes once. Validation sees so many
    samples `at_once`; when 0, all.
    """

    loss: Any = "mean_squared_error"
    metrics: Sequence[Any] = ()
    transform: Transform | None = None
    arrays: Callable[[Dataset], Arrays] | None = None
    optimizer: str = "adam"
    stopping: Stopping = _PATIENT
    plateau: Plateau | None = None
    batches: int = 0
    at_once: int = 0

    def __post_init__(self) -> None:
        known = ", ".join(OPTIMIZERS)
        require(self.optimizer in OPTIMIZERS, f"optimizer must be one of {known}, got {self.optimizer!r}")

    @property
    def squared(self) -> bool:
        """Whether the root of the loss is a root-mean-square error in the data's units."""
        return self.loss == "mean_squared_error"


REGRESSION = Objective()
CLASSIFICATION = Objective("sparse_categorical_crossentropy", ("sparse_categorical_accuracy",))


@dataclass(frozen=True)
class Training:
    """What training gave: `loss`, `val_loss` and metrics by epoch, the best epoch (from 0), the seconds, the engine.

    `settings` are the model's, with those that were chosen on the validation trials; `fit_model` fills them in.

    Of a squared loss, the history holds the roots too: `rmse` and `val_rmse`, in the data's units.
    """

    history: dict[str, list[float]]
    best_epoch: int
    seconds: Seconds
    engine: str = "keras"
    settings: Mapping[str, Any] = field(default_factory=dict)


def train(
    model: keras.Model,
    dataset: Dataset,
    config: TrainingConfig | None = None,
    objective: Objective = REGRESSION,
    progress: bool = True,
) -> Training:
    """Train a model in place; it ends with the weights of its best validation epoch.

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
    require_training(dataset)
    learned = _arrays(parts["train"], objective)
    checked = _arrays(parts["validation"], objective) if "validation" in parts else learned
    even = learned[0].shape[1:] == checked[0].shape[1:]
    layout = _fast_layout(model, config, objective, even)
    whole = _whole_program(model, config, objective)
    started = time.perf_counter()
    with _Bar(config.epochs, objective.squared, progress, validated="validation" in parts) as bar:
        if whole:
            history, best = _fit_whole(model, learned, checked, config, objective, bar)
        elif layout is None:
            history, best = _fit_keras(model, learned, checked, config, objective, bar)
        else:
            history, best = _fit_fast(model, layout, learned, checked, config, bar)
    if best < 0:
        raise FloatingPointError("training diverged: its loss was never finite; use a smaller learning rate")
    history = {key: values for key, values in history.items() if "validation" in parts or key[:4] != "val_"}
    if objective.squared:
        losses = [key for key in ("loss", "val_loss") if key in history]
        history |= {key.replace("loss", "rmse"): np.sqrt(history[key]).tolist() for key in losses}
    return Training(history, best, time.perf_counter() - started, "fast" if whole or layout is not None else "keras")


def _fast_layout(model: keras.Model, config: TrainingConfig, objective: Objective, even: bool):
    """How the fast engine sees the model, or None where Keras is to train it.

    `even` says that training and validation trials are equally long, since they run side by side.
    """
    if config.engine == "keras" or (config.engine == "auto" and on_gpu()) or _whole_program(model, config, objective):
        return None
    from surrogates.training.fast.layout import layout_of

    plain = even and objective.squared and objective.transform is None and not objective.metrics
    plain = plain and objective.optimizer == "adam" and not objective.stopping.anneal
    layout = layout_of(model) if plain else None
    if layout is None and config.engine == "fast":
        raise InputError(
            "the fast engine trains one layer (RNN, LSTM, GRU, dense or causal convolution; tanh, sigmoid, relu or "
            "linear) and a dense one on the mean squared error, with validation trials as long as the training trials: "
            f"for {model.name} on these data use the engine keras"
        )
    return layout


def _whole_program(model: keras.Model, config: TrainingConfig, objective: Objective) -> bool:
    """Whether the training is to be one JAX program.

    It is for a classifier of one label a sample, and for a loss that is a function, if nothing else is asked.
    """
    labels = objective.loss == "sparse_categorical_crossentropy" and len(model.output_shape) == 2
    plain = (labels or callable(objective.loss)) and objective.transform is None and not objective.metrics
    return plain and config.engine != "keras" and keras.backend.backend() == "jax"


def _fit_whole(
    model: keras.Model, learned: Arrays, checked: Arrays, config: TrainingConfig, objective: Objective, bar: "_Bar"
) -> tuple[dict[str, list[float]], int]:
    done = program_of(model, objective.loss, objective.optimizer).fit(
        model.get_weights(),
        learned,
        checked,
        epochs=config.epochs,
        batch_size=config.batch_size,
        learning_rate=config.learning_rate,
        seed=config.seed,
        stopping=objective.stopping,
        tell=bar.show,
    )
    model.set_weights(done.weights)
    return {"loss": done.loss, "val_loss": done.validation}, done.best


def _fit_fast(model, layout, learned: Arrays, checked: Arrays, config: TrainingConfig, bar: "_Bar"):
    from surrogates.training.fast.engine import fit

    loss, validation, best = fit(
        model,
        layout,
        learned,
        checked,
        epochs=config.epochs,
        batch_size=config.batch_size,
        learning_rate=config.learning_rate,
        orders=_orders(len(learned[0]), config.seed),
        on_epoch=bar.show,
    )
    return {"loss": loss, "val_loss": validation}, best


def _fit_keras(
    model, learned: Arrays, checked: Arrays, config: TrainingConfig, objective: Objective, bar: "_Bar"
) -> tuple[dict[str, list[float]], int]:
    batches = _Batches(learned, config, objective)
    rate: Any = config.learning_rate
    if objective.stopping.anneal:
        rate = keras.optimizers.schedules.CosineDecay(rate, config.epochs * len(batches))
    model.compile(
        optimizer=OPTIMIZERS[objective.optimizer](rate),
        loss=objective.loss,
        weighted_metrics=list(objective.metrics),  # so that a sample of weight zero does not count in them either
    )
    best = _BestWeights(batches, bar)
    checked = _filled(checked, objective.at_once) if objective.at_once else checked
    with tensorflow_unseen():
        done = model.fit(
            batches,
            validation_data=checked,
            validation_batch_size=objective.at_once or len(checked[0]),
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
    how = {"factor": objective.plateau.factor, "patience": objective.plateau.after, "min_delta": objective.plateau.gain}
    return [keras.callbacks.ReduceLROnPlateau(monitor="val_loss", **how)]


def _filled(arrays: Arrays, multiple: int) -> Arrays:
    """Arrays with samples of weight zero behind, so that all batches are equally large: one size, one program."""
    x, y, weight = arrays
    more = -len(x) % multiple
    if more == 0:
        return arrays
    weight = np.ones(len(x), np.float32) if weight is None else weight
    x, y, weight = (np.concatenate([a, np.zeros((more, *a.shape[1:]), a.dtype)]) for a in (x, y, weight))
    return x, y, np.asarray(weight / weight.mean(), np.float32)


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
    x = np.asarray(x, np.uint8 if np.asarray(x).dtype == np.uint8 else np.float32)  # images stay small
    return x, np.asarray(y) if integers else np.asarray(y, np.float32), weight


class _Batches(keras.utils.PyDataset):
    """Batches in an order shuffled anew in every epoch by the config's seed, transformed when they are used."""

    def __init__(self, arrays: Arrays, config: TrainingConfig, objective: Objective) -> None:
        super().__init__()
        self._arrays, self._size, self._transform = arrays, config.batch_size, objective.transform
        self._number = objective.batches
        self._rng = np.random.default_rng(config.seed)
        self._orders = _orders(len(arrays[0]), config.seed)
        self._order = np.resize(np.arange(len(arrays[0])), objective.batches * self._size or len(arrays[0]))
        self._whole = len(self._order) <= self._size and not self._number

    def __len__(self) -> int:
        return self._number or math.ceil(len(self._order) / self._size)

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

    def shuffle(self) -> None:
        """Begin another epoch; Keras's own `on_epoch_begin` would also come once before the first, on some backends."""
        rounds = -(-len(self._order) // len(self._arrays[0]))
        self._order = np.concatenate([next(self._orders) for _ in range(rounds)])[: len(self._order)]


def _orders(number: int, seed: int) -> Iterator[np.ndarray]:
    """The order of the trials in each epoch, shuffled anew by a seed."""
    rng, order = np.random.default_rng(seed), np.arange(number)
    while True:
        rng.shuffle(order)
        yield order.copy()


class _BestWeights(keras.callbacks.Callback):
    """Remembers the weights of the epoch with the smallest validation loss, which is taken with just these weights."""

    def __init__(self, batches: "_Batches", bar: "_Bar") -> None:
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


class _Bar:
    """A progress bar over epochs with the current losses, or their roots where they are squared errors."""

    def __init__(self, epochs: int, squared: bool, shown: bool, validated: bool = True) -> None:
        self._bar = progress_bar(epochs, "epoch") if shown else None
        self._validated = validated
        self._squared, self._what = squared, "RMSE" if squared else "loss"

    def __enter__(self) -> "_Bar":
        return self

    def __exit__(self, *_) -> None:
        if self._bar is not None:
            self._bar.close()

    def show(self, loss: float, validation: float, epochs: int = 1, **watched: float) -> None:
        """One epoch is done, or several; `watched` are the validation's other figures."""
        if self._bar is not None:
            shown = {"train": loss, **({"validation": validation} if self._validated else {})}
            roots = {part: value**0.5 if self._squared else value for part, value in shown.items()}
            told = {f"{part} {self._what}": f"{v:.4g}" for part, v in roots.items()}
            part = "validation" if self._validated else "train"
            told |= {f"{part} {name}": f"{value:.3g}" for name, value in watched.items()}
            self._bar.set_postfix(told, refresh=False)
            self._bar.update(epochs)
