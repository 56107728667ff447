"""Ordinal logistic regression of the scores on features, its penalty and its temperature by animals left out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit

from neuron_models.foundation.units import Dimensionless

PENALTIES = (3.0, 30.0, 300.0, 3000.0)
"""Candidates for the weight of the squared coefficients beside the summed loss."""
FOLDS = 10


@dataclass(frozen=True, eq=False)
class OrdinalFit:
    """Log-odds of a score of 1 or more and of 2 or more: features by `slopes`, and an offset each.

    `penalty` and `temperature` are those that animals left out chose; slopes and offsets are divided by the latter.
    `started` says that they are to be added to the log-odds of the beginning, divided by it, too.
    """

    slopes: Float[np.ndarray, " feature"]
    offsets: tuple[float, float]
    penalty: Dimensionless
    temperature: Dimensionless
    started: bool = False

    def log_odds(self, features: Float[np.ndarray, "image feature"]) -> Float[np.ndarray, "image 2"]:
        """The log odds of images to score 1 or more, and 2 or more."""
        return (features @ self.slopes)[:, None] + np.array(self.offsets)


def fit_ordinal(
    features: Float[np.ndarray, "image feature"],
    scores: Float[np.ndarray, " image"],
    animals: Sequence[str],
    highest: int,
    start: Float[np.ndarray, "image 2"] | None = None,
) -> OrdinalFit:
    """Fit the log odds of one output.

    Penalty and temperature are the best for animals that were left out: each is left out once, of more than ten
    together with others. A mean of raters between two scores counts as so much of each.

    Args:
        features: standardised.
        scores: from 0 to `highest`; NaN where nobody scored.
        animals: of each image; two or more.
        highest: 2 of a unit, 1 of pain.
        start: log-odds that a trained model gives; what is fitted is added to them, if animals left out gain by that.
    """
    known = np.isfinite(scores)
    reduced, back = _reduced(features)
    x, y, who = reduced[known], np.asarray(scores[known], float), np.asarray(animals)[known]
    fold, none = folds_of(who.tolist()), np.zeros((len(y), 2))
    begins = [none] if start is None else [none, np.asarray(start[known], float)]
    best: tuple[float, float, float, int] | None = None
    for number, begin in enumerate(begins):
        for penalty in PENALTIES:
            odds = _of_left_out(x, y, begin, fold, penalty, highest)
            found = minimize_scalar(
                lambda t, odds=odds: ordinal_loss(odds / np.exp(t), y, highest), bounds=(-2, 3), method="bounded"
            )
            if best is None or found.fun < best[0]:
                best = float(found.fun), penalty, float(np.exp(found.x)), number
    _, penalty, temperature, number = best or (0.0, PENALTIES[0], 1.0, 0)
    slopes, offsets = _fit(x, y, begins[number], penalty, highest)
    first, second = (float(each) / temperature for each in offsets)
    return OrdinalFit(back @ slopes / temperature, (first, second), penalty, temperature, number > 0)


def _of_left_out(
    x: Float[np.ndarray, "image part"],
    y: Float[np.ndarray, " image"],
    start: Float[np.ndarray, "image 2"],
    fold: Int[np.ndarray, " image"],
    penalty: float,
    highest: int,
) -> Float[np.ndarray, "image 2"]:
    """The log-odds of every image by what the other folds taught."""
    odds = np.empty((len(y), 2))
    for number in range(fold.max() + 1):
        left = fold == number
        slopes, offsets = _fit(x[~left], y[~left], start[~left], penalty, highest)
        odds[left] = (x[left] @ slopes)[:, None] + offsets + start[left]
    return odds


def folds_of(animals: Sequence[str]) -> Int[np.ndarray, " image"]:
    """The fold of each image: every animal in one, up to ten folds."""
    names = list(dict.fromkeys(animals))
    number = min(FOLDS, len(names))
    return np.array([names.index(name) % number for name in animals])


def _reduced(
    features: Float[np.ndarray, "image feature"],
) -> tuple[Float[np.ndarray, "image part"], Float[np.ndarray, "feature part"]]:
    """The same features in as few numbers as there are images, and the way back for slopes."""
    left, sizes, right = np.linalg.svd(features, full_matrices=False)
    keep = sizes > 1e-6 * sizes[0]
    return left[:, keep] * sizes[keep], right[keep].T


def _targets(y: Float[np.ndarray, " image"], highest: int) -> Float[np.ndarray, "image 2"]:
    two = np.clip(y - 1, 0, 1) if highest == 2 else np.zeros_like(y)
    return np.stack([np.clip(y, 0, 1), two], axis=1)


def ordinal_loss(odds: Float[np.ndarray, "image 2"], y: Float[np.ndarray, " image"], highest: int) -> float:
    """The mean cross-entropy of the scores' distribution, nats; a mean of raters counts as so much of two scores."""
    one, two = expit(odds[:, 0]), expit(np.minimum(odds[:, 1], odds[:, 0])) if highest == 2 else np.zeros(len(y))
    shares = np.clip(np.stack([1 - one, one - two, two], axis=1), 1e-9, 1)
    wanted = _targets(y, highest)
    targets = np.stack([1 - wanted[:, 0], wanted[:, 0] - wanted[:, 1], wanted[:, 1]], axis=1)
    return float(-(targets * np.log(shares)).sum(axis=1).mean())


def _fit(
    x: Float[np.ndarray, "image part"],
    y: Float[np.ndarray, " image"],
    start: Float[np.ndarray, "image 2"],
    penalty: float,
    highest: int,
) -> tuple[Float[np.ndarray, " part"], Float[np.ndarray, " 2"]]:
    """Slopes and offsets by L-BFGS: each threshold's cross-entropy, with slopes in common."""
    wanted, thresholds = _targets(y, highest), highest

    def cost(at: np.ndarray) -> tuple[float, np.ndarray]:
        odds = (x @ at[:-2])[:, None] + at[-2:] + start
        some = odds[:, :thresholds]
        wants = wanted[:, :thresholds]
        loss = np.logaddexp(0, some).sum() - (wants * some).sum() + 0.5 * penalty * at[:-2] @ at[:-2] / x.shape[1]
        away = np.zeros_like(odds)
        away[:, :thresholds] = expit(some) - wants
        slopes = x.T @ away.sum(axis=1) + penalty * at[:-2] / x.shape[1]
        return float(loss + 5e-4 * at[-2:] @ at[-2:]), np.concatenate([slopes, away.sum(axis=0) + 1e-3 * at[-2:]])

    done = minimize(cost, np.zeros(x.shape[1] + 2), jac=True, method="L-BFGS-B", options={"maxiter": 200})
    return done.x[:-2], done.x[-2:]
