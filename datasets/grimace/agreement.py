"""How well raters agree: Cohen's weighted kappa of each two, and the intraclass correlation of all."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Float

from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Dimensionless, Fraction


@dataclass(frozen=True)
class RaterAgreement:
    """The agreement on one score.

    Attributes:
        images: that all raters scored.
        same: the share of equal scores, mean over each two raters.
        kappa: Cohen's with squared weights, mean over each two raters; NaN where nothing varies.
        icc: the intraclass correlation ICC(2,1): of single raters, absolute agreement (Shrout and Fleiss 1979).
    """

    images: int
    same: Fraction
    kappa: Dimensionless
    icc: Dimensionless


def agreement(ratings: Mapping[str, Float[np.ndarray, " image"]]) -> RaterAgreement:
    """How well raters agree on the images that all of them scored; scores are 0 to 2 (dimensionless).

    Raises:
        InputError: there is one rater, or fewer than two images that all scored.
    """
    require(len(ratings) >= 2, f"agreement needs two raters or more, there is {', '.join(ratings) or 'none'}")
    table = np.stack(list(ratings.values()), axis=1)
    table = table[np.isfinite(table).all(axis=1)]
    require(len(table) >= 2, f"the raters {', '.join(ratings)} scored {len(table)} images together: 2 are needed")
    pairs = [(table[:, a], table[:, b]) for a, b in combinations(range(table.shape[1]), 2)]
    same = float(np.mean([np.mean(a == b) for a, b in pairs]))
    kappas = [weighted_kappa(a, b) for a, b in pairs]
    return RaterAgreement(len(table), same, float(np.mean(kappas)), intraclass_correlation(table))


def weighted_kappa(first: Float[np.ndarray, " image"], second: Float[np.ndarray, " image"]) -> Dimensionless:
    """Cohen's kappa with squared weights (Cohen 1968); NaN where neither varies.

    >>> weighted_kappa(np.array([0.0, 1, 2, 2]), np.array([0.0, 1, 2, 2]))
    1.0
    """
    observed = float(np.mean((first - second) ** 2))
    by_chance = float(np.mean((first[:, None] - second[None, :]) ** 2))
    return 1 - observed / by_chance if by_chance > 0 else float("nan")


def intraclass_correlation(table: Float[np.ndarray, "image rater"]) -> Dimensionless:
    """ICC(2,1) of Shrout and Fleiss 1979: two-way random effects, single raters, absolute agreement."""
    images, raters = table.shape
    whole = table.mean()
    between = raters * float(np.sum((table.mean(axis=1) - whole) ** 2)) / (images - 1)
    judges = images * float(np.sum((table.mean(axis=0) - whole) ** 2)) / (raters - 1)
    rest = float(np.sum((table - whole) ** 2)) - between * (images - 1) - judges * (raters - 1)
    error = rest / ((images - 1) * (raters - 1))
    below = between + (raters - 1) * error + raters * (judges - error) / images
    return float((between - error) / below) if below > 0 else float("nan")
