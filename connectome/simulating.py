"""Simulations in a process that keeps the network it has built."""

from jaxtyping import Float
from numpy import ndarray

from connectome.network import simulate
from connectome.scenario import Scenario
from neuron_models.circuit import Circuit, RunSettings
from neuron_models.engine import Simulation

_built: dict[str, Simulation] = {}
"""The network that this process has built, by the fingerprint of its circuit."""


def simulate_here(
    circuit: Circuit,
    fingerprint: str,
    scenario: Scenario,
    sequence: int,
    record: tuple[str, ...],
    settings: RunSettings,
) -> Float[ndarray, "time neuron"]:
    """Simulate one sequence in this process, which builds the network when it has not yet.

    Args:
        circuit: the whole network.
        fingerprint: the circuit's, which takes long to find out.
        scenario: what to inject, and which neurons to cut off.
        sequence: counted from 0.
        record: the neurons whose somata are read.
        settings: duration, time step and simulator.

    Returns:
        Soma potentials in V.
    """
    if fingerprint not in _built or not _built[fingerprint].live:
        _built.clear()
        _built[fingerprint] = Simulation(circuit)
    try:
        return simulate(_built[fingerprint], scenario, sequence, record, settings)
    except BaseException:
        _built.clear()
        raise
