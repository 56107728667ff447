"""c302's model cells and synapses (parameter set C0) on the shapes of the neurons."""

from dataclasses import dataclass

from connectome.contact import Contact
from connectome.graded_cells import GradedParameters
from connectome.wirings.signs import sign_of
from neuron_models.channels import Channel
from neuron_models.circuit import Cell
from neuron_models.morphology import Morphology
from neuron_models.synapse import GapJunction, GradedSynapse

_NANO = 1e-3
"""nS in uS."""


@dataclass(frozen=True)
class C302Parameters(GradedParameters):
    """A parameter set of the model `c302` for cells with shapes.

    What a point cell has, capacitance, leak and channels, is spread evenly over the membrane of each neuron. A pair
    counts as its number of contacts to a power, which C0 has at zero: the contacts of a pair share one conductance.
    """

    def cell(self, name: str, shape: Morphology) -> Cell:
        """The neuron `name`, with a slow potassium and a calcium current."""
        own = self.own_cell(name, shape)
        return own or Cell(name, shape, self.membrane_of(shape), self.channels)

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The channels of every cell."""
        values = self.values
        return (
            Channel("k_slow", values["g_k_slow"] * _NANO, values["e_k"], "cell", values.name),
            Channel("ca_simple", values["g_ca_simple"] * _NANO, values["e_ca"], "cell", values.name),
        )

    def mechanism(self, contact: Contact, number: int = 1) -> GradedSynapse | GapJunction:
        """The synapse or gap junction that stands for a contact, one of a `number` between the same two cells."""
        values, share = self.values, number ** self.values["power"] / number
        if contact.kind == "gap_junction":
            return GapJunction(values["g_gap"] * _NANO * share, values.name)
        side = "inhibitory" if (contact.sign or sign_of(contact.transmitter)) == -1 else "excitatory"
        return GradedSynapse(
            g_max=values[f"g_{side}"] * _NANO * share,
            e_rev=values[f"e_{side}"],
            rise=values[f"rise_{side}"],
            decay=values[f"decay_{side}"],
            slope=values[f"slope_{side}"],
            source=values.name,
            threshold=values[f"threshold_{side}"],
        )
