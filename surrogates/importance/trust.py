"""How far methods agree: rank correlations over all cells of the table, with confidence intervals."""

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import bootstrap, rankdata

from neuron_models.foundation.errors import require
from neuron_models.foundation.units import DataUnits, Dimensionless
from surrogates.importance.table import POOLINGS, Importance

MEASURES = ("", "same", "shares")
RESAMPLES = 2000
LEVEL = 0.95
_TOGETHER = 250


@dataclass(frozen=True)
class Agreement:
    """How well a method ranks the cells (input x output) as another does.

    `rho` is Spearman's rank correlation over all cells. Its 95 % intervals come from 2,000 bootstrap samples, corrected
    for bias and skew (BCa, Efron 1987): `over_trials` draws the trials anew (what other stimuli would have given),
    `over_cells` the cells (how much the figure hangs on some of them). `within` is the mean over outputs of the
    correlation among the inputs alone: it does not profit from outputs whose responses are large. `top` counts the
    outputs whose most important input is the same, of `outputs`. `measure` says how the values compare, as in
    `surrogates.importance.methods.Method`, and `difference` is the RMS difference of the cells: an error where the
    measure is the `same`, error and difference of definition together where it is of `shares`, else NaN. `intervals`
    names what the two intervals are: `BCa`, `percentile` where BCa is not defined (as where nothing varies), or empty.
    """

    method: str
    other: str
    rho: Dimensionless
    over_trials: tuple[Dimensionless, Dimensionless]
    over_cells: tuple[Dimensionless, Dimensionless]
    within: Dimensionless
    top: int
    outputs: int
    difference: DataUnits
    measure: str = ""
    intervals: tuple[str, str] = ("BCa", "BCa")


def agreement(one: Importance, other: Importance, *, measure: str = "", seed: int = 0) -> Agreement:
    """Compare two tables of the same inputs, outputs and trials.

    Args:
        one: the method.
        other: what it is judged by.
        measure: how their values compare, `same` or `shares`; empty where their difference means nothing.
        seed: of the bootstrap.

    Raises:
        InputError: the tables are of other inputs, outputs or trials.
    """
    require(measure in MEASURES, f"agreement: measure is one of {', '.join(MEASURES)}, got {measure!r}")
    for what in ("inputs", "outputs", "trials"):
        require(getattr(one, what) == getattr(other, what), f"{one.method} and {other.method} have other {what}")
    by_output = spearman(one.values.T, other.values.T)
    top = np.argmax(one.values, axis=0) == np.argmax(other.values, axis=0)

    def of_trials(rows: Int[np.ndarray, "*sample trial"]) -> Float[np.ndarray, "*sample"]:
        drawn = np.moveaxis(rows, -1, 0)
        pooled = (POOLINGS[each.pooling].over_trials(each.by_trial[drawn]) for each in (one, other))
        return spearman(*(values.reshape(*rows.shape[:-1], -1) for values in pooled))

    def of_cells(indices: Int[np.ndarray, "*sample cell"]) -> Float[np.ndarray, "*sample"]:
        return spearman(one.values.ravel()[indices], other.values.ravel()[indices])

    trials, by_trials = _interval(of_trials, len(one.trials), seed)
    cells, by_cells = _interval(of_cells, one.values.size, seed)
    return Agreement(
        one.method,
        other.method,
        float(spearman(one.values.ravel(), other.values.ravel())),
        trials,
        cells,
        float(np.nanmean(by_output)) if np.isfinite(by_output).any() else float("nan"),
        int(top.sum()),
        len(one.outputs),
        float(np.sqrt(np.mean((one.values - other.values) ** 2))) if measure else float("nan"),
        measure,
        (by_trials, by_cells),
    )


def spearman(
    a: Float[np.ndarray, "*sample cell"], b: Float[np.ndarray, "*sample cell"]
) -> Float[np.ndarray, "*sample"]:
    """Spearman's rank correlation over the last axis; NaN where one side is constant."""
    x, y = (rankdata(values, axis=-1) - (values.shape[-1] + 1) / 2 for values in (a, b))
    with np.errstate(invalid="ignore"):
        return np.asarray((x * y).sum(-1) / np.sqrt((x * x).sum(-1) * (y * y).sum(-1)))


def ranked(values: Float[np.ndarray, "input output"]) -> Float[np.ndarray, "input output"]:
    """The rank of every cell, 1 for the largest; equal cells share the mean of their ranks."""
    return rankdata(-values).reshape(values.shape)


def _interval(statistic: Callable[[np.ndarray], np.ndarray], number: int, seed: int) -> tuple[tuple[float, float], str]:
    """The interval of a statistic of places that are drawn with replacement, and what it is; NaN for one place."""
    if number < 2:
        return (float("nan"), float("nan")), ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scipy warns where all samples are alike, and gives NaN
        interval = bootstrap(
            (np.arange(number),),
            lambda indices, axis: statistic(np.moveaxis(indices, axis, -1)),
            vectorized=True,
            batch=_TOGETHER,
            n_resamples=RESAMPLES,
            confidence_level=LEVEL,
            random_state=np.random.default_rng(seed),
        )
    low, high = (float(end) for end in interval.confidence_interval)
    drawn = interval.bootstrap_distribution[np.isfinite(interval.bootstrap_distribution)]
    if not math.isnan(low + high):
        return (low, high), "BCa"
    if len(drawn) == 0:
        return (float("nan"), float("nan")), ""
    low, high = np.quantile(drawn, ((1 - LEVEL) / 2, (1 + LEVEL) / 2)).tolist()
    return (low, high), "percentile"
