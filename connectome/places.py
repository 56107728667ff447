"""How a scenario names places and what is recorded there: `AVAL`, `AVAL:12:0.3`, `DB1 synaptic_current`."""

import difflib
import re
from collections.abc import Iterable

from connectome.c302_files import morphology, neurons
from connectome.contact import require_known
from neuron_models.circuit import QUANTITIES, Probe, Site
from neuron_models.foundation.errors import InputError

_PLACE = re.compile(r"(?P<cell>[^:\s]+)(?::(?P<segment>\d{1,6}))?(?::(?P<fraction>\d*\.?\d+))?")


def site_named(text: str) -> Site:
    """The site that a text names: a neuron's soma, or `NEURON:SEGMENT` or `NEURON:SEGMENT:FRACTION`.

    >>> site_named("AVAL:12:0.3")
    Site(cell='AVAL', segment=12, fraction=0.3)

    Raises:
        InputError: it is no such text, or there is no such neuron or segment; the message names the nearest.
    """
    found = _PLACE.fullmatch(text.strip())
    if found is None or (found["fraction"] and not found["segment"]):
        raise InputError(f"a place looks like AVAL or AVAL:12:0.3 (neuron, segment, fraction along it), got {text!r}")
    require_known([found["cell"]], [neuron.name for neuron in neurons()])
    if not found["segment"]:
        return Site(found["cell"])
    site = Site(found["cell"], int(found["segment"]), float(found["fraction"] or 0.5))
    morphology(site.cell).locate(site.segment, site.fraction)
    return site


def probe_named(text: str) -> Probe:
    """What a text says to record: a place, then a quantity where it is not the potential.

    Currents through contacts are those of the whole cell where the place is a neuron, and of one compartment where it
    names a segment.

    >>> probe_named("DB1 synaptic_current").whole
    True

    Raises:
        InputError: the place or the quantity does not exist; the message names what there is.
    """
    place, _, quantity = text.strip().partition(" ")
    quantity = quantity.strip() or "potential"
    if quantity not in QUANTITIES:
        near = difflib.get_close_matches(quantity, QUANTITIES, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(QUANTITIES)}"
        raise InputError(f"{quantity!r} of {place} cannot be recorded: {hint}")
    return Probe(site_named(place), quantity, ":" not in place and quantity in ("synaptic_current", "gap_current"))


def cells_of(places: Iterable[str]) -> tuple[str, ...]:
    """The neurons of places, or of what is recorded, in their order."""
    return tuple(re.split(r"[:\s]", place.strip(), maxsplit=1)[0] for place in places)


def units_of(recorded: Iterable[str]) -> tuple[str, ...]:
    """The units in which a dataset keeps what is recorded: V for potentials, nA for currents, mM for calcium."""
    units = (QUANTITIES[probe_named(text).quantity] for text in recorded)
    return tuple("V" if unit == "mV" else unit for unit in units)
