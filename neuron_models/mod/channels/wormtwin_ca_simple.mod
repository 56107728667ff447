: The calcium current without inactivation of c302's model cells.
: Equations: c302 0.12, parameter set C0 (after Boyle and Cohen 2008).

NEURON {
    SUFFIX WormtwinCaSimple
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
    e = 50 (mV)
}

ASSIGNED {
    v (mV)
    ica (mA/cm2)
}

STATE {
    m
}

INITIAL {
    m = m_inf(v)
}

BREAKPOINT {
    SOLVE states METHOD cnexp
    ica = g * m * m * (v - e)
}

DERIVATIVE states {
    m' = (m_inf(v) - m) / 0.100027
}

UNITSOFF

FUNCTION m_inf(u (mV)) {
    m_inf = 1 / (1 + exp(-(u + 3.3568) / 6.74821))
}

UNITSON
