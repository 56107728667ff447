"""From counts to places: a wiring's contacts on the shapes of its neurons."""

import math

from connectome.c302_files import neurons
from connectome.contact import Connectome
from connectome.placement import place_rows
from connectome.wirings.table import WiringTable


def placed_table(table: WiringTable) -> Connectome:
    """Place the contacts of a wiring by the rule of `place_contacts`, with its seed, reach and tries.

    Numbers that are means over animals are rounded, halves up; pairs below a half get no contact. A contact is left
    out where its two neurons do not come near enough. `Connectome.source` says how many were placed.

    Returns:
        The neurons that the wiring covers, and the contacts that found a place.
    """
    rows = [
        ((p.pre, p.post, p.kind, p.transmitter, p.sign), number)
        for p in table.pairs
        if (number := math.floor(p.number + 0.5)) > 0
    ]
    contacts = place_rows(rows)
    covered = set(table.neurons)
    number = sum(number for _, number in rows)
    source = f"{table.source}; {len(contacts)} of {number} contacts placed at random within 50 um"
    return Connectome(tuple(n for n in neurons() if n.name in covered), contacts, source)
