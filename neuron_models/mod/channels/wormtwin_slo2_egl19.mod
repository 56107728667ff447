: SLO-2, a potassium current that one EGL-19 channel beside it opens, by the calcium of its nanodomain.
: a and h are the gates of that calcium channel; m is the share of open pairs.
: Equations: Nicoletti et al. 2019, PLoS ONE 14(7): e0218738.

NEURON {
    SUFFIX WormtwinSlo2Egl19
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
