: UNC-2, a P/Q-type calcium current (Cav2).
: Equations: Nicoletti et al. 2019, PLoS ONE 14(7): e0218738.

NEURON {
    SUFFIX WormtwinUnc2
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
    ica = g * m * h * (v - e)
}

DERIVATIVE states {
    m' = (m_inf(v) - m) / m_tau(v)
    h' = (h_inf(v) - h) / h_tau(v)
}

UNITSOFF

FUNCTION m_inf(u (mV)) {
    m_inf = 1 / (1 + exp(-(u + 37.17) / 3.97))
}

FUNCTION h_inf(u (mV)) {
    h_inf = 1 / (1 + exp((u + 77.47) / 5.6))
}

FUNCTION m_tau(u (mV)) {
    m_tau = 3 * (1.4969 / (exp(-(u + 38.1761) / 9.0753) + exp((u + 38.1761) / 15.3456)) + 0.1029)
}

FUNCTION h_tau(u (mV)) {
    h_tau = 1.7 * (83.8037 / (1 + exp((u - 22.8997) / 3.4557)) + 72.0995 / (1 + exp(-(u + 6.0991) / 3.5903)))
}

UNITSON
