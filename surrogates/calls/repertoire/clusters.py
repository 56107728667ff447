"""Clusters of contours, and how stable they are."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Dimensionless


@dataclass(frozen=True, eq=False)
class Clusters:
    """Clusters of calls.

    Attributes:
        labels: of each call, from 0, the largest cluster first.
        number: of clusters, by the Bayesian information criterion unless it was given.
        stability: of each cluster: the mean over resamples of its best Jaccard index (Hennig 2007); above 0.75 it is
            stable, below 0.5 it is no cluster.
        agreement: mean adjusted Rand index between the clusters and those of the resamples.
    """

    labels: Int[np.ndarray, " call"]
    number: int
    stability: Float[np.ndarray, " cluster"]
    agreement: Dimensionless


def find_clusters(
    features: Float[np.ndarray, "call feature"], number: int = 0, most: int = 12, resamples: int = 20, seed: int = 0
) -> Clusters:
    """Gaussian mixtures on the principal axes that hold 95 % of the variance.

    Args:
        features: of each call.
        number: of clusters; 0 takes the one with the smallest Bayesian information criterion.
        most: of clusters that are tried.
        resamples: bootstrap samples for the stability.
        seed: of starts and resamples.

    Raises:
        InputError: fewer calls than clusters ask for.
    """
    from sklearn.decomposition import PCA
    from sklearn.metrics import adjusted_rand_score
    from sklearn.preprocessing import StandardScaler

    calls = len(features)
    require(calls >= 10, f"clusters need 10 calls or more, got {calls}")
    require(0 <= number <= calls // 3, f"--number must be from 0 to {calls // 3} with {calls} calls, got {number}")
    x = PCA(0.95, svd_solver="full").fit_transform(StandardScaler().fit_transform(features))[:, :8]
    wanted = [number] if number else range(1, min(most, calls // 5) + 1)
    models = [_mixture(x, k, seed) for k in wanted]
    best = min(models, key=lambda each: each.bic(x))
    labels = _by_size(best.predict(x))
    rng = np.random.default_rng(seed)
    others = [_mixture(x[rng.integers(0, calls, calls)], best.n_components, seed).predict(x) for _ in range(resamples)]
    stability = np.mean([[_jaccard(labels == k, other) for k in np.unique(labels)] for other in others], axis=0)
    agreement = float(np.mean([adjusted_rand_score(labels, other) for other in others]))
    return Clusters(labels, len(np.unique(labels)), stability, agreement)


def _mixture(x: np.ndarray, number: int, seed: int):
    from sklearn.mixture import GaussianMixture

    return GaussianMixture(number, covariance_type="diag", reg_covar=1e-2, n_init=3, random_state=seed).fit(x)


def _by_size(labels: np.ndarray) -> np.ndarray:
    names, counts = np.unique(labels, return_counts=True)
    place = {name: rank for rank, name in enumerate(names[np.argsort(-counts, kind="stable")])}
    return np.array([place[each] for each in labels])


def _jaccard(inside: np.ndarray, other: np.ndarray) -> float:
    shares = [(inside & (other == k)).sum() / (inside | (other == k)).sum() for k in np.unique(other)]
    return float(max(shares))
