: EGL-2, an EAG potassium current.
: Equations: Nicoletti et al. 2019, PLoS ONE 14(7): e0218738.

NEURON {
    SUFFIX WormtwinEgl2
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
    m_inf = 1 / (1 + exp(-(u + 6.8594) / 14.9131))
}

FUNCTION m_tau(u (mV)) {
    m_tau = 0.5 * (16.78 / (1 + exp((u + 122.5682) / 13.7976)) + 8.0969)
}

UNITSON
