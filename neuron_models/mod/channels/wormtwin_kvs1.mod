: KVS-1, a transient potassium current.
: Equations: Nicoletti et al. 2019, PLoS ONE 14(7): e0218738.

NEURON {
    SUFFIX WormtwinKvs1
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
    m h
}

INITIAL {
    m = m_inf(v)
    h = h_inf(v)
}

BREAKPOINT {
    SOLVE states METHOD cnexp
    i = g * m * h * (v - e)
}

DERIVATIVE states {
    m' = (m_inf(v) - m) / m_tau(v)
    h' = (h_inf(v) - h) / h_tau(v)
}

UNITSOFF

FUNCTION m_inf(u (mV)) {
    m_inf = 1 / (1 + exp(-(u - 27.1) / 25))
}

FUNCTION h_inf(u (mV)) {
    h_inf = 1 / (1 + exp((u - 17.3) / 11.1))
}

FUNCTION m_tau(u (mV)) {
    m_tau = 0.1 * (30 / (1 + exp((u - 18.1232) / 20)) + 1)
}

FUNCTION h_tau(u (mV)) {
    h_tau = 0.1 * (88.4715 / (1 + exp((u - 50) / 15)) + 53.406)
}

UNITSON
