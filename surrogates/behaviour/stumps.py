"""Boosted stumps, as JAABA learns behaviours (Kabra et al. 2013): one threshold on one feature at a time."""

import numpy as np
from jaxtyping import Float, Int

from neuron_models.foundation.errors import require, require_seed
from surrogates.backend import keras
from surrogates.behaviour.trees import Tree, tree_model

_BINS = 30
_DRAWN, _SHARE, _REDRAWN = 8_000, 0.4, 10
"""Samples and share of the features that are looked at, drawn anew every so many rounds."""


def stumps(inputs: int, outputs: int, *, rounds: int = 100, seed: int = 0) -> keras.Model:
    """Stumps for each behaviour against all others; the behaviour with the highest score is given.

    Args:
        inputs: features.
        outputs: behaviours.
        rounds: stumps of each behaviour.
        seed: of the draws of samples and features.

    Raises:
        InputError: a setting out of range.
    """
    require(1 <= rounds <= 10_000, f"behaviour_stumps: rounds must be 1 to 10,000, got {rounds}")
    require_seed(seed, "the seed of behaviour_stumps")
    model = tree_model("behaviour_stumps", inputs, outputs, rounds * outputs, 3, 1, softmax=True)
    model.fitting = {"rounds": rounds, "seed": seed}
    return model


def fit_stumps(model: keras.Model, x: Float[np.ndarray, "sample feature"], y: Int[np.ndarray, " sample"]) -> None:
    """Learn the stumps: weight 1 - 2 error each, samples weighted by 1 / (1 + exp(score)) of their side."""
    rng, layer = np.random.default_rng(model.fitting["seed"]), model.get_layer("trees")
    known = np.isfinite(x).any(axis=0)
    edges = np.zeros((_BINS - 1, x.shape[1]))
    edges[:, known] = np.nanquantile(x[:, known], np.linspace(0, 1, _BINS + 1)[1:-1], axis=0)
    trees = []
    for column in range(layer.classes):
        side = np.where(y == column, 1.0, -1.0)
        if (side > 0).any() and (side < 0).any():
            found = _boosted(x, side, edges, model.fitting["rounds"], rng)
            trees += [_stump(*each, column, layer.classes) for each in found]
    layer.plant(trees, np.zeros(layer.classes))


def _boosted(x, side, edges, rounds: int, rng) -> list[tuple[int, float, float]]:
    """The stumps of one behaviour: feature, threshold, and the score above it (its negative below)."""
    stumps, score = [], np.zeros(len(x))
    start = np.where(side > 0, 0.5 / (side > 0).sum(), 0.5 / (side < 0).sum())
    for number in range(rounds):
        if number % _REDRAWN == 0:
            rows = np.sort(rng.choice(len(x), min(_DRAWN, len(x)), replace=False))
            features = np.sort(rng.choice(x.shape[1], max(1, round(_SHARE * x.shape[1])), replace=False))
            binned = _binned(x[np.ix_(rows, features)], edges[:, features])
        weight = start[rows] / (1 + np.exp(score[rows] * side[rows]))
        feature, cut, sign, error = _best(binned, weight * side[rows], len(features))
        error /= weight.sum()
        alpha = 1 - 2 * error
        index, threshold = int(features[feature]), float(edges[cut, features[feature]])
        stumps.append((index, threshold, sign * alpha))
        with np.errstate(invalid="ignore"):
            score += np.where(x[:, index] > threshold, 1.0, -1.0) * sign * alpha  # NaN is below
    return stumps


def _binned(x, edges) -> Int[np.ndarray, "sample feature"]:
    """The bin of each value, shifted by feature so that all histograms are one."""
    bins = np.stack(
        [np.searchsorted(edges[:, k], np.nan_to_num(x[:, k], nan=-np.inf)) for k in range(x.shape[1])], axis=1
    )
    return bins + np.arange(x.shape[1]) * _BINS


def _best(binned, signed, features: int) -> tuple[int, int, float, float]:
    """The feature, the cut between two bins and the sign with the least weighted error."""
    shape = binned.shape
    sums = np.bincount(binned.ravel(), np.broadcast_to(signed[:, None], shape).ravel(), features * _BINS)
    above = sums.reshape(features, _BINS)[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]
    gain = 2 * above - signed.sum()  # right less wrong when those above the cut are on the positive side
    feature, cut = np.unravel_index(np.argmax(np.abs(gain)), gain.shape)
    sign = 1.0 if gain[feature, cut] >= 0 else -1.0
    return int(feature), int(cut), sign, float((np.abs(signed).sum() - abs(gain[feature, cut])) / 2)


def _stump(feature: int, threshold: float, above: float, column: int, classes: int) -> Tree:
    value = np.zeros((3, classes))
    value[1:, column] = (-above, above)
    at = np.array([feature, 0, 0])
    own = np.arange(3)
    return Tree(at, np.array([threshold, 0.0, 0.0]), np.array([1, 1, 2]), np.array([2, 1, 2]), own == 0, value)
