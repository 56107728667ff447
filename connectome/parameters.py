"""Parameter sets by name or from a file: every value with its unit, where it comes from and how certain it is."""

import difflib
import importlib.resources
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectome.active_cells import ActiveCell, load_cells, with_conductances
from connectome.parameter import Parameter, line_of, read_parameter, read_toml
from connectome.parameter_models import MODELS
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import require_file
from neuron_models.foundation.text_files import read_text
from neuron_models.foundation.units import DataUnits

_ABOUT = ("title", "model", "base", "cells", "channels")
PARAMETER_SETS = ("published2012", "kunert2014", "neural_interactome", "c302_c0", "measured")
"""The sets that have a name; the first is that of the paper's experiments."""


@dataclass(frozen=True)
class ParameterSet:
    """The values of one model of the nervous system.

    `model` is `events` (cables; synapses that threshold crossings open), `graded` (synapses that follow the voltage),
    `measured` (the same on membranes within measured bounds) or `c302` (c302's model cells). `cells` have channels of
    their own.
    """

    name: str
    title: str
    model: str
    parameters: Mapping[str, Parameter]
    cells: tuple[ActiveCell, ...] = ()

    def __getitem__(self, name: str) -> DataUnits:
        """A value, in the unit that its model gives it."""
        return self.parameters[name].value


def load_parameters(source: str | Path = PARAMETER_SETS[0]) -> ParameterSet:
    """Load a parameter set by name, or from a TOML file.

    A file says `title` and `model`, and for each value of that model a table with value, unit, source and certainty.
    With `base` it begins as the set of that name and gives what differs. `cells` lists cells with channels, by name or
    as .toml files beside it; `channels` changes some of their conductances.

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
    return _read(read_text(path), path.stem, str(path), path.parent)


def _read(text: str, name: str, where: str, folder: Path | None = None) -> ParameterSet:
    content = read_toml(text, where)
    base = _base(content, where)
    model = content.get("model", base.model if base else None)
    if model not in MODELS:
        raise InputError(f"{where}: model is one of {', '.join(MODELS)}, got {model!r}")
    require(
        base is None or base.model == model, f"{where}: its base is of the model {base and base.model}, not {model}"
    )
    wanted = MODELS[model]
    unknown = [key for key in content if key not in wanted and key not in _ABOUT]
    if unknown:
        line = line_of(text, unknown[0])
        raise InputError(f"{where}, line {line}: a {model} set has no {unknown[0]!r}; it has {', '.join(wanted)}")
    missing = [key for key in wanted if key not in content and base is None]
    require(not missing, f"{where}: {', '.join(missing)} is missing: a {model} set has {', '.join(wanted)}")
    own = {
        key: read_parameter(content[key], f"{where}, line {line_of(text, key)}: {key}", *wanted[key])
        for key in wanted
        if key in content
    }
    values = {**base.parameters, **own} if base else own
    return ParameterSet(
        name, str(content.get("title", name)), model, values, _cells(content, base, text, where, folder)
    )


def _cells(
    content: Mapping[str, Any], base: ParameterSet | None, text: str, where: str, folder: Path | None
) -> tuple[ActiveCell, ...]:
    """The cells with channels of a file, or of the set that it begins as, with the conductances that it changes."""
    inherited = base.cells if base else ()
    cells = load_cells(content["cells"], where, folder) if "cells" in content else inherited
    require(not cells or content.get("model") != "events", f"{where}: a set of the model events has no channels")
    return with_conductances(cells, content.get("channels", {}), text, where)


def _base(content: Mapping[str, Any], where: str) -> ParameterSet | None:
    """The set that a file begins as."""
    base = content.get("base")
    if base is None:
        return None
    if base not in PARAMETER_SETS:
        raise InputError(f"{where}: base is one of {', '.join(PARAMETER_SETS)}, got {base!r}")
    return load_parameters(base)
