: CCA-1, a T-type calcium current (Cav3).
: Equations: Nicoletti et al. 2019, PLoS ONE 14(7): e0218738.

NEURON {
    SUFFIX WormtwinCca1
    USEION ca WRITE ica
    RANGE g, e
}

UNITS {
    (mV) = (millivolt)
    (mA) = (milliamp)
    (S) = (siemens)
}

PARAMETER {
    g = 0 (S/cm2)
    e = 60 (mV)
}

ASSIGNED {
    v (mV)
    ica (mA/cm2)
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
    ica = g * m * m * h * (v - e)
}

DERIVATIVE states {
    m' = (m_inf(v) - m) / m_tau(v)
    h' = (h_inf(v) - h) / h_tau(v)
}

UNITSOFF

FUNCTION m_inf(u (mV)) {
    m_inf = 1 / (1 + exp(-(u + 57.65) / 2.38))
}

FUNCTION h_inf(u (mV)) {
    h_inf = 1 / (1 + exp((u + 73) / 8.05))
}

FUNCTION m_tau(u (mV)) {
    m_tau = 0.5 * (40 / (1 + exp((u + 92.5393) / 21.20886)) + 0.6947)
}

FUNCTION h_tau(u (mV)) {
    h_tau = 0.08 * (280 / (1 + exp((u + 75.7312) / 9.37464)) + 19.7456)
}

UNITSON
