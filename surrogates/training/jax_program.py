"""A training as one JAX program: all batches of many epochs, early stopping included, without a return to Python.

Networks of a few thousand weights on windows of a few hundred numbers take longer to call than to compute. A program is
compiled once for an architecture and serves every training of it, however many samples there are: folds, worms, seeds.
"""

import functools
import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from neuron_models.foundation.errors import require
from surrogates.backend import keras, tensorflow_unseen
from surrogates.training.checkpoint import Checkpoint, listed, unlisted
from surrogates.training.configuration import EarlyStopping
from surrogates.training.jax_steps import LOSSES, OPTIMIZERS, Loss

Weights = list[np.ndarray]
_PADDING = 2**14
"""Samples are filled up to a multiple of this, so that a program meets few sizes."""
_MOST_EPOCHS = 10_000
_AT_ONCE, _CHECKED = 1024, 256
"""Samples that are predicted, and validated, at a time."""
_REPORT_EVERY = 0.5
"""Seconds after which a training says how far it is, about."""

OnProgress = Callable[[float, float, int], None]
"""Hears the last training and validation loss, and how many epochs have passed since it heard the last time."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """What a training gave: the weights of its best epoch, losses by epoch, the best epoch from 0 (-1 for none)."""

    weights: Weights
    loss: list[float]
    validation: list[float]
    best: int


class CompiledTraining:
    """The compiled training and prediction of one architecture.

    Args:
        model: gives the architecture. Its weights are not touched.
        loss: a name in `LOSSES` (for cross-entropy the model must end in probabilities), or a function.
        optimizer: a name in `OPTIMIZERS`.
    """

    def __init__(
        self, model: keras.Model, loss: str | Loss = "sparse_categorical_crossentropy", optimizer: str = "adam"
    ) -> None:
        import jax

        self._model = model
        self._trained = [variable.path for variable in model.trainable_variables]
        self._paths = [variable.path for variable in model.weights]
        rules = self._call, LOSSES[loss] if isinstance(loss, str) else loss, OPTIMIZERS[optimizer]
        self._start = jax.jit(_start)
        self._go_on = jax.jit(functools.partial(_go_on, *rules), static_argnames=("batch",))
        self._predict = jax.jit(lambda trained, other, x: self._call(trained, other, x, training=False)[0])

    def fit(
        self,
        weights: Weights,
        train_data: tuple,
        validation_data: tuple,
        *,
        epochs: int,
        batch_size: int,
        learning_rate: float,
        seed: int = 0,
        stopping: EarlyStopping | None = None,
        on_progress: OnProgress | None = None,
        kept: Checkpoint | None = None,
    ) -> Fitted:
        """Train from given weights.

        Args:
            weights: the first ones, in the order of `model.get_weights()`.
            train_data: x, y as the loss takes it (cross-entropy: class numbers (sample,)), and the weight (sample,) or
                (sample, time), or None.
            validation_data: the same of the samples that choose the epoch.
            epochs: at most so many.
            batch_size: samples in a batch; the last ones of an epoch that do not fill one wait for the next epoch.
            learning_rate: at first.
            seed: of the order.
            stopping: when the rate falls and training ends.
            on_progress: hears about every half second how it goes.
            kept: where the training keeps its state, from which it goes on.

        Raises:
            InputError: more epochs than the program has room to remember.
        """
        import jax

        require(epochs <= _MOST_EPOCHS, f"epochs must be at most {_MOST_EPOCHS} here, got {epochs}: use --engine keras")
        stop = stopping or EarlyStopping()
        settings = stop.rate_factor, stop.rate_patience, stop.patience, epochs, stop.cosine_decay
        batch = min(batch_size, len(train_data[0]))
        with tensorflow_unseen():
            data = jax.device_put((_padded(train_data), _padded(validation_data)))
            state = self._start(*self._apart(weights), learning_rate, jax.random.key(seed))
            kept = kept or Checkpoint()
            if (restored := kept.load()) is not None:
                state = _restored(state, unlisted("state", restored))
                last = int(state.number)
                if on_progress is not None:
                    on_progress(float(state.losses[last - 1]), float(state.checks[last - 1]), last)
            stride, running = 1, True
            while running:
                started, before = time.perf_counter(), int(state.number)
                state, running = self._go_on(state, *data, settings, before + stride, batch=batch)
                last = int(state.number)
                if on_progress is not None:
                    on_progress(float(state.losses[last - 1]), float(state.checks[last - 1]), last - before)
                if kept.due() and running:
                    kept.save(listed("state", _leaves(state)))
                stride = max(1, min(2 * stride, round(stride * _REPORT_EVERY / (time.perf_counter() - started))))
        loss, validation = (np.asarray(each)[:last].tolist() for each in (state.losses, state.checks))
        return Fitted(self._together(*state.best), loss, validation, int(state.index))

    def predict(self, weights: Weights, x: np.ndarray) -> np.ndarray:
        """The probabilities (sample, class) for x (sample, ...), in the units that the model was trained on."""
        trained, other = self._apart(weights)
        parts = []
        for first in range(0, len(x), _AT_ONCE):
            part = np.zeros((_AT_ONCE, *x.shape[1:]), np.float32)
            some = x[first : first + _AT_ONCE]
            part[: len(some)] = some
            with tensorflow_unseen():
                parts.append(np.asarray(self._predict(trained, other, part))[: len(some)])
        return np.concatenate(parts)

    def _call(self, trained, other, x, *, training: bool):
        return self._model.stateless_call(trained, other, x, training=training)

    def _apart(self, weights: Weights) -> tuple[list, list]:
        named = dict(zip(self._paths, weights, strict=True))
        return (
            [named[path] for path in self._trained],
            [named.get(each.path, each.value) for each in self._model.non_trainable_variables],
        )

    def _together(self, trained: Sequence[Any], other: Sequence[Any]) -> Weights:
        named = dict(zip(self._trained, trained, strict=True))
        named |= {v.path: value for v, value in zip(self._model.non_trainable_variables, other, strict=True)}
        return [np.asarray(named[path]) for path in self._paths]


def _leaves(state: "TrainingState") -> list[np.ndarray]:
    """The arrays of a state, its random key as numbers."""
    import jax

    plain = state._replace(key=jax.random.key_data(state.key))
    return [np.asarray(leaf) for leaf in jax.tree.leaves(plain)]


def _restored(like: "TrainingState", leaves: list[np.ndarray]) -> "TrainingState":
    """The state that these arrays are, of the same form as another."""
    import jax

    plain = like._replace(key=jax.random.key_data(like.key))
    tree = jax.tree.unflatten(jax.tree.structure(plain), [jax.numpy.asarray(leaf) for leaf in leaves])
    return tree._replace(key=jax.random.wrap_key_data(tree.key))


def _padded(arrays: tuple) -> tuple:
    """x, y, weight filled up with samples that do not count, and how many do."""
    x, y, weight = arrays
    count = len(x)
    weight = np.ones(count, np.float32) if weight is None else np.asarray(weight, np.float32)
    room = _padding_multiple(weight)
    size = room * math.ceil(count / room)
    fill = [np.zeros((size, *a.shape[1:]), a.dtype) for a in (x, y, weight)]
    for whole, part in zip(fill, (x, y, weight), strict=True):
        whole[:count] = part
    return (*fill, count)


def _padding_multiple(weight: Any) -> int:
    """The multiple that samples are filled up to: the longer they are, the fewer; a power of two."""
    return 2 ** int(math.log2(max(2, _PADDING // max(1, math.prod(weight.shape[1:])))))


class TrainingState(NamedTuple):
    """Where a training is: the epoch, weights, the optimizer's memory, and what was best so far."""

    number: Any
    trained: Any
    other: Any
    moments: Any
    step: Any
    rate: Any
    key: Any
    best: Any
    best_loss: Any
    index: Any
    losses: Any
    checks: Any
    fell: Any


