"""Shapley values of inputs or groups: exact for few, sampled for many."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from neuron_models.foundation.errors import require
from surrogates.importance.problem import AttributionProblem, TrialPair
from surrogates.importance.table import Importance, rms
from surrogates.training.metrics import Respond, respond

MOST_EXACT = 10
"""Groups for which all coalitions are computed; there are 1,024 of ten."""
PERMUTATIONS = 128
_TOGETHER = 64

Game = Callable[[Bool[np.ndarray, "coalition player"]], Float[np.ndarray, "coalition ..."]]
"""Gives the worth of coalitions, each a number or an array of them; players that are False stay out."""


def shapley(model: Any, problem: AttributionProblem, *, permutations: int = PERMUTATIONS) -> Importance:
    """Divide every sample of every output among the inputs or groups by Shapley's values (Shapley 1953).

    A group that stays out has the baseline's stimulus. At each time of the response the values of all groups add up to
    the difference between the response and that to the baseline. Values are their RMS over time and trials.

    Up to ten groups the values are exact; above they are means over random orders of joining (Castro, Gómez and Tejada
    2009), which add up just as well, and the RMS of their standard errors is given.

    Args:
        model: a Keras model.
        problem: trials, groups, baseline; its seed draws the orders.
        permutations: how many orders are drawn.

    Raises:
        InputError: fewer than two orders.
    """
    check_permutations(problem, permutations=permutations)
    run, players = respond(model), len(problem.groups)
    if players <= MOST_EXACT:
        effects = (exact_shapley(response_game(run, case, problem), players) for case in problem.each_case("shapley"))
        about = problem.about(baseline=problem.baseline, exact=True)
        return _table(problem, map(_by_time, effects), None, about)
    errors: list[np.ndarray] = []

    def sampled() -> Iterator[np.ndarray]:
        for index, case in enumerate(problem.each_case("shapley")):
            drawn = np.random.default_rng((problem.seed, index))
            values, error = sampled_shapley(response_game(run, case, problem), players, permutations, drawn)
            errors.append(rms(_by_time(error)[case.counts]))
            yield _by_time(values)

    about = problem.about(baseline=problem.baseline, exact=False, permutations=permutations)
    return _table(problem, sampled(), errors, about)


def check_permutations(_: AttributionProblem, *, permutations: int = PERMUTATIONS) -> None:
    """Raise an `InputError` if `shapley` cannot run with these settings, before anything is computed."""
    _require_several(permutations)


def _require_several(permutations: int) -> None:
    require(permutations >= 2, f"shapley: permutations must be >= 2, got {permutations}")


def _by_time(values: Float[np.ndarray, "group time output"]) -> Float[np.ndarray, "time group output"]:
    return np.moveaxis(values, 0, 1)


def _table(
    problem: AttributionProblem, effects: Iterable[np.ndarray], errors: list[np.ndarray] | None, about: dict[str, Any]
) -> Importance:
    table = problem.table("shapley", effects, problem.dataset.y_units, about=about)
    return table if errors is None else replace(table, standard_error=rms(np.stack(errors)))


def response_game(run: Respond, case: TrialPair, problem: AttributionProblem) -> Game:
    """The game whose players are groups of inputs and whose worth is the whole response in its units."""

    def worth(coalitions: Bool[np.ndarray, "coalition player"]) -> Float[np.ndarray, "coalition time output"]:
        gone = ~coalitions @ problem.members
        return run(case.without(gone)).astype(float)

    return worth


def exact_shapley(game: Game, players: int) -> Float[np.ndarray, "player ..."]:
    """Shapley's values from the worth of all coalitions: the mean over all orders of what a player adds on joining."""
    coalitions = (np.arange(2**players)[:, None] >> np.arange(players) & 1).astype(bool)
    sizes = coalitions.sum(axis=1)
    share = [math.factorial(s) * math.factorial(players - 1 - s) / math.factorial(players) for s in range(players)]
    joined, outside = np.array([0.0, *share])[sizes], np.array([*share, 0.0])[sizes]
    weights = np.where(coalitions, joined[:, None], -outside[:, None])
    total: Any = 0.0
    for first in range(0, len(coalitions), _TOGETHER):
        rows = slice(first, first + _TOGETHER)
        total = total + np.tensordot(weights[rows].T, game(coalitions[rows]), 1)
    return total


def sampled_shapley(
    game: Game, players: int, permutations: int, rng: np.random.Generator
) -> tuple[Float[np.ndarray, "player ..."], Float[np.ndarray, "player ..."]]:
    """Shapley's values as means over random orders of joining, and their standard errors.

    In every order the players' shares add up to the worth of all, and so do the means.

    Raises:
        InputError: fewer than two orders.
    """
    _require_several(permutations)
    sums: Any = 0.0
    squares: Any = 0.0
    for _ in range(permutations):
        order = rng.permutation(players)
        coalitions = np.zeros((players + 1, players), dtype=bool)
        for index, player in enumerate(order):
            coalitions[index + 1 :, player] = True
        added = np.empty_like(steps := np.diff(game(coalitions), axis=0))
        added[order] = steps
        sums, squares = sums + added, squares + added**2
    means = sums / permutations
    variance = np.maximum(squares / permutations - means**2, 0.0) * permutations / (permutations - 1)
    return means, np.sqrt(variance / permutations)
