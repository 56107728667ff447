"""The simulators by name: what runs a circuit."""

from collections.abc import Callable, Collection
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from neuron_models.circuit import Circuit, Clamps, Probes, RunSettings
from neuron_models.foundation.errors import require
from neuron_models.synapse import GradedSynapse


@runtime_checkable
class Runs(Protocol):
    """A circuit that was built by a simulator, to be run as often as one likes."""

    @property
    def live(self) -> bool:
        """Whether it can still be run."""

    def run(
        self, clamps: Clamps, record: Probes, settings: RunSettings, ablated: Collection[str] = ()
    ) -> Float[np.ndarray, "time site"]:
        """Run once from rest: potentials in mV (currents in nA, calcium in mM) at t = 0, dt, ..., duration."""


def engine_of(simulator: str) -> str:
    """Which engine builds the circuit for a simulator: NEURON builds it once for itself and CoreNEURON."""
    return "neuron" if simulator == "coreneuron" else simulator


def build(circuit: Circuit, simulator: str, fingerprint: str | None = None) -> Runs:
    """Build a circuit for a simulator.

    Args:
        circuit: cells and contacts.
        simulator: one of `SIMULATORS`.
        fingerprint: the circuit's, where it is known.

    Raises:
        InputError: the simulator cannot run it.
    """
    _require_able(circuit, simulator)
    if engine_of(simulator) == "neuron":
        from neuron_models.engine import Simulation

        return Simulation(circuit)
    if simulator == "linear" and _is_graded(circuit):
        from neuron_models.linear.graded import GradedSimulation

        return GradedSimulation(circuit, fingerprint)
    if simulator == "linear":
        from neuron_models.linear.simulation import LinearSimulation

        return LinearSimulation(circuit, fingerprint)
    from neuron_models.linear.euler import EulerSimulation

    return EulerSimulation(circuit, fingerprint)


def _require_able(circuit: Circuit, simulator: str) -> None:
    require(
        simulator != "euler" or not _is_graded(circuit),
        "simulator euler has no graded synapses: use linear, coreneuron or neuron",
    )


def _is_graded(circuit: Circuit) -> bool:
    return any(isinstance(junction.mechanism, GradedSynapse) for junction in circuit.junctions)


def preparation(circuit: Circuit, simulator: str, fingerprint: str) -> Callable[[], object]:
    """What is done once before several processes build a circuit: it compiles, or fills the cache."""
    _require_able(circuit, simulator)
    if engine_of(simulator) == "neuron":
        from neuron_models.mechanisms import compiled_mechanisms

        return compiled_mechanisms
    from neuron_models.linear.preparation import prepare

    return lambda: prepare(circuit, fingerprint)
