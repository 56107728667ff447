"""Training on all trials at once: annealed Adam, then L-BFGS or the method of Levenberg and Marquardt."""

import math
from collections.abc import Callable
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

_MEMORY = 30
_LOST = 1e12
"""What a loss that is not finite counts as, so that a line search turns back."""

_DAMPING, _MORE, _LESS, _TRIES = 0.01, 4.0, 3.0, 12
"""Levenberg and Marquardt: the damping at first, how it grows and falls, and how often it may grow in a row."""
_SMALLEST = 1e-12
_PATIENCE = 20
"""Steps in a row after which a validation loss that does not fall ends it."""

Flat = Float[np.ndarray, " parameter"]
LossAndGradient = Callable[[np.ndarray], tuple[float, np.ndarray]]
Validate = Callable[[np.ndarray], float]
Show = Callable[[float, float], None]


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


def adam(loss_of: LossAndGradient, validate: Validate, best: Best, epochs: int, rate: float, show: Show) -> None:
    """Adam (Kingma and Ba 2015) on the whole (dimensionless) loss; the rate falls along half a cosine to nothing."""
    at = best.parameters.copy()
    mean, square = np.zeros_like(at), np.zeros_like(at)
    for epoch in range(epochs):
        loss, gradient = loss_of(at)
        best.judge(at, loss, validate(at))
        show(best.loss[-1], best.validation[-1])
        if not math.isfinite(loss):
            break
        mean, square = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
        step = rate * (1 + math.cos(math.pi * epoch / epochs)) / 2 * math.sqrt(1 - 0.999 ** (epoch + 1))
        at = at - step / (1 - 0.9 ** (epoch + 1)) * mean / (np.sqrt(square) + 1e-8)


def lbfgs(loss_of: LossAndGradient, validate: Validate, best: Best, iterations: int, show: Show) -> None:
    """Polish the best parameters by L-BFGS; those of the smallest (dimensionless) validation loss are kept."""
    from scipy.optimize import minimize

    last = [math.inf]

    def loss_and_gradient(at: Flat) -> tuple[float, Flat]:
        loss, gradient = loss_of(at)
        if not (math.isfinite(loss) and np.isfinite(gradient).all()):
            return _LOST, np.zeros_like(at)
        last[0] = loss
        return loss, gradient

    def passed(at: Flat) -> None:
        best.judge(at, last[0], validate(at))
        show(best.loss[-1], best.validation[-1])

    options = {"maxiter": iterations, "maxfun": 4 * iterations + 100, "maxcor": _MEMORY, "ftol": 0.0, "gtol": 0.0}
    minimize(loss_and_gradient, best.parameters.copy(), jac=True, method="L-BFGS-B", callback=passed, options=options)


class Quadratic(NamedTuple):
    """A sum of squares near parameters: its value there, and the step to its least value under a damping."""

    value: float
    step: Callable[[float], Flat]


@runtime_checkable
class SumOfSquares(Protocol):
    """What the method of Levenberg and Marquardt makes small: squared errors and what is added to them."""

    def near(self, at: Flat) -> Quadratic:
        """The (dimensionless) sum near parameters."""

    def loss(self, at: Flat) -> float:
        """The (dimensionless) training loss at parameters."""

    def penalty(self, at: Flat) -> float:
        """The dimensionless penalty that the sum adds to it there."""


def levenberg_marquardt(squares: SumOfSquares, validate: Validate, best: Best, iterations: int, show: Show) -> None:
    """Go on from the best parameters by the method of Levenberg and Marquardt (Marquardt 1963, SIAM J. 11).

    A step is damped in proportion to each parameter's own curvature, more where it would not make the sum smaller.
    Parameters of the smallest validation loss are kept; it ends early where no step helps, or validation no longer
    gains.
    """
    at, damping, last = best.parameters.copy(), _DAMPING, len(best.validation)
    for _ in range(iterations):
        found = squares.near(at)
        for _ in range(_TRIES):
            moved = at + found.step(damping)
            loss = squares.loss(moved)
            if loss + squares.penalty(moved) < found.value:
                break
            damping *= _MORE
        else:
            return
        at, damping = moved, max(damping / _LESS, _SMALLEST)
        best.judge(at, loss, validate(at))
        show(best.loss[-1], best.validation[-1])
        if len(best.validation) - max(best.epoch, last) > _PATIENCE:
            return
