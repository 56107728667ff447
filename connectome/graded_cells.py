"""Graded synapses on the shapes of the neurons: what a parameter set makes of cells and contacts."""

from dataclasses import dataclass

from connectome.active_cells import active_cell, spread
from connectome.contact import Contact
from connectome.parameters import ParameterSet
from connectome.wirings.signs import sign_of
from neuron_models.circuit import Cell, require_compartment
from neuron_models.foundation.units import Micrometres, Milliseconds
from neuron_models.membrane import Passive
from neuron_models.morphology import Morphology
from neuron_models.synapse import GapJunction, GradedSynapse

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
        values = self.values
        return spread(shape, values["c_cell"], values["g_leak_cell"], values["e_leak"], values["r_axial"], values.name)

    def cell(self, name: str, shape: Morphology) -> Cell:
        """The neuron `name`: with the channels that the set gives it, or passive."""
        return self.own_cell(name, shape) or Cell(name, shape, self.membrane_of(shape))

    def own_cell(self, name: str, shape: Morphology) -> Cell | None:
        """The neuron `name` where the set has a cell of its own for it."""
        own = active_cell(self.values.cells, name)
        return own.cell(name, shape, self.values["r_axial"]) if own else None

    def mechanism(self, contact: Contact, number: int = 1) -> GradedSynapse | GapJunction:
        """The synapse or gap junction that stands for a contact, however many join its two cells.

        A synapse inhibits or excites by its sign, or by its transmitter if it has none.
        """
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
