: EGL-36, a slow potassium current (Kv3) with three activations.
: Equations: Nicoletti et al. 2019, PLoS ONE 14(7): e0218738.

NEURON {
    SUFFIX WormtwinEgl36
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
    a b c
}

INITIAL {
    a = m_inf(v)
    b = m_inf(v)
    c = m_inf(v)
}

BREAKPOINT {
    SOLVE states METHOD cnexp
    i = g * (0.31 * a + 0.36 * b + 0.39 * c) * (v - e)
}

DERIVATIVE states {
    a' = (m_inf(v) - a) / 355
    b' = (m_inf(v) - b) / 63
    c' = (m_inf(v) - c) / 13
}

UNITSOFF

FUNCTION m_inf(u (mV)) {
    m_inf = 1 / (1 + exp(-(u - 63) / 28.5))
}

UNITSON
