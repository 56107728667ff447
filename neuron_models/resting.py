"""Where a circuit with graded synapses rests: one linear equation over its compartments."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float

from neuron_models.circuit import Cell, Circuit, Site
from neuron_models.foundation.units import Microsiemens, Millivolts
from neuron_models.synapse import GapJunction, GradedSynapse

_UM2_TO_US = 1e-2
"""um2 times S/cm2 in uS."""


@dataclass(frozen=True, eq=False)
class Conductances:
    """The conductances between compartments, and from compartments to fixed potentials, as they are gathered.

    A node is whatever names a compartment.
    """

    nodes: dict[tuple, int] = field(default_factory=dict)
    between: list[tuple[int, int, Microsiemens]] = field(default_factory=list)
    to_potential: list[tuple[int, Microsiemens, Millivolts]] = field(default_factory=list)

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
                self.join(before, here, 1 / segment.ri())
                before = here
            self.join(before, (cell.name, index, "end", 1), 1 / section(1).ri())

    def add_junction(self, pre: tuple, post: tuple, mechanism: Any) -> None:
        """Add a gap junction, or a graded synapse at its activity at rest; other synapses are silent at rest."""
        if isinstance(mechanism, GapJunction) and pre != post:
            self.join(pre, post, mechanism.g)
        elif isinstance(mechanism, GradedSynapse):
            self.pull(post, mechanism.g_max * mechanism.at_rest, mechanism.e_rev)

    def potentials(self, wanted: Sequence[tuple]) -> Float[np.ndarray, " node"]:
        """The potentials of some nodes, in mV, at which no current is left over anywhere."""
        from scipy.sparse import coo_array
        from scipy.sparse.linalg import spsolve

        number = len(self.nodes)
        joined = np.array(self.between, float).reshape(-1, 3)
        pulled = np.array(self.to_potential, float).reshape(-1, 3)
        one, other, node = joined[:, 0].astype(int), joined[:, 1].astype(int), pulled[:, 0].astype(int)
        g = joined[:, 2]
        rows = np.concatenate([one, other, one, other, node])
        columns = np.concatenate([one, other, other, one, node])
        values = np.concatenate([g, g, -g, -g, pulled[:, 1]])
        matrix = coo_array((values, (rows, columns)), shape=(number, number)).tocsc()
        drive = np.bincount(node, pulled[:, 1] * pulled[:, 2], number)
        solved = np.atleast_1d(spsolve(matrix, drive))
        return np.array([solved[self.nodes[each]] for each in wanted])

    def _number(self, node: tuple) -> int:
        return self.nodes.setdefault(node, len(self.nodes))


def resting(
    circuit: Circuit,
    sections: Mapping[str, Sequence[Any]],
    compartment: Callable[[Site], tuple],
    ablated: Collection[str] = (),
) -> dict[tuple, Millivolts]:
    """The potentials of all compartments at rest, with every graded synapse half way up.

    Args:
        circuit: what was built.
        sections: NEURON's sections of each cell.
        compartment: names the compartment (cell, cable, number) that holds a site.
        ablated: cells whose contacts conduct nothing.
    """
    network, gone = Conductances(), set(ablated)
    for cell in circuit.cells:
        network.add_cell(cell, sections[cell.name])
    for junction in circuit.junctions:
        if not {junction.pre.cell, junction.post.cell} & gone:
            network.add_junction(compartment(junction.pre), compartment(junction.post), junction.mechanism)
    places = [node for node in network.nodes if len(node) == 3]
    return dict(zip(places, network.potentials(places).tolist(), strict=True))


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
