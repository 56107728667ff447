"""A circuit of passive cells run without NEURON: `LinearSimulation` is used as `neuron_models.engine.Simulation` is."""

from collections.abc import Collection, Sequence

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
from neuron_models.foundation.units import Milliseconds
from neuron_models.linear.coupling import Coupling, NetworkModes, couple, network_modes
from neuron_models.linear.eventful import Watched, inner_steps, watch
from neuron_models.linear.forced import Forced, forced_by
from neuron_models.linear.latest import Latest
from neuron_models.linear.modes import CellModes
from neuron_models.linear.preparation import prepare
from neuron_models.linear.reduction import System
from neuron_models.linear.superposed import Superposed, run_with_events, superposed

FEWEST = 10.0
"""Modes of a cell up to this rate in 1/ms always move by themselves; the fastest others follow at once."""
MOST = 650
"""As long as no more modes than this do, faster ones move by themselves too: small circuits are exact."""

_Inputs = Int[np.ndarray, " clamp"]
_Outputs = Int[np.ndarray, " site"]


class LinearSimulation:
    """A circuit of passive cells in its modes, to be run as often as one likes.

    Several may live in a process, unlike NEURON's.
    """

    live = True

    def __init__(self, circuit: Circuit, fingerprint: str | None = None) -> None:
        self.circuit = circuit
        self._parts = prepare(circuit, fingerprint)
        nodes = len(self._parts.compartments.leak)
        self._coupling = couple(self._parts.cells, self._parts.gaps, _fastest(self._parts.cells), nodes)
        self._modes: dict[frozenset[int], NetworkModes] = {frozenset(): network_modes(self._coupling)}
        self._synapses: Latest[Watched] = Latest()
        self._stimulated: Latest[Forced] = Latest()
        self._together: Latest[Superposed] = Latest()

    @property
    def compartments(self) -> int:
        """The number of compartments of all cells together."""
        return int((self._parts.compartments.capacitance > 0).sum())

    def modes(self, ablated: Collection[str] = ()) -> NetworkModes:
        """The network's modes when some cells are ablated.

        Raises:
            InputError: the circuit has no such cell.
        """
        cells = frozenset(self._parts.compartments.cell(name) for name in ablated)
        if cells not in self._modes:  # the intact and the last ones are kept
            network = network_modes(self._coupling, cells)
            self._modes = {frozenset(): self._modes[frozenset()], cells: network}
        return self._modes[cells]

    def nodes(self, sites: Sequence[Site]) -> Int[np.ndarray, " site"]:
        """The nodes of the compartments that hold sites.

        Raises:
            InputError: a site does not exist.
        """
        return self._parts.compartments.nodes(sites)

    def rest(self, nodes: Int[np.ndarray, " node"]) -> Float[np.ndarray, " node"]:
        """The potentials of nodes in mV when nothing is injected."""
        return self._parts.compartments.rest[nodes]

    def run(
        self, clamps: Clamps, record: Probes, settings: RunSettings, ablated: Collection[str] = ()
    ) -> Float[np.ndarray, "time site"]:
        """Run once from rest; see `run_many`. Potentials are in mV."""
        return self.run_many([clamps], record, settings, ablated)[0]

    def run_many(
        self, stimuli: Sequence[Clamps], record: Probes, settings: RunSettings, ablated: Collection[str] = ()
    ) -> Float[np.ndarray, "stimulus time site"]:
        """Run several stimuli side by side, each from rest; the stimuli are exact, not their means over the steps.

        Args:
            stimuli: the injected currents of each run.
            record: where to read the membrane potential.
            settings: duration, and the step at which potentials are returned.
            ablated: cells whose contacts conduct nothing during these runs.

        Returns:
            Membrane potentials in mV at t = 0, dt, ..., duration.

        Raises:
            InputError: a site or an ablated cell does not exist, an ablated cell is to be stimulated, or there is a
                voltage clamp or something else than a potential to record.
        """
        for clamps in stimuli:
            require_potentials(record, clamps, "simulator linear")
        require_stimulable((clamp.site for clamps in stimuli for clamp in clamps), ablated)
        modes, outputs = self.modes(ablated), self.nodes([site_of(probe) for probe in record])
        potentials = np.empty((len(stimuli), settings.steps + 1, len(outputs)))
        for number, clamps in enumerate(stimuli):
            inputs, waveforms = self.nodes([clamp.site for clamp in clamps]), [clamp.waveform for clamp in clamps]
            if (self._parts.synapses.g_max > 0).any():
                joined = self._joined(inputs, outputs, ablated, inner_steps(settings.dt)[1])
                run_with_events(modes.rates, modes.seen(outputs), joined, waveforms, settings, potentials[number])
            else:
                forced = self._forced(inputs, outputs, ablated)
                z = forced.modes(waveforms, settings.dt, settings.steps)
                forced.potentials(z, waveforms, settings.dt, potentials[number])
        potentials += self._parts.compartments.rest[outputs]
        return potentials

    def _forced(self, inputs: _Inputs, outputs: _Outputs, ablated: Collection[str]) -> Forced:
        """The modes that stimuli into these nodes reach."""
        key = (inputs.tobytes(), outputs.tobytes(), frozenset(ablated))
        return self._stimulated.of(key, lambda: forced_by(self.modes(ablated), inputs, outputs))

    def _joined(self, inputs: _Inputs, outputs: _Outputs, ablated: Collection[str], dt: Milliseconds) -> Superposed:
        """The same with the synapses that they may open."""

        def joined() -> Superposed:
            cells = frozenset(self._parts.compartments.cell(name) for name in ablated)
            watched, forced = self.watched(inputs, outputs, (), dt, apart=True), self._forced(inputs, outputs, ablated)
            driven, g = np.unique(self._coupling.index[inputs]), self._parts.synapses.conductances(cells)
            return superposed(forced, self.modes(ablated), watched, driven, g)

        return self._together.of((inputs.tobytes(), outputs.tobytes(), frozenset(ablated), dt), joined)

    def watched(
        self, inputs: _Inputs, outputs: _Outputs, ablated: Collection[str], dt: Milliseconds, apart: bool = False
    ) -> Watched:
        """What the kernel needs to know of synapses, for inputs and outputs at these nodes.

        With `apart`, the stimuli and the synapses are worked out apart from each other.
        """
        driven = np.unique(self._coupling.index[inputs])

        def seen() -> Watched:
            cells = frozenset(self._parts.compartments.cell(name) for name in ablated)
            rest = self._parts.compartments.rest
            return watch(self.modes(ablated), self._parts.synapses, rest, driven, outputs, cells, dt, apart)

        return self._synapses.of((driven.tobytes(), outputs.tobytes(), frozenset(ablated), dt, apart), seen)


