"""Simulations in a process that keeps the network it has built."""

from jaxtyping import Float
from numpy import ndarray

from connectome.network import simulate
from connectome.scenario import Scenario
from neuron_models.circuit import Circuit, RunSettings
from neuron_models.simulators import Runs, build, engine_of

_built: dict[tuple[str, str], Runs] = {}
"""The network that this process has built, by the fingerprint of its circuit and by its engine."""


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
    key = (fingerprint, engine_of(settings.simulator))
    if key not in _built or not _built[key].live:
        _built.clear()
        _built[key] = build(circuit, settings.simulator, fingerprint)
    try:
        return simulate(_built[key], scenario, sequence, record, settings)
    except BaseException:
        _built.clear()
        raise
