"""Which gait an animal walks in: a hidden Markov model of the number of legs that stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from jaxtyping import Int

from datasets.markov.hidden_markov import HiddenMarkov, decode, fit_hidden_markov
from datasets.pose.gait.walking import Walk
from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Dimensionless

GAITS = ("tripod", "tetrapod", "other")
"""The gaits of six legs (Pereira et al. 2019): three stand, four stand, and what is neither."""
STANDING = (3, 4)
"""How many legs stand in the first two."""
NOT_WALKING = -1
"""The gait of frames in which an animal does not walk."""
PERSISTENCE = 0.5
"""Of the walking frames, how many count beforehand as going on in their gait: gaits last longer than steps."""
_STAY = 0.94


@dataclass(frozen=True, eq=False)
class Gaits:
    """A fitted model, the names of its states, and the state of every frame of every walk (`NOT_WALKING` elsewhere)."""

    model: HiddenMarkov
    names: tuple[str, ...]
    by_walk: tuple[Int[np.ndarray, " _"], ...]
    log_likelihood: Dimensionless


def find_gaits(walks: Sequence[Walk]) -> Gaits:
    """Fit a model of three states to the number of standing legs in all walks, and decode each frame.

    The model begins at what a gait would be and is fitted to the walks (`fit_hidden_markov`). Its states are named so
    that three legs standing in the tripod and four in the tetrapod are most probable together. Legs other than
    six have the states `state 1` to `state 3`, fewest standing legs first.

    Args:
        walks: of animals with the same legs.

    Returns:
        The model with its states in the order of their names.

    Raises:
        InputError: nobody walks, or the animals have different legs.
    """
    legs = {walk.legs for walk in walks}
    require(len(legs) == 1, "gaits are found among animals with the same legs")
    counts = [walk.stance.sum(axis=1).astype(np.int64) for walk in walks]
    bouts = [[each[a:b] for a, b in walk.bouts()] for walk, each in zip(walks, counts, strict=True)]
    sequences = [bout for each in bouts for bout in each]
    frames = sum(len(each) for each in sequences)
    number = len(walks[0].legs)
    model, likelihood = fit_hidden_markov(sequences, _first(number), persistence=PERSISTENCE * frames / len(GAITS))
    model, names = _named(model, number)
    return Gaits(
        model, names, tuple(_decoded(model, walk, each) for walk, each in zip(walks, counts, strict=True)), likelihood
    )


def _decoded(model: HiddenMarkov, walk: Walk, counts: Int[np.ndarray, " frame"]) -> Int[np.ndarray, " frame"]:
    states = np.full(len(counts), NOT_WALKING)
    for first, end in walk.bouts():
        states[first:end] = decode(model, counts[first:end])
    return states


def _first(legs: int) -> HiddenMarkov:
    centres = np.array([3.0, 4.0, 5.5]) * legs / 6
    symbols = np.arange(legs + 1)
    spread, floor = np.array([0.6, 0.6, 1.2]), np.array([0.01, 0.01, 0.05])
    emissions = np.exp(-0.5 * ((symbols - centres[:, None]) / spread[:, None]) ** 2) + floor[:, None]
    states = len(GAITS)
    transitions = np.full((states, states), (1 - _STAY) / (states - 1))
    np.fill_diagonal(transitions, _STAY)
    return HiddenMarkov(np.full(states, 1 / states), transitions, emissions / emissions.sum(axis=1, keepdims=True))


def _named(model: HiddenMarkov, legs: int) -> tuple[HiddenMarkov, tuple[str, ...]]:
    if legs != 6:
        names = tuple(f"state {index + 1}" for index in range(len(GAITS)))
        return model.in_order(np.argsort(model.means).tolist()), names

    def together(order: Sequence[int]) -> float:
        return float(np.prod([model.emissions[order[i], STANDING[i]] for i in (0, 1)]))

    return model.in_order(max(permutations(range(3)), key=together)), GAITS
