"""One recurrent cell over whole trials: its loss, with the gradient or all normal equations, in double precision."""

import math
from typing import Any

import numpy as np
from jaxtyping import Float

from neuron_models.foundation.errors import require
from surrogates.backend import keras, tensorflow_unseen
from surrogates.training.configuration import Arrays
from surrogates.training.polish import Flat, Quadratic

_STARTS, _RIDGE = 4, 1e-6
"""Steps towards a validation trial's start, and how much they are damped."""
_FLOOR = 1e-12
"""The least damping, as a share of the largest curvature: what no sample tells stays where it is."""


class ScannedCell:
    """The loss of one recurrent cell over whole trials and its gradient, as one JAX program in double precision.

    Args:
        cell: of Keras; its weights come first in the parameters.
        train_data: x, y (trial, time, channel) and weight (trial, time) or None.
        validation_data: the same of validation.
        free: each training trial begins in a state of its own, which is learned too and forgotten afterwards.
        warm_up: samples that tell, with `free`, in which state a validation trial begins; at rest when 0.
        decay: what is added to the loss for each square of a weight's way from where it begins (`near`, `penalty`).
    """

    def __init__(
        self,
        cell: Any,
        train_data: Arrays,
        validation_data: Arrays,
        free: bool = False,
        warm_up: int = 0,
        decay: float = 0.0,
    ) -> None:
        require(keras.backend.backend() == "jax", "this model is trained by JAX: leave KERAS_BACKEND unset, or say jax")
        import jax

        self._cell, self._shapes = cell, [tuple(each.shape) for each in cell.weights]
        self._double = _doubled(cell)
        size = cell.state_size
        self._warm_up = warm_up if free else 0
        self._states = [size] if isinstance(size, int) else list(size)
        self._sizes = [math.prod(shape) for shape in self._shapes]
        self._free = len(train_data[0]) * sum(self._states) if free else 0
        self._decay, self._begun = decay, self.first[: self.weights]
        with tensorflow_unseen(), jax.enable_x64(True):
            self._train, self._check = (_by_time(each) for each in (train_data, validation_data))
            self._both = jax.jit(jax.value_and_grad(self._loss))
            self._alone = jax.jit(self._loss)
            self._fitted = jax.jit(self._loss_from_fitted_starts)
            self._slopes = jax.jit(self._normal_equations)

    @property
    def weights(self) -> int:
        """How many weights the cell has."""
        return sum(self._sizes)

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

    def loss(self, at: Flat) -> float:
        """The training loss; `at` is (parameter,), in the units of the weights."""
        import jax

        with tensorflow_unseen(), jax.enable_x64(True):
            return float(self._alone(np.asarray(at, float), self._train))

    def penalty(self, at: Flat) -> float:
        """What the decay adds to the training loss."""
        return self._decay * float((self._way(at) ** 2).sum())

    def near(self, at: Flat) -> Quadratic:
        """The training loss and the penalty as a sum of squares of errors that are linear near `at` (parameter,)."""
        import jax

        with tensorflow_unseen(), jax.enable_x64(True):
            found = self._slopes(np.asarray(at, float), self._train)
        loss, normal, downhill, *starts = (np.asarray(each, float) for each in found)
        way = self._way(at)
        normal, downhill = normal + self._decay * np.eye(len(way)), downhill + self._decay * way
        return Quadratic(
            float(loss) + self.penalty(at), lambda damping: _damped_step(damping, normal, downhill, *starts)
        )

    def _way(self, at: Flat) -> Float[np.ndarray, " weight"]:
        """How far the weights have moved."""
        return np.asarray(at, float)[: len(self._begun)] - self._begun

    def judge(self, at: Flat) -> float:
        """The validation loss at parameters (parameter,), in the units of the weights."""
        import jax

        with tensorflow_unseen(), jax.enable_x64(True):
            weights = np.asarray(at[: self.weights], float)
            return float((self._fitted if self._warm_up else self._alone)(weights, self._check))

    def keep(self, at: Flat) -> None:
        """Give the cell these weights, the first of the parameters (parameter,), in their own units."""
        parts = np.split(np.asarray(at[: self.weights], np.float32), np.cumsum(self._sizes)[:-1])
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

    def _normal_equations(self, at, data):
        """The loss, and the products of the errors' slopes with each other and with the errors.

        Slopes by the weights and by each trial's start go on beside the run (forward sensitivities), so that no
        Jacobian is ever whole in memory. Starts of different trials share no sample: their products are small blocks.
        """
        import jax
        import jax.numpy as jnp

        x, y, weight = data
        weights, count = at[: self.weights], y.size
        trials, total = x.shape[1], sum(self._states)
        start = at[len(weights) :].reshape(trials, -1) if self._free else jnp.zeros((trials, total))
        tangents = jax.vmap(jax.jacrev(self._twice, argnums=(0, 1), has_aux=True), (None, 0, 0))

        def step(carried, sample):
            state, by_weight, by_start, sums = carried
            inputs, wanted, weigh = sample
            ((given_w, given_s), (next_w, next_s)), (given, after) = tangents(weights, state, inputs)
            root = jnp.sqrt(weigh / count)[:, None, None]
            slopes = (given_w + given_s @ by_weight) * root
            from_start = (given_s @ by_start) * root
            errors = (given - wanted)[:, :, None] * root
            flat, turned = slopes.reshape(-1, len(weights)), jnp.swapaxes(from_start, 1, 2)
            products = (
                (errors**2).sum(),
                flat.T @ flat,
                flat.T @ errors.reshape(-1),
                *((turned @ from_start, turned @ slopes, (turned @ errors)[..., 0]) if self._free else ()),
            )
            moved = next_s @ by_start if self._free else by_start
            sums = tuple(one + other for one, other in zip(sums, products, strict=True))
            return (after, next_w + next_s @ by_weight, moved, sums), None

        size = len(weights)
        shapes = [(), (size, size), (size,)]
        shapes += [(trials, total, total), (trials, total, size), (trials, total)] if self._free else []
        zeros = tuple(jnp.zeros(shape) for shape in shapes)
        by_start = jnp.broadcast_to(jnp.eye(total), (trials, total, total))
        first = (start, jnp.zeros((trials, total, size)), by_start, zeros)
        return jax.lax.scan(step, first, (x, y, weight))[0][3]

    def _twice(self, weights, state, inputs):
        """A step of one trial (response; state after it), to be differentiated and to be used."""
        import jax.numpy as jnp

        states = jnp.split(state[None], np.cumsum(self._states)[:-1], axis=1)
        (given, after), _ = self._double.stateless_call(self._shaped(weights), [], inputs[None], states)
        done = given[0], jnp.concatenate(list(after), 1)[0]
        return done, done

    def _shaped(self, weights):
        """The weights of the cell, out of one vector."""
        edges = np.cumsum([0, *self._sizes])
        return [weights[a:b].reshape(s) for a, b, s in zip(edges[:-1], edges[1:], self._shapes, strict=True)]

    def _run(self, at, x):
        """The responses (time, trial, output) to x; starts of trials stand behind the weights, if there are any."""
        import jax
        import jax.numpy as jnp

        weights, known = self._shaped(at), self.weights
        starts = [jnp.zeros((x.shape[1], size), x.dtype) for size in self._states]
        if len(at) > known:
            own = at[known:].reshape(x.shape[1], -1)
            starts = jnp.split(own, np.cumsum(self._states)[:-1], axis=1)

        def step(states, inputs):
            (given, after), _ = self._double.stateless_call(weights, [], inputs, list(states))
            return list(after), given

        return jax.lax.scan(step, starts, x)[1]


