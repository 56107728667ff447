"""Training on all trials at once: annealed Adam, then L-BFGS, which goes on from where Adam has come to."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float

from neuron_models.foundation.errors import require
from surrogates.backend import keras, tensorflow_unseen
from surrogates.training.configuration import Arrays

_MEMORY = 30
_LOST = 1e12
"""What a loss that is not finite counts as, so that a line search turns back."""

_STARTS, _RIDGE = 4, 1e-6
"""Steps towards a validation trial's start, and how much they are damped."""

Flat = Float[np.ndarray, " parameter"]
Asked = Callable[[np.ndarray], tuple[float, np.ndarray]]
Judged = Callable[[np.ndarray], float]
Heard = Callable[[float, float], None]


class Best:
    """The parameters with the smallest validation loss so far, and the losses by epoch or iteration."""

    def __init__(
        self,
        parameters: Flat,
        lowest: float = math.inf,
        epoch: int = -1,
        loss: list[float] | None = None,
        validation: list[float] | None = None,
    ) -> None:
        self.parameters, self.lowest, self.epoch = parameters, lowest, epoch
        self.loss = [] if loss is None else loss  # a history that is given grows
        self.validation = [] if validation is None else validation

    def judge(self, parameters: Flat, loss: float, validation: float) -> None:
        """Add an epoch (parameters are those of the losses, which are in the units of the loss)."""
        if validation < self.lowest:
            self.lowest, self.epoch, self.parameters = validation, len(self.validation), parameters.copy()
        self.loss.append(float(loss))
        self.validation.append(float(validation))


def adam(ask: Asked, judge: Judged, best: Best, epochs: int, rate: float, heard: Heard) -> None:
    """Adam (Kingma and Ba 2015) on the whole loss, the rate falling along half a cosine to nothing."""
    at = best.parameters.copy()
    mean, square = np.zeros_like(at), np.zeros_like(at)
    for epoch in range(epochs):
        loss, gradient = ask(at)
        best.judge(at, loss, judge(at))
        heard(best.loss[-1], best.validation[-1])
        if not math.isfinite(loss):
            break
        mean, square = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
        step = rate * (1 + math.cos(math.pi * epoch / epochs)) / 2 * math.sqrt(1 - 0.999 ** (epoch + 1))
        at = at - step / (1 - 0.9 ** (epoch + 1)) * mean / (np.sqrt(square) + 1e-8)


def lbfgs(ask: Asked, judge: Judged, best: Best, iterations: int, heard: Heard) -> None:
    """Polish the best parameters by L-BFGS; those of the smallest validation loss are kept."""
    from scipy.optimize import minimize

    last = [math.inf]

    def told(at: Flat) -> tuple[float, Flat]:
        loss, gradient = ask(at)
        if not (math.isfinite(loss) and np.isfinite(gradient).all()):
            return _LOST, np.zeros_like(at)
        last[0] = loss
        return loss, gradient

    def passed(at: Flat) -> None:
        best.judge(at, last[0], judge(at))
        heard(best.loss[-1], best.validation[-1])

    options = {"maxiter": iterations, "maxfun": 4 * iterations + 100, "maxcor": _MEMORY, "ftol": 0.0, "gtol": 0.0}
    minimize(told, best.parameters.copy(), jac=True, method="L-BFGS-B", callback=passed, options=options)


