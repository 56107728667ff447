"""What a wiring answers to a small constant current, without some neurons: one linear equation."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from connectome.c302_files import morphology
from connectome.graded import graded_network
from connectome.parameters import ParameterSet
from connectome.wirings.table import WiringTable
from neuron_models.foundation.units import Dimensionless
from neuron_models.graded.equations import steady_slopes
from neuron_models.graded.network import GradedNetwork, PointMembrane
from neuron_models.graded.rest import with_thresholds_at_rest

_SQUARE_CM = 1e-8
"""um2 in cm2."""


@dataclass(frozen=True, eq=False)
class SteadyNetwork:
    """A graded network, or a passive one, which is a graded one without synapses; `leak` (nS) is each neuron's."""

    network: GradedNetwork
    leak: Float[np.ndarray, " neuron"]

    def responses(
        self, stimulated: Sequence[Sequence[int]], lost: Collection[int] = ()
    ) -> Float[np.ndarray, "neuron stimulus"]:
        """Steady changes of potential in mV when 1 pA flows into each neuron of a group, at the rest of what is left.

        Args:
            stimulated: the neurons of each stimulus, counted from 0; those that are lost get nothing.
            lost: neurons that are cut off; their own potential does not change.
        """
        number = len(self.leak)
        kept = np.array([i for i in range(number) if i not in set(lost)], dtype=int)
        currents = np.zeros((number, len(stimulated)))
        for column, neurons in enumerate(stimulated):
            currents[list(neurons), column] = 1.0
        found = np.zeros_like(currents)
        found[kept] = np.linalg.solve(self._conductances(kept), currents[kept])
        return found

    def scaled(self, gap: Dimensionless, chemical: Dimensionless, signs: Int[np.ndarray, " neuron"]) -> "SteadyNetwork":
        """With other conductances; synapses of neurons whose sign is -1 excite where they inhibited."""
        flipped = (signs < 0)[:, None]
        excitatory = chemical * np.where(flipped, self.network.inhibitory, self.network.excitatory)
        inhibitory = chemical * np.where(flipped, self.network.excitatory, self.network.inhibitory)
        changed = replace(self.network, gap=gap * self.network.gap, excitatory=excitatory, inhibitory=inhibitory)
        return replace(self, network=changed)

    def _conductances(self, kept: Int[np.ndarray, " neuron"]) -> Float[np.ndarray, "neuron neuron"]:
        """How the current that leaves each neuron (row) depends on each potential (column), in nS."""
        whole, part = self.network, np.ix_(kept, kept)
        left = replace(
            whole,
            names=tuple(whole.names[i] for i in kept),
            gap=whole.gap[part],
            excitatory=whole.excitatory[part],
            inhibitory=whole.inhibitory[part],
            thresholds=whole.thresholds[kept],
        )
        rested = with_thresholds_at_rest(left)
        slopes = -steady_slopes(rested, rested.thresholds)
        return slopes + np.diag(self.leak[kept] - whole.membrane.g_leak)


def steady_network(table: WiringTable, parameters: ParameterSet) -> SteadyNetwork:
    """The network of a wiring: with graded synapses, or, of a set of the model `events`, the passive gap network.

    No event synapse opens at a small current, so gap junctions and leaks are all that such a set has there.
    """
    if parameters.model == "graded":
        network = graded_network(table, parameters)
        return SteadyNetwork(network, np.full(len(network.names), network.membrane.g_leak))
    areas = np.array([morphology(name).area for name in table.neurons]) * _SQUARE_CM
    gap = 1e3 * parameters["g_gap"] * table.matrix("gap_junction")
    none = np.zeros_like(gap)
    membrane = PointMembrane(e_leak=parameters["e_leak"], source=parameters.name)
    bare = GradedNetwork(table.neurons, gap - np.diag(gap.diagonal()), none, none, np.zeros(len(gap)), membrane)
    return SteadyNetwork(bare, 1e9 * parameters["g_leak"] * areas)
