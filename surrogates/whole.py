"""A training as one JAX program: every batch of every epoch, early stopping included, without a return to Python.

Networks of a few thousand weights on windows of a few hundred numbers take longer to call than to compute. A program is
compiled once for an architecture and serves every training of it, however many samples there are: folds, worms, seeds.
"""

import functools
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neuron_models.units import Dimensionless
from surrogates.backend import keras, tensorflow_unseen

Weights = list[np.ndarray]
_ROOM = 2**14
"""Samples are filled up to a multiple of this, so that a program meets few sizes."""
_MOST_EPOCHS = 10_000
_ASKED, _CHECKED = 1024, 256
"""Samples that are predicted, and validated, at a time."""
_BETAS, _EPSILON = (0.9, 0.999), 1e-7


@dataclass(frozen=True)
class Stopping:
    """When the learning rate falls and when training ends, in epochs without a smaller validation loss.

    Wang et al. 2020 let the rate fall to a quarter after 50 such epochs.
    """

    factor: Dimensionless = 0.25
    after: int = 50
    patience: int = 10**9


@dataclass(frozen=True, eq=False)
class Fitted:
    """What a training gave: the weights of its best epoch, losses by epoch, the best epoch from 0 (-1 for none)."""

    weights: Weights
    loss: list[float]
    validation: list[float]
    best: int


class Program:
    """The compiled training and prediction of one architecture of classifier.

    Args:
        model: gives the architecture; it must end in probabilities. Its weights are not touched.
    """

    def __init__(self, model: keras.Model) -> None:
        import jax

        self._model = model
        self._trained = [variable.path for variable in model.trainable_variables]
        self._paths = [variable.path for variable in model.weights]
        self._fit = jax.jit(functools.partial(_fit, self._call), static_argnames=("batch",))
        self._predict = jax.jit(lambda trained, other, x: self._call(trained, other, x, training=False)[0])

    def fit(
        self,
        weights: Weights,
        learned: tuple,
        checked: tuple,
        *,
        epochs: int,
        batch_size: int,
        learning_rate: float,
        seed: int = 0,
        stopping: Stopping | None = None,
    ) -> Fitted:
        """Train from given weights.

        Args:
            weights: the first ones, in the order of `model.get_weights()`.
            learned: x, y (sample,) of class numbers and weight (sample,) or None.
            checked: the same of the samples that choose the epoch.
            epochs: at most so many.
            batch_size: samples in a batch; the last ones of an epoch that do not fill one wait for the next epoch.
            learning_rate: Adam's, at first.
            seed: of the order.
            stopping: when the rate falls and training ends.
        """
        import jax

        stop = stopping or Stopping()
        trained, other = self._apart(weights)
        batch = min(batch_size, len(learned[0]))
        with tensorflow_unseen():
            best, losses, validations, place, last = self._fit(
                trained,
                other,
                _room(learned),
                _room(checked),
                learning_rate,
                jax.random.key(seed),
                (stop.factor, stop.after, stop.patience, epochs),
                batch=batch,
            )
        loss, validation = (np.asarray(each)[: int(last)].tolist() for each in (losses, validations))
        return Fitted(self._together(*best), loss, validation, int(place))

    def predict(self, weights: Weights, x: np.ndarray) -> np.ndarray:
        """The probabilities (sample, class) for x."""
        trained, other = self._apart(weights)
        parts = []
        for first in range(0, len(x), _ASKED):
            part = np.zeros((_ASKED, *x.shape[1:]), np.float32)
            some = x[first : first + _ASKED]
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


def _room(arrays: tuple) -> tuple:
    """x, y, weight filled up with samples that do not count, and how many do."""
    x, y, weight = arrays
    count = len(x)
    size = _ROOM * math.ceil(count / _ROOM)
    weight = np.ones(count, np.float32) if weight is None else np.asarray(weight, np.float32)
    fill = [np.zeros((size, *a.shape[1:]), a.dtype) for a in (x, y, weight)]
    for whole, part in zip(fill, (x, y, weight), strict=True):
        whole[:count] = part
    return (*fill, count)


