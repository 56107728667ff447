"""The conductances and capacitances of a circuit's compartments, as NEURON cuts them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float

from neuron_models.circuit import Cell
from neuron_models.foundation.units import Microsiemens, Millivolts, Nanofarads
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
