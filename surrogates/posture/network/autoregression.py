"""What a network must beat: the last frame repeated, and a linear autoregression."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from datasets.dataset import Dataset
from neuron_models.foundation.errors import require
from surrogates.posture.network.segments import CONTEXT


@dataclass(frozen=True, eq=False)
class Autoregression:
    """The next frame as rest + the frames x(t), x(t-1) ... beside one another, times `past` (lags x channel, channel).

    `spread` (channel, channel) turns independent numbers of variance 1 into errors like those on what was learned from:
    errors = numbers @ spread.
    """

    past: Float[np.ndarray, "past channel"]
    rest: Float[np.ndarray, " channel"]
    spread: Float[np.ndarray, "channel channel"]

    @property
    def lags(self) -> int:
        """How many frames it takes."""
        return len(self.past) // len(self.rest)

    def predict(self, frames: Float[np.ndarray, "frame channel"]) -> Float[np.ndarray, "frame channel"]:
        """The frame after each; before the first one there are copies of it."""
        return self.rest + lagged(frames, self.lags) @ self.past

    def innovations(
        self, frames: Float[np.ndarray, "frame channel"], following: Float[np.ndarray, "frame channel"]
    ) -> Float[np.ndarray, "frame channel"]:
        """What it leaves of the frames that follow, as numbers of variance 1 that are independent of each other."""
        return np.linalg.solve(self.spread.T, (following - self.predict(frames)).T).T


def lagged(frames: Float[np.ndarray, "frame channel"], lags: int) -> Float[np.ndarray, "frame past"]:
    """Each frame and those before it beside one another, the newest first."""
    if not lags:
        return np.zeros((len(frames), 0))
    padded = np.concatenate([np.repeat(frames[:1], lags - 1, axis=0), frames])
    return np.concatenate([padded[lags - 1 - k : len(padded) - k] for k in range(lags)], axis=1)


def fit_autoregression(train_data: Dataset, lags: int) -> Autoregression:
    """Fit by least squares on segments; no lags give the mean frame.

    Raises:
        InputError: negative lags, or more than the frames that stand before every one that counts.
    """
    require(0 <= lags <= CONTEXT, f"lags must be between 0 and {CONTEXT}, got {lags}")
    design = np.concatenate([lagged(np.asarray(t.x[:]), lags)[CONTEXT - 1 :] for t in train_data])
    wanted = np.concatenate([np.asarray(t.y[:])[CONTEXT - 1 :] for t in train_data])  # type: ignore[index]
    centre, middle = wanted.mean(0), design.mean(0)
    past, *_ = np.linalg.lstsq(design - middle, wanted - centre, rcond=None)
    left = wanted - centre - (design - middle) @ past
    return Autoregression(past, centre - middle @ past, spread_of(left))


def spread_of(errors: Float[np.ndarray, "frame channel"]) -> Float[np.ndarray, "channel channel"]:
    """The triangular matrix that turns independent numbers of variance 1 into errors of this covariance."""
    covariance = errors.T @ errors / len(errors)
    floor = 1e-12 * np.trace(covariance) + np.finfo(float).tiny
    return np.linalg.cholesky(covariance + floor * np.eye(len(covariance))).T


def choose_lags(train_data: Dataset, validation_data: Dataset) -> int:
    """The number of lags, from 1 on, with the smallest error on other segments."""
    errors = {}
    for lags in range(1, CONTEXT + 1):
        fitted = fit_autoregression(train_data, lags)
        left = [fitted.innovations(np.asarray(t.x[:]), np.asarray(t.y[:]))[CONTEXT - 1 :] for t in validation_data]  # type: ignore[index]
        errors[lags] = float((np.concatenate([e @ fitted.spread for e in left]) ** 2).mean())
    return min(errors, key=errors.__getitem__)
