"""Steps what event synapses do while all that the stimuli do is known: the two are added up.

Modes hold the synapses' share alone. A cell's share is worked out when something needs it: synapses open in the cell,
or one of its sources may come close to its threshold.
"""

import numpy as np

from neuron_models.foundation.kernels import compiled
from neuron_models.linear.kernels.events import closed, crossing, fade, fading, open_waiting, wait
from neuron_models.linear.kernels.exact import factors

CLOSE = 1.0
"""mV from its threshold within which a source's potential is worked out from all modes."""
LONGEST = 24
"""Steps after which a source is looked at again, however far it is from its threshold."""
STALE = 12
"""Steps for which the synapses' share in a cell is taken as it was, while no source is close to its threshold."""
QUICK = 0.5
"""mV a step, faster than which synapses are not expected to move a source."""


@compiled
def refresh(c, time, most, state, local, seen):
    """Work out the synapses' share in a cell's numbers and its trend, unless that was done in the last steps."""
    turn, row_of, _ = local
    share, trend, worked_out = seen
    ago = time - worked_out[c]
    if ago > most:
        worked_out[c] = time
        for r in range(row_of[c], row_of[c + 1]):
            total = np.float32(0)
            for k in range(len(state)):
                total += turn[r, k] * state[k]
            trend[r] = (total - share[r]) / ago if ago <= STALE else 0.0
            share[r] = total


@compiled
def share_of(at, c, ahead, local, seen):
    """The synapses' part of how far a place is from rest some steps ahead, from the numbers of its cell."""
    _, row_of, shapes = local
    share, trend, _ = seen
    total, low = 0.0, row_of[c]
    for r in range(low, row_of[c + 1]):
        total += shapes[at + r - low] * (share[r] + ahead * trend[r])
    return total


@compiled
def forced_at(row, time, numbers, modes):
    """The stimuli's part of how far a source is from rest, from all modes, at a half step."""
    total = np.float32(0)
    for k in range(numbers.shape[1]):
        total += numbers[row, k] * modes[time, k]
    return total


@compiled
def between(s, time, share, sources, exact, modes, shares, looked):
    """When, in steps, a source crosses its threshold between the last look at it and this one.

    What the stimuli do is known at every half step; the synapses' share is a parabola through three looks, unless the
    first is long ago.
    """
    rest, threshold = sources[3][s], sources[4][s]
    before, then = looked[1, s], shares[1, s]
    long, ago = float(time - before), float(before - looked[0, s])
    slope, bend = (share - then) / long, 0.0
    if 0 < ago <= STALE:
        bend = (slope - (then - shares[0, s]) / ago) / (long + ago)
    low = rest + forced_at(s, 2 * before, exact, modes) + then
    for n in range(2 * before + 1, 2 * time + 1):
        passed = 0.5 * n - before
        part = then + passed * (slope + bend * (passed - long))
        high = rest + forced_at(s, n, exact, modes) + part
        if high > threshold:
            return 0.5 * (n - min((high - threshold) / max(high - low, 1e-12), 1.0))
        low = high
    return float(time)


