"""The plane on which frames that are alike lie together, by t-SNE, and where new frames lie on it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from neuron_models.foundation.errors import require
from neuron_models.foundation.extras import require_extra
from neuron_models.foundation.units import DataUnits, Dimensionless

NEIGHBOURS = 10
_NEAR = 0.1
"""Neighbours within about this distance on the plane (its radius is 1) count as one place."""
_BLOCK = 4096


@dataclass(frozen=True)
class EmbeddingSettings:
    """Of t-SNE (van der Maaten and Hinton 2008; Poličar et al. 2024, openTSNE).

    Attributes:
        perplexity: how many neighbours count (32 in motionmapperpy); fewer where there are few frames.
        iterations: after half as many with exaggerated attraction.
        seed: of what is drawn at random.
    """

    perplexity: Dimensionless = 30.0
    iterations: int = 500
    seed: int = 0

    def __post_init__(self) -> None:
        require(2 <= self.perplexity <= 1000, f"the perplexity must be 2 to 1000, got {self.perplexity}")
        require(10 <= self.iterations <= 100_000, f"t-SNE takes 10 to 100,000 iterations, got {self.iterations}")


def embed(
    components: Float[np.ndarray, "frame component"], settings: EmbeddingSettings
) -> Float[np.ndarray, "frame 2"]:
    """Lay frames out on a plane; 95 % of them lie within a radius of 1 about the origin.

    One thread does it, so that the same seed gives the same plane.

    Raises:
        InputError: openTSNE is not installed, or there are fewer than 10 frames.
    """
    require(len(components) >= 10, f"a map needs 10 frames or more, got {len(components)}")
    require_extra("openTSNE", extra="map", purpose="a map of behaviours")
    from openTSNE import TSNE

    found = TSNE(
        perplexity=min(settings.perplexity, (len(components) - 1) / 3),
        early_exaggeration_iter=settings.iterations // 2,
        n_iter=settings.iterations,
        initialization="pca",
        neighbors="exact",
        negative_gradient_method="bh" if len(components) < 10_000 else "fft",
        n_jobs=1,
        random_state=settings.seed,
    ).fit(np.asarray(components, dtype=np.float64))
    plane = np.asarray(found) - np.median(found, axis=0)
    return plane / np.quantile(np.hypot(*plane.T), 0.95)


def place(
    components: Float[np.ndarray, "frame component"],
    learned: Float[np.ndarray, "template component"],
    plane: Float[np.ndarray, "template 2"],
) -> tuple[Float[np.ndarray, "frame 2"], Float[np.ndarray, " frame"]]:
    """Where frames lie on a plane (dimensionless) that was made of others.

    A frame lies at the weighted mean of those of its ten nearest templates that lie together where most of the weight
    is: templates on another hill do not draw it into the valley between. Nearer templates weigh more (a Gaussian of
    the distance to the farthest of the ten).

    Args:
        components: of the frames.
        learned: of the templates, in the same units.
        plane: where the templates lie.

    Returns:
        Places on the plane, and the distance of each frame from its nearest template, in the unit of the components.
    """
    from sklearn.neighbors import NearestNeighbors

    nearest = NearestNeighbors(n_neighbors=min(NEIGHBOURS, len(learned)), algorithm="brute").fit(learned)
    places, away = np.empty((len(components), 2)), np.empty(len(components))
    for first in range(0, len(components), _BLOCK):
        part = slice(first, first + _BLOCK)
        distance, index = nearest.kneighbors(components[part])
        places[part], away[part] = _together(distance, plane[index]), distance[:, 0]
    return places, away


def _together(
    distance: Float[np.ndarray, "frame neighbour"], at: Float[np.ndarray, "frame neighbour 2"]
) -> Float[np.ndarray, "frame 2"]:
    farthest = np.maximum(distance[:, -1:], 1e-12)
    weight = np.exp(-2 * (distance / farthest) ** 2)
    apart = ((at[:, :, None] - at[:, None]) ** 2).sum(axis=3)
    near = np.exp(-apart / (2 * _NEAR**2))
    best = (near * weight[:, None]).sum(axis=2).argmax(axis=1)
    kept = weight * near[np.arange(len(at)), best]
    return (at * kept[:, :, None]).sum(axis=1) / kept.sum(axis=1, keepdims=True)


def spacing(learned: Float[np.ndarray, "template component"]) -> DataUnits:
    """The distance to the nearest other template below which 99 % of the templates lie."""
    from sklearn.neighbors import NearestNeighbors

    away, _ = NearestNeighbors(n_neighbors=2, algorithm="brute").fit(learned).kneighbors(learned)
    return float(np.quantile(away[:, 1], 0.99))
