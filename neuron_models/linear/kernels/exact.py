"""Steps modes through stimuli, each interval exactly: dz/dt = -rate z + b u with u linear over the interval."""

import math

import numpy as np

from neuron_models.foundation.kernels import compiled


@compiled
def factors(rates, length, decay, early, late):
    """Write what an interval does: z becomes decay z + early (b u at its begin) + late (b u at its end)."""
    for k in range(len(rates)):
        a = rates[k] * length
        decay[k] = math.exp(-a)
        if a < 1e-3:
            whole = 1 - a / 2 + a * a / 6 - a * a * a / 24
            late[k] = length * (0.5 - a / 6 + a * a / 24 - a * a * a / 120)
        else:
            whole = -math.expm1(-a) / a
            late[k] = length * (1 - whole) / a
        early[k] = length * whole - late[k]


@compiled
def respond(rates, drive, lengths, ends, before, after, dt, z):
    """Fill z (step, mode), whose first row is the start, with the modes after every step.

    Args:
        rates: of the modes in 1/ms.
        drive: (clamp, mode), what 1 nA does to each mode.
        lengths: of the intervals in ms.
        ends: the step that an interval ends, 0 within a step.
        before: (interval, clamp), currents in nA where an interval begins.
        after: (interval, clamp), currents where it ends.
        dt: the step in ms.
        z: the modes in mV.
    """
    modes, clamps = len(rates), drive.shape[0]
    decay, early, late = np.empty(modes), np.empty(modes), np.empty(modes)
    decay2, early2, late2 = np.empty(modes), np.empty(modes), np.empty(modes)
    factors(rates, dt, decay, early, late)
    now = z[0].copy()
    for n in range(len(lengths)):
        whole = abs(lengths[n] - dt) < 1e-9
        if whole:
            e, p, q = decay, early, late
        else:
            factors(rates, lengths[n], decay2, early2, late2)
            e, p, q = decay2, early2, late2
        for k in range(modes):
            now[k] *= e[k]
        for c in range(clamps):
            u0, u1 = before[n, c], after[n, c]
            if u0 != 0.0 or u1 != 0.0:
                b = drive[c]
                for k in range(modes):
                    now[k] += b[k] * (p[k] * u0 + q[k] * u1)
        if ends[n] > 0:
            z[ends[n], :] = now
