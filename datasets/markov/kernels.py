"""The recursions of a hidden Markov model, compiled: forward and backward with scaling (Rabiner 1989), Viterbi's."""

import numpy as np

from neuron_models.foundation.kernels import compiled


@compiled
def expectations(symbols, ends, start, transitions, emissions):
    """How often states begin, follow each other and emit each symbol, as expected; and the log-likelihood."""
    states = len(start)
    begun, pairs, seen = np.zeros(states), np.zeros((states, states)), np.zeros(emissions.shape)
    likelihood, low = 0.0, 0
    for high in ends:
        length = high - low
        if length == 0:
            continue
        forward, scale = np.empty((length, states)), np.empty(length)
        for t in range(length):
            for j in range(states):
                before = start[j] if t == 0 else 0.0
                if t > 0:
                    for i in range(states):
                        before += forward[t - 1, i] * transitions[i, j]
                forward[t, j] = before * emissions[j, symbols[low + t]]
            scale[t] = forward[t].sum()
            forward[t] /= scale[t]
            likelihood += np.log(scale[t])
        backward = np.ones(states)
        for t in range(length - 1, -1, -1):
            here = forward[t] * backward
            here /= here.sum()
            for j in range(states):
                seen[j, symbols[low + t]] += here[j]
            if t == 0:
                begun += here
                break
            ahead = emissions[:, symbols[low + t]] * backward / scale[t]
            earlier = np.zeros(states)
            for i in range(states):
                for j in range(states):
                    step = transitions[i, j] * ahead[j]
                    pairs[i, j] += forward[t - 1, i] * step
                    earlier[i] += step
            backward = earlier
        low = high
    return begun, pairs, seen, likelihood


@compiled
def best_path(likelihoods, start, transitions):
    """The best path through states, from logarithms: of each sample in each state, of the start, of each step."""
    length, states = likelihoods.shape
    best, came = start + likelihoods[0], np.zeros((length, states), np.int64)
    for t in range(1, length):
        here = np.empty(states)
        for j in range(states):
            came[t, j] = np.argmax(best + transitions[:, j])
            here[j] = best[came[t, j]] + transitions[came[t, j], j] + likelihoods[t, j]
        best = here
    path = np.empty(length, np.int64)
    path[-1] = np.argmax(best)
    for t in range(length - 1, 0, -1):
        path[t - 1] = came[t, path[t]]
    return path


@compiled
def best_bouts(likelihoods, start, transitions, least):
    """The best path, from logarithms, in which every bout but the last lasts as long as `least` says of its class.

    A state is a class and how long its bout has lasted, up to `least`; only a bout that has lasted so long may end.
    """
    length, classes = likelihoods.shape
    ages = least.max()
    best = np.full((classes, ages), -np.inf)
    source, grown = np.zeros((length, classes), np.int64), np.zeros((length, classes), np.bool_)
    best[:, 0] = start + likelihoods[0]
    for t in range(1, length):
        here = np.full((classes, ages), -np.inf)
        for c in range(classes):
            oldest = least[c] - 1
            stay = transitions[c, c] + likelihoods[t, c]
            for other in range(classes):
                ends = best[other, least[other] - 1] + transitions[other, c] + likelihoods[t, c]
                if (other != c or oldest == 0) and ends > here[c, 0]:
                    here[c, 0], source[t, c] = ends, other
            if oldest > 0:
                here[c, 1:oldest] = best[c, : oldest - 1] + stay
                grown[t, c] = best[c, oldest - 1] > best[c, oldest]
                here[c, oldest] = max(best[c, oldest - 1], best[c, oldest]) + stay
        best = here
    path = np.empty(length, np.int64)
    flat = np.argmax(best)
    c, age = flat // ages, flat % ages
    for t in range(length - 1, -1, -1):
        path[t] = c
        if age == 0:
            c = source[t, c]
            age = least[c] - 1
        elif age < least[c] - 1 or grown[t, c]:
            age -= 1
    return path
