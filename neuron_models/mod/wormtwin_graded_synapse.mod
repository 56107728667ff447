: A synapse that follows the potential in front of it without spikes. `vpre` is carried over at every step by
: ParallelContext's continuous transfer, as in WormtwinHalfGap. Its activity s obeys
: ds/dt = rise phi (1 - s) - decay s, phi = 1 / (1 + exp(-beta (vpre - vth))): Kunert et al. 2014.

NEURON {
    POINT_PROCESS WormtwinGradedSynapse
    RANGE g, e, i, vpre, rise, decay, beta, vth
    NONSPECIFIC_CURRENT i
}

UNITS {
    (nA) = (nanoamp)
    (mV) = (millivolt)
    (uS) = (microsiemens)
}

PARAMETER {
    g = 0 (uS)
    e = 0 (mV)
    rise = 0.001 (/ms)
    decay = 0.005 (/ms)
    beta = 0.125 (/mV)
    vth = 0 (mV)
}

ASSIGNED {
    v (mV)
    vpre (mV)
    i (nA)
    open (uS)
}

STATE {
    s
}

INITIAL {
    s = rise * opening(vpre) / (rise * opening(vpre) + decay)
}

BREAKPOINT {
    CONDUCTANCE open
    SOLVE follow
    open = g * s
    i = open * (v - e)
}

: By the trapezoidal rule: rates are some 1/s, so that a step of 0.1 ms is off by 1e-11.
PROCEDURE follow() {
    LOCAL up, half
    up = rise * opening(vpre)
    half = 0.5 * dt * (up + decay)
    s = (s * (1 - half) + dt * up) / (1 + half)
}

FUNCTION opening(u (mV)) {
    opening = 1 / (1 + exp(-beta * (u - vth)))
}
