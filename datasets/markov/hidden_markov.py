"""A hidden Markov model of symbols: fitted by Baum and Welch's method, decoded by Viterbi's."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from neuron_models.foundation.errors import require

_MOST_ITERATIONS = 300
_GAIN = 1e-7
"""Of the log-likelihood a symbol, below which a fit has ended."""
_UNSEEN = 1e-4
"""The probability that no symbol falls below, so that none is impossible."""


@dataclass(frozen=True, eq=False)
class HiddenMarkov:
    """Probabilities of the first state, of each state after each, and of each symbol in each state."""

    start: Float[np.ndarray, " state"]
    transitions: Float[np.ndarray, "state state"]
    emissions: Float[np.ndarray, "state symbol"]

    def in_order(self, order: Sequence[int]) -> "HiddenMarkov":
        """The same model with its states in another order: the indices of today's."""
        rows = np.asarray(order)
        return HiddenMarkov(self.start[rows], self.transitions[np.ix_(rows, rows)], self.emissions[rows])

    @property
    def means(self) -> Float[np.ndarray, " state"]:
        """The mean symbol of each state, dimensionless."""
        return self.emissions @ np.arange(self.emissions.shape[1])


def fit_hidden_markov(
    sequences: Sequence[Int[np.ndarray, " _"]], first: HiddenMarkov, *, persistence: float = 0.0
) -> tuple[HiddenMarkov, float]:
    """Fit by expectation and maximisation, from a first guess, to its nearest maximum.

    Baum et al. 1970; with `persistence` above 0 the maximum of the posterior, where each state was seen to stay itself
    so many times beforehand.

    Args:
        sequences: of symbols from 0.
        first: the model to begin with.
        persistence: how many stays of each state count beforehand, dimensionless.

    Returns:
        The model and its log-likelihood a symbol, in nats.

    Raises:
        InputError: no symbols, or one that the model does not have.
    """
    symbols = np.concatenate([np.asarray(each, np.int64) for each in sequences]) if sequences else np.zeros(0, np.int64)
    known = first.emissions.shape[1]
    require(len(symbols) > 0, "a hidden Markov model needs symbols to learn from")
    inside = bool(symbols.min() >= 0 and symbols.max() < known)
    require(inside, f"symbols must be 0 to {known - 1}, got {symbols.min()} to {symbols.max()}")
    from datasets.markov.kernels import expectations

    ends = np.cumsum([len(each) for each in sequences])
    model, before = first, -np.inf
    for _ in range(_MOST_ITERATIONS):
        start, pairs, seen, likelihood = expectations(symbols, ends, model.start, model.transitions, model.emissions)
        model = HiddenMarkov(
            _shares(start + 1e-3), _shares(pairs + persistence * np.eye(len(pairs)) + 1e-3), _floored(seen)
        )
        if abs(likelihood - before) < _GAIN * len(symbols):
            break
        before = likelihood
    return model, float(likelihood) / len(symbols)


def decode(model: HiddenMarkov, symbols: Int[np.ndarray, " time"]) -> Int[np.ndarray, " time"]:
    """The most probable path of states (Viterbi 1967), an index of a state for each symbol."""
    if len(symbols) == 0:
        return np.zeros(0, np.int64)
    from datasets.markov.kernels import best_path

    with np.errstate(divide="ignore"):
        start, transitions, emissions = (np.log(each) for each in (model.start, model.transitions, model.emissions))
    return best_path(emissions.T[np.asarray(symbols, np.int64)], start, transitions)


def decode_bouts(
    likelihoods: Float[np.ndarray, "time state"],
    start: Float[np.ndarray, " state"],
    transitions: Float[np.ndarray, "state state"],
    least: int | Int[np.ndarray, " state"],
) -> Int[np.ndarray, " time"]:
    """The most probable path in which every bout of a state lasts `least` samples or more, but for the last one.

    Args:
        likelihoods: logarithms of how likely each sample is in each state, up to a constant a sample.
        start: probabilities of the first state.
        transitions: probabilities of each state after each.
        least: samples, 1 or more; of all states, or of each.

    Raises:
        InputError: `least` is below 1.
    """
    from datasets.markov.kernels import best_bouts, best_path

    shortest = np.broadcast_to(np.asarray(least, np.int64), likelihoods.shape[1:]).copy()
    require(bool((shortest >= 1).all()), f"the shortest bout must be 1 sample or more, got {least}")
    if len(likelihoods) == 0:
        return np.zeros(0, np.int64)
    with np.errstate(divide="ignore"):
        first, steps = np.log(start), np.log(transitions)
    if (shortest == 1).all():
        return best_path(np.asarray(likelihoods, float), first, steps)
    return best_bouts(np.asarray(likelihoods, float), first, steps, shortest)


def _shares(counts: Float[np.ndarray, "... state"]) -> Float[np.ndarray, "... state"]:
    return counts / counts.sum(axis=-1, keepdims=True)


def _floored(counts: Float[np.ndarray, "state symbol"]) -> Float[np.ndarray, "state symbol"]:
    return _shares(np.maximum(_shares(counts + 1e-12), _UNSEEN))
