"""A circuit cut into compartments as NEURON cuts it: capacitances, leaks and axial conductances as arrays."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from neuron_models.circuit import Cell, Circuit, Site
from neuron_models.foundation.errors import InputError, require
from neuron_models.membrane import Passive
from neuron_models.morphology import Cable


@dataclass(frozen=True, eq=False)
class Compartments:
    """The nodes of all cells, each after its parent; those without capacitance are ends and branch points.

    Attributes:
        names: of the cells.
        first: index of each cell's first node, and the number of nodes at the end.
        capacitance: in nF; zero of ends and branch points, which have no membrane.
        leak: in uS.
        rest: the leak's reversal in mV; of each node.
        parent: index of the node that it hangs on; -1 of the first of a cell.
        axial: conductance to the parent in uS.
        starts: of each cell, the index of the first compartment of each of its cables.
        numbers: of each cell, how many compartments each of its cables has.
    """

    circuit: Circuit
    names: tuple[str, ...]
    first: Int[np.ndarray, " cell_and_end"]
    capacitance: Float[np.ndarray, " node"]
    leak: Float[np.ndarray, " node"]
    rest: Float[np.ndarray, " node"]
    parent: Int[np.ndarray, " node"]
    axial: Float[np.ndarray, " node"]
    starts: tuple[Int[np.ndarray, " _"], ...]
    numbers: tuple[Int[np.ndarray, " _"], ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "_places", {name: index for index, name in enumerate(self.names)})

    def cell(self, name: str) -> int:
        """The place of a cell.

        Raises:
            InputError: the circuit has no such cell.
        """
        indices: dict[str, int] = self._places  # type: ignore[attr-defined]
        if name not in indices:
            raise InputError(f"the circuit has no cell {name!r}")
        return indices[name]

    def node(self, site: Site) -> int:
        """The node of the compartment that holds a site.

        Raises:
            InputError: the circuit has no such cell, or the cell no such segment.
        """
        index = self.cell(site.cell)
        cable, along = self.circuit.cells[index].morphology.locate(site.segment, site.fraction)
        number = int(self.numbers[index][cable])
        return int(self.starts[index][cable]) + min(int(along * number), number - 1)

    def nodes(self, sites: Sequence[Site]) -> Int[np.ndarray, " site"]:
        """The nodes of the compartments that hold sites.

        Raises:
            InputError: a site does not exist.
        """
        return np.array([self.node(site) for site in sites], dtype=int)


def cut(circuit: Circuit) -> Compartments:
    """Cut every cell of a circuit into compartments, with NEURON's areas and resistances.

    The 3D points are in single precision, the area and the resistance of a compartment are those of its frusta, and
    potentials stand in its middle (Hines and Carnevale 2001, "NEURON: a tool for neuroscientists").

    Raises:
        InputError: a cell's membrane is more than a leak.
    """
    parts, starts, numbers, first = [], [], [], [0]
    for cell in circuit.cells:
        require_passive(cell)
        part, start, number = _cut_cell(cell, circuit.longest_compartment)
        part[3] = np.where(part[3] < 0, -1, part[3] + first[-1])
        parts.append(part)
        starts.append(start + first[-1])
        numbers.append(number)
        first.append(first[-1] + part.shape[1])
    area, rest, axial, parent, c_m, g_leak = np.concatenate(parts, axis=1) if parts else np.zeros((6, 0))
    return Compartments(
        circuit,
        tuple(cell.name for cell in circuit.cells),
        np.array(first),
        c_m * area * 1e-5,
        g_leak * area * 1e-2,
        rest,
        parent.astype(int),
        axial,
        tuple(starts),
        tuple(numbers),
    )


def require_passive(cell: Cell) -> None:
    """Raise an `InputError` unless a cell's membrane only leaks."""
    require(
        type(cell.membrane) is Passive,
        f"the linear engine knows passive cells only, and {cell.name} has {type(cell.membrane).__name__}: "
        "use --simulator coreneuron",
    )
    require(not cell.channels, f"the linear engine knows no channels, and {cell.name} has some: use --simulator neuron")


def _cut_cell(cell: Cell, longest: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows area, rest, axial, parent, c_m, g_leak of a cell's nodes; each cable's first node; its compartments."""
    cables, membrane = cell.morphology.cables, cell.membrane
    numbers = np.array([cable.compartments(longest) for cable in cables])
    starts = 1 + np.concatenate([[0], np.cumsum(numbers + 1)[:-1]])  # a root node; each cable ends in a node
    size = 1 + int((numbers + 1).sum())
    area, axial, parent = np.zeros(size), np.zeros(size), np.full(size, -1)
    for index, cable in enumerate(cables):
        start, number = int(starts[index]), int(numbers[index])
        surface, left, right = _halves(cable, number, membrane.r_axial)
        area[start : start + number] = surface
        axial[start : start + number] = 1.0 / (left + np.concatenate([[0.0], right[:-1]]))
        axial[start + number] = 1.0 / right[-1]
        parent[start + 1 : start + number + 1] = np.arange(start, start + number)
        parent[start] = _hangs_on(cables, starts, numbers, parent, index)
    constants = [np.full(size, value) for value in (membrane.c_m, membrane.g_leak)]
    return np.stack([area, np.full(size, membrane.e_leak), axial, parent, *constants]), starts, numbers


def _hangs_on(
    cables: tuple[Cable, ...], starts: np.ndarray, numbers: np.ndarray, parent: np.ndarray, index: int
) -> int:
    """The node on which a cable hangs: an end of its parent, or the middle of a compartment."""
    cable = cables[index]
    if cable.parent is None:
        return 0
    start, number = int(starts[cable.parent]), int(numbers[cable.parent])
    if cable.parent_fraction <= 0:
        return int(parent[start])
    return start + min(int(cable.parent_fraction * number), number)


def _halves(cable: Cable, number: int, r_axial: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each compartment of a cable: its area in um2, and the resistances of its two halves in megohms."""
    points = np.array(cable.points, np.float32)
    steps = np.diff(points[:, :3], axis=0).astype(float)
    arcs = np.concatenate([[0.0], np.cumsum(np.sqrt((steps**2).sum(1)))])
    diameters = np.abs(points[:, 3]).astype(float)
    ends = arcs[-1] / number * np.arange(1, 2 * number) / 2
    before = np.clip(np.searchsorted(arcs, ends, side="right") - 1, 0, len(arcs) - 2)
    long = arcs[before + 1] - arcs[before]
    part = np.where(long < 1e-10, 1.0, (ends - arcs[before]) / np.where(long < 1e-10, 1.0, long))
    at_ends = (1 - part) * diameters[before] + part * diameters[before + 1]
    order = np.argsort(np.concatenate([arcs, ends]), kind="stable")
    x, d = np.concatenate([arcs, ends])[order], np.concatenate([diameters, at_ends])[order]
    half = np.cumsum(order >= len(arcs))[:-1]
    dx = np.diff(x)
    surface = np.pi / 2 * (d[1:] + d[:-1]) * np.sqrt(dx**2 + np.diff(d) ** 2 / 4)
    resistance = 0.04 * r_axial / np.pi * dx / (d[1:] * d[:-1])
    areas = np.bincount(half, surface, 2 * number).reshape(number, 2).sum(1)
    left, right = np.bincount(half, resistance, 2 * number).reshape(number, 2).T
    return areas, left, right
