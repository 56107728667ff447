"""The files of the c302 package: the NeuroML cells and the table of contacts, found without importing c302."""

import functools
import importlib.util
import re
from collections import Counter
from pathlib import Path

import xlrd

from connectome.contact import Neuron, require_known
from neuron_models.foundation.errors import InputError
from neuron_models.morphology import Morphology, load_morphology

_NOT_A_NEURON = "MDL08"
"""The one muscle among the 303 cell files."""

_ROLES = {
    "SensoryNeuron": "sensory",
    "Interneuron": "interneuron",
    "Motor Neuron": "motor",
    "PolymodalNeuron": "polymodal",
}


def c302_folder() -> Path:
    """Where the installed c302 package lies.

    Raises:
        InputError: it is not installed.
    """
    spec = importlib.util.find_spec("c302")
    if spec is None or not spec.submodule_search_locations:
        raise InputError("the package c302, which brings the cells, is not installed: pip install c302")
    return Path(spec.submodule_search_locations[0])


@functools.cache
def neurons() -> tuple[Neuron, ...]:
    """The 302 neurons in alphabetical order, with the roles that their cell files note."""
    files = sorted(_cell_files().items())
    return tuple(Neuron(name, _role(path)) for name, path in files)


@functools.cache
def morphology(name: str) -> Morphology:
    """The shape of the neuron `name`.

    Raises:
        InputError: there is no such neuron; the message names the nearest ones.
    """
    files = _cell_files()
    require_known([name], files)
    return load_morphology(files[name])


def contact_table() -> Counter[tuple[str, str, str, str]]:
    """The number of contacts by (pre, post, kind, transmitter) in CElegansNeuronTables.xls (8,312 in all).

    The table lists a gap junction between two neurons once from each side.
    """
    path = c302_folder() / "data" / "CElegansNeuronTables.xls"
    sheet = xlrd.open_workbook(path).sheet_by_name("Connectome")
    kinds = {"Send": "chemical", "GapJunction": "gap_junction"}
    table: Counter[tuple[str, str, str, str]] = Counter()
    for row in range(1, sheet.nrows):
        pre, post, kind, number, transmitter = sheet.row_values(row)
        table[(pre, post, kinds[kind], transmitter)] += int(number)
    return table


@functools.cache
def _cell_files() -> dict[str, Path]:
    files = {path.name.removesuffix(".cell.nml"): path for path in (c302_folder() / "NeuroML2").glob("*.cell.nml")}
    files.pop(_NOT_A_NEURON, None)
    if len(files) != 302:
        raise InputError(f"{c302_folder()} holds {len(files)} neurons instead of 302: install c302 again")
    return files


def _role(path: Path) -> str:
    notes = re.search(r"<notes>\s*(.*?)\s*</notes>", path.read_text(), re.DOTALL)
    return _ROLES.get(notes.group(1), "unknown") if notes else "unknown"
