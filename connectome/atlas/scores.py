"""How well predictions go with the atlas, how sure that is, and how well anything could."""

import functools
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from connectome.atlas.predictors import Prediction
from connectome.atlas.recordings import Atlas
from neuron_models.foundation.units import Dimensionless

LEAST_TRIALS = (1, 8, 16)
"""The least numbers of trials of the pairs over which correlations are taken."""

_RESAMPLES = 300
_HALVINGS = 5
_SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Correlation:
    """A prediction and measured responses over some pairs; `low` to `high` is the 95 % interval of `r`.

    The interval is over stimulated neurons, drawn again 300 times: responses to one stimulated neuron hang together.
    """

    pairs: int
    r: Dimensionless
    low: Dimensionless
    high: Dimensionless
    rank_r: Dimensionless


@dataclass(frozen=True)
class Score:
    """How one prediction fares: correlations by the least number of trials, with and without left-right homologues.

    `auc` is the chance that a pair with q < 0.05 has the larger prediction, in size, than one without; `auc_eq` the
    same for q_eq < 0.05, pairs that are shown not to respond.
    """

    wiring: str
    predictor: str
    with_homologues: tuple[Correlation, ...]
    without_homologues: tuple[Correlation, ...]
    auc: Dimensionless
    auc_eq: Dimensionless


def score(atlas: Atlas, wiring: str, predictor: str, prediction: Prediction) -> Score:
    """Judge one prediction over the pairs that were measured and that it knows."""
    known = atlas.measured & np.isfinite(prediction)
    both = tuple(correlate(atlas, prediction, known & (atlas.trials >= least)) for least in LEAST_TRIALS)
    apart = known & ~atlas.homologues
    alone = tuple(correlate(atlas, prediction, apart & (atlas.trials >= least)) for least in LEAST_TRIALS)
    size = np.abs(prediction[known])
    aucs = (area_under_curve(size, (q[known] < _SIGNIFICANT)) for q in (atlas.q, atlas.q_eq))
    return Score(wiring, predictor, both, alone, *aucs)


def correlate(atlas: Atlas, prediction: Prediction, pairs: Bool[np.ndarray, "responding stimulated"]) -> Correlation:
    """Correlate a prediction with the mean responses over some pairs; NaN where a side is constant.

    Args:
        atlas: mean responses in dF/F.
        prediction: in units of its own; ranks and Pearson's r do not depend on them.
        pairs: mask of those that are compared.
    """
    x, y = prediction[pairs], atlas.mean[pairs]
    if len(x) < 3 or np.ptp(x) == 0:
        return Correlation(len(x), *[float("nan")] * 4)
    low, high = _interval(prediction, atlas.mean, pairs)
    return Correlation(len(x), _r(x, y), low, high, _r(ranks(x), ranks(y)))


def ranks(values: Float[np.ndarray, " pair"]) -> Float[np.ndarray, " pair"]:
    """The rank of each value, a dimensionless number from 1, equal values sharing the mean of theirs."""
    _, index, number = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(number) - (number - 1) / 2)[index]


def area_under_curve(size: Float[np.ndarray, " pair"], positive: Bool[np.ndarray, " pair"]) -> Dimensionless:
    """The chance that a positive pair is larger than another, ties counted half; NaN where one of them is missing.

    Args:
        size: of a prediction, in any unit: the order alone counts.
        positive: mask of the positive pairs.
    """
    here, others = int(positive.sum()), int((~positive).sum())
    if not here or not others:
        return float("nan")
    return float((ranks(size)[positive].sum() - here * (here + 1) / 2) / (here * others))


def shuffled(
    atlas: Atlas, prediction: Prediction, least: int = 8, number: int = 100, seed: int = 0
) -> tuple[float, float]:
    """The mean and the standard deviation of r when the neurons of a prediction change their names at random."""
    known = np.flatnonzero(np.isfinite(prediction.diagonal()))
    rng = np.random.default_rng(seed)
    correlations = []
    for _ in range(number):
        order = np.arange(len(prediction))
        order[known] = rng.permutation(known)
        renamed = prediction[np.ix_(order, order)]
        pairs = atlas.measured & np.isfinite(renamed) & (atlas.trials >= least)
        correlations.append(_r(renamed[pairs], atlas.mean[pairs]))
    return float(np.mean(correlations)), float(np.std(correlations))


def ceiling(atlas: Atlas, least: int, homologues: bool = True, seed: int = 0) -> Dimensionless:
    """The largest r that a perfect prediction of the mean responses could reach, given how trials scatter.

    The trials of each pair are halved at random five times; r between the means of the halves gives, by Spearman and
    Brown, the reliability of the whole mean, and its root the ceiling.
    """
    rng = np.random.default_rng(seed)
    pairs = atlas.measured & (atlas.trials >= max(least, 2))
    pairs = pairs if homologues else pairs & ~atlas.homologues
    number, trials = atlas.mean.size, atlas.trials.ravel()
    starts = np.concatenate([[0], np.cumsum(trials)[:-1]])
    halves = []
    for _ in range(_HALVINGS):
        order = np.lexsort((rng.random(len(atlas.owners)), atlas.owners))
        first = np.arange(len(order)) - starts[atlas.owners[order]] < trials[atlas.owners[order]] // 2
        means = []
        for side in (first, ~first):
            chosen = order[side]
            total = np.bincount(atlas.owners[chosen], atlas.values[chosen], number)
            means.append((total / np.maximum(np.bincount(atlas.owners[chosen], minlength=number), 1))[pairs.ravel()])
        halves.append(_r(*means))
    half = float(np.mean(halves))
    return float(np.sqrt(max(0.0, 2 * half / (1 + half))))


def _r(x: Float[np.ndarray, " pair"], y: Float[np.ndarray, " pair"]) -> Dimensionless:
    return float(np.corrcoef(x, y)[0, 1])


def _interval(
    prediction: Prediction, mean: Prediction, pairs: Bool[np.ndarray, "responding stimulated"]
) -> tuple[float, float]:
    """The 95 % interval of r when whole columns, stimulated neurons, are drawn again."""
    x, y = (np.where(pairs, values, 0.0) for values in (prediction, mean))
    x = x / max(np.abs(x).max(), 1e-300)  # sums of squares stay exact
    sums = np.stack([side.sum(axis=0) for side in (pairs.astype(float), x, y, x * x, y * y, x * y)])
    sums = sums[:, pairs.any(axis=0)]
    n, sx, sy, sxx, syy, sxy = sums @ _drawn(sums.shape[1])
    with np.errstate(invalid="ignore", divide="ignore"):
        r = (n * sxy - sx * sy) / np.sqrt((n * sxx - sx**2) * (n * syy - sy**2))
    low, high = np.nanpercentile(r, [2.5, 97.5])
    return float(low), float(high)


@functools.cache
def _drawn(number: int) -> Float[np.ndarray, "stimulated resample"]:
    """How often each of some stimulated neurons is drawn in each resample."""
    drawn = np.random.default_rng(0).multinomial(number, np.full(number, 1 / number), _RESAMPLES)
    return drawn.T.astype(float)
