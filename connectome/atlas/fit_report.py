"""What fitting gains: the same pairs before and after, on trials and stimulated neurons that the fit did not see."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from connectome.atlas.fit import ClassModel, Constants, Halves, class_model, correlation, fit, halve
from connectome.atlas.recordings import Atlas
from connectome.parameters import load_parameters
from connectome.wirings.table import WiringTable
from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Dimensionless

LEAST = 8
"""Trials of a pair, in all, for the fit and its judgement."""
FOLDS = 5
Pairs = Bool[np.ndarray, "responding stimulated"]


@dataclass(frozen=True, eq=False)
class FitReport:
    """Pearson's r before and after a fit, each a mean over `halvings` random halves of the trials.

    Attributes:
        before, after: on the half of the trials that was not fitted, over pairs with at least 8 trials in all.
        after_other: the same with stimulated neurons held out too, a fifth at a time.
        ceiling: the largest r that a perfect prediction could have on that half.
        fitted: r on the half that was fitted.
        constants: of each halving.
        pairs: how many pairs.
        halvings: how many random halves.
        stable: whether the fitted networks come to rest.
    """

    before: Dimensionless
    after: Dimensionless
    after_other: Dimensionless
    ceiling: Dimensionless
    fitted: Dimensionless
    constants: Float[np.ndarray, "halving constant"]
    pairs: int
    halvings: int
    stable: bool


def fit_atlas(atlas: Atlas, table: WiringTable, halvings: int = 1, seed: int = 0) -> FitReport:
    """Fit a wiring's class constants to half of the trials, and judge them on the other half.

    Args:
        atlas: the measured responses.
        table: the wiring.
        halvings: how often the trials are halved.
        seed: of the first halving.

    Raises:
        InputError: the wiring shares too few pairs with the atlas.
    """
    here = np.array([i for i, name in enumerate(atlas.names) if name in table.neurons], dtype=int)
    model = class_model(table, [atlas.names[i] for i in here], load_parameters("published2012"))
    part = np.ix_(here, here)
    pairs = (atlas.measured & (atlas.trials >= LEAST))[part]
    number = int(pairs.sum())
    require(number >= 100, f"{table.source} and the atlas share {number} pairs with {LEAST} trials: too few")
    rows = [_judge(model, _of(halve(atlas, seed + again), part), pairs, seed) for again in range(halvings)]
    means = np.mean([row[0] for row in rows], axis=0)
    constants = np.stack([row[1] for row in rows])
    stable = all(model.stable(each) for each in constants)
    before, after, other, ceiling, fitted = (float(mean) for mean in means)
    return FitReport(before, after, other, ceiling, fitted, constants, number, halvings, stable)


def _of(halves: Halves, part: tuple) -> Halves:
    means, trials = halves.means, halves.trials
    return Halves((means[0][part], means[1][part]), (trials[0][part], trials[1][part]))


def _judge(model: ClassModel, halves: Halves, pairs: Pairs, seed: int) -> tuple[tuple[float, ...], Constants]:
    """Before, after, with stimulated neurons held out, ceiling and fitted r of one halving; and its constants."""
    seen, unseen = halves.means
    passive = model.predict(model.start)
    constants = fit(model, seen, pairs, model.start)
    whole = model.predict(constants)
    other = np.zeros_like(whole)
    for held in _folds(pairs, seed):
        predicted = model.predict(fit(model, seen, pairs & ~held, model.start))
        x, y = predicted[pairs & ~held], seen[pairs & ~held]
        slope = np.cov(x, y)[0, 1] / x.var()  # folds are pooled, so they need one scale
        other[:, held] = slope * predicted[:, held]
    half = correlation(seen, unseen, pairs)
    return (
        correlation(passive, unseen, pairs),
        correlation(whole, unseen, pairs),
        correlation(other, unseen, pairs),
        float(np.sqrt(max(half, 0.0))),
        correlation(whole, seen, pairs),
    ), constants


def _folds(pairs: Pairs, seed: int) -> Iterator[Bool[np.ndarray, " stimulated"]]:
    """Masks of the stimulated neurons, a fifth at a time."""
    stimulated = np.flatnonzero(pairs.any(axis=0))
    order = np.random.default_rng(seed).permutation(stimulated)
    for fold in range(FOLDS):
        held = np.zeros(pairs.shape[1], dtype=bool)
        held[order[fold::FOLDS]] = True
        yield held
