"""Contacts in NEURON: what is equal and parallel is one mechanism, and cells are cut off and joined again."""

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from neuron_models.circuit import Junction, Site
from neuron_models.foundation.units import Microsiemens, Millivolts
from neuron_models.session import FreeIds
from neuron_models.synapse import ChemicalSynapse, GapJunction, GradedSynapse

SYNAPSE, GAP_JUNCTION, GRADED_SYNAPSE = "WormtwinSynapse", "WormtwinHalfGap", "WormtwinGradedSynapse"
"""The names of this package's mechanisms, which nobody else's have."""
_TRANSFERS = 3
"""The argument of gid_clear that clears transfers alone."""


class Place(NamedTuple):
    """NEURON's segment for a compartment, and the compartment's key: cell, cable, number."""

    segment: Any
    key: tuple[str, int, int]


class Wire(NamedTuple):
    """A mechanism through which current enters a compartment: `other` is the compartment beyond a gap junction."""

    mechanism: Any
    here: Place
    other: Place | None


@dataclass(eq=False)
class _Part:
    """Contacts that conduct together: what sets their conductance, and how large it is when they do."""

    turn: Callable[[Microsiemens], None]
    conductance: Microsiemens = 0.0

    def add(self, conductance: Microsiemens) -> None:
        self.conductance += conductance
        self.turn(self.conductance)


