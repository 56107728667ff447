: The slow potassium current of c302's model cells.
: Equations: c302 0.12, parameter set C0 (after Boyle and Cohen 2008).

NEURON {
    SUFFIX WormtwinKSlow
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
    n
}

INITIAL {
    n = n_inf(v)
}

BREAKPOINT {
    SOLVE states METHOD cnexp
    i = g * n * (v - e)
}

DERIVATIVE states {
    n' = (n_inf(v) - n) / 25.0007
}

UNITSOFF

FUNCTION n_inf(u (mV)) {
    n_inf = 1 / (1 + exp(-(u - 19.8741) / 15.8512))
}

UNITSON
