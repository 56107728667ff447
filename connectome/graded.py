"""The graded network of a wiring: one point a neuron, its contacts counted."""

from collections.abc import Sequence

import numpy as np

from connectome.parameters import ParameterSet
from connectome.wirings.table import WiringTable
from neuron_models.foundation.errors import require
from neuron_models.graded.network import GradedNetwork, PointMembrane, RateTransfer
from neuron_models.graded.rest import with_thresholds_at_rest


def graded_network(table: WiringTable, parameters: ParameterSet, names: Sequence[str] | None = None) -> GradedNetwork:
    """The graded network of a wiring, with its thresholds at rest.

    Args:
        table: the counts; a contact has the conductance of the set, times its number.
        parameters: a set of the model `graded`.
        names: the neurons in their order; those of the wiring when None.

    Raises:
        InputError: the set is of another model.
    """
    require(
        parameters.model == "graded",
        f"a graded network needs a graded parameter set, and {parameters.name} is of the model {parameters.model}",
    )
    order = tuple(table.neurons if names is None else names)
    gap = table.matrix("gap_junction", order)
    counts, signed = (table.matrix("chemical", order, signed) for signed in (False, True))
    conductance = parameters["g_synapse"] / 2
    network = GradedNetwork(
        names=order,
        gap=parameters["g_gap"] * (gap - np.diag(gap.diagonal())),
        excitatory=conductance * (counts + signed),
        inhibitory=conductance * (counts - signed),
        thresholds=np.zeros(len(order)),
        membrane=PointMembrane(parameters["c_cell"], parameters["g_leak_cell"], parameters["e_leak"], parameters.name),
        transfer=RateTransfer(parameters["rise"], parameters["decay"], parameters["slope"], source=parameters.name),
        e_excitatory=parameters["e_excitatory"],
        e_inhibitory=parameters["e_inhibitory"],
    )
    return with_thresholds_at_rest(network)