def _damped_step(
    damping: float,
    by_weight: Float[np.ndarray, "weight weight"],
    downhill: Float[np.ndarray, " weight"],
    by_start: Float[np.ndarray, "trial state state"] | None = None,
    across: Float[np.ndarray, "trial state weight"] | None = None,
    start_downhill: Float[np.ndarray, "trial state"] | None = None,
) -> Flat:
    """Solve damped normal equations: weights first, then each trial's start, which is eliminated before."""
    whole = _damped(by_weight, damping)
    if by_start is None or across is None or start_downhill is None:
        return -np.linalg.solve(whole, downhill)
    answers = np.linalg.solve(_damped(by_start, damping), np.concatenate([across, start_downhill[..., None]], axis=2))
    left = whole - np.einsum("isp,isq->pq", across, answers[..., :-1])
    weights = -np.linalg.solve(left, downhill - np.einsum("isp,is->p", across, answers[..., -1]))
    starts = -(answers[..., -1] + answers[..., :-1] @ weights)
    return np.concatenate([weights, starts.ravel()])


def _damped(normal: Float[np.ndarray, "*trial n n"], damping: float) -> Float[np.ndarray, "*trial n n"]:
    """Normal equations (one or many) with a share of their own diagonal added."""
    diagonal = np.einsum("...ii->...i", normal)
    added = damping * diagonal + _FLOOR * diagonal.max(initial=0.0) + np.finfo(float).tiny
    return normal + added[..., None] * np.eye(normal.shape[-1])


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
