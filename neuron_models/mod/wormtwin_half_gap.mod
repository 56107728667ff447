: One side of a gap junction. `vgap` is the potential of the other side, carried over at every step by
: ParallelContext's continuous transfer, which NEURON and CoreNEURON both offer (POINTERs only NEURON).

NEURON {
    POINT_PROCESS WormtwinHalfGap
    RANGE g, i, vgap
    NONSPECIFIC_CURRENT i
}

UNITS {
    (nA) = (nanoamp)
    (mV) = (millivolt)
    (uS) = (microsiemens)
}

PARAMETER {
    g = 0 (uS)
}

ASSIGNED {
    v (mV)
    vgap (mV)
    i (nA)
}

BREAKPOINT {
    CONDUCTANCE g
    i = g * (v - vgap)
}
