: KQT-3, a slow potassium current (Kv7) with two activations and two inactivations.
: Equations: Nicoletti et al. 2019, PLoS ONE 14(7): e0218738.

NEURON {
    SUFFIX WormtwinKqt3
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
    f s w q
}

INITIAL {
    f = m_inf(v)
    s = m_inf(v)
    w = w_inf(v)
    q = q_inf(v)
}

BREAKPOINT {
    SOLVE states METHOD cnexp
    i = g * (0.3 * f + 0.7 * s) * w * q * (v - e)
}

DERIVATIVE states {
    f' = (m_inf(v) - f) / f_tau(v)
    s' = (m_inf(v) - s) / s_tau(v)
    w' = (w_inf(v) - w) / w_tau(v)
    q' = (q_inf(v) - q) / 500
}

UNITSOFF

FUNCTION m_inf(u (mV)) {
    m_inf = 1 / (1 + exp(-(u + 22.6726) / 15.8008))
}

FUNCTION w_inf(u (mV)) {
    w_inf = 0.49 + 0.51 / (1 + exp((u + 1.084) / 28.78))
}

FUNCTION q_inf(u (mV)) {
    q_inf = 0.34 + 0.66 / (1 + exp((u + 45.3) / 12.3))
}

FUNCTION f_tau(u (mV)) {
    f_tau = 39.53 / (1 + ((u + 38.1) / 33.59) * ((u + 38.1) / 33.59))
}

FUNCTION s_tau(u (mV)) {
    s_tau = 0.1 * (5503 - 5345.4 / (1 + ten(0.02827 * (u + 23.9))) - 4590.6 / (1 + ten(-0.0357 * (u + 14.15))))
}

FUNCTION w_tau(u (mV)) {
    w_tau = 0.1 * (5.44 + 29.2 / (1 + ((u + 48.09) / 48.83) * ((u + 48.09) / 48.83)))
}

FUNCTION ten(x) {
    ten = exp(2.302585092994046 * x)
}

UNITSON
