"""A surrogate as a NEURON mechanism, which stands among ordinary cells."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from neuron_models.foundation.errors import require, require_distinct
from neuron_models.foundation.files import atomic_write
from neuron_models.mechanisms import declared
from surrogates.export.activations import ACTIVATIONS
from surrogates.export.reserved import require_free
from surrogates.export.templating import write_filled
from surrogates.runs.bands import Bands
from surrogates.runs.model_file import ModelSignature
from surrogates.steps.layers import step_of
from surrogates.steps.step import Affine, Statement, Step, indexed, renamed

_TO_MILLIVOLTS = {"V": 1000.0, "mV": 1.0}
_KNOWN_UNITS = ("nA", "mV", "V")
_DESCRIBED = ("x_names", "y_names", "x_units", "y_units", "dt", "scenario")
"""What the description beside a mechanism says of the channels: what a model of responses has."""
_OWN_OF_CPP = ("tanh", "exp")
_LOCAL = "nn_"
"""Begins the network's own names in C++, where every RANGE variable (x_, from_, y_, v_, state_...) is a macro."""


@dataclass(frozen=True)
class Port:
    """A channel of the mechanism: its variable, and its pointer (an input) or its variable in mV (an output).

    `half_width` is the variable of half the width of a calibrated model's band about an output.
    """

    name: str
    variable: str
    pointer: str = ""
    potential: str = ""
    half_width: str = ""


def mechanism_name(model: str) -> str:
    """What the mechanism of a model is called.

    >>> mechanism_name("gru_8"), mechanism_name("lstm_32_relu")
    ('SurrogateGRU8', 'SurrogateLSTM32Relu')
    """
    kind, *rest = [word for word in re.split(r"[^A-Za-z0-9]+", model) if word] or ["Model"]
    return "Surrogate" + kind.upper() + "".join(word.capitalize() for word in rest)


def write_nmodl(model: Any, channels: ModelSignature, out: Path, name: str) -> list[Path]:
    """Write the mechanism, its gap junction, its description (`.json`) and a README into a folder.

    Raises:
        InputError: a name that NMODL does not take, channels that it cannot tell apart, or a folder that holds another
            mechanism under the same file name.
    """
    require_free(name)
    _require_own_files(out, name)
    states, stem = step_of(model).states, name.lower()
    step = renamed(step_of(model), _LOCAL)
    values: dict[str, Any] = {
        "model": model.name,
        "mechanism": name,
        "stem": stem,
        "channels": channels,
        "inputs": _ports(channels.x_names, "x", "from"),
        "outputs": _ports(channels.y_names, "y", "v"),
        "millivolts": _TO_MILLIVOLTS.get(channels.y_units),
        "states": [{"name": _LOCAL + n, "variable": f"state_{n}", "size": size} for n, size in states.items()],
    }
    values |= {
        "bands": _bands(channels.bands),
        "step": step,
        "x_units": _units(channels.x_units),
        "y_units": _units(channels.y_units),
        "arrays": [_array(key, array) for key, array in step.arrays.items()],
        "activations": [
            {"name": key, "cpp": ACTIVATIONS[key].cpp} for key in step.activations if key not in _OWN_OF_CPP
        ],
        "statements": [line for statement in step.statements for line in _lines(statement, step)],
    }
    written = [write_filled("README.md.jinja", out / f"{stem}.md", **values)]
    written.append(write_filled("mechanism.mod.jinja", out / f"{stem}.mod", **values))
    if values["millivolts"]:
        written.append(write_filled("gap.mod.jinja", out / f"{stem}gap.mod", **values))
    with atomic_write(out / f"{stem}.json") as temporary:
        named = {key: [port.variable for port in values[key]] for key in ("inputs", "outputs")}
        named["sources"] = [path.name for path in written if path.suffix == ".mod"]
        text = {key: value for key, value in asdict(channels).items() if key in _DESCRIBED}
        text |= {} if channels.bands is None else {"bands": asdict(channels.bands)}
        temporary.write_text(json.dumps({"mechanism": name, **named, **text}, indent=1))
    return [*written, out / f"{stem}.json"]


def _require_own_files(out: Path, name: str) -> None:
    """Check that an export replaces no other mechanism: Gru8 and GRU8 are one file where case does not count."""
    for mechanism in (name, f"{name}Gap"):
        path = out / f"{mechanism.lower()}.mod"
        held = declared(path.read_text(encoding="utf-8", errors="replace")) if path.is_file() else []
        require(
            held in ([], [mechanism]),
            f"{path} holds the mechanism {', '.join(held)}, which {name} would replace: say another --name or --out",
        )


def _ports(names: Sequence[str], variable: str, other: str) -> list[Port]:
    """The channels as variables: letters, digits and underscores."""
    plain = [re.sub(r"\W", "_", name, flags=re.ASCII) for name in names]
    require_distinct(plain, "the mechanism would have a variable")
    ports = zip(names, plain, strict=True)
    if other == "from":
        return [Port(name, f"{variable}_{own}", pointer=f"{other}_{own}") for name, own in ports]
    return [Port(name, f"{variable}_{own}", "", f"{other}_{own}", f"w_{own}") for name, own in ports]


def _bands(bands: Bands | None) -> list[str]:
    """Half the width of the band about each output, in C++, of the answer k."""
    if bands is None:
        return []
    rows = enumerate(zip(bands.floor, bands.slope, bands.rest, strict=True))
    return [
        f"{bands.factor:.9g} * ({floor:.9g} + {slope:.9g} * fabs(answer[{k}] - ({rest:.9g})))"
        for k, (floor, slope, rest) in rows
    ]


def _units(units: str) -> str:
    return f" ({units})" if units in _KNOWN_UNITS else ""


def _array(name: str, array: np.ndarray) -> dict[str, str]:
    """An array in C++: nine digits are a single-precision number, whole."""
    rows = [", ".join(f"{value:.9g}" for value in row) for row in np.atleast_2d(array)]
    if array.ndim == 1:
        return {"name": name, "shape": f"[{len(array)}]", "numbers": f"    {rows[0]}"}
    values = ",\n".join(f"    {{{row}}}" for row in rows)
    return {"name": name, "shape": "[{}][{}]".format(*array.shape), "numbers": values}


def _lines(statement: Statement, step: Step) -> list[str]:
    """A statement in C++; what it sets is declared unless it is a state."""
    sizes, target = step.sizes, statement.target
    every = f"for (int k = 0; k < {sizes[target]}; ++k)"
    if not isinstance(statement, Affine):
        declared = [] if target in step.states else [f"double {target}[{sizes[target]}];"]
        return [*declared, f"{every} {target}[k] = {indexed(statement, sizes)};"]
    lines = [f"double {target}[{sizes[target]}] = {{}};"]
    if statement.bias:
        lines.append(f"{every} {target}[k] = {statement.bias}[k];")
    lines += [f"add_product({target}, {vector}, {matrix});" for vector, matrix in statement.terms]
    if statement.activation != "linear":
        lines.append(f"{every} {target}[k] = {statement.activation}({target}[k]);")
    return lines
