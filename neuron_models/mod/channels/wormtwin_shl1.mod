: SHL-1, a transient potassium current (Kv4).
: Equations: Nicoletti et al. 2019, PLoS ONE 14(7): e0218738.

NEURON {
    SUFFIX WormtwinShl1
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
    m f s
}

INITIAL {
    m = m_inf(v)
    f = h_inf(v)
    s = h_inf(v)
}

BREAKPOINT {
    SOLVE states METHOD cnexp
    i = g * m * m * m * (0.7 * f + 0.3 * s) * (v - e)
}

DERIVATIVE states {
    m' = (m_inf(v) - m) / m_tau(v)
    f' = (h_inf(v) - f) / f_tau(v)
    s' = (h_inf(v) - s) / s_tau(v)
}

UNITSOFF

FUNCTION m_inf(u (mV)) {
    m_inf = 1 / (1 + exp(-(u + 6.8) / 14.1))
}

FUNCTION h_inf(u (mV)) {
    h_inf = 1 / (1 + exp((u + 51.1) / 8.3))
}

FUNCTION m_tau(u (mV)) {
    m_tau = 0.1 * (13.8 / (exp(-(u + 17.5165) / 12.9213) + exp((u + 3.7082) / 6.4876)) + 1.8849)
}

FUNCTION f_tau(u (mV)) {
    f_tau = 0.1 * (539.1584 / (1 + exp((u + 28.199) / 4.9199)) + 27.2811)
}

FUNCTION s_tau(u (mV)) {
    s_tau = 0.1 * (8422 / (1 + exp((u + 37.7391) / 6.3785)) + 118.8983)
}

UNITSON
