"""Steps modes through stimuli with event synapses: conductances that open when potentials cross thresholds.

A state is a tuple of arrays; `respond_with_events` says what each holds.
"""

import math

import numpy as np

from neuron_models.foundation.kernels import compiled
from neuron_models.linear.kernels.exact import factors

RARELY = 4
"""Steps between two looks at a source that is far from its threshold."""
CLOSE = 5.0
"""mV from its threshold within which a source's potential is worked out from all modes."""
CLOSED = 1e-5
"""A synapse is closed when less than this part of its peak is left."""


@compiled
def advance(now, next_, rates, drive, pieces, first, dt, whole, part):
    """Write into `next_` the modes after one step without synapses; gives the place of the interval behind it."""
    lengths, ends, before, after = pieces
    next_[:] = now
    n = first
    while True:
        e, p, q = whole
        if abs(lengths[n] - dt) >= 1e-9:
            factors(rates, lengths[n], part[0], part[1], part[2])
            e, p, q = part
        for k in range(len(rates)):
            next_[k] *= e[k]
        push(next_, drive, before[n], after[n], p, q)
        n += 1
        if ends[n - 1] > 0:
            return n


@compiled
def push(modes, drive, u0, u1, p, q):
    """Add to modes what currents do that go from `u0` to `u1`."""
    for c in range(drive.shape[0]):
        if u0[c] != 0.0 or u1[c] != 0.0:
            b = drive[c]
            for k in range(len(modes)):
                modes[k] += b[k] * (p[k] * u0[c] + q[k] * u1[c])


@compiled
def half_way(now, half, drive, pieces, n, dt, parts):
    """Write into `half` the modes at the middle of a step; not known of a step in which a stimulus bends."""
    lengths, _, before, after = pieces
    e, p, q = parts
    for k in range(len(now)):
        half[k] = now[k] * e[k]
    push(half, drive, before[n], 0.5 * (before[n] + after[n]), p, q)
    return abs(lengths[n] - dt) < 1e-9


@compiled
def crossing(v0, v1, v2, threshold):
    """When a potential that is known at the begin, the middle and the end of a step crosses upwards, from 0 to 1."""
    bend, slope = 2 * (v0 - 2 * v1 + v2), 4 * v1 - 3 * v0 - v2
    low, high = 0.0, 1.0
    for _ in range(30):
        at = 0.5 * (low + high)
        if v0 + at * (slope + at * bend) > threshold:
            high = at
        else:
            low = at
    return high


@compiled
def dot(row, modes):
    """The sum of products."""
    total = np.float32(0)
    for k in range(len(modes)):
        total += row[k] * modes[k]
    return total


@compiled
def potential(local, c, at, modes, own, fresh, stamp):
    """A potential from the numbers of its cell, which are worked out once a step."""
    turn, row_of, shapes = local
    low, high = row_of[c], row_of[c + 1]
    if fresh[c] != stamp:
        fresh[c] = stamp
        for r in range(low, high):
            own[r] = dot(turn[r], modes)
    total = 0.0
    for r in range(high - low):
        total += shapes[at + r] * own[low + r]
    return total


@compiled
def wait(queue, s, time):
    """Note that a source's synapses will open."""
    waiting, when, number = queue
    if waiting[s] < when.shape[1]:
        when[s, waiting[s]] = time
        waiting[s] += 1
        number[0] += 1


@compiled
def look(step, dt, sources, local, exact, v, middle, seen, queue):
    """Look for sources that cross their thresholds between the middles of this step and of the one before."""
    cells, begin, near, rest, thresholds, delays = sources
    own, fresh = seen
    for s in range(len(cells)):
        far = v[s] < thresholds[s] - near[s]
        if near[s] == np.inf or (far and step % RARELY):
            continue
        at = rest[s] + potential(local, cells[s], begin[s], middle, own, fresh, step + 1)
        if abs(at - thresholds[s]) < CLOSE:
            at = rest[s] + dot(exact[s], middle)
        if v[s] <= thresholds[s] < at:
            ago = (at - thresholds[s]) / (at - v[s]) * (RARELY if far else 1)
            wait(queue, s, (step + 0.5 - ago) * dt + delays[s])
        v[s] = at


@compiled
def look_at_stimulated(step, dt, sources, exact, v, drive, pieces, n, states, halves, queue):
    """Look for sources in stimulated cells, whose potentials may jump, that cross their thresholds in this step."""
    _, _, near, rest, thresholds, delays = sources
    now, next_, half = states
    halved, single = False, True
    for s in range(len(rest)):
        if near[s] == np.inf:
            at = rest[s] + dot(exact[s], next_)
            if v[s] <= thresholds[s] < at:
                if not halved:
                    halved, single = True, half_way(now, half, drive, pieces, n, dt, halves)
                share = (thresholds[s] - v[s]) / (at - v[s])
                if single:
                    share = crossing(v[s], rest[s] + dot(exact[s], half), at, thresholds[s])
                wait(queue, s, (step + share) * dt + delays[s])
            v[s] = at


