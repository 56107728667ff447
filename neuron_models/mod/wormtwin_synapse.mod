: A conductance that answers events with a difference of two exponentials, as Exp2Syn does. It takes the events of any
: number of contacts, and its decay over a step is found once a run, so that it needs a fixed time step.

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
    kept1
    kept2
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
    kept1 = exp(-dt / tau1)
    kept2 = exp(-dt / tau2)
}

BREAKPOINT {
    CONDUCTANCE g
    SOLVE decay
    g = B - A
    i = g * (v - e)
}

PROCEDURE decay() {
    A = A * kept1
    B = B * kept2
}

NET_RECEIVE(weight (uS)) {
    A = A + weight * scale
    B = B + weight * scale
}