@compiled
def look_around(time, dt, sources, order, stimuli, exact, state, local, seen, v, due, queue):
    """Look for sources that will have crossed their thresholds at `time`, one step ahead, since the last look at them.

    When to look next follows from the distance to the threshold and how fast the stimuli move a source.
    """
    _, begin, _, rest, thresholds, delays = sources
    first, members = order
    _, row_of, shapes = local
    looked, shares, next_, soonest = due
    modes, numbers, fastest, block = stimuli[:4]
    for c in range(len(first) - 1):
        if time < soonest[c]:
            continue
        soonest[c] = time + LONGEST
        low, high = row_of[c], row_of[c + 1]
        refresh(c, time - 1, STALE, state, local, seen)
        for i in range(first[c], first[c + 1]):
            s = members[i]
            if time >= next_[s]:
                change, forced = QUICK, 0.0
                for r in range(low, high):
                    shape = shapes[begin[s] + r - low]
                    forced += shape * numbers[time, r]
                    change += abs(shape) * fastest[time // block, r]
                share = share_of(begin[s], c, time - seen[2][c], local, seen)
                at = rest[s] + forced + share
                crossed = v[s] <= thresholds[s] < at
                if crossed or abs(at - thresholds[s]) < CLOSE:
                    refresh(c, time - 1, 0, state, local, seen)
                    share = share_of(begin[s], c, time - seen[2][c], local, seen)
                    at = rest[s] + forced_at(s, 2 * time, exact, modes) + share
                    if v[s] <= thresholds[s] < at:
                        when = between(s, time, share, sources, exact, modes, shares, looked)
                        wait(queue, s, when * dt + delays[s])
                v[s], looked[0, s], looked[1, s] = at, looked[1, s], time
                shares[0, s], shares[1, s] = shares[1, s], share
                next_[s] = time + min(max(int(abs(at - thresholds[s]) / change), 1), LONGEST)
            soonest[c] = min(soonest[c], next_[s])


@compiled
def look_at_stimulated(time, dt, sources, stimulated, forced, single, state, local, seen, v, queue):
    """Look for sources in stimulated cells, whose potentials may jump, that crossed their thresholds in this step."""
    cells, begin, _, rest, thresholds, delays = sources
    for i in range(len(stimulated)):
        s = stimulated[i]
        refresh(cells[s], time - 1, 0, state, local, seen)
        more = rest[s] + share_of(begin[s], cells[s], 1.0, local, seen)
        at = more + forced[2 * time, i]
        if v[s] <= thresholds[s] < at:
            part = (thresholds[s] - v[s]) / (at - v[s])
            if single:
                part = crossing(v[s], more + forced[2 * time - 1, i], at, thresholds[s])
            wait(queue, s, (time - 1 + part) * dt + delays[s])
        v[s] = at


@compiled
def gather(dt, synapses, opened, conducting):
    """Sum conductances at each target: their means over this step, and what they rise from these to its end.

    Gives the number of targets.
    """
    first, targets, g_max, e_rev = synapses
    rising, falling, charge, which, _, number = opened
    g, j, touched, is_touched = conducting
    reach = 0
    for index in range(number[0]):
        s = which[index]
        mean = charge[s] / dt
        rise = falling[s] - rising[s] - mean
        charge[s] = 0.0
        for n in range(first[s], first[s + 1]):
            t = targets[n]
            if not is_touched[t]:
                is_touched[t], touched[reach] = True, t
                reach += 1
            g[t, 0] += g_max[n] * mean
            g[t, 1] += g_max[n] * rise
            j[t, 0] += g_max[n] * mean * e_rev[n]
            j[t, 1] += g_max[n] * rise * e_rev[n]
    return reach


@compiled
def push_in(step, reach, reached, local, stimuli, conducting, state, seen, into, pushed, mark, more):
    """Let the targets' currents flow into their cells, and into outputs at once; gives the number of cells."""
    cells, begin, rest, itself, first_output, outputs, through, inside = reached
    _, row_of, shapes = local
    numbers, there = stimuli[1], stimuli[6]
    g, j, touched, is_touched = conducting
    number = 0
    for index in range(reach):
        t = touched[index]
        c = cells[t]
        low, high = row_of[c], row_of[c + 1]
        if mark[c] != step:
            mark[c], pushed[number] = step, c
            number += 1
            refresh(c, step, 0, state, local, seen)
        at = rest[t] + share_of(begin[t], c, 0.5, local, seen)
        if inside[t] < 0:
            for r in range(low, high):
                at += 0.5 * shapes[begin[t] + r - low] * (numbers[step, r] + numbers[step + 1, r])
        else:
            at += there[step, inside[t]]
        resistance = 1 / (1 + g[t, 0] * itself[t])
        current, rise = (j[t, 0] - g[t, 0] * at) * resistance, (j[t, 1] - g[t, 1] * at) * resistance
        for r in range(low, high):
            into[r, 0] += current * shapes[begin[t] + r - low]
            into[r, 1] += rise * shapes[begin[t] + r - low]
        for n in range(first_output[t], first_output[t + 1]):
            more[outputs[n]] += (current + rise) * through[n]
        g[t, 0], g[t, 1], j[t, 0], j[t, 1], is_touched[t] = 0.0, 0.0, 0.0, 0.0, False
    return number


@compiled
def collect(number, pushed, local, into, which, sums):
    """Sum what currents into cells push the modes by."""
    turn, row_of, _ = local
    sums[:] = 0
    for index in range(number):
        c = pushed[index]
        r, high = row_of[c], row_of[c + 1]
        while r + 1 < high:
            a, b = np.float32(into[r, which]), np.float32(into[r + 1, which])
            for k in range(len(sums)):
                sums[k] += a * turn[r, k] + b * turn[r + 1, k]
            r += 2
        if r < high:
            a = np.float32(into[r, which])
            for k in range(len(sums)):
                sums[k] += a * turn[r, k]


@compiled
def order_of(sources, places):
    """The sources in stimulated cells; and the first of each cell among all others, and these."""
    inside = np.isinf(sources[2])
    members = np.argsort(sources[0], kind="mergesort")
    members = members[~inside[members]]
    return np.flatnonzero(inside), (np.searchsorted(sources[0][members], np.arange(places + 1)), members)


@compiled
def factors_of(rates, dt, times):
    """What a step does to modes, to a constant current's push, and to one that rises until its end; to synapses."""
    decay, early, late = np.empty(len(rates)), np.empty(len(rates)), np.empty(len(rates))
    factors(rates, dt, decay, early, late)
    return decay, early + late, (late - early) / (1 - decay), fading(dt, times)


@compiled
def at_rest(number, target, rows, places):
    """What a run remembers of its sources, open synapses, and cells, as it is at rest."""
    opened, queue = closed(number)
    due = (
        *(np.zeros((2, number), np.int64), np.zeros((2, number))),
        *(np.zeros(number, np.int64), np.zeros(places, np.int64)),
    )
    conducting = (np.zeros((target, 2)), np.zeros((target, 2)), np.zeros(target, np.int64), np.zeros(target, np.bool_))
    return opened, queue, due, conducting, (np.zeros(rows), np.zeros(rows), np.full(places, -1 - STALE))


@compiled
def superpose(rates, dt, every, stimuli, local, exact, sources, times, synapses, reached, z, more):
    """Fill z (report, mode), whose first row is the start, with the synapses' share after every `every` steps.

    Args:
        rates: of the modes in 1/ms.
        dt: the step in ms.
        every: steps from one report to the next.
        stimuli: what they do, known before: (half step, number) their modes; (step, row) each cell's numbers;
            (block, row) the largest changes of these in a step; the steps of a block; (step,) whether no stimulus bends
            within it; (half step, source) the potentials of the sources in stimulated cells; (step, target) those of
            targets there in the middle of each step.
        local: (row, mode), from these modes to a few numbers a cell; the first row of each cell; the potentials of
            places for these numbers, one behind the other.
        exact: (source, number), the potential of each source for the stimuli's modes.
        sources: of each its cell, where its potentials begin, infinity in a stimulated cell, rest, threshold and delay.
        times: of each source its rise, decay and scale.
        synapses: the first of each source; of each its target's number, peak conductance in uS, and reversal in mV.
        reached: of each target its cell, where its potentials begin, rest, and megohms to itself; then the first of the
            outputs that it reaches at once, these, and the megohms; then of each target in a stimulated cell its place
            among these, -1 of all others.
        z: modes in mV.
        more: (report, output), to which what reaches outputs at once is added.
    """
    modes, places = len(rates), len(local[1]) - 1
    stimulated, order = order_of(sources, places)
    decay, answer, ahead, factor = factors_of(rates, dt, times)
    opened, queue, due, conducting, seen = at_rest(len(times[0]), len(reached[0]), len(local[0]), places)
    now, state, sums = np.zeros(modes), np.zeros(modes, np.float32), np.zeros(modes, np.float32)
    v, into = sources[3].copy(), np.zeros((len(local[0]), 2))
    pushed, mark, nowhere = np.zeros(places, np.int64), np.full(places, -1), np.zeros(more.shape[1])
    for step in range((len(z) - 1) * every):
        report = (step + 1) // every if (step + 1) % every == 0 else 0
        fade(factor, times, opened)
        time = step + 1
        look_at_stimulated(time, dt, sources, stimulated, stimuli[5], stimuli[4][step], state, local, seen, v, queue)
        look_around(time, dt, sources, order, stimuli, exact, state, local, seen, v, due, queue)
        if queue[2][0]:
            open_waiting((step + 1) * dt, times, opened, queue)
        for k in range(modes):
            now[k] *= decay[k]
        if opened[5][0]:
            reach = gather(dt, synapses, opened, conducting)
            at_once = more[report] if report else nowhere
            count = push_in(step, reach, reached, local, stimuli, conducting, state, seen, into, pushed, mark, at_once)
            collect(count, pushed, local, into, 0, sums)
            for k in range(modes):
                now[k] += answer[k] * sums[k]
            if report:
                collect(count, pushed, local, into, 1, sums)
                for k in range(modes):
                    z[report, k] = ahead[k] * sums[k]
            for index in range(count):
                into[local[1][pushed[index]] : local[1][pushed[index] + 1]] = 0.0
        for k in range(modes):
            state[k] = now[k]
        if report:
            for k in range(modes):
                z[report, k] += now[k]
