"""A circuit of passive cells and graded synapses in the modes that it has about its rest.

What graded synapses conduct at rest is a leak like any other: it is part of the modes. What they conduct more or less
than that while the circuit is stimulated is a current, which the kernel steps.
"""

import itertools
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from neuron_models.circuit import (
    Circuit,
    Clamps,
    Probes,
    RunSettings,
    Site,
    require_potentials,
    require_stimulable,
    site_of,
)
from neuron_models.conductances import Conductances
from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Milliseconds
from neuron_models.linear.compartments import Compartments
from neuron_models.linear.contacts import Gaps, GradedContacts, graded_contacts
from neuron_models.linear.coupling import NetworkModes, couple, network_modes
from neuron_models.linear.eventful import inner_steps, potentials
from neuron_models.linear.latest import Latest
from neuron_models.linear.modes import cell_modes
from neuron_models.linear.preparation import prepare
from neuron_models.linear.simulation import driven_system
from neuron_models.linear.stimuli import Pieces, straight_pieces
from neuron_models.resting import solved

FASTEST = 80.0
"""Modes of a cell up to this rate in 1/ms move by themselves; faster ones follow at once."""
LONGEST: Milliseconds = 0.5
"""The longest step over which a synapse's current goes straight."""
_WEAK = 1e-6
"""Directions below this part of a cell's largest resistance are left out."""


@dataclass(frozen=True, eq=False)
class AtRest:
    """A circuit at rest, some of its cells ablated.

    Attributes:
        v: the potential of every node in mV.
        contacts: the graded synapses that conduct.
        thresholds: of each source, in mV.
        activity: of each source.
        modes: of the network about this rest.
    """

    v: Float[np.ndarray, " node"]
    contacts: GradedContacts
    thresholds: Float[np.ndarray, " source"]
    activity: Float[np.ndarray, " source"]
    modes: NetworkModes


def at_rest(compartments: Compartments, gaps: Gaps, contacts: GradedContacts, ablated: Collection[int] = ()) -> AtRest:
    """Find where a circuit rests, and its modes there.

    Args:
        compartments: of its cells.
        gaps: its gap junctions.
        contacts: its graded synapses.
        ablated: the cells whose contacts conduct nothing.

    Raises:
        InputError: there is no rest to be found; the message names the neuron that is furthest from it.
    """
    left = contacts.without(ablated)
    v = resting_potentials(compartments, gaps, left, ablated)
    sources = list(zip(left.laws, left.nodes, strict=True))
    thresholds = [v[node] if law.threshold is None else law.threshold for law, node in sources]
    settled = (law.at_rest if law.threshold is None else law.settled(v[[node]])[0][0] for law, node in sources)
    activity = np.array([float(each) for each in settled])
    leak = compartments.leak + np.bincount(left.targets, left.g_max * activity[left.sources], len(v))
    cells = cell_modes(replace(compartments, leak=leak))
    coupling = couple(cells, gaps, FASTEST, len(v))
    return AtRest(v, left, np.array(thresholds), activity, network_modes(coupling, ablated))


def resting_potentials(
    compartments: Compartments, gaps: Gaps, contacts: GradedContacts, ablated: Collection[int]
) -> Float[np.ndarray, " node"]:
    """The potentials of all nodes at rest in mV, with every synapse half way up that has no threshold."""
    network, names = Conductances(), np.repeat(compartments.names, np.diff(compartments.first))
    places = [(str(name), node) for node, name in enumerate(names)]
    for node, place in enumerate(places):
        network.pull(place, compartments.leak[node], compartments.rest[node])
        network.capacitance.append((node, compartments.capacitance[node]))
        if compartments.parent[node] >= 0:
            network.join(places[compartments.parent[node]], place, compartments.axial[node])
    for (one, other), g in zip(gaps.nodes[gaps.conducting(ablated)], gaps.g[gaps.conducting(ablated)], strict=True):
        if one != other:
            network.join(places[one], places[other], g)
    each = zip(contacts.sources, contacts.targets, contacts.g_max, contacts.e_rev, strict=True)
    for source, target, g_max, e_rev in each:
        law = replace(contacts.laws[source], g_max=float(g_max), e_rev=float(e_rev))
        network.add_junction(places[contacts.nodes[source]], places[target], law)
    return solved(network)


