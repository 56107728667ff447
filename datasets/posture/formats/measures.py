"""Units of length and time as files write them: `mm`, `um`, `microns`, `0.04*s`, `in/72`."""

import re

from neuron_models.foundation.errors import InputError

_PREFIXES = {"c": 1e-2, "m": 1e-3, "u": 1e-6, "µ": 1e-6, "μ": 1e-6, "n": 1e-9, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9}
_LONG_PREFIXES = {"centi": 1e-2, "milli": 1e-3, "micro": 1e-6, "nano": 1e-9, "kilo": 1e3, "mega": 1e6, "giga": 1e9}
# In metres, and in seconds:
_SHORT = {
    "length": {"m": 1.0, "in": 0.0254},
    "time": {"s": 1.0, "sec": 1.0, "min": 60.0, "h": 3600.0, "hr": 3600.0, "d": 86400.0},
}
_LONG = {
    "length": {"metre": 1.0, "meter": 1.0, "inch": 0.0254, "micron": 1e-6},
    "time": {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86400.0},
}
_PLURALS = ("sec", "min", "hr")
"""Abbreviations that some write with an s; ms and in/s would be others."""
_SHORT_PREFIXED = ("m", "s", "sec")
_LONG_PREFIXED = ("metre", "meter", "second")
_EXAMPLES = {"length": "mm, um or 5.2*um", "time": "s, ms or 0.04*s"}
_TO = {"length": 1e-3, "time": 1.0}


def in_millimetres(unit: str, where: str) -> float:
    """How many mm one of a unit of length is.

    >>> in_millimetres("um", "--unit"), in_millimetres("2*inches", "--unit")
    (0.001, 50.8)

    Raises:
        InputError: it is no unit of length; begins with `where`.
    """
    return _factor(unit, "length", where)


def in_seconds(unit: str, where: str) -> float:
    """How many seconds one of a unit of time is.

    Raises:
        InputError: it is no unit of time; begins with `where`.
    """
    return _factor(unit, "time", where)


def _factor(unit: str, kind: str, where: str) -> float:
    factor, dimension = 1.0, 0
    for sign, part in re.findall(r"([*/]?)([^*/]*)", "*" + unit.strip())[:-1]:
        value, power = _part(part.strip(), kind)
        if value is None:
            raise InputError(f"{where}: {unit!r} is no unit of {kind}: give one such as {_EXAMPLES[kind]}")
        factor *= value if sign == "*" else 1 / value
        dimension += power if sign == "*" else -power
    if dimension != 1:
        raise InputError(f"{where}: {unit!r} is no unit of {kind}: give one such as {_EXAMPLES[kind]}")
    return round(factor / _TO[kind], 15)


def _part(text: str, kind: str) -> tuple[float | None, int]:
    """One factor of a unit: its size and its power of the dimension; None when it is not known."""
    name, _, exponent = text.partition("^")
    if not re.fullmatch(r"-?[0-9]{1,2}|", exponent.strip()):
        return None, 0
    power = int(exponent or 1)
    if re.fullmatch(r"[0-9]*\.?[0-9]+([eE][-+]?[0-9]{1,2})?", name) and float(name) > 0:
        return float(name) ** power, 0
    size = _named(name.strip(), kind)
    return (None, 0) if size is None else (size**power, power)


def _named(name: str, kind: str) -> float | None:
    """A unit by its abbreviation or its name, which may be a plural; a prefix goes before one of its own sort.

    These are the units of Tracker Commons, and plurals and capitals that mean nothing else.
    """
    name = next((name.removesuffix("s") for plural in _PLURALS if name.endswith(f"{plural}s")), name)
    if name in _SHORT[kind]:
        return _SHORT[kind][name]
    word = name.lower()
    singular = "inch" if word == "inches" else word.removesuffix("s")
    if singular in _LONG[kind]:
        return _LONG[kind][singular]
    for prefixes, text, bases in ((_PREFIXES, name, _SHORT_PREFIXED), (_LONG_PREFIXES, singular, _LONG_PREFIXED)):
        for prefix, scale in prefixes.items():
            base = text.removeprefix(prefix)
            if base != text and base in bases:
                return scale * known if (known := (_SHORT[kind] | _LONG[kind]).get(base)) else None
    return None
