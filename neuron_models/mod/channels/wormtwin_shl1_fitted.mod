: SHL-1, a transient potassium current (Kv4), with the constants fitted to motor neurons and interneurons.
: Equations: Nicoletti et al. 2024, PLoS ONE 19(3): e0298105.

NEURON {
    SUFFIX WormtwinShl1Fitted
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
    i = g * m * (0.8 * f + 0.2 * s) * (v - e)
}

DERIVATIVE states {
    m' = (m_inf(v) - m) / m_tau(v)
    f' = (h_inf(v) - f) / f_tau(v)
    s' = (h_inf(v) - s) / s_tau(v)
}

UNITSOFF

FUNCTION m_inf(u (mV)) {
    m_inf = 1 / (1 + exp(-(u - 0.26) / 16.25))
}

FUNCTION h_inf(u (mV)) {
    h_inf = 1 / (1 + exp((u + 50) / 8.3))
}

FUNCTION m_tau(u (mV)) {
    m_tau = (13.8 / (exp(-(u + 40) / 12.9213) + exp((u + 40) / 6.4876)) + 1.8849) / 2
}

FUNCTION f_tau(u (mV)) {
    f_tau = (539.1584 / (1 + exp((u + 60) / 4.9199)) + 27.2811) / 3
}

FUNCTION s_tau(u (mV)) {
    s_tau = 8422 / (1 + exp((u + 60) / 6.3785)) + 118.8983
}

UNITSON
