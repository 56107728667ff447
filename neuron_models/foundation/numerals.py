"""How numbers are written on pages: three significant digits, whole numbers in full, volts as millivolts."""

import math

DASH = "\N{EN DASH}"
"""What stands for a number that there is none of."""
_MINUS = "\N{MINUS SIGN}"


def significant(value: float, digits: int = 3) -> str:
    """Write a number with so many significant digits, and an int in full with its thousands apart.

    >>> significant(0.0100), significant(134.2), significant(1234.5), significant(4868)
    ('0.0100', '134', '1,230', '4,868')
    """
    if isinstance(value, int):
        return f"{value:,}"
    if not math.isfinite(value):
        return DASH if math.isnan(value) else f"{'' if value > 0 else _MINUS}\N{INFINITY}"
    if value == 0:
        return "0"
    rounded = float(f"{value:.{digits - 1}e}")
    decimals = digits - 1 - math.floor(math.log10(abs(rounded)))
    if decimals > digits + 3:
        return f"{value:.{digits - 1}e}".replace("-", _MINUS)
    return f"{rounded:,.{max(decimals, 0)}f}".replace("-", _MINUS)


def shown_units(units: str) -> tuple[float, str]:
    """The factor and the units in which the page shows data in these units: volts as millivolts, others as they are."""
    return (1000.0, "mV") if units == "V" else (1.0, units)


def listed(names: "list[str] | tuple[str, ...]", last: str = "and") -> str:
    """Names in a sentence.

    >>> listed(["DB1", "VB1", "PVR"])
    'DB1, VB1 and PVR'
    """
    *most, end = names or [""]
    return f"{', '.join(most)} {last} {end}" if most else end