@dataclass(frozen=True, eq=False)
class Driven:
    """What the kernel needs to know of a circuit at rest, for currents into one set of nodes.

    Nodes that matter (sources, targets, inputs, outputs) are places, those of one cell behind each other.

    Attributes:
        system: rates of the network's modes, then of the fast modes of stimulated cells, in 1/ms; what 1 nA into each
            input does to each of them.
        seen: the potential of each output for each mode.
        local: how places see these modes, as `go_on` has it.
        sources: of each its place, rise and decay in 1/ms, slope in 1/mV, threshold in mV above the place's rest, and
            activity at rest.
        synapses: of each its source, its place, its peak conductance in uS, and its reversal in mV above the place's
            rest.
        inputs: the place of each input whose current its cell's fast modes follow at once.
        outputs: the place of each output.
        rest: the potential of each output in mV.
        first: the activity of each source when a run begins.
    """

    system: tuple[Float[np.ndarray, " mode"], Float[np.ndarray, "input mode"]]
    seen: Float[np.ndarray, "output mode"]
    local: tuple[np.ndarray, ...]
    sources: tuple[np.ndarray, ...]
    synapses: tuple[np.ndarray, ...]
    inputs: Int[np.ndarray, " following"]
    outputs: Int[np.ndarray, " output"]
    rest: Float[np.ndarray, " output"]
    first: Float[np.ndarray, " source"]

    @property
    def places(self) -> int:
        """The number of places."""
        return int(self.local[1][-1, 0])


def driven_by(
    here: AtRest, inputs: Int[np.ndarray, " input"], outputs: Int[np.ndarray, " output"], following: bool = False
) -> Driven:
    """Look at a circuit at rest from the nodes that currents flow into, and from those that are recorded.

    With `following`, the fast modes of stimulated cells follow the currents at once, as those of all others do.
    """
    contacts, moving = here.contacts, inputs[:0] if following else inputs
    rates, drive, seen = driven_system(here.modes, inputs, outputs, moving)
    nodes = np.unique(np.concatenate([contacts.nodes, contacts.targets, inputs, outputs]))
    source, target = np.searchsorted(nodes, contacts.nodes), np.searchsorted(nodes, contacts.targets)
    rise, decay, slope = np.array([(law.rise, law.decay, law.slope) for law in contacts.laws]).reshape(-1, 3).T
    begun = [a if law.start is None else law.start for law, a in zip(contacts.laws, here.activity, strict=True)]
    return Driven(
        (rates, drive),
        seen,
        _local(here.modes, nodes, np.unique(here.modes.coupling.index[moving]), rates),
        (source, rise * 1e-3, decay * 1e-3, slope, here.thresholds - here.v[contacts.nodes], here.activity),
        (contacts.sources, target, contacts.g_max, contacts.e_rev - here.v[contacts.targets]),
        np.searchsorted(nodes, inputs if following else moving[:0]),
        np.searchsorted(nodes, outputs),
        here.v[outputs],
        np.array(begun, dtype=float),
    )


def _local(
    modes: NetworkModes, nodes: Int[np.ndarray, " place"], driven: Int[np.ndarray, " driven"], rates: np.ndarray
) -> tuple[np.ndarray, ...]:
    """How places see modes: by as few numbers a cell as they need, and what currents do to them at once.

    The numbers are the principal directions of the resistances between a cell's places. Of stimulated cells all modes
    move by themselves.
    """
    coupling, seen = modes.coupling, potentials(modes, nodes, driven)
    bounds = np.searchsorted(coupling.index[nodes], np.arange(len(coupling.cells) + 1))
    turn, directions, resistances = [np.zeros((0, len(rates)))], [], []
    for cell, (start, end) in enumerate(itertools.pairwise(bounds)):
        rows = seen[start:end]
        strengths, vectors = np.linalg.eigh((rows / rates) @ rows.T)
        kept = vectors[:, strengths > _WEAK * strengths.max(initial=0.0)]
        fast = coupling.fast(nodes[start:end], cell)
        follows = 0.0 if cell in driven else 1 / coupling.cells[cell].rates[coupling.kept[cell] :]
        turn.append(kept.T @ rows)
        directions.append(kept)
        resistances.append((fast * follows) @ fast.T)
    sizes = [[len(rows), rows.shape[1], rows.size, len(rows) ** 2] for rows in directions]
    firsts = np.cumsum([[0] * 4, *sizes], axis=0)
    flat = (np.concatenate([each.ravel() for each in parts]).astype(np.float32) for parts in (directions, resistances))
    return np.concatenate(turn).astype(np.float32), firsts, *flat


