"""Cells with channels: what is known of their membranes, by name or from a TOML file."""

import importlib.resources
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from connectome.c302_files import neurons
from connectome.contact import require_known
from connectome.parameter import Parameter, line_of, read_parameter, read_toml
from connectome.parameter_models import CELL, CELL_OPTIONS, CONDUCTANCE
from neuron_models.channels import CHANNELS, PLACES, CalciumPool, Channel
from neuron_models.circuit import Cell
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import require_file
from neuron_models.foundation.text_files import read_text
from neuron_models.foundation.units import Millivolts, Nanosiemens, OhmCentimetres, Picofarads
from neuron_models.membrane import Passive
from neuron_models.morphology import Morphology

ACTIVE_CELLS = ("AWC", "RMD", "AVAL", "AVAR", "VA5", "VB6", "VD5", "AIY", "RIM")
"""The cells whose channels have a file here."""

_ABOUT = ("title", "cells", "where", "channels")
_CALCIUM = tuple(name for name in CELL_OPTIONS if name.startswith("calcium"))
_NANO = 1e-3
"""nS in uS."""


@dataclass(frozen=True)
class ActiveCell:
    """What is known of the membrane of some neurons: whole-cell values, and the conductances of their channels.

    `where` places all channels, and the calcium, in the soma or over the whole cell.
    """

    name: str
    title: str
    neurons: tuple[str, ...]
    where: str
    parameters: Mapping[str, Parameter]
    channels: Mapping[str, Parameter]

    def cell(self, name: str, shape: Morphology, r_axial: OhmCentimetres) -> Cell:
        """The neuron `name` of this kind: capacitance and leak are spread evenly over its membrane."""
        capacitance, leak, rest = (self.parameters[key].value for key in CELL)
        membrane = spread(shape, capacitance, leak, rest, r_axial, self.title)
        return Cell(name, shape, membrane, self._channels(), self._calcium())

    def _channels(self) -> tuple[Channel, ...]:
        return tuple(
            Channel(name, each.value * _NANO, self.parameters[f"e_{CHANNELS[name].ion}"].value, self.where, each.source)  # type: ignore[arg-type]
            for name, each in self.channels.items()
        )

    def _calcium(self) -> CalciumPool | None:
        if "calcium_volume" not in self.parameters:
            return None
        volume, free, tau, base, least = (self.parameters[name].value for name in _CALCIUM)
        return CalciumPool(volume, free, tau, base, least, self.where, self.title)  # type: ignore[arg-type]


def spread(
    shape: Morphology,
    c_cell: Picofarads,
    g_leak_cell: Nanosiemens,
    e_leak: Millivolts,
    r_axial: OhmCentimetres,
    source: str,
) -> Passive:
    """A membrane whose area has a capacitance in pF and a leak in nS.

    Args:
        shape: the cell's.
        c_cell: capacitance of the whole cell.
        g_leak_cell: leak of the whole cell.
        e_leak: reversal of the leak in mV.
        r_axial: of the cytoplasm in ohm cm.
        source: where the values come from.
    """
    area = shape.area * 1e-8  # cm2
    return Passive(g_leak_cell * 1e-9 / area, e_leak, c_cell * 1e-6 / area, r_axial, source)


def load_cells(wanted: Any, where: str, folder: Path | None = None) -> tuple[ActiveCell, ...]:
    """Load cells with channels.

    Args:
        wanted: their names in `ACTIVE_CELLS`, or .toml files.
        where: what a message begins with.
        folder: where these files are.

    Raises:
        InputError: there is no such cell, a file is wrong, or two of them are of one neuron.
    """
    require(isinstance(wanted, list), f"{where}: cells is a list of {', '.join(ACTIVE_CELLS)} or .toml files")
    found = tuple(_load_cell(str(each), where, folder) for each in wanted)
    taken: dict[str, str] = {}
    for each in found:
        for name in each.neurons:
            require(name not in taken, f"{where}: {taken.get(name)} and {each.name} are both of {name}")
            taken[name] = each.name
    return found


