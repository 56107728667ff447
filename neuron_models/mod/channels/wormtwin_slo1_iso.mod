: SLO-1, a potassium current that the calcium of a shell below the membrane opens.
: Equations: Nicoletti et al. 2024, PLoS ONE 19(3): e0298105.

NEURON {
    SUFFIX WormtwinSlo1Iso
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
    m = m_inf(v, calcium(cai))
}

BREAKPOINT {
    SOLVE states METHOD cnexp
    i = g * m * (v - e)
}

DERIVATIVE states {
    m' = (m_inf(v, calcium(cai)) - m) / m_tau(v, calcium(cai))
}

UNITSOFF

FUNCTION calcium(c (mM)) {
    calcium = 1000 * c
}

FUNCTION closed_by(ca) {
    closed_by = 1 + pow(55.726816 / ca, 1.299198)
}

FUNCTION m_inf(u (mV), ca) {
    m_inf = 1 / (1 + 3.152961 / 0.156217 * closed_by(ca) / (1 + pow(ca / 34.338784, 0.0001)) * exp(-0.040170 * u))
}

FUNCTION m_tau(u (mV), ca) {
    m_tau = exp(-0.027527 * u) / 0.156217 * closed_by(ca) * m_inf(u, ca)
}

UNITSON
