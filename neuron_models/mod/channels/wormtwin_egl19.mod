: EGL-19, an L-type calcium current (Cav1).
: Equations: Nicoletti et al. 2019, PLoS ONE 14(7): e0218738.

NEURON {
    SUFFIX WormtwinEgl19
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
    m_inf = 1 / (1 + exp(-(u + 4.4) / 7.5))
}

FUNCTION h_inf(u (mV)) {
    h_inf = rising(u) * falling(u)
}

FUNCTION rising(u (mV)) {
    rising = 1.4314 / (1 + exp(-(u - 14.8573) / 11.9541)) + 0.1427
}

FUNCTION falling(u (mV)) {
    falling = 5.9589 / (1 + exp((u + 20.5428) / 8.0552)) + 0.6038
}

FUNCTION m_tau(u (mV)) {
    m_tau = 2.3359 + 2.9324 * bump(u + 4.7643, 36) + 1.8739 * bump(u + 8.607, 900)
}

FUNCTION bump(x, width) {
    bump = exp(-x * x / width)
}

FUNCTION h_tau(u (mV)) {
    h_tau = 0.4 * (44.614845 / (1 + exp((u + 32.9723) / 5)) + 43.0937 + 36.43965 / (1 + exp((u - 18.7251) / 3.7125)))
}

UNITSON