def _fastest(cells: Sequence[CellModes]) -> float:
    """The rate in 1/ms up to which modes move by themselves."""
    rates = np.sort(np.concatenate([cell.rates for cell in cells]))
    return np.inf if len(rates) <= MOST else max(FEWEST, float(rates[MOST]))


def driven_system(
    modes: NetworkModes,
    inputs: Int[np.ndarray, " clamp"],
    outputs: Int[np.ndarray, " site"],
    moving: Int[np.ndarray, " moving"] | None = None,
) -> System:
    """The rates of modes, what 1 nA does to each, and what each does to a potential.

    They are the network's modes, then the fast modes of the cells that are stimulated, which answer their own cell's
    stimulus; with `moving`, only those of the cells of these nodes.
    """
    coupling = modes.coupling
    rates, drive, seen = [modes.rates], [modes.seen(inputs)], [modes.seen(outputs)]
    for cell in np.unique(coupling.index[inputs if moving is None else moving]):
        rates.append(coupling.cells[cell].rates[coupling.kept[cell] :])
        drive.append(coupling.fast(inputs, int(cell)))
        seen.append(coupling.fast(outputs, int(cell)))
    return np.concatenate(rates), np.concatenate(drive, axis=1), np.concatenate(seen, axis=1)


def at_once(
    coupling: Coupling, inputs: Int[np.ndarray, " clamp"], outputs: Int[np.ndarray, " site"]
) -> Float[np.ndarray, "site clamp"]:
    """What 1 nA does to a potential through the fast modes of the stimulated cell, if they follow at once, in mV."""
    found = np.zeros((len(outputs), len(inputs)))
    for cell in np.unique(coupling.index[inputs]):
        rates = coupling.cells[cell].rates[coupling.kept[cell] :]
        found += (coupling.fast(outputs, int(cell)) / rates) @ coupling.fast(inputs, int(cell)).T
    return found
