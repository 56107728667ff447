: A conductance that answers events with a difference of two exponentials, as Exp2Syn does. It takes the events of any
: number of contacts. How much it loses in a step is found once a run: a step of Euler's method by `lost` is the decay by
: `tau` itself, for the fixed time step that this package runs with.

NEURON {
    POINT_PROCESS WormtwinSynapse
    RANGE tau1, tau2, e, i, g
    NONSPECIFIC_CURRENT i
}

UNITS {
    (nA) = (nanoamp)
    (mV) = (millivolt)
    (uS) = (microsiemens)
}

PARAMETER {
    tau1 = 1 (ms)
    tau2 = 2 (ms)
    e = 0 (mV)
}

ASSIGNED {
    v (mV)
    i (nA)
    g (uS)
    scale
    lost1 (/ms)
    lost2 (/ms)
}

STATE {
    A (uS)
    B (uS)
}

INITIAL {
    LOCAL peak
    A = 0
    B = 0
    peak = tau1 * tau2 / (tau2 - tau1) * log(tau2 / tau1)
    scale = 1 / (exp(-peak / tau2) - exp(-peak / tau1))
    lost1 = (1 - exp(-dt / tau1)) / dt
    lost2 = (1 - exp(-dt / tau2)) / dt
}

BREAKPOINT {
    CONDUCTANCE g
    SOLVE states METHOD euler
    g = B - A
    i = g * (v - e)
}

DERIVATIVE states {
    A' = -lost1 * A
    B' = -lost2 * B
}

NET_RECEIVE(weight (uS)) {
    A = A + weight * scale
    B = B + weight * scale
}