def _start(trained, other, rate, key) -> TrainingState:
    """Before the first epoch."""
    import jax.numpy as jnp

    zeros, zero = [jnp.zeros_like(value) for value in trained], jnp.asarray(0)
    nothing = jnp.full(_MOST_EPOCHS, jnp.nan)
    best, never = (trained, other), jnp.asarray(-1)
    rate = jnp.float32(rate)
    return TrainingState(
        zero, trained, other, (zeros, zeros), zero, rate, key, best, jnp.float32(jnp.inf), never, nothing, nothing, zero
    )


def _go_on(
    call: Callable,
    loss: Loss,
    move: Callable,
    state: TrainingState,
    train_data,
    validation_data,
    stop,
    until,
    *,
    batch: int,
):
    """Some more epochs, as JAX traces them, and whether there is more to do after them."""
    import jax
    import jax.numpy as jnp

    _, _, patience, epochs, _ = stop

    def more(s: TrainingState):
        return (s.number < epochs) & (s.number - jnp.maximum(s.index, 0) <= patience)

    def epoch(s: TrainingState) -> TrainingState:
        s, mean = _one_epoch(call, loss, move, s, train_data, stop, batch)
        return _judged(s, mean, _checked(call, loss, s.trained, s.other, validation_data), stop)

    state = jax.lax.while_loop(lambda s: more(s) & (s.number < until), epoch, state)
    return state, more(state)