class GradedSimulation:
    """A circuit of passive cells and graded synapses, to be run as often as one likes from its rest.

    Several may live in a process, unlike NEURON's.
    """

    live = True

    def __init__(self, circuit: Circuit, fingerprint: str | None = None) -> None:
        self.circuit = circuit
        self._parts = prepare(circuit, fingerprint)
        silent = not (self._parts.synapses.g_max > 0).any()
        require(silent, "simulator linear has no synapses of both kinds in one circuit: use coreneuron or neuron")
        self._contacts = graded_contacts(self._parts.compartments)
        self._rest: Latest[AtRest] = Latest()
        self._driven: Latest[Driven] = Latest()

    def at_rest(self, ablated: Collection[str] = ()) -> AtRest:
        """The circuit at rest when some cells are ablated; the last answer is kept.

        Raises:
            InputError: the circuit has no such cell, or there is no rest to be found.
        """
        cells = frozenset(self._parts.compartments.cell(name) for name in ablated)
        return self._rest.of(cells, lambda: at_rest(self._parts.compartments, self._parts.gaps, self._contacts, cells))

    def driven(
        self, inputs: Sequence[Site], outputs: Sequence[Site], ablated: Collection[str] = (), following: bool = False
    ) -> Driven:
        """The circuit at rest as seen from where currents flow in and potentials are read; the last answer is kept.

        Raises:
            InputError: a site or an ablated cell does not exist, or an ablated cell is to be stimulated.
        """
        require_stimulable(inputs, ablated)
        places, seen = (self._parts.compartments.nodes(sites) for sites in (inputs, outputs))
        key = (places.tobytes(), seen.tobytes(), frozenset(ablated), following)
        return self._driven.of(key, lambda: driven_by(self.at_rest(ablated), places, seen, following))

    def run(
        self, clamps: Clamps, record: Probes, settings: RunSettings, ablated: Collection[str] = ()
    ) -> Float[np.ndarray, "time site"]:
        """Run once from rest: potentials in mV at t = 0, dt, ..., duration; the stimuli are exact.

        Raises:
            InputError: a site or an ablated cell does not exist, an ablated cell is to be stimulated, or there is a
                voltage clamp or something else than a potential to record.
        """
        require_potentials(record, clamps, "simulator linear")
        driven = self.driven([clamp.site for clamp in clamps], [site_of(probe) for probe in record], ablated)
        every, dt = inner_steps(settings.dt, LONGEST)
        pieces = straight_pieces([clamp.waveform for clamp in clamps], dt, settings.steps * every)
        held = np.zeros(driven.places)
        return go_on(driven, first_memory(driven), pieces, held, dt, every)


def first_memory(driven: Driven) -> tuple[np.ndarray, ...]:
    """What a run remembers before its first step, as the kernel has it."""
    from neuron_models.linear.kernels.graded import begin

    modes = len(driven.system[0])
    return begin(driven.first, modes, driven.places, driven.local, driven.sources, driven.synapses)


def go_on(
    driven: Driven,
    memory: tuple[np.ndarray, ...],
    pieces: Pieces,
    held: Float[np.ndarray, " place"],
    dt: Milliseconds,
    every: int,
) -> Float[np.ndarray, "time output"]:
    """Go through stimuli; gives the potentials of the outputs in mV at first and after every `every` steps.

    Args:
        driven: the circuit.
        memory: what the run remembers, which goes on.
        pieces: the stimuli, cut at every step of `dt`.
        held: of the stimuli, the currents in nA that do not change and that fast modes follow at once.
        dt: the step of the kernel.
        every: steps from one row of the answer to the next.
    """
    from neuron_models.linear.kernels.graded import go_on as step_through

    z = np.zeros((int((pieces.ends > 0).sum()) // every + 1, len(driven.system[0])))
    z[0], more = memory[0], np.zeros((len(z), len(driven.outputs)))
    stimuli, contacts = (pieces.lengths, pieces.ends, pieces.before, pieces.after), (driven.sources, driven.synapses)
    step_through(memory, driven.system, stimuli, held, dt, every, driven.local, *contacts, driven.outputs, z, more)
    return driven.rest + z @ driven.seen.T + more
