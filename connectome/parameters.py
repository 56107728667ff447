"""Parameter sets by name or from a file: every value with its unit, where it comes from and how certain it is."""

import difflib
import importlib.resources
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import require_file
from neuron_models.foundation.units import DataUnits

CERTAINTIES = ("measured", "derived", "assumed")
"""Measured in the worm; derived from something that was; or set by a modeller."""

_ABOUT = ("title", "model")
_FIELDS = ("value", "unit", "source", "certainty")
_ANY = (-200.0, 200.0)
_POSITIVE = (1e-12, 1e12)
_FROM_ZERO = (0.0, 1e12)

MODELS: dict[str, dict[str, tuple[str, tuple[float, float]]]] = {
    "events": {
        "g_leak": ("S/cm2", _POSITIVE),
        "e_leak": ("mV", _ANY),
        "c_m": ("uF/cm2", _POSITIVE),
        "r_axial": ("ohm cm", _POSITIVE),
        "g_synapse": ("uS", _FROM_ZERO),
        "e_excitatory": ("mV", _ANY),
        "e_inhibitory": ("mV", _ANY),
        "tau_rise": ("ms", _POSITIVE),
        "tau_decay": ("ms", _POSITIVE),
        "threshold": ("mV", _ANY),
        "delay": ("ms", _FROM_ZERO),
        "g_gap": ("uS", _FROM_ZERO),
    },
    "graded": {
        "c_cell": ("pF", _POSITIVE),
        "g_leak_cell": ("nS", _POSITIVE),
        "e_leak": ("mV", _ANY),
        "r_axial": ("ohm cm", _POSITIVE),
        "g_synapse": ("nS", _FROM_ZERO),
        "g_gap": ("nS", _FROM_ZERO),
        "e_excitatory": ("mV", _ANY),
        "e_inhibitory": ("mV", _ANY),
        "rise": ("1/s", _POSITIVE),
        "decay": ("1/s", _POSITIVE),
        "slope": ("1/mV", _POSITIVE),
    },
}
"""What each model needs: the values by name, with their units and ranges."""

PARAMETER_SETS = ("published2012", "kunert2014", "neural_interactome")
"""The sets that have a name; the first is that of the paper's experiments."""


@dataclass(frozen=True)
class Parameter:
    """A value with its unit, its source and how certain it is: measured, derived or assumed."""

    value: DataUnits
    unit: str
    source: str
    certainty: str


@dataclass(frozen=True)
class ParameterSet:
    """The values of one model of the nervous system.

    `model` is `events` (cables; synapses that threshold crossings open) or `graded` (synapses that follow the voltage).
    """

    name: str
    title: str
    model: str
    parameters: Mapping[str, Parameter]

    def __getitem__(self, name: str) -> DataUnits:
        """A value, in the unit that its model gives it."""
        return self.parameters[name].value


def load_parameters(source: str | Path = PARAMETER_SETS[0]) -> ParameterSet:
    """Load a parameter set by name, or from a TOML file.

    A file says `title` and `model`, and for each value of that model a table with value, unit, source and certainty.

    Raises:
        InputError: there is no such set, or the file is no TOML, lacks a value, names an unknown one, or gives another
            unit or a value out of range; the message names the line and what there is.
    """
    if str(source) in PARAMETER_SETS:
        file = importlib.resources.files("connectome") / "data" / "parameters" / f"{source}.toml"
        return _read(file.read_text(), str(source), f"parameter set {source}")
    path = Path(source)
    if path.suffix.lower() != ".toml":
        near = ", ".join(difflib.get_close_matches(str(source), PARAMETER_SETS, n=1) or PARAMETER_SETS)
        raise InputError(
            f"there is no parameter set {str(source)!r}: did you mean {near}, or the path of a .toml file?"
        )
    require_file(path, "a parameter set (.toml)")
    return _read(path.read_text(), path.stem, str(path))


def _read(text: str, name: str, where: str) -> ParameterSet:
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{where}: this is no TOML: {error}") from None
    model = content.get("model")
    if model not in MODELS:
        raise InputError(f"{where}: model is one of {', '.join(MODELS)}, got {model!r}")
    wanted = MODELS[model]
    unknown = [key for key in content if key not in wanted and key not in _ABOUT]
    if unknown:
        raise InputError(
            f"{where}, line {_line(text, unknown[0])}: a {model} set has no {unknown[0]!r}; it has {', '.join(wanted)}"
        )
    missing = [key for key in wanted if key not in content]
    require(not missing, f"{where}: {', '.join(missing)} is missing: a {model} set has {', '.join(wanted)}")
    parameters = {
        key: _parameter(content[key], f"{where}, line {_line(text, key)}: {key}", *wanted[key]) for key in wanted
    }
    return ParameterSet(name, str(content.get("title", name)), model, parameters)


def _parameter(table: Any, where: str, unit: str, limits: tuple[float, float]) -> Parameter:
    if not isinstance(table, dict) or set(table) != set(_FIELDS):
        raise InputError(f"{where} is a table with {', '.join(_FIELDS)}, got {table!r}")
    value = table["value"]
    if table["unit"] != unit:
        raise InputError(f"{where} is in {unit}, got {table['unit']!r}")
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    low, high = limits
    if not number or not low <= value <= high:
        bounds = "> 0" if limits == _POSITIVE else ">= 0" if limits == _FROM_ZERO else f"from {low:g} to {high:g}"
        raise InputError(f"{where} must be {bounds} {unit}, got {value!r}")
    if table["certainty"] not in CERTAINTIES:
        raise InputError(f"{where}: certainty is one of {', '.join(CERTAINTIES)}, got {table['certainty']!r}")
    return Parameter(float(value), unit, str(table["source"]), table["certainty"])


def _line(text: str, key: str) -> int:
    """The line on which a key or a table of a TOML text begins."""
    begun = re.compile(rf"\s*\[?\s*[\"']?{re.escape(key)}[\"']?\s*[\].=]")
    return next((number for number, line in enumerate(text.splitlines(), 1) if begun.match(line)), 1)
