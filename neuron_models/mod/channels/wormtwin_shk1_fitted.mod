: SHK-1, a delayed rectifier (Kv1), with the constants fitted to motor neurons.
: Equations: Nicoletti et al. 2024, PLoS ONE 19(3): e0298105.

NEURON {
    SUFFIX WormtwinShk1Fitted
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
    h' = (h_inf(v) - h) / 1400
}

UNITSOFF

FUNCTION m_inf(u (mV)) {
    m_inf = 1 / (1 + exp(-(u - 2) / 10))
}

FUNCTION h_inf(u (mV)) {
    h_inf = 1 / (1 + exp((u + 6.95) / 5.8))
}

FUNCTION m_tau(u (mV)) {
    m_tau = 26.571450568169027 / two_sided(u + 33.74161180071613) + 1.990037272604829
}

FUNCTION two_sided(x) {
    two_sided = exp(-x / 15.364937728953288) + exp(x / 15.757936311607475)
}

UNITSON
