: UNC-103, an ERG potassium current.
: Equations: Nicoletti et al. 2024, PLoS ONE 19(3): e0298105.

NEURON {
    SUFFIX WormtwinUnc103
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
    m_inf = 1 / (1 + exp(-(u + 15.1) / 7.85))
}

FUNCTION h_inf(u (mV)) {
    h_inf = 1 / (1 + exp((u + 48) / 28))
}

FUNCTION m_tau(u (mV)) {
    m_tau = two_sided((u + 28.3339) / 13.0998, 87.4088, 0.2562)
}

FUNCTION h_tau(u (mV)) {
    h_tau = two_sided((u + 25.289) / 29.5074, 8.1559, 0.23)
}

FUNCTION two_sided(x, high, low) {
    two_sided = (high / (1 + exp(x)) + low) * (high / (1 + exp(-x)) + low)
}

UNITSON
