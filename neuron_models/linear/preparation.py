"""What a linear circuit is made of, kept in the cache by the circuit's fingerprint."""

import hashlib
import zipfile
import zlib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from neuron_models.circuit import Circuit
from neuron_models.foundation.cache import cache_folder
from neuron_models.foundation.files import atomic_write
from neuron_models.linear.compartments import Compartments, cut, require_passive
from neuron_models.linear.contacts import Gaps, Synapses, event_synapses, gap_junctions
from neuron_models.linear.modes import CellModes, cell_modes

_SOURCES = ("compartments.py", "contacts.py", "modes.py", "preparation.py")
_DAMAGE = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True, eq=False)
class Prepared:
    """A circuit of passive cells: compartments, contacts, and each cell's modes."""

    compartments: Compartments
    gaps: Gaps
    synapses: Synapses
    cells: tuple[CellModes, ...]


def prepare(circuit: Circuit, fingerprint: str | None = None) -> Prepared:
    """Cut a circuit, merge its contacts and find the modes of its cells, or read all that from the cache.

    Args:
        circuit: of passive cells.
        fingerprint: the circuit's, where it is known.

    Raises:
        InputError: a cell is not passive, or a contact names a segment that its cell does not have.
    """
    for cell in circuit.cells:
        require_passive(cell)
    path = cache_file(fingerprint or circuit.fingerprint)
    try:
        return _read(path, circuit)
    except _DAMAGE:  # not there, or damaged
        prepared = _made(circuit)
    try:
        with atomic_write(path) as beside:
            np.savez(beside, **_arrays(prepared))
    except OSError:  # nowhere to write: it is made anew every time
        pass
    return prepared


def cache_file(fingerprint: str) -> Path:
    """Where a circuit's preparation is kept; another version of this folder has other files."""
    texts = b"".join((Path(__file__).parent / name).read_bytes() for name in _SOURCES)
    key = hashlib.sha256(texts + fingerprint.encode()).hexdigest()[:24]
    return cache_folder("linear", f"{key}.npz")


def _made(circuit: Circuit) -> Prepared:
    compartments = cut(circuit)
    return Prepared(compartments, gap_junctions(compartments), event_synapses(compartments), cell_modes(compartments))


def _arrays(prepared: Prepared) -> dict[str, Any]:
    """Everything as flat arrays: lists of arrays one behind the other, with their sizes."""
    kept: dict[str, Any] = {}
    for part, name in (
        (prepared.compartments, "compartments"),
        (prepared.gaps, "gaps"),
        (prepared.synapses, "synapses"),
    ):
        values = {field.name: getattr(part, field.name) for field in fields(part)}
        kept |= {f"{name}.{key}": value for key, value in values.items() if isinstance(value, np.ndarray)}
    rows = {"starts": prepared.compartments.starts, "numbers": prepared.compartments.numbers}
    for name in ("nodes", "rates", "shapes"):
        rows[name] = tuple(getattr(cell, name).ravel() for cell in prepared.cells)
    for name, parts in rows.items():
        kept[name] = np.concatenate(parts) if parts else np.zeros(0)
        kept[f"{name}.sizes"] = np.array([len(part) for part in parts], dtype=int)
    return kept


def _read(path: Path, circuit: Circuit) -> Prepared:
    with np.load(path, allow_pickle=False) as file:
        held = {name: file[name] for name in file.files}
    rows = {}
    for name in ("starts", "numbers", "nodes", "rates", "shapes"):
        rows[name] = tuple(np.split(held[name], np.cumsum(held[f"{name}.sizes"])[:-1]))
    names = tuple(cell.name for cell in circuit.cells)
    starts, numbers = rows["starts"], rows["numbers"]
    compartments = Compartments(
        circuit=circuit, names=names, starts=starts, numbers=numbers, **_part(held, "compartments")
    )
    modes = zip(rows["nodes"], rows["rates"], rows["shapes"], strict=True)
    cells = tuple(CellModes(nodes, rates, shapes.reshape(len(nodes), -1)) for nodes, rates, shapes in modes)
    return Prepared(compartments, Gaps(**_part(held, "gaps")), Synapses(**_part(held, "synapses")), cells)


def _part(held: dict[str, Any], name: str) -> dict[str, Any]:
    """The arrays of one part, by field."""
    return {key.partition(".")[2]: value for key, value in held.items() if key.startswith(f"{name}.")}
