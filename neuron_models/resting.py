"""Where a circuit rests: one linear equation over its compartments, or Newton's steps where channels bend it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float

from neuron_models.active import ChannelCurrents
from neuron_models.circuit import Cell, Circuit, Site
from neuron_models.foundation.units import Microsiemens, Millivolts, Nanofarads
from neuron_models.resting_active import settle
from neuron_models.synapse import GapJunction, GradedSynapse

_UM2_TO_US = 1e-2
"""um2 times S/cm2 in uS."""
_UM2_TO_NF = 1e-5
"""um2 times uF/cm2 in nF."""


@dataclass(frozen=True, eq=False)
class Conductances:
    """The conductances between compartments, and from compartments to fixed potentials, as they are gathered.

    A node is whatever names a compartment.
    """

    nodes: dict[tuple, int] = field(default_factory=dict)
    between: list[tuple[int, int, Microsiemens]] = field(default_factory=list)
    to_potential: list[tuple[int, Microsiemens, Millivolts]] = field(default_factory=list)
    capacitance: list[tuple[int, Nanofarads]] = field(default_factory=list)
    bent: list[tuple[int, int, GradedSynapse]] = field(default_factory=list)
    """Graded synapses with thresholds of their own, which no linear equation holds."""

    def join(self, one: tuple, other: tuple, g: Microsiemens) -> None:
        """Let a conductance join two nodes."""
        self.between.append((self._number(one), self._number(other), g))

    def pull(self, node: tuple, g: Microsiemens, potential: Millivolts) -> None:
        """Let a conductance pull a node to a potential."""
        self.to_potential.append((self._number(node), g, potential))

    def add_cell(self, cell: Cell, sections: Sequence[Any]) -> None:
        """Add a cell's leaks and axial conductances as NEURON cuts it; ends of cables are nodes without membrane.

        Compartments are named (cell, cable, number), ends (cell, cable, "end", 0 or 1).
        """
        for index, section in enumerate(sections):
            before = _node_before(cell, index, sections)
            for number in range(section.nseg):
                segment, here = section((number + 0.5) / section.nseg), (cell.name, index, number)
                self.pull(here, segment.area() * _UM2_TO_US * cell.membrane.g_leak, cell.membrane.e_leak)
                self.capacitance.append((self._number(here), segment.area() * _UM2_TO_NF * cell.membrane.c_m))
                self.join(before, here, 1 / segment.ri())
                before = here
            self.join(before, (cell.name, index, "end", 1), 1 / section(1).ri())

    def add_junction(self, pre: tuple, post: tuple, mechanism: Any) -> None:
        """Add a gap junction, or a graded synapse at its activity at rest; other synapses are silent at rest."""
        if isinstance(mechanism, GapJunction) and pre != post:
            self.join(pre, post, mechanism.g)
        elif isinstance(mechanism, GradedSynapse) and mechanism.threshold is not None:
            self.bent.append((self._number(pre), self._number(post), mechanism))
        elif isinstance(mechanism, GradedSynapse):
            self.pull(post, mechanism.g_max * mechanism.at_rest, mechanism.e_rev)

    def equation(self) -> tuple[Any, Float[np.ndarray, " node"]]:
        """The matrix (scipy, in uS) and the drive (nA) of the linear part: at rest, matrix v = drive."""
        from scipy.sparse import coo_array

        number = len(self.nodes)
        joined = np.array(self.between, float).reshape(-1, 3)
        pulled = np.array(self.to_potential, float).reshape(-1, 3)
        one, other, node = joined[:, 0].astype(int), joined[:, 1].astype(int), pulled[:, 0].astype(int)
        g = joined[:, 2]
        rows = np.concatenate([one, other, one, other, node])
        columns = np.concatenate([one, other, other, one, node])
        values = np.concatenate([g, g, -g, -g, pulled[:, 1]])
        matrix = coo_array((values, (rows, columns)), shape=(number, number)).tocsc()
        return matrix, np.bincount(node, pulled[:, 1] * pulled[:, 2], number)

    def _number(self, node: tuple) -> int:
        return self.nodes.setdefault(node, len(self.nodes))


def resting(
    circuit: Circuit,
    sections: Mapping[str, Sequence[Any]],
    compartment: Callable[[Site], tuple],
    ablated: Collection[str] = (),
    currents: ChannelCurrents | None = None,
) -> dict[tuple, Millivolts]:
    """The potentials of all compartments at rest, with every graded synapse half way up that has no threshold.

    Cells with a `start` get that instead, and where all have one nothing is solved.

    Args:
        circuit: what was built.
        sections: NEURON's sections of each cell.
        compartment: names the compartment (cell, cable, number) that holds a site.
        ablated: cells whose contacts conduct nothing.
        currents: those of the channels.

    Raises:
        InputError: there is no rest to be found; the message names the neuron that is furthest from it.
    """
    begun = {cell.name: cell.start for cell in circuit.cells if cell.start is not None}
    if len(begun) == len(circuit.cells):
        return _begun(circuit, sections, begun)
    network, gone = Conductances(), set(ablated)
    for cell in circuit.cells:
        network.add_cell(cell, sections[cell.name])
    for junction in circuit.junctions:
        if not {junction.pre.cell, junction.post.cell} & gone:
            network.add_junction(compartment(junction.pre), compartment(junction.post), junction.mechanism)
    solved = _solved(network, currents, frozenset(gone))
    if currents is not None:
        currents.steady(solved[[network.nodes[place] for place in currents.places]])
    rest = {node: float(solved[number]) for node, number in network.nodes.items() if len(node) == 3}
    return rest | _begun(circuit, sections, begun)


def _solved(
    network: Conductances, currents: ChannelCurrents | None, gone: frozenset[str]
) -> Float[np.ndarray, " node"]:
    from scipy.sparse.linalg import spsolve

    if currents is not None and gone in currents.solved:
        return currents.solved[gone]
    matrix, drive = network.equation()
    v = np.atleast_1d(spsolve(matrix, drive))
    if currents is not None or network.bent:
        v = settle(network, matrix, drive, v, currents)
    if currents is not None:
        currents.solved[gone] = v
    return v


def _begun(circuit: Circuit, sections: Mapping[str, Sequence[Any]], begun: Mapping[str, Any]) -> dict[tuple, Any]:
    """The compartments of the cells that begin at a potential of their own."""
    cells = [cell for cell in circuit.cells if cell.name in begun]
    return {
        (cell.name, cable, number): begun[cell.name]
        for cell in cells
        for cable, section in enumerate(sections[cell.name])
        for number in range(section.nseg)
    }


def _node_before(cell: Cell, index: int, sections: Sequence[Any]) -> tuple:
    """The node that a cable's first compartment hangs on."""
    cable = cell.morphology.cables[index]
    if cable.parent is None:
        return (cell.name, index, "end", 0)
    if cable.parent_fraction >= 1:
        return (cell.name, cable.parent, "end", 1)
    if cable.parent_fraction <= 0:
        return _node_before(cell, cable.parent, sections)
    compartments = sections[cable.parent].nseg
    return (cell.name, cable.parent, min(int(cable.parent_fraction * compartments), compartments - 1))
