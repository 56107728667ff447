: KQT-1, a slow potassium current (Kv7).
: Equations: Nicoletti et al. 2024, PLoS ONE 19(3): e0298105.

NEURON {
    SUFFIX WormtwinKqt1
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
    m s
}

INITIAL {
    m = m_inf(v)
    s = s_inf(v)
}

BREAKPOINT {
    SOLVE states METHOD cnexp
    i = g * m * s * (v - e)
}

DERIVATIVE states {
    m' = (m_inf(v) - m) / m_tau(v)
    s' = (s_inf(v) - s) / s_tau(v)
}

UNITSOFF

FUNCTION m_inf(u (mV)) {
    m_inf = 1 / (1 + exp(-(u + 17.6053) / 9.5843))
}

FUNCTION s_inf(u (mV)) {
    s_inf = 0.41 / (1 + exp((u + 86.84) / 15.05)) + 0.59 / (1 + exp((u - 70.13) / 13.37))
}

FUNCTION m_tau(u (mV)) {
    m_tau = 895.9 / (1 + exp(-(u + 18.01) / 31.04)) + 10
}

FUNCTION s_tau(u (mV)) {
    s_tau = 1077 + 185845 / (1 + ((u - 39.44) / 7.34) * ((u - 39.44) / 7.34))
}

UNITSON
