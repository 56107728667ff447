: KCNL, a small potassium current that the calcium of the cell opens (SK).
: Equations: Nicoletti et al. 2019, PLoS ONE 14(7): e0218738.

NEURON {
    SUFFIX WormtwinKcnl
    NONSPECIFIC_CURRENT i
    USEION ca READ cai
    RANGE g, e
}

UNITS {
    (mV) = (millivolt)
    (mA) = (milliamp)
    (S) = (siemens)
    (mM) = (milli/liter)
}

PARAMETER {
    g = 0 (S/cm2)
    e = -80 (mV)
}

ASSIGNED {
    v (mV)
    i (mA/cm2)
    cai (mM)
}

STATE {
    m
}

INITIAL {
    m = m_inf(cai)
}

BREAKPOINT {
    SOLVE states METHOD cnexp
    i = g * m * (v - e)
}

DERIVATIVE states {
    m' = (m_inf(cai) - m) / 6.3
}

UNITSOFF

FUNCTION m_inf(c (mM)) {
    m_inf = c / (c + 3.3e-4)
}

UNITSON