@compiled
def open_waiting(end, times, opened, queue):
    """Open the synapses of sources whose time has come; all since then counts to this step's charge."""
    rises, decays, scales = times
    rising, falling, charge, which, is_open, number = opened
    waiting, when, waits = queue
    for s in range(len(waiting)):
        kept = 0
        for n in range(waiting[s]):
            ago = end - when[s, n]
            if ago < 0:
                when[s, kept] = when[s, n]
                kept += 1
                continue
            slow, fast = math.exp(-ago / decays[s]), math.exp(-ago / rises[s])
            falling[s] += scales[s] * slow
            rising[s] += scales[s] * fast
            charge[s] += scales[s] * (decays[s] * (1 - slow) - rises[s] * (1 - fast))
            if not is_open[s]:
                is_open[s], which[number[0]] = True, s
                number[0] += 1
            waits[0] -= 1
        waiting[s] = kept


@compiled
def fading(dt, times):
    """What is left after a step of the slow and of the fast part of each synapse's conductance, (2, source)."""
    factor = np.empty((2, len(times[0])))
    factor[0], factor[1] = np.exp(-dt / times[1]), np.exp(-dt / times[0])
    return factor


@compiled
def fade(factor, times, opened):
    """Let open synapses decay over a step and count the charge; those that have decayed are closed."""
    rises, decays, scales = times
    rising, falling, charge, which, is_open, number = opened
    kept = 0
    for index in range(number[0]):
        s = which[index]
        if falling[s] < CLOSED * scales[s]:
            is_open[s], rising[s], falling[s] = False, 0.0, 0.0
            continue
        slow, fast = factor[0, s], factor[1, s]
        charge[s] = falling[s] * decays[s] * (1 - slow) - rising[s] * rises[s] * (1 - fast)
        rising[s] *= fast
        falling[s] *= slow
        which[kept] = s
        kept += 1
    number[0] = kept


@compiled
def gather(dt, synapses, opened, conducting):
    """Sum the mean conductances of this step at each target; gives the number of targets."""
    first, targets, g_max, e_rev = synapses
    charge, which, number = opened[2], opened[3], opened[5]
    g, j, touched, is_touched = conducting
    reach = 0
    for index in range(number[0]):
        s = which[index]
        mean, charge[s] = charge[s] / dt, 0.0
        for n in range(first[s], first[s + 1]):
            t = targets[n]
            if not is_touched[t]:
                is_touched[t], touched[reach] = True, t
                reach += 1
            g[t] += g_max[n] * mean
            j[t] += g_max[n] * mean * e_rev[n]
    return reach


@compiled
def inject(stamp, reach, reached, local, conducting, middle, seen, into, pushed, more):
    """Let the targets' currents flow into their cells, and into outputs at once; gives the number of cells."""
    cells, begin, rest, itself, first_output, outputs, through = reached
    row_of, shapes = local[1], local[2]
    g, j, touched, is_touched = conducting
    number = 0
    for index in range(reach):
        t = touched[index]
        c = cells[t]
        at = rest[t] + potential(local, c, begin[t], middle, seen[0], seen[1], stamp)
        current = (j[t] - g[t] * at) / (1 + g[t] * itself[t])
        if pushed[1, c] != stamp:
            pushed[1, c], pushed[0, number] = stamp, c
            number += 1
        for r in range(row_of[c + 1] - row_of[c]):
            into[row_of[c] + r] += current * shapes[begin[t] + r]
        for n in range(first_output[t], first_output[t + 1]):
            more[outputs[n]] += current * through[n]
        g[t], j[t], is_touched[t] = 0.0, 0.0, False
    return number


@compiled
def spread(number, pushed, local, into, sums, answer, next_):
    """Add to the modes what currents into cells do over a step."""
    turn, row_of = local[0], local[1]
    sums[:] = 0
    for index in range(number):
        c = pushed[0, index]
        for r in range(row_of[c], row_of[c + 1]):
            row, amount = turn[r], np.float32(into[r])
            for k in range(len(sums)):
                sums[k] += amount * row[k]
            into[r] = 0.0
    for k in range(len(sums)):
        next_[k] += answer[k] * sums[k]