def _one_epoch(call: Callable, loss: Loss, move: Callable, state: TrainingState, train_data, stop, batch: int):
    """Every batch once, in an order of its own; and the mean loss."""
    import jax
    import jax.numpy as jnp

    def loss_of(trained, other, x, y, weight):
        predicted, other = call(trained, other, x, training=True)
        return (loss(y, predicted) * weight).sum() / jnp.maximum(weight.sum(), 1e-9), other

    _, _, _, epochs, anneal = stop
    x, y, weight, count = train_data
    steps = count // batch
    gradient = jax.value_and_grad(loss_of, has_aux=True)
    key, own = jax.random.split(state.key)
    order = jnp.argsort(jnp.where(jnp.arange(len(x)) < count, jax.random.uniform(own, (len(x),)), 2.0))

    def one(index, inner):
        trained, other, moments, step, total = inner
        rows = jax.lax.dynamic_slice(order, (index * batch,), (batch,))
        (lost, other), gradients = gradient(trained, other, x[rows], y[rows], weight[rows])
        fall = jnp.where(anneal, 0.5 * (1 + jnp.cos(jnp.pi * step / (epochs * steps))), 1.0)
        trained, moments, step = move(trained, gradients, moments, step, state.rate * fall)
        return trained, other, moments, step, total + lost

    inner = state.trained, state.other, state.moments, state.step, jnp.zeros(())
    trained, other, moments, step, total = jax.lax.fori_loop(0, steps, one, inner)
    state = state._replace(trained=trained, other=other, moments=moments, step=step, key=key)
    return state, total / steps


def _judged(state: TrainingState, loss, check, stop) -> TrainingState:
    """After an epoch: keep what is best, and let the rate fall where nothing gets better."""
    import jax
    import jax.numpy as jnp

    factor, after, *_ = stop
    number, better = state.number, check < state.best_loss
    best = jax.tree.map(lambda new, old: jnp.where(better, new, old), (state.trained, state.other), state.best)
    index = jnp.where(better, number, state.index)
    falls = (number - jnp.maximum(index, state.fell)) >= after
    return state._replace(
        number=number + 1,
        rate=jnp.where(falls, state.rate * factor, state.rate),
        best=best,
        best_loss=jnp.where(better, check, state.best_loss),
        index=index,
        losses=state.losses.at[number].set(loss),
        checks=state.checks.at[number].set(check),
        fell=jnp.where(falls, number, state.fell),
    )


def _checked(call: Callable, loss: Loss, trained, other, validation_data):
    """The validation loss, some samples at a time."""
    import jax
    import jax.numpy as jnp

    x, y, weight, count = validation_data
    at_once = min(_CHECKED, _padding_multiple(weight))

    def part(index, total):
        some = [jax.lax.dynamic_slice_in_dim(a, index * at_once, at_once) for a in (x, y, weight)]
        predicted, _ = call(trained, other, some[0], training=False)
        return total + (loss(some[1], predicted) * some[2]).sum()

    parts = (count + at_once - 1) // at_once
    return jax.lax.fori_loop(0, parts, part, jnp.zeros(())) / jnp.maximum(weight.sum(), 1e-9)


def compiled_training(
    model: keras.Model, loss: str | Loss = "sparse_categorical_crossentropy", optimizer: str = "adam"
) -> CompiledTraining:
    """The program of a model's architecture, compiled before if there has been one like it.

    A loss that is a function must have a `repr` that distinguishes it from others, as that of a frozen dataclass does.
    """
    architecture = json.dumps(_architecture(model.get_config()), sort_keys=True, default=str)
    key = architecture, repr(loss), optimizer
    if key not in _programs:
        _programs[key] = CompiledTraining(model, loss, optimizer)
    return _programs[key]


_programs: dict[tuple[str, str, str], CompiledTraining] = {}


def _architecture(config: Any) -> Any:
    """A model's configuration without what does not change the computation: names and seeds of first weights."""
    if isinstance(config, dict):
        return {key: _architecture(value) for key, value in config.items() if key != "seed"}
    return [_architecture(each) for each in config] if isinstance(config, list | tuple) else config
