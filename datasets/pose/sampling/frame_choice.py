"""Which frames to label: a varied choice by clusters of what frames look like (Pereira et al. 2018, Methods).

Frames spread over each video are described by principal components and clustered; the choice takes from all clusters in
turn, so that rare postures are labelled early and any beginning of the list is varied too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from datasets.dataset import Trial
from datasets.video.background import grey
from datasets.video.frame_readers import spread_frames
from neuron_models.foundation.errors import InputError, require, require_seed
from neuron_models.foundation.units import Dimensionless

_BATCH = 64
_SIDE = 48  # px, to which larger pictures are reduced before they are compared


@dataclass(frozen=True)
class ChoiceSettings:
    """How frames are chosen: of `pool` frames a video, by `components` principal components in `clusters` clusters.

    The defaults are those of Pereira et al. 2018.
    """

    frames: int = 100
    pool: int = 500
    components: int = 50
    clusters: int = 10
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("frames", "pool", "components", "clusters"):
            require(getattr(self, name) >= 1, f"{name} of a choice must be >= 1, got {getattr(self, name)}")
        require_seed(self.seed, "the seed of a choice")


@dataclass(frozen=True, eq=False)
class Pool:
    """The frames to choose from: which trial and frame each is, its principal components and its cluster."""

    trial: Int[np.ndarray, " sample"]
    frame: Int[np.ndarray, " sample"]
    features: Float[np.ndarray, "sample component"]
    cluster: Int[np.ndarray, " sample"]


@dataclass(frozen=True)
class Diversity:
    """How well a choice stands for the pool: `distance` from any frame to the nearest chosen, and `coverage`.

    The mean distance is in units of the root mean square distance from the mean frame; the coverage is the share of
    fine clusters (others than those chosen by) with a chosen frame.
    """

    distance: Dimensionless
    coverage: Dimensionless


def gather(trials: Sequence[Trial], settings: ChoiceSettings) -> Pool:
    """Describe and cluster frames spread over videos, of which only a batch at a time is in memory.

    Raises:
        InputError: there are fewer frames that count than are to be chosen.
    """
    from sklearn.cluster import KMeans
    from sklearn.decomposition import IncrementalPCA

    indices = [(t, int(k)) for t, trial in enumerate(trials) for k in _strided(trial, settings.pool)]
    if len(indices) < settings.frames:
        raise InputError(f"{settings.frames} frames are to be chosen of {len(indices)}: choose fewer or raise --pool")
    pictures = np.stack([_small(np.asarray(trials[t].x[k])) for t, k in indices])
    components = min(settings.components, len(pictures), pictures.shape[1])
    reduce = IncrementalPCA(components, batch_size=max(_BATCH, 2 * components))
    features = reduce.fit_transform(pictures).astype(float)
    clusters = min(settings.clusters, len(features))
    cluster = KMeans(clusters, n_init=4, random_state=settings.seed).fit_predict(features)
    return Pool(np.array([t for t, _ in indices]), np.array([k for _, k in indices]), features, cluster.astype(int))


def _strided(trial: Trial, pool: int) -> Int[np.ndarray, " frame"]:
    valid = np.flatnonzero(trial.valid()) if trial.weight is not None else np.arange(len(trial))
    return valid[spread_frames(len(valid), pool)] if len(valid) else valid


def _small(frame: np.ndarray) -> Float[np.ndarray, " pixel"]:
    """A frame's brightness in at most 48 x 48 or so blocks, without its mean."""
    values = grey(frame)
    block = max(1, -(-max(values.shape) // _SIDE))
    height, width = (side // block * block for side in values.shape)
    blocks = values[:height, :width].reshape(height // block, block, width // block, block).mean(axis=(1, 3))
    return (blocks - blocks.mean()).ravel()


def choose_frames(pool: Pool, settings: ChoiceSettings) -> Int[np.ndarray, " choice"]:
    """Places in the pool, in the order in which to label them: one of every cluster in turn, at random inside it."""
    rng = np.random.default_rng([settings.seed, 21])
    queues = [rng.permutation(np.flatnonzero(pool.cluster == k)).tolist() for k in np.unique(pool.cluster)]
    chosen: list[int] = []
    while len(chosen) < settings.frames and any(queues):
        for k in rng.permutation(len(queues)):
            if queues[k] and len(chosen) < settings.frames:
                chosen.append(queues[k].pop())
    return np.array(chosen)


def doubtful_choice(
    cluster: Int[np.ndarray, " sample"], doubt: Float[np.ndarray, " sample"], number: int
) -> Int[np.ndarray, " choice"]:
    """Indices in the order to label: each cluster in turn, the most doubtful first (confidence 0 to 1).

    Args:
        cluster: of each frame, as in `Pool`.
        doubt: of each frame, such as 1 less the mean confidence of a network in its key points.
        number: how many to choose at most.

    >>> doubtful_choice(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.3, 0.2]), 4).tolist()
    [1, 2, 3, 0]
    """
    order = np.argsort(-doubt, kind="stable")
    turn = np.zeros(len(doubt), int)
    for k in np.unique(cluster):
        mine = order[cluster[order] == k]
        turn[mine] = np.arange(len(mine))
    return np.lexsort((-doubt, turn))[:number]


def uniform_choice(pool: Pool, number: int) -> Int[np.ndarray, " choice"]:
    """Indices in the pool that are evenly spread over it, to compare with."""
    return np.array(spread_frames(len(pool.frame), number))


def diversity(pool: Pool, chosen: Int[np.ndarray, " choice"], fine: int = 40) -> Diversity:
    """How varied a choice is, given by its indices in the pool; see `Diversity`."""
    from scipy.spatial import cKDTree
    from sklearn.cluster import KMeans

    scale = np.sqrt((pool.features**2).sum(axis=1).mean()) + 1e-12
    nearest, _ = cKDTree(pool.features[chosen]).query(pool.features)
    fine = min(fine, len(pool.features))
    parts = KMeans(fine, n_init=2, random_state=12345).fit_predict(pool.features)
    return Diversity(float(nearest.mean() / scale), len(np.unique(parts[chosen])) / len(np.unique(parts)))
