"""Steps compartments as NEURON's fixed step does: backward Euler over each cell's tree, gap currents a step late."""

import math

from neuron_models.foundation.kernels import compiled


@compiled
def solve(diagonal, right, axial, parent):
    """Solve the trees' equations in place: the changes of the potentials are left in `right` (Hines 1984)."""
    for n in range(len(parent) - 1, -1, -1):
        p = parent[n]
        if p >= 0:
            share = axial[n] / diagonal[n]
            diagonal[p] -= share * axial[n]
            right[p] += share * right[n]
    for n in range(len(parent)):
        p = parent[n]
        if p >= 0:
            right[n] += axial[n] * right[p]
        right[n] /= diagonal[n]


@compiled
def send_events(step, dt, sources, v, above, due, rising, falling):
    """Find upward crossings at the begin of a step, and let the synapses whose events are due begin to open."""
    nodes, thresholds, delays, scales = sources
    ring = due.shape[0]
    for s in range(len(nodes)):
        now = v[nodes[s]] > thresholds[s]
        if now and not above[s]:
            late = max(0, math.ceil((delays[s] + 1e-10) / dt - 0.5))
            due[(step + late) % ring, s] += 1
        above[s] = now
        if due[step % ring, s]:
            rising[s] += scales[s] * due[step % ring, s]
            falling[s] += scales[s] * due[step % ring, s]
            due[step % ring, s] = 0


@compiled
def conduct(v, diagonal, right, gaps, synapses, rising, falling, late):
    """Add the currents through gap junctions and open synapses; `late` are the potentials that gap junctions see."""
    sides, g = gaps
    for n in range(len(g)):
        a, b = sides[n, 0], sides[n, 1]
        diagonal[a] += g[n]
        diagonal[b] += g[n]
        right[a] -= g[n] * (v[a] - late[b])
        right[b] -= g[n] * (v[b] - late[a])
    source, target, g_max, e_rev = synapses
    for n in range(len(source)):
        s = source[n]
        if falling[s] > 0.0:
            opened = g_max[n] * (falling[s] - rising[s])
            diagonal[target[n]] += opened
            right[target[n]] -= opened * (v[target[n]] - e_rev[n])


@compiled
def step_through(membrane, tree, gaps, sources, decays, synapses, clamps, work, dt, record, potentials):
    """Fill found (step, place) with the potentials after every step, from rest.

    Args:
        membrane: capacitance in nF, leak in uS and rest in mV of each node.
        tree: conductance to its parent in uS, and the parent, of each node.
        gaps: both nodes, conductance in uS.
        sources: node, threshold, delay and scale of each.
        decays: what a step leaves of each source's rising and falling parts.
        synapses: source, target, peak conductance and reversal of each.
        clamps: node of each, and (step, clamp) the mean currents over every step in nA.
        work: potentials (at rest), diagonal, right side, and of the sources rising, falling, above, due.
        dt: the step in ms.
        record: the nodes to read.
        potentials: what is filled; its first row stays as it is.
    """
    capacitance, leak, rest = membrane
    axial, parent = tree
    v, diagonal, right, rising, falling, above, due = work
    for step in range(len(potentials) - 1):
        send_events(step, dt, sources, v, above, due, rising, falling)
        for n in range(len(v)):
            diagonal[n] = capacitance[n] / dt + leak[n]
            right[n] = leak[n] * (rest[n] - v[n])
        for n in range(len(v)):
            p = parent[n]
            if p >= 0:
                current = axial[n] * (v[p] - v[n])
                diagonal[n] += axial[n]
                diagonal[p] += axial[n]
                right[n] += current
                right[p] -= current
        conduct(v, diagonal, right, gaps, synapses, rising, falling, v)
        for c in range(len(clamps[0])):
            right[clamps[0][c]] += clamps[1][step, c]
        solve(diagonal, right, axial, parent)
        for n in range(len(v)):
            v[n] += right[n]
        for s in range(len(rising)):
            rising[s] *= decays[0][s]
            falling[s] *= decays[1][s]
            if falling[s] < 1e-30:
                rising[s] = falling[s] = 0.0
        for n in range(len(record)):
            potentials[step + 1, n] = v[record[n]]
