"""Divides trials into training, validation and test sets that are equally diverse."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial.distance import cdist

from datasets.dataset import Dataset
from neuron_models.foundation.errors import require, require_seed
from neuron_models.foundation.splits import SPLITS

_BINS = 50
_COMPONENTS = 12
_PARTNERS = 60


@dataclass(frozen=True)
class Diversity:
    """How alike the parts of a split are.

    `spread` is the mean distance between two trials of each part, over that between two of all; `offset` the distance
    of each part's mean from the mean of all, over the same. A fair split has spreads near 1 and offsets near 0.
    """

    spread: dict[str, float]
    offset: dict[str, float]


def split_diverse(dataset: Dataset, shares: Sequence[float] = (0.5, 0.25, 0.25), seed: int = 0) -> Dataset:
    """Divide trials so that training, validation and test sets are as diverse as each other.

    Anticlustering by exchange (Papenberg and Klau 2021, k-plus criterion): starting from a random division, trials of
    two parts change places as long as that brings the parts' means and variances closer together, over the principal
    components of the stimuli and responses in 50 stretches of time. Trials of one group stay together.

    Args:
        dataset: trials with x, and with y if responses should count.
        shares: of training, validation and test; they add up to 1, and of the last two one may be 0.
        seed: of the first division.

    Returns:
        The dataset with its trials' splits replaced.

    Raises:
        InputError: fewer groups than parts, shares that do not add up to 1, an invalid seed, or NaN in the data.
    """
    require_seed(seed, "the seed of a split")
    require(
        len(shares) == 3 and min(shares) >= 0 and 0 < shares[0] < 1 and abs(sum(shares) - 1) < 1e-6,
        f"the shares of {', '.join(SPLITS)} must be > 0 and add up to 1, got {tuple(shares)}",
    )
    owners = [trial.group or trial.name for trial in dataset]
    groups = list(dict.fromkeys(owners))
    parts = [split for split, share in zip(SPLITS, shares, strict=True) if share > 0]
    require(
        len(groups) >= len(parts),
        f"a split needs at least {len(parts)} trials or groups, dataset {dataset.name!r} has {len(groups)}: "
        "`wormtwin dataset split --by block` divides each in time",
    )
    points, member = _features(dataset), np.array([groups.index(owner) for owner in owners])
    moments = np.hstack([points, points**2 - (points**2).mean(0)])
    means = np.stack([moments[member == group].mean(0) for group in range(len(groups))])
    part = _exchange(means, _sizes(len(groups), shares), seed)
    return dataset.with_split([parts[part[group]] for group in member])


def diversity(dataset: Dataset) -> Diversity:
    """Measure how diverse each part of a split dataset is, over the same features that `split_diverse` uses."""
    points = _features(dataset)
    whole = _mean_distance(points)
    whole = whole if whole > 1e-12 else 1.0  # all trials alike, but for rounding
    rows = {split: [i for i, trial in enumerate(dataset) if trial.split == split] for split in SPLITS}
    rows = {split: r for split, r in rows.items() if len(r) > 1}
    centre = points.mean(0)
    return Diversity(
        spread={split: _mean_distance(points[r]) / whole for split, r in rows.items()},
        offset={split: float(np.linalg.norm(points[r].mean(0) - centre)) / whole for split, r in rows.items()},
    )


def _features(dataset: Dataset) -> Float[np.ndarray, "trial feature"]:
    """Principal components of stimuli and responses, each channel scaled to unit variance over the dataset."""
    blocks = []
    for arrays in ([t.x for t in dataset], [t.y for t in dataset if t.y is not None]):
        if len(arrays) == len(dataset):
            binned = np.stack([_binned(np.asarray(a[:], dtype=float)) for a in arrays])
            require(bool(np.isfinite(binned).all()), f"dataset {dataset.name!r} holds NaN: no split by its data")
            binned -= binned.mean((0, 1))
            scale = binned.std((0, 1))
            binned = binned[..., scale > 0] / scale[scale > 0]
            blocks.append(binned.reshape(len(dataset), -1) / np.sqrt(max(1, binned[0].size)))
    stacked = np.hstack(blocks)
    u, s, _ = np.linalg.svd(stacked - stacked.mean(0), full_matrices=False)
    return (u * s)[:, : min(_COMPONENTS, len(s))]


def _binned(array: Float[np.ndarray, "time channel"]) -> Float[np.ndarray, "bin channel"]:
    """The mean of each of 50 equal stretches of time; of a shorter array, its samples, some of them repeated."""
    if len(array) < _BINS:
        return array[np.linspace(0, len(array) - 1, _BINS).round().astype(int)]
    edges = np.linspace(0, len(array), _BINS + 1).astype(int)
    return np.add.reduceat(array, edges[:-1]) / np.diff(edges)[:, None]


def _sizes(number: int, shares: Sequence[float]) -> list[int]:
    """Whole numbers of trials by share that is > 0, at least one each, the training set taking what rounding leaves."""
    others = [max(1, round(number * share)) for share in shares[1:] if share > 0]
    return [number - sum(others), *others]


def _exchange(points: Float[np.ndarray, "trial feature"], sizes: list[int], seed: int) -> Int[np.ndarray, " trial"]:
    """Assign points to parts of these sizes so that the parts' means agree, by pairwise exchange until none helps."""
    rng = np.random.default_rng(seed)
    part = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    size = np.array(sizes)[:, None]
    sums = np.stack([points[part == p].sum(0) for p in range(len(sizes))])
    centre = points.mean(0)
    improved = True
    while improved:
        improved = False
        for i in rng.permutation(len(points)):
            others = np.flatnonzero(part != part[i])
            others = rng.permutation(others)[:_PARTNERS]
            moved = points[others] - points[i]
            here, there = part[i], part[others]
            now = _cost(sums[[here]], size[[here]], centre) + _cost(sums[there], size[there], centre)
            then = _cost(sums[here] + moved, size[here], centre) + _cost(sums[there] - moved, size[there], centre)
            best = int(np.argmax(now - then))
            if (now - then)[best] > 1e-12:
                j = others[best]
                sums[part[i]] += moved[best]
                sums[part[j]] -= moved[best]
                part[i], part[j] = part[j], part[i]
                improved = True
    return part


def _cost(sums: np.ndarray, size: np.ndarray, centre: np.ndarray) -> np.ndarray:
    return size[..., 0] * ((sums / size - centre) ** 2).sum(-1)


def _mean_distance(points: Float[np.ndarray, "trial feature"]) -> float:
    n = len(points)
    return float(cdist(points, points).sum() / (n * (n - 1)))


def require_training(dataset: Dataset) -> None:
    """Raise an `InputError` that names the command that divides, unless a dataset has training trials."""
    require(
        "train" in dataset.by_split(),
        f"dataset {dataset.name!r} has no training trials: divide its file first, such as by "
        "`wormtwin dataset split FILE --fractions 0.7,0.15,0.15`",
    )
