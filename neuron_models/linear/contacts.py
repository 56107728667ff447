"""The contacts of a circuit as arrays over compartments; those that do the same are one."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from neuron_models.circuit import Junction
from neuron_models.linear.compartments import Compartments
from neuron_models.synapse import ChemicalSynapse, GapJunction, GradedSynapse

Mechanism = ChemicalSynapse | GradedSynapse | GapJunction


@dataclass(frozen=True, eq=False)
class Gaps:
    """Gap junctions; those between the same two compartments are one with the sum of their conductances.

    Attributes:
        nodes: the two sides.
        cells: the cells of the two sides.
        g: conductances in uS, above zero.
    """

    nodes: Int[np.ndarray, "gap 2"]
    cells: Int[np.ndarray, "gap 2"]
    g: Float[np.ndarray, " gap"]

    def conducting(self, ablated: Collection[int]) -> Bool[np.ndarray, " gap"]:
        """Which of them touch no ablated cell."""
        return np.logical_not(np.isin(self.cells, list(ablated)).any(axis=1))


@dataclass(frozen=True, eq=False)
class Synapses:
    """Event synapses by source: what crosses a threshold at one place opens all conductances of one source alike.

    Attributes:
        nodes: of each source, the compartment whose potential is watched.
        thresholds: of each source, in mV.
        delays: of each source, in ms.
        rises: of each source, the time constant in ms.
        decays: of each source, the time constant in ms.
        source_cells: of each source.
        sources: of each conductance, its source.
        targets: of each conductance, the compartment that it opens in.
        target_cells: of each conductance.
        g_max: of each conductance, in uS.
        e_rev: of each conductance, in mV.
    """

    nodes: Int[np.ndarray, " source"]
    thresholds: Float[np.ndarray, " source"]
    delays: Float[np.ndarray, " source"]
    rises: Float[np.ndarray, " source"]
    decays: Float[np.ndarray, " source"]
    source_cells: Int[np.ndarray, " source"]
    sources: Int[np.ndarray, " synapse"]
    targets: Int[np.ndarray, " synapse"]
    target_cells: Int[np.ndarray, " synapse"]
    g_max: Float[np.ndarray, " synapse"]
    e_rev: Float[np.ndarray, " synapse"]

    def conductances(self, ablated: Collection[int]) -> Float[np.ndarray, " synapse"]:
        """The peak conductances in uS when some cells are ablated: theirs, on both sides, are zero."""
        return np.where(_touched(self, ablated), 0.0, self.g_max)

    @property
    def scales(self) -> Float[np.ndarray, " source"]:
        """What makes the largest difference of a source's two exponentials one, as NEURON's Exp2Syn has it."""
        peak = self.rises * self.decays / (self.decays - self.rises) * np.log(self.decays / self.rises)
        return 1.0 / (np.exp(-peak / self.decays) - np.exp(-peak / self.rises))


@dataclass(frozen=True, eq=False)
class GradedContacts:
    """Graded synapses by source: what one place's potential opens alike has one activity.

    Attributes:
        nodes: of each source, the compartment whose potential is followed.
        laws: of each source, its synapse; its conductance and reversal say nothing.
        source_cells: of each source.
        sources: of each conductance, its source.
        targets: of each conductance, the compartment that it opens in.
        target_cells: of each conductance.
        g_max: of each conductance, in uS.
        e_rev: of each conductance, in mV.
    """

    nodes: Int[np.ndarray, " source"]
    laws: tuple[GradedSynapse, ...]
    source_cells: Int[np.ndarray, " source"]
    sources: Int[np.ndarray, " synapse"]
    targets: Int[np.ndarray, " synapse"]
    target_cells: Int[np.ndarray, " synapse"]
    g_max: Float[np.ndarray, " synapse"]
    e_rev: Float[np.ndarray, " synapse"]

    def without(self, ablated: Collection[int]) -> "GradedContacts":
        """Those that touch no ablated cell."""
        kept = ~_touched(self, ablated)
        names = ("sources", "targets", "target_cells", "g_max", "e_rev")
        return replace(self, **{name: getattr(self, name)[kept] for name in names})


def _touched(contacts: Synapses | GradedContacts, ablated: Collection[int]) -> Bool[np.ndarray, " synapse"]:
    """Which of them touch an ablated cell, on either side."""
    cells = np.stack([contacts.source_cells[contacts.sources], contacts.target_cells], axis=1)
    return np.asarray(np.isin(cells, list(ablated)).any(axis=1))


def gap_junctions(compartments: Compartments) -> Gaps:
    """The gap junctions of a circuit that conduct anything."""
    merged: dict[tuple[int, int], float] = {}
    cells: dict[tuple[int, int], tuple[int, int]] = {}
    for junction in compartments.circuit.junctions:
        if isinstance(junction.mechanism, GapJunction) and junction.mechanism.g > 0:
            sides = sorted(_sides(compartments, junction))
            (a, first), (b, second) = sides
            # one of a compartment with itself is kept: it carries nothing, but a step of NEURON's feels it
            merged[a, b] = merged.get((a, b), 0.0) + junction.mechanism.g
            cells[a, b] = (first, second)
    nodes = np.array(list(merged), dtype=int).reshape(-1, 2)
    return Gaps(nodes, np.array(list(cells.values()), dtype=int).reshape(-1, 2), np.array(list(merged.values())))


def _sides(compartments: Compartments, junction: Junction) -> list[tuple[int, int]]:
    """Node and cell of both sides."""
    return [(compartments.node(site), compartments.cell(site.cell)) for site in (junction.pre, junction.post)]


def event_synapses(compartments: Compartments) -> Synapses:
    """The chemical synapses of a circuit, those of one source, target and reversal summed."""

    def law_of(synapse: Mechanism) -> tuple[float, ...] | None:
        if isinstance(synapse, ChemicalSynapse):
            return synapse.threshold, synapse.delay, synapse.tau_rise, synapse.tau_decay
        return None

    sources, shared = _by_source(compartments, law_of)
    nodes, laws = [node for node, _ in sources], [law for _, law in sources]
    thresholds, delays, rises, decays = np.array(laws, dtype=float).reshape(-1, 4).T
    return Synapses(np.array(nodes, dtype=int), thresholds, delays, rises, decays, **shared)


def graded_contacts(compartments: Compartments) -> GradedContacts:
    """The graded synapses of a circuit that conduct anything, those of one source, target and reversal summed."""

    def law_of(synapse: Mechanism) -> GradedSynapse | None:
        if isinstance(synapse, GradedSynapse) and synapse.g_max > 0:
            return replace(synapse, g_max=0.0, e_rev=0.0)
        return None

    sources, shared = _by_source(compartments, law_of)
    nodes = np.array([node for node, _ in sources], dtype=int)
    return GradedContacts(nodes, tuple(law for _, law in sources), **shared)


def _by_source(
    compartments: Compartments, law_of: Callable[[Mechanism], Any]
) -> tuple[list[tuple[int, Any]], dict[str, np.ndarray]]:
    """The node and the law of each source; and of sources and synapses the fields that both kinds have.

    Args:
        compartments: of the circuit.
        law_of: by what a contact opens, which makes a source with the node; None for contacts that do not count.
    """
    sources: dict[tuple[int, Any], int] = {}
    cells: list[int] = []
    merged: dict[tuple[int, int, float], float] = {}
    target_cells: dict[int, int] = {}
    for junction in compartments.circuit.junctions:
        synapse: Any = junction.mechanism
        law = law_of(synapse)
        if law is not None:
            (pre, from_cell), (post, to_cell) = _sides(compartments, junction)
            if (pre, law) not in sources:
                sources[pre, law] = len(sources)
                cells.append(from_cell)
            index = (sources[pre, law], post, synapse.e_rev)
            merged[index] = merged.get(index, 0.0) + synapse.g_max
            target_cells[post] = to_cell
    from_source, targets, e_rev = np.array(list(merged), dtype=float).reshape(-1, 3).T
    return list(sources), {
        "source_cells": np.array(cells, dtype=int),
        "sources": from_source.astype(int),
        "targets": targets.astype(int),
        "target_cells": np.array([target_cells[int(node)] for node in targets], dtype=int),
        "g_max": np.array(list(merged.values())),
        "e_rev": e_rev,
    }
