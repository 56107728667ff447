"""Shapley values: games made by hand, the axioms, all orders one by one, a linear model, sums of responses."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.dataset import Dataset, Trial
from neuron_models.foundation.errors import InputError
from surrogates.importance.groups import parse_groups
from surrogates.importance.methods import importance
from surrogates.importance.problem import prepare_attribution
from surrogates.importance.shapley import exact_shapley, response_game, sampled_shapley
from surrogates.registry import MODELS
from surrogates.training.metrics import predict, respond

worths = st.integers(1, 5).flatmap(
    lambda players: st.lists(st.floats(-10, 10), min_size=2**players, max_size=2**players)
)


def game_of(worth):
    """A game from the worth of every coalition, by its number in binary."""
    worth = np.asarray(worth)

    def game(coalitions):
        return worth[coalitions @ (1 << np.arange(coalitions.shape[1]))]

    return game, int(np.log2(len(worth)))


def by_definition(worth, players):
    """The mean over every order of joining, one order after another."""
    shares = np.zeros(players)
    orders = list(permutations(range(players)))
    for order in orders:
        coalition = 0
        for player in order:
            shares[player] += worth[coalition | 1 << player] - worth[coalition]
            coalition |= 1 << player
    return shares / len(orders)


def test_the_glove_game():
    # Player 0 has a left glove, 1 and 2 a right one each; a pair is worth one. Values 2/3, 1/6, 1/6.
    game, players = game_of([0, 0, 0, 1, 0, 1, 0, 1])
    np.testing.assert_allclose(exact_shapley(game, players), [2 / 3, 1 / 6, 1 / 6])


def test_the_airport_game():
    # A runway for planes that need 1, 2 and 4 miles costs what the largest needs: each mile is shared by its users.
    needs = np.array([1.0, 2.0, 4.0])
    costs = exact_shapley(lambda coalitions: (coalitions * needs).max(axis=1), 3)
    np.testing.assert_allclose(costs, [1 / 3, 1 / 3 + 1 / 2, 1 / 3 + 1 / 2 + 2])


@given(worths)
def test_exact_values_are_the_mean_over_all_orders(worth):
    game, players = game_of(worth)
    np.testing.assert_allclose(exact_shapley(game, players), by_definition(worth, players), atol=1e-9)


@given(worths, worths)
def test_the_axioms(worth, other):
    game, players = game_of(worth)
    values = exact_shapley(game, players)
    assert values.sum() == pytest.approx(worth[-1] - worth[0], abs=1e-9)
    idle, number = game_of([*worth, *worth])  # one more player, who adds nothing
    np.testing.assert_allclose(exact_shapley(idle, number), [*values, 0], atol=1e-9)
    alike = np.bitwise_count(np.arange(2**players))  # worth by size alone: all players are the same
    same = exact_shapley(game_of(np.asarray(other + [0] * 32)[alike])[0], players)
    np.testing.assert_allclose(same, np.full(players, same[0]), atol=1e-9)


@given(worths, st.integers(0, 1000))
def test_sampled_values_add_up_too_and_come_near(worth, seed):
    game, players = game_of(worth)
    values, error = sampled_shapley(game, players, 60, np.random.default_rng(seed))
    assert values.sum() == pytest.approx(worth[-1] - worth[0], abs=1e-9)
    reach = np.ptp(worth) + 1e-9  # no share is larger than that, so that Hoeffding's bound holds: one in 10**11
    assert np.all(np.abs(values - exact_shapley(game, players)) < 2 * reach * np.sqrt(26 / (2 * 60)))
    assert np.all(error >= 0)


def test_standard_errors_are_those_of_repeated_draws():
    rng = np.random.default_rng(5)
    game, players = game_of(rng.normal(size=64))
    drawn = [sampled_shapley(game, players, 40, np.random.default_rng(seed)) for seed in range(150)]
    spread = np.std([values for values, _ in drawn], axis=0)
    np.testing.assert_allclose(np.mean([error for _, error in drawn], axis=0), spread, rtol=0.25)


def test_an_additive_game_is_sampled_without_error():
    gains = np.arange(1.0, 13.0)
    values, error = sampled_shapley(lambda coalitions: coalitions @ gains, 12, 8, np.random.default_rng(0))
    np.testing.assert_allclose(values, gains)
    np.testing.assert_allclose(error, 0, atol=1e-6)


def wide(inputs, trials=2, samples=40):
    """Random stimuli to many inputs."""
    rng = np.random.default_rng(2)
    made = [
        Trial(f"t{n}", rng.normal(size=(samples, inputs)), np.zeros((samples, 2)), split="test") for n in range(trials)
    ]
    return Dataset("wide", tuple(made), 0.5, tuple(f"I{n}" for n in range(inputs)), ("P", "Q"), "nA", "V")


@pytest.mark.parametrize(("kind", "baseline"), [("gru", "zero"), ("lstm", "mean"), ("narx", "trial")])
def test_values_add_up_to_the_difference_of_responses(kind, baseline):
    """To 1e-6 V at every sample of every output, against responses that were computed apart."""
    dataset = wide(5)
    model = MODELS[kind].build(5, 2, units=8, seed=1)
    problem = prepare_attribution(dataset, parse_groups("G=I0+I3", dataset.x_names), baseline=baseline)
    for index, case in enumerate(problem.pairs):
        values = exact_shapley(response_game(respond(model), case, problem), len(problem.groups))
        present = predict(model, dataset)[index].astype(float)
        absent = respond(model)(case.absent[None])[0]
        assert np.abs(present - absent).max() > 0.05
        np.testing.assert_allclose(values.sum(0), present - absent, atol=1e-6)


def test_more_than_ten_groups_are_sampled():
    dataset = wide(11, trials=1, samples=10)
    model = MODELS["gru"].build(11, 2, units=3, seed=1)
    few, many = (importance(model, dataset, "shapley", settings={"permutations": n}) for n in (4, 64))
    assert few.about["exact"] is False
    assert few.standard_error.shape == (11, 2)
    assert many.standard_error.mean() < few.standard_error.mean()
    exact = importance(model, dataset, "shapley", groups="G=I0+I10")
    assert exact.about["exact"] is True
    assert exact.standard_error is None
    np.testing.assert_allclose(many.values[1:10], exact.values[1:], atol=6 * many.standard_error.max())
    with pytest.raises(InputError, match="permutations must be >= 2, got 1"):
        importance(model, dataset, "shapley", settings={"permutations": 1})