def with_conductances(
    cells: tuple[ActiveCell, ...], changes: Mapping[str, Any], text: str, where: str
) -> tuple[ActiveCell, ...]:
    """The cells with some conductances changed.

    Args:
        cells: those with channels.
        changes: tables of values, by cell and by channel.
        text: that of the file, for line numbers.
        where: its name.

    Raises:
        InputError: a cell or a channel is not there, or a value is wrong.
    """
    by_name = {cell.name: cell for cell in cells}
    for name, channels in changes.items():
        line = f"{where}, line {line_of(text, f'channels.{name}')}"
        if name not in by_name:
            raise InputError(f"{line}: {name} has no channels: those that have are {', '.join(by_name) or 'none'}")
        cell = by_name[name]
        for channel, table in channels.items():
            if channel not in cell.channels:
                raise InputError(f"{line}: {name} has no channel {channel!r}: it has {', '.join(cell.channels)}")
            value = read_parameter(table, f"{line}: {channel} of {name}", *CONDUCTANCE)
            cell = replace(cell, channels={**cell.channels, channel: value})
        by_name[name] = cell
    return tuple(by_name.values())


def active_cell(cells: Iterable[ActiveCell], name: str) -> ActiveCell | None:
    """What has the channels of a neuron; None when it has none."""
    return next((cell for cell in cells if name in cell.neurons), None)


def _load_cell(source: str, where: str, folder: Path | None) -> ActiveCell:
    if source in ACTIVE_CELLS:
        file = importlib.resources.files("connectome") / "data" / "cells" / f"{source.lower()}.toml"
        return _read_cell(file.read_text(), source, f"cell {source}")
    path = Path(folder or ".") / source
    if path.suffix.lower() != ".toml":
        raise InputError(f"{where}: there is no cell {source!r}: there are {', '.join(ACTIVE_CELLS)}, or a .toml file")
    require_file(path, "a cell with channels (.toml)")
    return _read_cell(read_text(path), path.stem, str(path))


def _read_cell(text: str, name: str, where: str) -> ActiveCell:
    content = read_toml(text, where)
    known = {**CELL, **CELL_OPTIONS}
    for key in content:
        if key not in known and key not in _ABOUT:
            raise InputError(f"{where}, line {line_of(text, key)}: a cell has no {key!r}; it has {', '.join(known)}")
    place = content.get("where", "soma")
    require(place in PLACES, f"{where}: where is one of {', '.join(PLACES)}, got {place!r}")
    names = content.get("cells")
    require(isinstance(names, list) and bool(names), f"{where}: cells is the list of its neurons")
    channels = content.get("channels", {})
    for channel in channels:
        if channel not in CHANNELS:
            line = line_of(text, f"channels.{channel}")
            raise InputError(f"{where}, line {line}: there is no channel {channel!r}: there are {', '.join(CHANNELS)}")
    _require_complete(content, channels, where)
    cell = {
        key: read_parameter(content[key], f"{where}, line {line_of(text, key)}: {key}", *limits)
        for key, limits in known.items()
        if key in content
    }
    conductances = {
        key: read_parameter(table, f"{where}, line {line_of(text, f'channels.{key}')}: {key}", *CONDUCTANCE)
        for key, table in channels.items()
    }
    everyone = require_known([str(each) for each in names or ()], [neuron.name for neuron in neurons()])
    return ActiveCell(name, str(content.get("title", name)), everyone, place, cell, conductances)


def _require_complete(content: Mapping[str, Any], channels: Iterable[str], where: str) -> None:
    """Raise an `InputError` unless a cell has every value that its channels need."""
    needed = [*CELL, *(f"e_{CHANNELS[channel].ion}" for channel in channels)]
    if any(name in content for name in _CALCIUM):
        needed += _CALCIUM
    missing = [name for name in dict.fromkeys(needed) if name not in content]
    require(not missing, f"{where}: {', '.join(missing)} is missing, which its channels need")
