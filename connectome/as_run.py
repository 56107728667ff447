"""The wiring as the publication ran it, which is not the wiring that it describes."""

from collections.abc import Mapping
from dataclasses import replace

from connectome.contact import Connectome, Contact, Kind

DROPPED_ZERO = {"AS10": "AS1", "VA10": "VA1", "VB10": "VB1", "VD10": "VD1"}
"""The neurons whose names end in a zero, and those that their contacts went to."""


def as_run(connectome: Connectome, moved: Mapping[str, str] = DROPPED_ZERO) -> Connectome:
    """Rewire a connectome as the published voltages of Barbulescu et al. 2023 show that it was run.

    Every pair has one contact a kind, between the middles of the two somata, and the contacts of AS10, VA10, VB10 and
    VD10 belong to AS1, VA1, VB1 and VD1, as if a final zero of the name had been lost: of OpenWorm's 6,702 contacts
    2,850 stay, and those four neurons have none. With one compartment a cable and steps of 0.05 ms this meets the
    published voltages of six sequences to 0.003 % of their range (`docs/simulator.md`). The rule was found from those
    voltages, nothing in it is fitted; that a zero was lost is an inference.

    Args:
        connectome: OpenWorm's wiring, `placed` or `published`.
        moved: the neurons whose contacts go to others.

    Returns:
        The same neurons with the contacts of the run.
    """
    first: dict[tuple[str, str, Kind], Contact] = {}
    for contact in connectome.contacts:
        pre, post = (moved.get(name, name) for name in (contact.pre, contact.post))
        central = replace(
            contact, pre=pre, post=post, pre_segment=0, pre_fraction=0.5, post_segment=0, post_fraction=0.5
        )
        first.setdefault((pre, post, contact.kind), central)
    return Connectome(connectome.neurons, tuple(first.values()), f"{connectome.source}, as run for the publication")
