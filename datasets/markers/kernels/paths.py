"""The best paths of several marks at once, through candidates or out of sight."""

import numpy as np

from neuron_models.foundation.kernels import compiled


@compiled
def joint_choices(marks, kinds):
    """The choice of each mark in each joint state: (state, mark)."""
    choice = np.empty((kinds**marks, marks), np.int64)
    for s in range(len(choice)):
        rest = s
        for m in range(marks):
            choice[s, m] = rest % kinds
            rest //= kinds
    return choice


@compiled
def squared(one, other):
    """The square of a distance."""
    return (one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2


@compiled
def gain_of(choice, places, gains, reach, rules, forced):
    """What a joint choice of one frame is worth by itself."""
    hidden = gains.shape[1]
    gain = 0.0
    for m in range(len(choice)):
        k = choice[m]
        if k < hidden:
            gain += gains[m, k]
        if forced[m] >= 0 and k != forced[m]:
            gain -= 1e4
        for n in range(m):
            seen = k < hidden and choice[n] < hidden
            if seen and squared(places[m, k], places[n, choice[n]]) < (rules[3] * reach[m]) ** 2:
                gain += rules[2]
    return gain


@compiled
def cost_of(choice, before, places, last, age, reach, rules):
    """What a step from one joint choice to the next costs; never above 0."""
    hidden = places.shape[1]
    cost = 0.0
    for m in range(len(choice)):
        k = choice[m]
        if k == hidden:
            if before[m] < hidden:
                cost += rules[0]
            continue
        if before[m] == hidden:
            cost += rules[1]
        if not np.isnan(last[m, 0]):
            far = squared(places[m, k], last[m])
            cost -= 2 * np.log1p(far / (0.5 * reach[m] ** 2 * age[m]))
            if far > (reach[m] * (4 + 0.5 * age[m])) ** 2:
                cost -= 30.0
    return cost


@compiled
def remember(choice, places, last, age, new_last, new_age):
    """Where and how many frames ago each mark of a path was seen last."""
    for m in range(len(choice)):
        k = choice[m]
        if k < places.shape[1]:
            new_last[m], new_age[m] = places[m, k], 1.0
        else:
            new_last[m], new_age[m] = last[m], age[m] + 1.0


@compiled
def best_places(places, gains, reach, rules, forced):
    """For each frame and mark the candidate of the most probable joint path, -1 where it is out of sight.

    Viterbi's recursion; a path out of sight remembers where and how long ago it was last seen, so that the best path
    into each state decides what it costs to come back.

    Args:
        places: (frame, mark, candidate, 2) px.
        gains: (frame, mark, candidate) logarithms of odds against being out of sight; -inf for none.
        reach: (mark,) px that a mark goes in a frame.
        rules: logarithms: of getting out of sight, of coming back, of two marks in one place; and the share of `reach`
            that counts as one place.
        forced: (frame, mark) the candidate that a person clicked on; -1 for none.
    """
    frames, marks, hidden, _ = places.shape
    choice = joint_choices(marks, hidden + 1)
    states = len(choice)
    best, came = np.zeros(states), np.zeros((frames, states), np.int32)
    last, age = np.full((states, marks, 2), np.nan), np.ones((states, marks))
    for t in range(frames):
        here, here_last, here_age = np.full(states, -np.inf), last.copy(), age.copy()
        for s in range(states):
            gain = gain_of(choice[s], places[t], gains[t], reach, rules, forced[t])
            if gain == -np.inf:
                continue
            top = -np.inf
            for b in range(states):
                if best[b] > top:  # steps cost, they never gain
                    cost = best[b]
                    if t > 0:
                        cost += cost_of(choice[s], choice[b], places[t], last[b], age[b], reach, rules)
                    if cost > top:
                        top, came[t, s] = cost, b
            here[s] = top + gain
            before = came[t, s]
            remember(choice[s], places[t], last[before], age[before], here_last[s], here_age[s])
        best, last, age = here, here_last, here_age
    return backwards(choice, came, np.argmax(best), hidden)


@compiled
def backwards(choice, came, state, hidden):
    """The choices of the path that ends in a state."""
    path = np.empty((len(came), choice.shape[1]), np.int64)
    for t in range(len(came) - 1, -1, -1):
        for m in range(choice.shape[1]):
            path[t, m] = choice[state, m] if choice[state, m] < hidden else -1
        state = came[t, state]
    return path
