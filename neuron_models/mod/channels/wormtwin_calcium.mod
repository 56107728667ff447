: Calcium inside a cell: calcium currents raise it, and it decays. `depth` is the volume that takes them up over the
: membrane where they flow, `fraction` what stays free, `least` what it never falls below, `start` where it begins.
: Equations: Nicoletti et al. 2019, PLoS ONE 14(7): e0218738 (whole cell);
: Nicoletti et al. 2024, PLoS ONE 19(3): e0298105 (shell).

NEURON {
    SUFFIX WormtwinCalcium
    USEION ca READ ica WRITE cai
    RANGE depth, fraction, tau, base, least, start
}

UNITS {
    (mA) = (milliamp)
    (mM) = (milli/liter)
    (um) = (micron)
    FARADAY = (faraday) (coulombs)
}

PARAMETER {
    depth = 1 (um)
    fraction = 1
    tau = 50 (ms)
    base = 5e-5 (mM)
    least = 5e-5 (mM)
    start = 5e-5 (mM)
}

ASSIGNED {
    ica (mA/cm2)
}

STATE {
    cai (mM)
}

INITIAL {
    cai = start
}

BREAKPOINT {
    SOLVE states METHOD cnexp
    if (cai < least) {
        cai = least
    }
}

DERIVATIVE states {
    cai' = -(10000) * fraction * ica / (2 * FARADAY * depth) - (cai - base) / tau
}
