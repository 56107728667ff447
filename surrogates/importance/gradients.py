"""Derivatives of a Keras model's free run, by whichever backend Keras runs on."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np
from jaxtyping import Float

from neuron_models.foundation.errors import InputError
from surrogates.backend import keras, tensorflow_unseen

_TOGETHER = 64
"""Runs that are differentiated at once; all batches have this size, so that each function is compiled once."""

Derivative = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Derivatives:
    """Both ways through the derivative of the response y = f(x); arrays are (run, time, channel).

    Attributes:
        forward: from x and a change dx, the change f'(x) dx of the response, at every time.
        backward: from x and a weight of every response sample, the gradient of the weighted sum with respect to x.
    """

    forward: Derivative
    backward: Derivative


@lru_cache(maxsize=4)
def derivatives(model: keras.Model) -> Derivatives:
    """The derivatives of a model; the same object for the same model, so that it is compiled once.

    Raises:
        InputError: Keras runs on a backend that this module does not know.
    """
    backend = keras.backend.backend()
    if backend not in _BACKENDS:
        raise InputError(f"gradients need KERAS_BACKEND to be one of {', '.join(_BACKENDS)}, it is {backend}")
    forward, backward = _BACKENDS[backend](model)
    return Derivatives(_in_batches(forward), _in_batches(backward))


def _in_batches(derivative: Derivative) -> Derivative:
    """The same, on batches of equal size, the last one filled up with zeros."""

    def whole(x: Float[np.ndarray, "run time channel"], by: Float[np.ndarray, "run time other"]) -> np.ndarray:
        parts = []
        for first in range(0, len(x), _TOGETHER):
            rows = slice(first, first + _TOGETHER)
            missing = _TOGETHER - len(x[rows])
            filled = (np.pad(np.asarray(a[rows], np.float32), ((0, missing), (0, 0), (0, 0))) for a in (x, by))
            with tensorflow_unseen():
                parts.append(derivative(*filled)[: len(x[rows])])
        return np.concatenate(parts)

    return whole


def _by_jax(model: Any) -> tuple[Derivative, Derivative]:
    import jax

    def run(weights: Any, x: Any) -> Any:
        return model.stateless_call(*weights, x, training=False)[0]

    def along(weights: Any, x: Any, dx: Any) -> Any:
        return jax.jvp(partial(run, weights), (x,), (dx,))[1]

    def against(weights: Any, x: Any, weight: Any) -> Any:
        return jax.vjp(partial(run, weights), x)[1](weight)[0]

    def compiled(derivative: Callable[..., Any]) -> Derivative:
        faster = jax.jit(derivative)

        def at(x: np.ndarray, by: np.ndarray) -> np.ndarray:  # the weights of now: `predict` makes new arrays of them
            parts = (model.trainable_variables, model.non_trainable_variables)
            return np.asarray(faster([[variable.value for variable in part] for part in parts], x, by))

        return at

    return compiled(along), compiled(against)


def _by_tensorflow(model: Any) -> tuple[Derivative, Derivative]:
    import tensorflow as tf

    def forward(x: np.ndarray, dx: np.ndarray) -> np.ndarray:
        given = tf.constant(x)
        with tf.autodiff.ForwardAccumulator(given, tf.constant(dx)) as accumulator:
            response = model(given, training=False)
        return accumulator.jvp(response).numpy()

    def backward(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
        given = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(given)
            weighted = tf.reduce_sum(model(given, training=False) * weight)
        return tape.gradient(weighted, given).numpy()

    return forward, backward


_BACKENDS: dict[str, Callable[[Any], tuple[Derivative, Derivative]]] = {"jax": _by_jax, "tensorflow": _by_tensorflow}
