"""A circuit of passive cells stepped as NEURON steps it, without NEURON, to separate what its time step does."""

from collections.abc import Collection

import numpy as np
from jaxtyping import Float

from neuron_models.circuit import (
    Circuit,
    Clamps,
    Probes,
    RunSettings,
    require_potentials,
    require_stimulable,
    site_of,
)
from neuron_models.linear.preparation import prepare


class EulerSimulation:
    """A circuit of passive cells in its compartments, used as `neuron_models.engine.Simulation` is."""

    live = True

    def __init__(self, circuit: Circuit, fingerprint: str | None = None) -> None:
        self.circuit = circuit
        self._parts = prepare(circuit, fingerprint)

    def run(
        self, clamps: Clamps, record: Probes, settings: RunSettings, ablated: Collection[str] = ()
    ) -> Float[np.ndarray, "time site"]:
        """Run once from rest by backward Euler, with NEURON's order of events and gap junctions.

        A gap junction sees the other side's potential of the step before, an event opens its synapse in the step after
        the crossing, and a clamp injects the mean of its waveform over every step, as in `Simulation.run`.

        Args:
            clamps: the injected currents.
            record: where to read the membrane potential.
            settings: duration and time step.
            ablated: cells whose contacts conduct nothing during this run.

        Returns:
            Membrane potentials in mV at t = 0, dt, ..., duration.

        Raises:
            InputError: a site or an ablated cell does not exist, or an ablated cell is to be stimulated.
        """
        from neuron_models.linear.kernels.euler import step_through

        require_potentials(record, clamps, "simulator euler")
        require_stimulable((clamp.site for clamp in clamps), ablated)
        parts, gaps, synapses = self._parts.compartments, self._parts.gaps, self._parts.synapses
        lost, dt = [parts.cell(name) for name in ablated], settings.dt
        conducting, number = gaps.conducting(lost), len(synapses.nodes)
        indices = np.array([parts.node(site_of(probe)) for probe in record], dtype=int)
        means = [clamp.waveform.step_means(dt, settings.steps) for clamp in clamps]
        currents = np.stack(means, axis=1) if means else np.zeros((settings.steps, 0))
        longest = int(np.ceil(synapses.delays.max(initial=0.0) / dt)) + 2
        v, nodes = parts.rest.copy(), np.array([parts.node(clamp.site) for clamp in clamps], dtype=int)
        work = (v, np.empty_like(v), np.empty_like(v), np.zeros(number), np.zeros(number))
        above = v[synapses.nodes] > synapses.thresholds
        potentials = np.empty((settings.steps + 1, len(indices)))
        potentials[0] = v[indices]
        step_through(
            (parts.capacitance, parts.leak, parts.rest),
            (parts.axial, parts.parent),
            (gaps.nodes[conducting], gaps.g[conducting]),
            (synapses.nodes, synapses.thresholds, synapses.delays, synapses.scales),
            (np.exp(-dt / synapses.rises), np.exp(-dt / synapses.decays)),
            (synapses.sources, synapses.targets, synapses.conductances(lost), synapses.e_rev),
            (nodes, currents),
            (*work, above, np.zeros((longest, number), dtype=int)),
            dt,
            indices,
            potentials,
        )
        return potentials
