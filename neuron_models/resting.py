"""Where a circuit rests: one linear equation over its compartments, or Newton's steps where channels bend it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from neuron_models.active import ChannelCurrents
from neuron_models.circuit import Circuit, Site
from neuron_models.conductances import Conductances
from neuron_models.foundation.units import Millivolts
from neuron_models.resting_active import settle


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
    v = solved(network, currents, frozenset(gone))
    if currents is not None:
        currents.steady(v[[network.nodes[place] for place in currents.places]])
    rest = {node: float(v[number]) for node, number in network.nodes.items() if len(node) == 3}
    return rest | _begun(circuit, sections, begun)


def solved(
    network: Conductances, currents: ChannelCurrents | None = None, gone: frozenset[str] = frozenset()
) -> Float[np.ndarray, " node"]:
    """The potential of each node at rest in mV.

    Args:
        network: all conductances.
        currents: those of the channels, which keep what was solved.
        gone: the cells whose contacts conduct nothing.

    Raises:
        InputError: there is no rest to be found; the message names the neuron that is furthest from it.
    """
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
