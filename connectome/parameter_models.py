"""What each model of the nervous system needs: its values by name, with their units and ranges."""

Limits = tuple[float, float]

ANY: Limits = (-200.0, 200.0)
POSITIVE: Limits = (1e-12, 1e12)
FROM_ZERO: Limits = (0.0, 1e12)

_GRADED: dict[str, tuple[str, Limits]] = {
    "r_axial": ("ohm cm", POSITIVE),
    "g_synapse": ("nS", FROM_ZERO),
    "g_gap": ("nS", FROM_ZERO),
    "e_excitatory": ("mV", ANY),
    "e_inhibitory": ("mV", ANY),
    "rise": ("1/s", POSITIVE),
    "decay": ("1/s", POSITIVE),
    "slope": ("1/mV", POSITIVE),
}
_POINT: dict[str, tuple[str, Limits]] = {
    "c_cell": ("pF", POSITIVE),
    "g_leak_cell": ("nS", POSITIVE),
    "e_leak": ("mV", ANY),
}
_BOUNDED: dict[str, tuple[str, Limits]] = {
    f"{name}_{end}": (unit, POSITIVE)
    for name, unit in (("input_resistance", "gigaohm"), ("time_constant", "ms"), ("c_m", "uF/cm2"))
    for end in ("least", "largest")
}

MODELS: dict[str, dict[str, tuple[str, Limits]]] = {
    "events": {
        "g_leak": ("S/cm2", POSITIVE),
        "e_leak": ("mV", ANY),
        "c_m": ("uF/cm2", POSITIVE),
        "r_axial": ("ohm cm", POSITIVE),
        "g_synapse": ("uS", FROM_ZERO),
        "e_excitatory": ("mV", ANY),
        "e_inhibitory": ("mV", ANY),
        "tau_rise": ("ms", POSITIVE),
        "tau_decay": ("ms", POSITIVE),
        "threshold": ("mV", ANY),
        "delay": ("ms", FROM_ZERO),
        "g_gap": ("uS", FROM_ZERO),
    },
    "graded": {**_POINT, **_GRADED},
    "measured": {"e_leak": ("mV", ANY), "c_m": ("uF/cm2", POSITIVE), **_BOUNDED, **_GRADED},
    "c302": {
        **_POINT,
        "r_axial": ("ohm cm", POSITIVE),
        "g_k_slow": ("nS", FROM_ZERO),
        "e_k": ("mV", ANY),
        "g_ca_simple": ("nS", FROM_ZERO),
        "e_ca": ("mV", ANY),
        "g_gap": ("nS", FROM_ZERO),
        "power": ("1", FROM_ZERO),
        **{
            f"{name}_{side}": limits
            for side in ("excitatory", "inhibitory")
            for name, limits in {
                "g": ("nS", FROM_ZERO),
                "e": ("mV", ANY),
                "rise": ("1/s", POSITIVE),
                "decay": ("1/s", POSITIVE),
                "slope": ("1/mV", POSITIVE),
                "threshold": ("mV", ANY),
            }.items()
        },
    },
}
"""The models by name."""

CELL: dict[str, tuple[str, Limits]] = {**_POINT}
"""What a cell with channels needs besides them."""

CELL_OPTIONS: dict[str, tuple[str, Limits]] = {
    "e_k": ("mV", ANY),
    "e_ca": ("mV", ANY),
    "e_mixed": ("mV", ANY),
    "calcium_volume": ("um3", POSITIVE),
    "calcium_free": ("1", POSITIVE),
    "calcium_tau": ("ms", POSITIVE),
    "calcium_base": ("mM", FROM_ZERO),
    "calcium_least": ("mM", POSITIVE),
}
"""What it needs when it has such channels, or calcium: the reversals of its ions, and all of calcium's values."""

CONDUCTANCE: tuple[str, Limits] = ("nS", FROM_ZERO)
"""Of a channel, when all of it is open, in the whole cell."""