@compiled
def closed(number):
    """The synapses of so many sources, all closed, and the queue of crossings that wait, empty."""
    opened = (
        *(np.zeros(number), np.zeros(number), np.zeros(number)),
        *(np.zeros(number, np.int64), np.zeros(number, np.bool_), np.zeros(1, np.int64)),
    )
    return opened, (np.zeros(number, np.int64), np.zeros((number, 64)), np.zeros(1, np.int64))


@compiled
def memory_of(rates, dt, local, sources, times, reached):
    """What a run remembers from step to step beside its modes, as it is at rest, and room to work in."""
    modes, number, target, rows = len(rates), len(times[0]), len(reached[0]), len(local[1])
    whole = (np.empty(modes), np.empty(modes), np.empty(modes))
    part, halves = (
        (whole[0].copy(), whole[1].copy(), whole[2].copy()),
        (np.empty(modes), np.empty(modes), np.empty(modes)),
    )
    factors(rates, dt, whole[0], whole[1], whole[2])
    factors(rates, dt / 2, halves[0], halves[1], halves[2])
    answer, v = whole[1] + whole[2], sources[3].copy()
    opened, queue = closed(number)
    conducting = (np.zeros(target), np.zeros(target), np.zeros(target, np.int64), np.zeros(target, np.bool_))
    seen = (np.zeros(len(local[0])), np.zeros(rows, np.int64))
    into, pushed, sums = np.zeros(len(local[0])), np.zeros((2, rows), np.int64), np.zeros(modes, np.float32)
    buffers = (np.empty(modes), np.empty(modes), np.empty(modes, np.float32))
    return whole, part, halves, answer, v, opened, queue, conducting, seen, into, pushed, sums, buffers


@compiled
def go_on(
    start, kept, memory, rates, drive, pieces, dt, every, z, local, exact, sources, times, synapses, reached, more
):
    """Go on from step `start`; `kept`, the modes there, and `memory` become those of the end.

    The rows of z and of `more` after the first are filled; all else is as in `respond_with_events`.
    """
    whole, part, halves, answer, v, opened, queue, conducting, seen, into, pushed, sums, buffers = memory
    next_, half, middle = buffers
    modes = len(rates)
    now, factor = kept.copy(), fading(dt, times)
    interval, nowhere = 0, np.zeros(more.shape[1])
    for index in range((len(z) - 1) * every):
        step = start + index
        begun, interval = interval, advance(now, next_, rates, drive, pieces, interval, dt, whole, part)
        report = (index + 1) // every if (index + 1) % every == 0 else 0
        for k in range(modes):
            middle[k] = 0.5 * (now[k] + next_[k])
        fade(factor, times, opened)
        look_at_stimulated(step, dt, sources, exact, v, drive, pieces, begun, (now, next_, half), halves, queue)
        look(step, dt, sources, local, exact, v, middle, seen, queue)
        if queue[2][0]:
            open_waiting((step + 1) * dt, times, opened, queue)
        if opened[5][0]:
            reach = gather(dt, synapses, opened, conducting)
            now_at_once = more[report] if report else nowhere
            cells = inject(step + 1, reach, reached, local, conducting, middle, seen, into, pushed, now_at_once)
            spread(cells, pushed, local, into, sums, answer, next_)
        now, next_ = next_, now
        if report:
            z[report, :] = now
    for k in range(modes):
        kept[k] = now[k]


@compiled
def respond_with_events(rates, drive, pieces, dt, every, z, local, exact, sources, times, synapses, reached, more):
    """Fill z (report, mode), whose first row is the start, with the modes after every `every` steps.

    Args:
        rates: of the modes in 1/ms.
        drive: (clamp, mode), what 1 nA does to each mode.
        pieces: lengths, ends, before and after of the stimuli's intervals.
        dt: the step in ms.
        every: steps from one report to the next.
        z: the modes in mV.
        local: (row, mode), from these modes to a few numbers a cell; the first row of each cell; the potentials of
            places for these numbers, one behind the other.
        exact: (source, mode), the potential of each source.
        sources: of each its cell, where its potentials begin, how far below its threshold it is looked at in every step
            (mV; infinite in a stimulated cell), rest, threshold and delay.
        times: of each source its rise, decay and scale.
        synapses: the first of each source; of each its target's number, peak conductance in uS, and reversal in mV.
        reached: of each target its cell, where its potentials begin, rest, and megohms to itself; then the first of the
            outputs that it reaches at once, these, and the megohms.
        more: (report, output), to which what reaches outputs at once is added.
    """
    memory = memory_of(rates, dt, local, sources, times, reached)
    kept = z[0].copy()
    go_on(0, kept, memory, rates, drive, pieces, dt, every, z, local, exact, sources, times, synapses, reached, more)
