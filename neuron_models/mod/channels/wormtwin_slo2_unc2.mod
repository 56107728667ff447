: SLO-2, a potassium current that one UNC-2 channel beside it opens, by the calcium of its nanodomain.
: a and h are the gates of that calcium channel; m is the share of open pairs.
: Equations: Nicoletti et al. 2019, PLoS ONE 14(7): e0218738.

NEURON {
    SUFFIX WormtwinSlo2Unc2
    NONSPECIFIC_CURRENT i
    RANGE g, e, e_ca
}

UNITS {
    (mV) = (millivolt)
    (mA) = (milliamp)
    (S) = (siemens)
}

PARAMETER {
    g = 0 (S/cm2)
    e = -80 (mV)
    e_ca = 60 (mV)
}

ASSIGNED {
    v (mV)
    i (mA/cm2)
    share
    tau (ms)
}

STATE {
    a h m
}

INITIAL {
    rates(v)
    a = m_inf(v)
    h = h_inf(v)
    m = a * share
}

BREAKPOINT {
    SOLVE states METHOD cnexp
    i = g * m * h * (v - e)
}

DERIVATIVE states {
    rates(v)
    a' = (m_inf(v) - a) / m_tau(v)
    h' = (h_inf(v) - h) / h_tau(v)
    m' = (a * share - m) / tau
}

: share and time constant of open pairs; calcium is 0.05 uM where the calcium channel is closed
PROCEDURE rates(u (mV)) {
    LOCAL up, off, on, off_closed, all
    UNITSOFF
    up = m_inf(u) / m_tau(u)
    on = opening(u, near(u))
    off = closing(u, near(u))
    off_closed = closing(u, 0.05)
    all = (on + off) * (off_closed + up) + (1 / m_tau(u) - up) * off_closed
    tau = (1 / m_tau(u) + off_closed) / all
    share = on * tau
    UNITSON
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

FUNCTION near(u (mV)) {
    near = 0.05 + 4e-11 * fabs(u - e_ca) / (8 * 3.141592653589793 * 1.3e-8 * 2.5e-10 * 96485) * spread()
}

FUNCTION spread() {
    spread = exp(-1.3e-8 / sqrt(2.5e-10 / (5e8 * 3e-5)))
}

FUNCTION closing(u (mV), ca) {
    closing = 0.896395 * exp(-0.019405 * u) / (1 + pow(ca / 3294.553404, 0.00001))
}

FUNCTION opening(u (mV), ca) {
    opening = 0.026719 * exp(0.024123 * u) / (1 + pow(93.449423 / ca, 1.835067))
}

UNITSON
