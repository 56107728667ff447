"""One value of a parameter file, with its unit, its source and how certain it is."""

import math
import re
import tomllib
from dataclasses import dataclass
from typing import Any

from connectome.parameter_models import FROM_ZERO, POSITIVE, Limits
from neuron_models.foundation.errors import InputError
from neuron_models.foundation.units import DataUnits

CERTAINTIES = ("measured", "derived", "assumed")
"""Measured in the worm; derived from something that was; or set by a modeller."""

_FIELDS = ("value", "unit", "source", "certainty")


@dataclass(frozen=True)
class Parameter:
    """A value with its unit, its source and how certain it is: measured, derived or assumed."""

    value: DataUnits
    unit: str
    source: str
    certainty: str


def read_parameter(table: Any, where: str, unit: str, limits: Limits) -> Parameter:
    """Read the table of one value, which must have a unit and lie within limits.

    Raises:
        InputError: it does not; the message begins with `where`.
    """
    if not isinstance(table, dict) or set(table) != set(_FIELDS):
        raise InputError(f"{where} is a table with {', '.join(_FIELDS)}, got {table!r}")
    value = table["value"]
    if table["unit"] != unit:
        raise InputError(f"{where} is in {unit}, got {table['unit']!r}")
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    low, high = limits
    if not number or not low <= value <= high:
        bounds = "> 0" if limits == POSITIVE else ">= 0" if limits == FROM_ZERO else f"from {low:g} to {high:g}"
        raise InputError(f"{where} must be {bounds} {unit}, got {value!r}")
    if table["certainty"] not in CERTAINTIES:
        raise InputError(f"{where}: certainty is one of {', '.join(CERTAINTIES)}, got {table['certainty']!r}")
    return Parameter(float(value), unit, str(table["source"]), table["certainty"])


def line_of(text: str, key: str) -> int:
    """The line on which a key or a table of a TOML text begins."""
    begun = re.compile(rf"\s*\[?\s*[\"']?{re.escape(key)}[\"']?\s*[\].=]")
    return next((number for number, line in enumerate(text.splitlines(), 1) if begun.match(line)), 1)


def read_toml(text: str, where: str) -> dict[str, Any]:
    """The content of a TOML text.

    Raises:
        InputError: it is none; the message begins with `where`.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{where}: this is no TOML: {error}") from None
