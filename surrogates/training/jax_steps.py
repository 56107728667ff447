"""The losses and the steps of optimizers that a training in one JAX program is made of."""

from collections.abc import Callable
from typing import Any

_BETAS, _RHO, _EPSILON = (0.9, 0.999), 0.9, 1e-7
"""Keras's constants of Adam and of RMSprop."""

Loss = Callable[[Any, Any], Any]
"""The loss of each sample, or of each of its steps, from what is wanted and what is given; of `keras.ops` alone."""


def _cross_entropy(y, predicted):
    import jax.numpy as jnp

    chosen = jnp.take_along_axis(predicted, y[:, None].astype(int), axis=1)[:, 0]
    return -jnp.log(jnp.clip(chosen, 1e-7, 1.0))


def _adam(trained, gradients, moments, step, rate):
    """One step of Adam (Kingma and Ba 2015), with the constants of Keras."""
    import jax
    import jax.numpy as jnp

    (one, two), step = _BETAS, step + 1
    mean = jax.tree.map(lambda m, g: one * m + (1 - one) * g, moments[0], gradients)
    square = jax.tree.map(lambda v, g: two * v + (1 - two) * g * g, moments[1], gradients)
    scale = rate * jnp.sqrt(1 - two**step) / (1 - one**step)
    moved = jax.tree.map(lambda w, m, v: w - scale * m / (jnp.sqrt(v) + _EPSILON), trained, mean, square)
    return moved, (mean, square), step


def _rmsprop(trained, gradients, moments, step, rate):
    """One step of RMSprop (Tieleman and Hinton 2012), with the constants of Keras."""
    import jax
    import jax.numpy as jnp

    square = jax.tree.map(lambda v, g: _RHO * v + (1 - _RHO) * g * g, moments[1], gradients)
    moved = jax.tree.map(lambda w, g, v: w - rate * g / jnp.sqrt(v + _EPSILON), trained, gradients, square)
    return moved, (moments[0], square), step + 1


LOSSES: dict[str, Loss] = {"sparse_categorical_crossentropy": _cross_entropy}
OPTIMIZERS: dict[str, Callable] = {"adam": _adam, "rmsprop": _rmsprop}
