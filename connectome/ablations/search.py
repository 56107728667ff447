"""Searches signs and scales that give the intact worm's four answers, and judges them on the thirteen losses."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from jaxtyping import Float

from connectome.ablations.facts import FACTS, members
from connectome.ablations.judgement import Places, judge, places_of, renamed
from connectome.ablations.steady import SteadyNetwork
from neuron_models.foundation.units import Dimensionless

FITTED = tuple(fact for fact in FACTS if fact.intact)
JUDGED = tuple(fact for fact in FACTS if not fact.intact)
TURNED = ("AVM", "ALM", "PLM", "AVD", "AVA", "PVC", "AVB", "DVA")
"""The classes whose synapses may excite or inhibit, as in the search of Wicks, Roehrig and Rankin 1996."""
_SCALES = (0.1, 1.0, 10.0)


@dataclass(frozen=True)
class Found:
    """The best of a search: how many of the four answers, and the mean number of losses over all candidates as good."""

    fitted: int
    candidates: int
    judged: Dimensionless


@dataclass(frozen=True, eq=False)
class Search:
    """A search on the wiring and, as its control, on the wiring with its neurons renamed."""

    real: Found
    shuffles: tuple[Found, ...]

    @property
    def at_least_as_good(self) -> Dimensionless:
        """The part of the renamed wirings whose best candidates pass as many losses."""
        return float(np.mean([each.judged >= self.real.judged for each in self.shuffles]))


def search_facts(network: SteadyNetwork, shuffles: int = 20, draws: int = 200, seed: int = 0) -> Search:
    """Draw signs of eight classes and scales of gap junctions and synapses, and keep those that fit the intact worm.

    Args:
        network: of the model `graded`.
        shuffles: how many renamed wirings are searched in the same way.
        draws: candidates of each search, of 2,304.
        seed: of the candidates and of the names.
    """
    rng = np.random.default_rng(seed)
    every = list(product(product((1, -1), repeat=len(TURNED)), _SCALES, _SCALES))
    chosen = [every[i] for i in rng.choice(len(every), min(draws, len(every)), replace=False)]
    searches = [_best(network, places, chosen) for places in (places_of(network), *_others(network, shuffles, rng))]
    return Search(searches[0], tuple(searches[1:]))


def _others(network: SteadyNetwork, number: int, rng: np.random.Generator) -> Iterator[Places]:
    return (renamed(network, rng) for _ in range(number))


def _best(network: SteadyNetwork, places: Places, candidates: list[tuple]) -> Found:
    changed = [_changed(network, places, *candidate) for candidate in candidates]
    fits = np.array([sum(v.passed for v in judge(each, FITTED, places)) for each in changed])
    best = [each for each, fit in zip(changed, fits, strict=True) if fit == fits.max()][:50]
    judged = [sum(v.passed for v in judge(each, JUDGED, places)) for each in best]
    return Found(int(fits.max()), int((fits == fits.max()).sum()), float(np.mean(judged)))


def _changed(
    network: SteadyNetwork, places: Places, signs: tuple[int, ...], gap: float, chemical: float
) -> SteadyNetwork:
    turned: Float[np.ndarray, " neuron"] = np.ones(len(network.leak))
    for name, sign in zip(TURNED, signs, strict=True):
        turned[[places[each] for each in members(name)]] = sign
    return network.scaled(gap, chemical, turned.astype(int))
