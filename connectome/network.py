"""The network that a connectome makes: 302 multi-compartment neurons and every contact, as a circuit to run."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from connectome.c302_files import morphology
from connectome.contact import Connectome, Contact
from connectome.places import probe_named
from connectome.scenario import Scenario
from neuron_models.circuit import Cell, Circuit, Junction, RunSettings, Site, require_compartment
from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Micrometres, Milliseconds, Millivolts
from neuron_models.membrane import Passive
from neuron_models.morphology import Morphology
from neuron_models.simulators import Runs
from neuron_models.synapse import ChemicalSynapse, GapJunction, GradedSynapse


@runtime_checkable
class Parameters(Protocol):
    """What the wiring leaves open: the membrane of each cell, and what stands for each contact."""

    @property
    def longest_compartment(self) -> Micrometres:
        """The length of the longest compartment."""
        ...

    @property
    def label(self) -> str:
        """What a dataset says of these parameters; nothing for the published ones."""
        ...

    def cell(self, name: str, shape: Morphology) -> Cell:
        """The neuron of this name and shape: its membrane and its channels."""
        ...

    def mechanism(self, contact: Contact, number: int = 1) -> ChemicalSynapse | GradedSynapse | GapJunction:
        """The synapse or gap junction that stands for a contact, one of a `number` between the same two cells."""
        ...


@dataclass(frozen=True)
class NetworkParameters:
    """What the wiring leaves open; one set serves every scenario.

    The conductances, time constants, reversals and threshold are the values with which the published voltages of
    Barbulescu et al. 2023 are reproduced; see `docs/simulator.md` for how well.
    """

    membrane: Passive = field(default_factory=Passive)
    excitatory: ChemicalSynapse = field(default_factory=ChemicalSynapse)
    gap_junction: GapJunction = field(default_factory=GapJunction)
    e_inhibitory: Millivolts = -70.0
    inhibitory_transmitters: frozenset[str] = frozenset({"GABA"})
    longest_compartment: Micrometres = 20.0

    def __post_init__(self) -> None:
        require_compartment(self.longest_compartment)

    @property
    def label(self) -> str:
        """What a dataset says of these parameters; nothing for the published ones, however finely cells are cut."""
        published = NetworkParameters(longest_compartment=self.longest_compartment)
        return "" if self == published else "own parameters"

    def cell(self, name: str, shape: Morphology) -> Cell:
        """The neuron `name`, with the same membrane for every shape."""
        return Cell(name, shape, self.membrane)

    def mechanism(self, contact: Contact, number: int = 1) -> ChemicalSynapse | GapJunction:
        """The synapse or gap junction that stands for a contact: by its sign, or by its transmitter if it has none."""
        if contact.kind == "gap_junction":
            return self.gap_junction
        inhibits = contact.sign == -1 if contact.sign else contact.transmitter in self.inhibitory_transmitters
        return self.inhibitory if inhibits else self.excitatory

    @property
    def inhibitory(self) -> ChemicalSynapse:
        """The excitatory synapse with the inhibitory reversal potential."""
        base = self.excitatory
        return ChemicalSynapse(
            base.g_max, self.e_inhibitory, base.tau_rise, base.tau_decay, base.threshold, base.delay, base.source
        )


def build_network(connectome: Connectome, parameters: Parameters | None = None) -> Circuit:
    """Describe the network of a connectome: every neuron a cell, every contact a junction at its place.

    Args:
        connectome: neurons and placed contacts.
        parameters: membranes and synapses; the published ones when None.

    Returns:
        A circuit that `neuron_models.engine.Simulation` builds and runs.
    """
    parameters = NetworkParameters() if parameters is None else parameters
    cells = tuple(parameters.cell(name, morphology(name)) for name in connectome.names)
    numbers = Counter(_pair(contact) for contact in connectome.contacts)
    junctions = tuple(_junction(contact, parameters, numbers[_pair(contact)]) for contact in connectome.contacts)
    return Circuit(cells, junctions, parameters.longest_compartment)


def _pair(contact: Contact) -> tuple[str, str, str]:
    """Which contacts are of one pair; gap junctions that a table lists from both sides are of two."""
    return contact.pre, contact.post, contact.kind


def _junction(contact: Contact, parameters: Parameters, number: int) -> Junction:
    pre = Site(contact.pre, contact.pre_segment, contact.pre_fraction)
    post = Site(contact.post, contact.post_segment, contact.post_fraction)
    return Junction(pre, post, parameters.mechanism(contact, number))


def simulate(
    simulation: Runs,
    scenario: Scenario,
    sequence: int,
    record: Sequence[str] | None = None,
    settings: RunSettings | None = None,
) -> Float[np.ndarray, "time output"]:
    """Run one sequence of a scenario; its ablated neurons are cut off from the network for this run, and stay at rest.

    Args:
        simulation: the network, built with all its contacts.
        scenario: what to inject and record.
        sequence: which sequence, counted from 0.
        record: what to record, as a scenario's outputs say it; those when None.
        settings: time step and simulator; those of `default_settings` when None.

    Returns:
        What is recorded at t = k scenario.dt, k = 0 ... scenario.samples - 1: potentials in V, currents in nA, calcium
        in mM. The first is at rest, but for what a scenario holds beforehand.

    Raises:
        InputError: the time step does not divide the sampling interval, or the simulator cannot record it.
    """
    settings = settings or default_settings(scenario)
    stride, settled = steps_a_sample(scenario, settings), round(scenario.settle / settings.dt)
    probes = [probe_named(text) for text in (record or scenario.outputs)]
    found = simulation.run(scenario.clamps(sequence), probes, settings, scenario.ablated)
    per_volt = [1000.0 if probe.quantity == "potential" else 1.0 for probe in probes]
    return found[settled::stride][: scenario.samples] / np.array(per_volt)


def steps_a_sample(scenario: Scenario, settings: RunSettings) -> int:
    """The number of time steps from one sample to the next.

    Raises:
        InputError: the time step does not divide the sampling interval, or the time for which a scenario is held.
    """
    settled = scenario.settle / settings.dt
    require(
        abs(settled - round(settled)) < 1e-6,
        f"the time step of {settings.dt:g} ms does not divide the {scenario.settle:g} ms for which it settles",
    )
    stride = scenario.dt / settings.dt
    require(
        abs(stride - round(stride)) < 1e-6 and round(stride) >= 1,
        f"the time step of {settings.dt:g} ms does not divide the sampling interval of {scenario.dt:g} ms",
    )
    return round(stride)


def default_settings(scenario: Scenario, simulator: str = "coreneuron", dt: Milliseconds | None = None) -> RunSettings:
    """The scenario's duration, and what it settles, in steps of 0.1 ms, by CoreNEURON (whose voltages equal NEURON's).

    Args:
        scenario: its duration and its sampling count.
        simulator: another one; `linear` has no step of its own and returns potentials at the scenario's samples.
        dt: another time step.
    """
    step = dt if dt is not None else scenario.dt if simulator == "linear" else 0.1
    return RunSettings(scenario.settle + scenario.duration, step, simulator)