class ScannedCell:
    """The loss of one recurrent cell over whole trials and its gradient, as one JAX program in double precision.

    Args:
        cell: of Keras; its weights come first in the parameters.
        train_data: x, y (trial, time, channel) and weight (trial, time) or None.
        validation_data: the same of validation.
        free: each training trial begins in a state of its own, which is learned too and forgotten afterwards.
        warm_up: samples that tell, with `free`, in which state a validation trial begins; at rest when 0.
    """

    def __init__(self, cell, train_data: Arrays, validation_data: Arrays, free: bool = False, warm_up: int = 0) -> None:
        require(keras.backend.backend() == "jax", "this model is trained by JAX: leave KERAS_BACKEND unset, or say jax")
        import jax

        self._cell, self._shapes = cell, [tuple(each.shape) for each in cell.weights]
        self._double = _doubled(cell)
        size = cell.state_size
        self._warm_up = warm_up if free else 0
        self._states = [size] if isinstance(size, int) else list(size)
        self._sizes = [math.prod(shape) for shape in self._shapes]
        self._free = len(train_data[0]) * sum(self._states) if free else 0
        with tensorflow_unseen(), jax.enable_x64(True):
            self._train, self._check = (_by_time(each) for each in (train_data, validation_data))
            self._both = jax.jit(jax.value_and_grad(self._loss))
            self._alone = jax.jit(self._loss)
            self._fitted = jax.jit(self._loss_from_fitted_starts)

    @property
    def first(self) -> Flat:
        """The cell's weights as they are, and states of zero, as one vector in the units of the weights."""
        return np.concatenate([*(np.ravel(each) for each in self._cell.get_weights()), np.zeros(self._free)])

    def ask(self, at: Flat) -> tuple[float, Flat]:
        """The training loss and its gradient; `at` is (parameter,), in the units of the weights."""
        import jax

        with tensorflow_unseen(), jax.enable_x64(True):
            loss, gradient = self._both(np.asarray(at, float), self._train)
        return float(loss), np.asarray(gradient, float)

    def judge(self, at: Flat) -> float:
        """The validation loss at parameters (parameter,), in the units of the weights."""
        import jax

        with tensorflow_unseen(), jax.enable_x64(True):
            weights = np.asarray(at[: sum(self._sizes)], float)
            return float((self._fitted if self._warm_up else self._alone)(weights, self._check))

    def keep(self, at: Flat) -> None:
        """Give the cell these weights, the first of the parameters (parameter,), in their own units."""
        parts = np.split(np.asarray(at[: sum(self._sizes)], np.float32), np.cumsum(self._sizes)[:-1])
        self._cell.set_weights([part.reshape(shape) for part, shape in zip(parts, self._shapes, strict=True)])

    def _loss(self, at, data):
        x, y, weight = data
        found = self._run(at, x)
        return (((found - y) ** 2).mean(-1) * weight).mean()

    def _loss_from_fitted_starts(self, at, data):
        """The same, each trial from the state that answers its warm-up best (Gauss and Newton, a little damped)."""
        import jax
        import jax.numpy as jnp

        x, y, _ = data
        length, total = self._warm_up, sum(self._states)

        def errors(start, seen, wanted):
            run = self._run(jnp.concatenate([at, start]), seen[:, None])[:, 0]
            return jnp.nan_to_num(run - wanted, nan=1e3, posinf=1e3, neginf=-1e3).ravel()

        def fitted(seen, wanted):
            start = jnp.zeros(total)
            for _ in range(_STARTS):
                gap, slopes = errors(start, seen, wanted), jax.jacfwd(errors)(start, seen, wanted)
                normal = slopes.T @ slopes
                ridge = _RIDGE * (jnp.trace(normal) / total + 1e-12) * jnp.eye(total)
                moved = start - jnp.linalg.solve(normal + ridge, slopes.T @ gap)
                better = (errors(moved, seen, wanted) ** 2).sum() < (gap**2).sum()
                start = jnp.where(better, moved, start)
            return start

        starts = jax.vmap(fitted, in_axes=1)(x[:length], y[:length])
        return self._loss(jnp.concatenate([at, starts.ravel()]), data)

    def _run(self, at, x):
        """The responses (time, trial, output) to x; starts of trials stand behind the weights, if there are any."""
        import jax
        import jax.numpy as jnp

        edges = np.cumsum([0, *self._sizes])
        weights = [at[a:b].reshape(s) for a, b, s in zip(edges[:-1], edges[1:], self._shapes, strict=True)]
        starts = [jnp.zeros((x.shape[1], size), x.dtype) for size in self._states]
        if len(at) > edges[-1]:
            own = at[edges[-1] :].reshape(x.shape[1], -1)
            starts = jnp.split(own, np.cumsum(self._states)[:-1], axis=1)

        def step(states, inputs):
            (given, after), _ = self._double.stateless_call(weights, [], inputs, list(states))
            return list(after), given

        return jax.lax.scan(step, starts, x)[1]


def _doubled(cell: Any) -> Any:
    """The cell in double precision, in which a line search can tell small gains from rounding."""
    import jax

    with tensorflow_unseen(), jax.enable_x64(True):
        twin = type(cell).from_config({**cell.get_config(), "dtype": "float64"})
        twin.build((None, cell.inputs))
    return twin


def _by_time(arrays: Arrays) -> tuple:
    """X and y (time, trial, channel) and weight (time, trial) on the device."""
    import jax

    x, y, weight = arrays
    weight = np.ones(x.shape[:2]) if weight is None else weight
    return jax.device_put(
        (
            np.ascontiguousarray(np.moveaxis(x, 0, 1), float),
            np.ascontiguousarray(np.moveaxis(y, 0, 1), float),
            np.ascontiguousarray(np.asarray(weight).T, float),
        )
    )
