"""Steps modes with graded synapses, whose activities follow potentials and whose currents push the modes.

Currents are linear over a step: predicted from the last two, then worked out where the step ends (an exponential method
of second order that looks once a step; Cox and Matthews 2002, "Exponential time differencing for stiff systems").
"""

import math

import numpy as np

from neuron_models.foundation.kernels import compiled
from neuron_models.linear.kernels.events import advance
from neuron_models.linear.kernels.exact import factors


@compiled
def look(modes, local, v):
    """Add the potentials of all places for some modes."""
    turn, firsts, directions, _ = local
    for c in range(len(firsts) - 1):
        begin, number, low = firsts[c, 0], firsts[c + 1, 0] - firsts[c, 0], firsts[c, 1]
        wide = firsts[c + 1, 1] - low
        for r in range(wide):
            total = np.float32(0)
            for k in range(len(modes)):
                total += turn[low + r, k] * modes[k]
            for i in range(number):
                v[begin + i] += directions[firsts[c, 2] + i * wide + r] * total


@compiled
def lift(currents, local, v):
    """Write the potentials of all places through the modes that follow currents at once."""
    _, firsts, _, resistances = local
    for c in range(len(firsts) - 1):
        begin, number, at = firsts[c, 0], firsts[c + 1, 0] - firsts[c, 0], firsts[c, 3]
        for i in range(number):
            total = 0.0
            for j in range(number):
                total += resistances[at + i * number + j] * currents[begin + j]
            v[begin + i] = total


@compiled
def push_back(currents, local, pushed):
    """Write what currents into places push each mode by."""
    turn, firsts, directions, _ = local
    pushed[:] = 0.0
    for c in range(len(firsts) - 1):
        begin, number, low = firsts[c, 0], firsts[c + 1, 0] - firsts[c, 0], firsts[c, 1]
        wide = firsts[c + 1, 1] - low
        for r in range(wide):
            total = np.float32(0)
            for i in range(number):
                total += directions[firsts[c, 2] + i * wide + r] * currents[begin + i]
            for k in range(len(pushed)):
                pushed[k] += total * turn[low + r, k]


@compiled
def opening(sources, v, phi):
    """Write how far the potentials of their places open all sources, from 0 to 1."""
    places, _, _, slope, threshold, _ = sources
    for s in range(len(places)):
        phi[s] = 1 / (1 + math.exp(-slope[s] * (v[places[s]] - threshold[s])))


@compiled
def follow(sources, before, after, dt, activity):
    """Let activities follow what opens them for a step, by the trapezoidal rule."""
    _, rise, decay, _, _, _ = sources
    for s in range(len(activity)):
        up = rise[s] * before[s]
        change = up * (1 - activity[s]) - decay[s] * activity[s] + rise[s] * after[s]
        activity[s] = (activity[s] + 0.5 * dt * change) / (1 + 0.5 * dt * (rise[s] * after[s] + decay[s]))


@compiled
def flow(sources, synapses, activity, v, currents, g):
    """Write the currents that flow into places because synapses conduct more, or less, than at rest."""
    source, place, g_max, e_rev = synapses
    currents[:] = 0.0
    g[:] = 0.0
    for n in range(len(source)):
        more = g_max[n] * (activity[source[n]] - sources[5][source[n]])
        currents[place[n]] += more * e_rev[n]
        g[place[n]] += more
    for p in range(len(currents)):
        currents[p] -= g[p] * v[p]


@compiled
def begin(activity, number, places, local, sources, synapses):
    """What a run remembers, as it is at rest but for the activities with which it begins.

    These are the modes, the activities, what opens them, and the currents and what they push modes by, each as it is
    and as it was a step before.
    """
    v, g, phi = np.zeros(places), np.zeros(places), np.zeros(len(activity))
    currents, pushed = np.zeros((2, places)), np.zeros((2, number), np.float32)
    opening(sources, v, phi)
    flow(sources, synapses, activity, v, currents[0], g)
    push_back(currents[0], local, pushed[0])
    currents[1], pushed[1] = currents[0], pushed[0]
    return np.zeros(number), activity.copy(), phi, currents, pushed


@compiled
def go_on(memory, system, pieces, held, dt, every, local, sources, synapses, outputs, z, more):
    """Fill z (report, mode), whose first row stays as it is, with the modes after every `every` steps.

    Args:
        memory: of the run, as `begin` gives it; goes on.
        system: rates of the modes in 1/ms; (input, mode), what 1 nA does to each.
        pieces: of the stimuli: lengths in ms, the step that each ends or 0, currents in nA before and after.
        held: (place,), of the stimuli, the currents in nA that fast modes follow at once.
        dt: the step in ms.
        every: steps from one report to the next.
        local: (row, mode), from modes to a few numbers a cell; (cell and end, 4) its first place, number, direction and
            resistance; the directions (place, number) and the resistances (place, place) in megohms of each cell.
        sources: of each its place, rise and decay in 1/ms, slope in 1/mV, threshold in mV above rest, activity at rest.
        synapses: of each its source, place, peak conductance in uS, and reversal in mV above rest.
        outputs: their places.
        z: modes in mV.
        more: (report, output), what currents do to outputs at once, in mV.
    """
    now, activity, phi, currents, pushed = memory
    rates, drive = system
    modes, places = len(rates), currents.shape[1]
    whole = (np.empty(modes), np.empty(modes), np.empty(modes))
    part = (np.empty(modes), np.empty(modes), np.empty(modes))
    factors(rates, dt, *whole)
    early, late = whole[1].astype(np.float32), whole[2].astype(np.float32)
    next_, single, after = np.empty(modes), np.empty(modes, np.float32), np.empty(len(activity))
    v, g, expected, interval = np.empty(places), np.empty(places), np.empty(places), 0
    lift(held + currents[0], local, v)
    for i in range(len(outputs)):
        more[0, i] = v[outputs[i]]
    for step in range(1, (len(z) - 1) * every + 1):
        interval = advance(now, next_, rates, drive, pieces, interval, dt, whole, part)
        for k in range(modes):
            single[k] = next_[k] + early[k] * pushed[0, k] + late[k] * (2 * pushed[0, k] - pushed[1, k])
        for p in range(places):
            expected[p] = held[p] + 2 * currents[0, p] - currents[1, p]
        lift(expected, local, v)
        look(single, local, v)
        opening(sources, v, after)
        follow(sources, phi, after, dt, activity)
        phi[:] = after
        currents[1] = currents[0]
        flow(sources, synapses, activity, v, currents[0], g)
        pushed[1] = pushed[0]
        push_back(currents[0], local, pushed[0])
        for k in range(modes):
            now[k] = next_[k] + early[k] * pushed[1, k] + late[k] * pushed[0, k]
        if step % every == 0:
            z[step // every] = now
            lift(held + currents[0], local, v)
            for i in range(len(outputs)):
                more[step // every, i] = v[outputs[i]]
