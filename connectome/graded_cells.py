"""Graded synapses on the shapes of the neurons: what a parameter set makes of cells and contacts."""

from dataclasses import dataclass

from connectome.contact import Contact
from connectome.network import NetworkParameters, Parameters
from connectome.parameters import ParameterSet
from connectome.wirings.signs import sign_of
from neuron_models.circuit import require_compartment
from neuron_models.foundation.units import Micrometres, Milliseconds
from neuron_models.membrane import Passive
from neuron_models.morphology import Morphology
from neuron_models.synapse import ChemicalSynapse, GapJunction, GradedSynapse

_NANO = 1e-3
"""nS in uS."""
GRADED_STEP: Milliseconds = 0.05
"""Halving it and compartments of 40 um changes the outputs of crawling by at most 0.56 % of their range (RMS)."""


@dataclass(frozen=True)
class GradedParameters:
    """A graded parameter set for cells with shapes.

    The capacitance and the leak of a point neuron are spread evenly over the membrane of each cell, so that a cell
    whose cytoplasm resists nothing is that point neuron.
    """

    values: ParameterSet
    longest_compartment: Micrometres = 20.0

    def __post_init__(self) -> None:
        require_compartment(self.longest_compartment)

    @property
    def label(self) -> str:
        """What a dataset says of these parameters."""
        return f"parameters {self.values.name}"

    def membrane_of(self, shape: Morphology) -> Passive:
        """The membrane of a cell of this shape."""
        area = shape.area * 1e-8  # cm2
        return Passive(
            g_leak=self.values["g_leak_cell"] * 1e-9 / area,
            e_leak=self.values["e_leak"],
            c_m=self.values["c_cell"] * 1e-6 / area,
            r_axial=self.values["r_axial"],
            source=self.values.name,
        )

    def mechanism(self, contact: Contact) -> GradedSynapse | GapJunction:
        """The synapse or gap junction that stands for a contact: by its sign, or by its transmitter if it has none."""
        if contact.kind == "gap_junction":
            return GapJunction(self.values["g_gap"] * _NANO, self.values.name)
        inhibits = (contact.sign or sign_of(contact.transmitter)) == -1
        return GradedSynapse(
            g_max=self.values["g_synapse"] * _NANO,
            e_rev=self.values["e_inhibitory" if inhibits else "e_excitatory"],
            rise=self.values["rise"],
            decay=self.values["decay"],
            slope=self.values["slope"],
            source=self.values.name,
        )


def time_step_of(parameters: Parameters | None) -> Milliseconds | None:
    """The time step of a parameter set where it needs a finer one than other sets; None where it does not.

    Graded cells have 1 pF, so that a gap junction, which sees the other side of the step before, weighs more.
    """
    return GRADED_STEP if isinstance(parameters, GradedParameters) else None


def parameters_of(
    values: ParameterSet, longest_compartment: Micrometres = 20.0
) -> NetworkParameters | GradedParameters:
    """What a parameter set makes of the network: spike-triggered synapses or graded ones."""
    if values.model == "graded":
        return GradedParameters(values, longest_compartment)
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
