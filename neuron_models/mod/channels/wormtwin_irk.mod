: IRK, an inward rectifier (Kir).
: Equations: Nicoletti et al. 2019, PLoS ONE 14(7): e0218738.

NEURON {
    SUFFIX WormtwinIrk
    NONSPECIFIC_CURRENT i
    RANGE g, e
}

UNITS {
    (mV) = (millivolt)
    (mA) = (milliamp)
    (S) = (siemens)
}

PARAMETER {
    g = 0 (S/cm2)
    e = -80 (mV)
}

ASSIGNED {
    v (mV)
    i (mA/cm2)
}

STATE {
    m
}

INITIAL {
    m = m_inf(v)
}

BREAKPOINT {
    SOLVE states METHOD cnexp
    i = g * m * (v - e)
}

DERIVATIVE states {
    m' = (m_inf(v) - m) / m_tau(v)
}

UNITSOFF

FUNCTION m_inf(u (mV)) {
    m_inf = 1 / (1 + exp((u + 82) / 13))
}

FUNCTION m_tau(u (mV)) {
    m_tau = 17.0752 / (exp(-(u + 17.8258) / 20.3154) + exp((u + 43.4414) / 11.1691)) + 3.8329
}

UNITSON
