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
    SOLVE states METHOD euler
    open = g * s
    i = open * (v - e)
}

: The divisor makes a step of Euler's method one of the trapezoidal rule, without an exponential.
DERIVATIVE states {
    LOCAL up
    up = rise * opening(vpre)
    s' = (up * (1 - s) - decay * s) / (1 + 0.5 * dt * (up + decay))
}

FUNCTION opening(u (mV)) {
    opening = 1 / (1 + exp(-beta * (u - vth)))
}