class Contacts:
    """The contacts of a circuit, as they are made one by one.

    Synapses of one compartment with the same time constants and reversal are one mechanism with the events of all of
    them: they are linear. So are gap junctions between the same two compartments, and graded synapses.
    """

    def __init__(self, h: Any, parallel: Any, place: Callable[[Site], Place]) -> None:
        self._h, self._parallel, self._place = h, parallel, place
        self._ids = FreeIds(parallel)
        self._gids: dict[tuple, int] = {}
        self._transfers: dict[tuple, int] = {}
        self._parts: dict[tuple, _Part] = {}
        self._of_cell: dict[str, dict[tuple, _Part]] = {}
        self._wires: dict[tuple, Wire] = {}
        self._connections: list = []
        self._graded: list[tuple[tuple, Any, GradedSynapse]] = []
        self.carried: list[Any] = []
        """What ParallelContext carries potentials to at every step, as NEURON's references; no STATE of a mechanism."""

    @property
    def connections(self) -> int:
        """The number of NEURON's NetCons."""
        return len(self._connections)

    @property
    def wires(self) -> Collection[Wire]:
        """Every mechanism of the contacts."""
        return self._wires.values()

    @property
    def has_graded(self) -> bool:
        """Whether there are graded synapses."""
        return bool(self._graded)

    def join(self, junction: Junction) -> None:
        """Make a contact, or add it to its like."""
        pre, post, mechanism = self._place(junction.pre), self._place(junction.post), junction.mechanism
        if isinstance(mechanism, GapJunction):
            self._add(self._half_gap(pre, post), mechanism.g, junction)
            self._add(self._half_gap(post, pre), mechanism.g, junction)
        elif isinstance(mechanism, GradedSynapse):
            self._add(self._graded_synapse(pre, post, mechanism), mechanism.g_max, junction)
        else:
            self._add(self._synapse(pre, post, mechanism), mechanism.g_max, junction)

    def set_up(self, anywhere: Place | None) -> None:
        """Carry potentials over from now on, and let at least one spike source exist where there is a cell.

        By it `whole` sees that nobody cleared what ParallelContext knows.
        """
        self._parallel.setup_transfer()
        if anywhere and not self._gids:
            self._spike_source(anywhere, 0.0)

    @property
    def whole(self) -> bool:
        """Whether ParallelContext still knows every spike source."""
        return all(self._parallel.gid_exists(gid) for gid in self._gids.values())

    @contextlib.contextmanager
    def without(self, cells: Collection[str]) -> Iterator[None]:
        """Let no contact of some cells conduct for a while."""
        parts = [part for cell in cells for part in self._of_cell.get(cell, {}).values()]
        for part in parts:
            part.turn(0.0)
        try:
            yield
        finally:
            for part in parts:
                part.turn(part.conductance)

    def set_thresholds(self, rest: Mapping[tuple, Millivolts]) -> None:
        """Set the threshold of each graded synapse that has none to the rest of the compartment before it."""
        for key, synapse, mechanism in self._graded:
            synapse.vth = rest[key] if mechanism.threshold is None else mechanism.threshold

    def begin(self) -> None:
        """Give graded synapses the activity with which they begin, after NEURON has let all begin settled."""
        for _, synapse, mechanism in self._graded:
            if mechanism.start is not None:
                synapse.s = mechanism.start

    def clear(self) -> bool:
        """Take every contact out of NEURON; gives whether transfers of ParallelContext went with them."""
        if self._transfers:
            self._parallel.gid_clear(_TRANSFERS)
        for held in (self._connections, self._parts, self._of_cell, self._wires, self._graded, self.carried):
            held.clear()
        return bool(self._transfers)

    def _add(self, key: tuple, conductance: Microsiemens, junction: Junction) -> None:
        part = self._parts[key]
        part.add(conductance)
        for cell in (junction.pre.cell, junction.post.cell):
            self._of_cell.setdefault(cell, {})[key] = part

    def _synapse(self, pre: Place, post: Place, mechanism: ChemicalSynapse) -> tuple:
        """The connection from a spike source to a synapse; either is made when it is not there yet."""
        kind = ("synapse", post.key, mechanism.tau_rise, mechanism.tau_decay, mechanism.e_rev)
        if kind not in self._wires:
            synapse = getattr(self._h, SYNAPSE)(post.segment)
            synapse.tau1, synapse.tau2, synapse.e = mechanism.tau_rise, mechanism.tau_decay, mechanism.e_rev
            self._wires[kind] = Wire(synapse, post, None)
        gid = self._spike_source(pre, mechanism.threshold)
        key = (*kind, gid, mechanism.delay)
        if key not in self._parts:
            connection = self._parallel.gid_connect(gid, self._wires[kind].mechanism)
            connection.delay = mechanism.delay
            self._connections.append(connection)

            def turn(conductance: Microsiemens) -> None:
                connection.weight[0] = conductance

            self._parts[key] = _Part(turn)
        return key

    def _spike_source(self, place: Place, threshold: Millivolts) -> int:
        """The number under which a compartment's threshold crossings are known (CoreNEURON needs one)."""
        key = (place.key, threshold)
        if key not in self._gids:
            self._gids[key] = self._ids.take()
            detector = self._h.NetCon(place.segment._ref_v, None, sec=place.segment.sec)
            detector.threshold = threshold
            self._parallel.set_gid2node(self._gids[key], self._parallel.id())
            self._parallel.cell(self._gids[key], detector)
            self._connections.append(detector)
        return self._gids[key]

    def _half_gap(self, here: Place, there: Place) -> tuple:
        """One side of the gap junctions between two compartments."""
        key = ("gap", here.key, there.key)
        if key not in self._parts:
            gap = getattr(self._h, GAP_JUNCTION)(here.segment)
            self._carry(there, gap, gap._ref_vgap)
            self._made(key, gap, here, there)
        return key

    def _graded_synapse(self, pre: Place, post: Place, mechanism: GradedSynapse) -> tuple:
        kind = (mechanism.e_rev, mechanism.rise, mechanism.decay, mechanism.slope, mechanism.threshold, mechanism.start)
        key = ("graded", pre.key, post.key, *kind)
        if key not in self._parts:
            synapse = getattr(self._h, GRADED_SYNAPSE)(post.segment)
            synapse.e, synapse.beta = mechanism.e_rev, mechanism.slope
            synapse.rise, synapse.decay = mechanism.rise / 1000, mechanism.decay / 1000
            self._carry(pre, synapse, synapse._ref_vpre)
            self._graded.append((pre.key, synapse, mechanism))
            self._made(key, synapse, post, None)
        return key

    def _made(self, key: tuple, mechanism: Any, here: Place, other: Place | None) -> None:
        """Keep a mechanism whose conductance is its `g`."""

        def turn(conductance: Microsiemens) -> None:
            mechanism.g = conductance

        self._wires[key], self._parts[key] = Wire(mechanism, here, other), _Part(turn)

    def _carry(self, place: Place, mechanism: Any, reference: Any) -> None:
        """Carry a compartment's potential over to a variable of a mechanism at every step."""
        self._parallel.target_var(mechanism, reference, self._transfer(place))
        self.carried.append(reference)

    def _transfer(self, place: Place) -> int:
        """The number under which a compartment's potential is carried over to others at every step."""
        if place.key not in self._transfers:
            self._transfers[place.key] = self._ids.take()
            self._parallel.source_var(place.segment._ref_v, self._transfers[place.key], sec=place.segment.sec)
        return self._transfers[place.key]
