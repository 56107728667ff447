"""What a parameter set makes of the network, by its model."""

from connectome.c302_cells import C302Parameters
from connectome.graded_cells import GRADED_STEP, GradedParameters
from connectome.measured_cells import MeasuredParameters
from connectome.network import NetworkParameters, Parameters
from connectome.parameters import ParameterSet
from neuron_models.foundation.units import Micrometres, Milliseconds
from neuron_models.membrane import Passive
from neuron_models.synapse import ChemicalSynapse, GapJunction

_WITH_GRADED = {"graded": GradedParameters, "measured": MeasuredParameters, "c302": C302Parameters}


def parameters_of(
    values: ParameterSet, longest_compartment: Micrometres = 20.0
) -> NetworkParameters | GradedParameters:
    """What a parameter set makes of the network: spike-triggered synapses or graded ones."""
    if values.model in _WITH_GRADED:
        return _WITH_GRADED[values.model](values, longest_compartment)
    synapse = ChemicalSynapse(
        g_max=values["g_synapse"],
        e_rev=values["e_excitatory"],
        tau_rise=values["tau_rise"],
        tau_decay=values["tau_decay"],
        threshold=values["threshold"],
        delay=values["delay"],
    )
    return NetworkParameters(
        membrane=Passive(values["g_leak"], values["e_leak"], values["c_m"], values["r_axial"]),
        excitatory=synapse,
        gap_junction=GapJunction(values["g_gap"]),
        e_inhibitory=values["e_inhibitory"],
        longest_compartment=longest_compartment,
    )


def time_step_of(parameters: Parameters | None, simulator: str = "coreneuron") -> Milliseconds | None:
    """The time step in ms of a parameter set where a simulator needs a finer one for it than for others; else None.

    Graded cells have 1 pF, so that a gap junction, which sees the other side of the step before, weighs more.
    """
    steps = simulator != "linear"
    return GRADED_STEP if steps and isinstance(parameters, tuple(_WITH_GRADED.values())) else None