def _fit(call: Callable, trained, other, learned, checked, rate, key, stop, *, batch: int):
    """The whole training, as JAX traces it."""
    import jax
    import jax.numpy as jnp

    def loss_of(trained, other, x, y, weight):
        given, other = call(trained, other, x, training=True)
        return _cross_entropy(given, y, weight) / jnp.maximum(weight.sum(), 1e-9), other

    factor, after, patience, epochs = stop
    x, y, weight, count = learned
    gradient = jax.value_and_grad(loss_of, has_aux=True)

    def epoch(state):
        number, trained, other, moments, step, rate, key, best, best_loss, place, losses, checks, fell = state
        key, own = jax.random.split(key)
        unsorted = jnp.where(jnp.arange(len(x)) < count, jax.random.uniform(own, (len(x),)), 2.0)
        order = jnp.argsort(unsorted)

        def one(index, inner):
            trained, other, moments, step, total = inner
            rows = jax.lax.dynamic_slice(order, (index * batch,), (batch,))
            (loss, other), slopes = gradient(trained, other, x[rows], y[rows], weight[rows])
            trained, moments, step = _adam(trained, slopes, moments, step, rate)
            return trained, other, moments, step, total + loss

        steps = count // batch
        trained, other, moments, step, total = jax.lax.fori_loop(
            0, steps, one, (trained, other, moments, step, jnp.zeros(()))
        )
        check = _checked(call, trained, other, checked)
        better = check < best_loss
        best = jax.tree.map(lambda new, old: jnp.where(better, new, old), (trained, other), best)
        best_loss, place = jnp.where(better, check, best_loss), jnp.where(better, number, place)
        falls = (number - jnp.maximum(place, fell)) >= after
        rate, fell = jnp.where(falls, rate * factor, rate), jnp.where(falls, number, fell)
        losses, checks = losses.at[number].set(total / steps), checks.at[number].set(check)
        return number + 1, trained, other, moments, step, rate, key, best, best_loss, place, losses, checks, fell

    zeros = [jnp.zeros_like(value) for value in trained]
    nothing = jnp.full(_MOST_EPOCHS, jnp.nan)
    start = (0, trained, other, (zeros, zeros), 0, jnp.float32(rate), key, (trained, other), jnp.inf, -1)
    state = (*start, nothing, nothing, 0)
    state = jax.lax.while_loop(
        lambda s: (s[0] < epochs) & (s[0] - jnp.maximum(s[9], 0) <= patience), epoch, jax.tree.map(jnp.asarray, state)
    )
    return state[7], state[10], state[11], state[9], state[0]


def _cross_entropy(given, y, weight):
    import jax.numpy as jnp

    chosen = jnp.take_along_axis(given, y[:, None].astype(int), axis=1)[:, 0]
    return -(jnp.log(jnp.clip(chosen, 1e-7, 1.0)) * weight).sum()


def _checked(call: Callable, trained, other, checked):
    """The validation loss, some samples at a time."""
    import jax
    import jax.numpy as jnp

    x, y, weight, count = checked

    def part(index, total):
        first = index * _CHECKED
        some = [jax.lax.dynamic_slice_in_dim(a, first, _CHECKED) for a in (x, y, weight)]
        given, _ = call(trained, other, some[0], training=False)
        return total + _cross_entropy(given, some[1], some[2])

    parts = (count + _CHECKED - 1) // _CHECKED
    return jax.lax.fori_loop(0, parts, part, jnp.zeros(())) / jnp.maximum(weight.sum(), 1e-9)


def _adam(trained, slopes, moments, step, rate):
    """One step of Adam (Kingma and Ba 2015), with the constants of Keras."""
    import jax
    import jax.numpy as jnp

    (one, two), step = _BETAS, step + 1
    mean = jax.tree.map(lambda m, g: one * m + (1 - one) * g, moments[0], slopes)
    square = jax.tree.map(lambda v, g: two * v + (1 - two) * g * g, moments[1], slopes)
    scale = rate * jnp.sqrt(1 - two**step) / (1 - one**step)
    moved = jax.tree.map(lambda w, m, v: w - scale * m / (jnp.sqrt(v) + _EPSILON), trained, mean, square)
    return moved, (mean, square), step


def program_of(model: keras.Model) -> Program:
    """The program of a model's architecture, compiled before if there has been one like it."""
    key = json.dumps(_architecture(model.get_config()), sort_keys=True, default=str)
    if key not in _programs:
        _programs[key] = Program(model)
    return _programs[key]


_programs: dict[str, Program] = {}


def _architecture(config: Any) -> Any:
    """A model's configuration without what does not change the computation: names and seeds of first weights."""
    if isinstance(config, dict):
        return {key: _architecture(value) for key, value in config.items() if key != "seed"}
    return [_architecture(each) for each in config] if isinstance(config, list | tuple) else config
