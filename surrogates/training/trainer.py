"""Trains any Keras model on a dataset, and keeps the weights of its best validation epoch."""

import os
import time
from dataclasses import replace

import numpy as np

from datasets.dataset import Dataset
from datasets.parts.splitting import require_training
from neuron_models.foundation.errors import InputError, require
from surrogates.backend import keras, on_gpu
from surrogates.training.batches import shuffled_orders, training_arrays
from surrogates.training.checkpoint import Checkpoint, checkpoint_of
from surrogates.training.compile_time import compile_time
from surrogates.training.configuration import REGRESSION, Arrays, Objective, Training, TrainingConfig
from surrogates.training.epochs_bar import ProgressBar
from surrogates.training.jax_program import compiled_training
from surrogates.training.keras_fit import fit_keras
from surrogates.training.polish import Best, lbfgs
from surrogates.training.scaling import fold, require_foldable, scales_of, shiftable
from surrogates.training.superposition import superposed


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
        The history by epoch, the best epoch, the seconds, those of compilers apart.

    Raises:
        InputError: no training trials, or trials without targets.
        FloatingPointError: the loss was never finite.
    """
    config = config or TrainingConfig()
    parts = dataset.by_split()
    require_training(dataset)
    train_data = training_arrays(parts["train"], objective)
    validation_data = training_arrays(parts["validation"], objective) if "validation" in parts else train_data
    train_data = superposed(train_data, config.superpose, config.seed, objective.squared)
    scales = scales_of(train_data, shiftable(model)) if config.scale and objective.squared else None
    require(not config.scale or objective.squared, f"--scale is for models of responses, which {model.name} is not")
    if scales is not None:
        require_foldable(model)
        train_data, validation_data = scales.scaled(train_data), scales.scaled(validation_data)
    if config.anneal:
        objective = replace(objective, stopping=replace(objective.stopping, cosine_decay=True))
    even = train_data[0].shape[1:] == validation_data[0].shape[1:]
    one_program = _is_one_program(model, config, objective)
    layout = None if one_program else _fast_layout(model, config, objective, even)
    engine = "program" if one_program else "keras" if layout is None else "fast"
    kept = checkpoint_of(
        config.checkpoints, engine, model.get_weights(), train_data, validation_data, config, _facts(objective)
    )
    started = time.perf_counter()
    unit = 1.0 if scales is None else scales.y_scale**2
    whole = config.epochs + config.polish
    showing = ProgressBar(whole, objective.squared, progress, "validation" in parts, unit)
    with compile_time() as compiling, showing as bar:
        if one_program:
            history, best = _fit_program(model, train_data, validation_data, config, objective, bar, kept)
        elif layout is None:
            history, best = fit_keras(model, train_data, validation_data, config, objective, bar, kept)
        else:
            history, best = _fit_fast(model, layout, train_data, validation_data, config, bar, kept)
        if config.polish:
            best = _polish(model, layout, (train_data, validation_data), config, history, best, bar)
    if best < 0:
        raise FloatingPointError("training diverged: its loss was never finite; use a smaller learning rate")
    if scales is not None:
        fold(model, scales)
        history |= {key: [unit * each for each in history[key]] for key in ("loss", "val_loss")}
    history = {key: values for key, values in history.items() if "validation" in parts or key[:4] != "val_"}
    if objective.squared:
        losses = [key for key in ("loss", "val_loss") if key in history]
        history |= {key.replace("loss", "rmse"): np.sqrt(history[key]).tolist() for key in losses}
    seconds, named = time.perf_counter() - started, "keras" if engine == "keras" else "fast"
    return Training(history, best, seconds - compiling.seconds, named, compile_seconds=compiling.seconds)


def _polish(
    model: keras.Model,
    layout,
    data: tuple[Arrays, Arrays],
    config: TrainingConfig,
    history: dict[str, list[float]],
    epoch: int,
    bar: ProgressBar,
) -> int:
    """Go on by L-BFGS from the best epoch; its iterations are added to the history. Gives the best epoch."""
    if layout is None:
        raise InputError(f"--polish goes on with what the fast engine trains, which {model.name} on these data is not")
    from surrogates.training.fast.engine import Trainer

    whole = Trainer(model, layout, *data, config.learning_rate, len(data[0][0]))
    validation = [np.inf]

    held = np.concatenate([each.ravel() for each in layout.pack([np.ones_like(w) for w in model.get_weights()])])
    free = np.pad(held, (0, whole.parameters.size - held.size)) != 0  # the others fill rows up and mean nothing

    def ask(at: np.ndarray) -> tuple[float, np.ndarray]:
        loss, gradient, validation[0] = whole.ask(at)
        return loss, np.where(free, gradient, 0.0)

    lowest = history["val_loss"][epoch] if epoch >= 0 else np.inf
    best = Best(whole.parameters.astype(float), lowest, epoch, history["loss"], history["val_loss"])
    lbfgs(ask, lambda at: validation[0], best, config.polish, bar.show)
    model.set_weights(whole.weights(best.parameters.astype(np.float32)))
    return best.epoch


def _facts(objective: Objective) -> tuple:
    """What of an objective a checkpoint is known by; its functions are decided by the model and its settings."""
    watched = objective.loss if isinstance(objective.loss, str) else repr(objective.loss)
    return watched, objective.optimizer, objective.stopping, objective.plateau, objective.batches, objective.at_once


def _fast_layout(model: keras.Model, config: TrainingConfig, objective: Objective, even: bool):
    """How the fast engine sees the model, or None where Keras is to train it.

    `even` says that training and validation trials are equally long, since they run side by side.
    """
    if config.engine == "keras" or (config.engine == "auto" and on_gpu()):
        return None
    if os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"):
        require(config.engine != "fast", "the engine 'fast' needs compiled kernels: unset NUMBA_DISABLE_JIT")
        return None
    from surrogates.training.fast.layout import layout_of

    plain = even and objective.squared and objective.transform is None and not objective.metrics
    plain = plain and objective.optimizer == "adam" and (config.anneal or not objective.stopping.cosine_decay)
    layout = layout_of(model) if plain else None
    if layout is None and config.engine == "fast":
        raise InputError(
            "the fast engine trains one layer (RNN, LSTM, GRU, dense or causal convolution; tanh, sigmoid, relu or "
            "linear) and a dense one on the mean squared error, with validation trials as long as the training trials: "
            f"for {model.name} on these data use the engine keras"
        )
    return layout


def _is_one_program(model: keras.Model, config: TrainingConfig, objective: Objective) -> bool:
    """Whether the training is to be one JAX program.

    It is for a classifier of one label a sample, and for a loss that is a function, if nothing else is wanted.
    """
    labels = objective.loss == "sparse_categorical_crossentropy" and len(model.output_shape) == 2
    plain = (labels or callable(objective.loss)) and objective.transform is None and not objective.metrics
    return plain and config.engine != "keras" and keras.backend.backend() == "jax"


def _fit_program(
    model: keras.Model,
    train_data: Arrays,
    validation_data: Arrays,
    config: TrainingConfig,
    objective: Objective,
    bar: ProgressBar,
    kept: Checkpoint,
) -> tuple[dict[str, list[float]], int]:
    done = compiled_training(model, objective.loss, objective.optimizer).fit(
        model.get_weights(),
        train_data,
        validation_data,
        epochs=config.epochs,
        batch_size=config.batch_size,
        learning_rate=config.learning_rate,
        seed=config.seed,
        stopping=objective.stopping,
        on_progress=bar.show,
        kept=kept,
    )
    model.set_weights(done.weights)
    return {"loss": done.loss, "val_loss": done.validation}, done.best


def _fit_fast(
    model,
    layout,
    train_data: Arrays,
    validation_data: Arrays,
    config: TrainingConfig,
    bar: ProgressBar,
    kept: Checkpoint,
):
    from surrogates.training.fast.engine import fit

    loss, validation, best = fit(
        model,
        layout,
        train_data,
        validation_data,
        epochs=config.epochs,
        batch_size=config.batch_size,
        learning_rate=config.learning_rate,
        orders=shuffled_orders(len(train_data[0]), config.seed),
        on_epoch=bar.show,
        kept=kept,
        anneal=config.anneal,
    )
    return {"loss": loss, "val_loss": validation}, best
