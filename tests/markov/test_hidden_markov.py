"""Hidden Markov models against the sum, and the best, of all paths."""

from itertools import groupby, pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.markov.hidden_markov import HiddenMarkov, decode, decode_bouts, fit_hidden_markov
from neuron_models.foundation.errors import InputError


def random_model(seed: int, states: int = 2, symbols: int = 3) -> HiddenMarkov:
    rng = np.random.default_rng(seed)
    return HiddenMarkov(
        *(rng.dirichlet(np.ones(n), m) for n, m in ((states, None), (states, states), (symbols, states)))
    )


def probability(model: HiddenMarkov, symbols, path) -> float:
    steps = [model.transitions[a, b] for a, b in pairwise(path)]
    return float(
        model.start[path[0]]
        * np.prod(steps)
        * np.prod([model.emissions[s, k] for s, k in zip(path, symbols, strict=True)])
    )


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.integers(0, 2), min_size=1, max_size=6))
def test_likelihood_and_best_path_are_those_of_all_paths(seed, symbols):
    from datasets.markov.kernels import expectations

    model, paths = random_model(seed), list(product((0, 1), repeat=len(symbols)))
    each = [probability(model, symbols, path) for path in paths]
    array = np.array(symbols)
    begun, pairs, seen, likelihood = expectations(
        array, np.array([len(array)]), model.start, model.transitions, model.emissions
    )
    assert likelihood == pytest.approx(np.log(sum(each)))
    assert begun[0] == pytest.approx(sum(p for p, path in zip(each, paths, strict=True) if path[0] == 0) / sum(each))
    both = sum(p * sum(a == 0 and b == 1 for a, b in pairwise(path)) for p, path in zip(each, paths, strict=True))
    assert pairs[0, 1] == pytest.approx(both / sum(each), abs=1e-12)
    assert seen.sum() == pytest.approx(len(symbols))
    assert probability(model, symbols, decode(model, array)) == pytest.approx(max(each))


def test_a_fit_finds_the_model_that_drew_the_symbols():
    rng = np.random.default_rng(0)
    true = HiddenMarkov(
        np.array([0.5, 0.5]), np.array([[0.95, 0.05], [0.1, 0.9]]), np.array([[0.8, 0.1, 0.1], [0.1, 0.2, 0.7]])
    )
    states = [0]
    for _ in range(8000):
        states.append(int(rng.choice(2, p=true.transitions[states[-1]])))
    symbols = np.array([rng.choice(3, p=true.emissions[state]) for state in states])
    start = HiddenMarkov(true.start, np.full((2, 2), 0.5), np.array([[0.5, 0.3, 0.2], [0.2, 0.3, 0.5]]))
    fitted, _ = fit_hidden_markov([symbols], start)
    np.testing.assert_allclose(fitted.transitions, true.transitions, atol=0.03)
    np.testing.assert_allclose(fitted.emissions, true.emissions, atol=0.03)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 8), st.tuples(*[st.integers(1, 4)] * 3))
def test_bouts_are_the_best_of_all_paths_that_last(seed, frames, least):
    rng = np.random.default_rng(seed)
    model, likelihoods = random_model(seed, states=3), rng.normal(0, 2, (frames, 3))
    path = decode_bouts(likelihoods, model.start, model.transitions, np.array(least))

    def worth(path):
        steps = sum(np.log(model.transitions[a, b]) for a, b in pairwise(path))
        return np.log(model.start[path[0]]) + steps + sum(likelihoods[t, c] for t, c in enumerate(path))

    def lasts(path):
        return all(len(bout) >= least[bout[0]] for bout in [list(each) for _, each in groupby(path)][:-1])

    allowed = [path for path in product(range(3), repeat=frames) if lasts(path)]
    assert lasts(path.tolist())
    assert worth(path) == pytest.approx(max(worth(path) for path in allowed))


def test_a_shortest_bout_below_one_is_refused():
    with pytest.raises(InputError, match="must be 1 sample or more, got 0"):
        decode_bouts(np.zeros((3, 2)), np.ones(2) / 2, np.ones((2, 2)) / 2, 0)
