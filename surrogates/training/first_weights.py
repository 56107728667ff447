"""First weights that are the same for a seed on every backend: as Keras draws them on JAX."""

import math
from typing import Any

import numpy as np

from surrogates.backend import keras

_KERNELS = (("kernel", "kernel_initializer"), ("recurrent_kernel", "recurrent_initializer"))


def draw_as_on_jax(model: keras.Model) -> keras.Model:
    """Draw the first weights of a chain of layers anew with JAX's random numbers, where another backend drew them.

    Glorot-uniform and orthogonal kernels are drawn, by the seeds of their initializers; zeros stay. Gives the model.
    """
    if keras.backend.backend() == "jax":
        return model
    for layer in model.layers:
        cell = getattr(layer, "cell", layer)
        for name, rule in _KERNELS:
            if hasattr(cell, name) and hasattr(cell, rule):
                variable, initializer = getattr(cell, name), getattr(cell, rule)
                variable.assign(_drawn(initializer, tuple(variable.shape)))
    return model


def _drawn(initializer: Any, shape: tuple[int, ...]) -> np.ndarray:
    import jax

    key = np.array([initializer.seed, 0], np.uint32)
    with jax.default_device(jax.devices("cpu")[0]):
        if isinstance(initializer, keras.initializers.Orthogonal):
            return _orthogonal(np.asarray(jax.random.normal(key, _tall(shape), np.float32)), shape)
        around = math.prod(shape[:-2])
        limit = math.sqrt(6 / (around * (shape[-2] + shape[-1])))
        return np.asarray(jax.random.uniform(key, shape, np.float32, -limit, limit))


def _tall(shape: tuple[int, ...]) -> tuple[int, int]:
    rows, columns = math.prod(shape[:-1]), shape[-1]
    return max(rows, columns), min(rows, columns)


def _orthogonal(drawn: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The orthogonal factor of a matrix, its signs so that the triangular one's diagonal is positive."""
    import jax

    q, r = (np.asarray(each) for each in jax.numpy.linalg.qr(drawn))
    q = q * np.sign(np.diagonal(r))
    return (q.T if math.prod(shape[:-1]) < shape[-1] else q).reshape(shape)
