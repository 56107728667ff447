"""A wiring from a NeuroML 2 network: its projections, counted."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from connectome.c302_files import neurons
from connectome.contact import Sign
from connectome.wirings.signs import short_name
from connectome.wirings.table import Pair, WiringTable
from neuron_models.foundation.errors import InputError, require

SUFFIX = ".nml"
_INHIBITS_BELOW = -40.0
"""The reversal potential in mV below which a synapse inhibits."""
_VOLTS = {"mV": 1.0, "V": 1000.0}
_MOST_NAMED = 5
_KINDS = {"projection": "chemical", "continuousProjection": "chemical", "electricalProjection": "gap_junction"}


def is_neuroml2_file(path: Path) -> bool:
    """Whether a file's name is that of a NeuroML 2 network."""
    return path.suffix.lower() == SUFFIX


def load_neuroml2_wiring(path: Path) -> WiringTable:
    """Read the projections of a NeuroML 2 network as counts, the weight of a connection as its number.

    Populations carry the names of neurons; others, such as muscles, are left out and named in the notes. A synapse
    whose reversal lies below -40 mV inhibits, every other one excites. A gap junction has no side: of a pair's two
    orders the larger number counts. Where on the cells a contact sits, and what cells and synapses are, is not read.

    Raises:
        InputError: the file is no NeuroML 2 network, has no contact between two neurons, or a weight is no number.
    """
    root = _parse(path)
    require("neuroml2" in str(root.tag), f"{path}: this is no NeuroML 2 network")
    known = {neuron.name for neuron in neurons()}
    inhibiting = {synapse.get("id") for synapse in root.iter() if _inhibits(synapse)}
    counts: Counter[tuple[str, str, str, Sign | None]] = Counter()
    populations = {short_name(each.get("id", "")) for each in root.iter("{*}population")}
    for pre, post, kind, synapse, weight in _connections(root, path):
        if {pre, post} <= known:
            sign: Sign | None = None if kind == "gap_junction" else -1 if synapse in inhibiting else 1
            counts[pre, post, kind, sign] += weight  # type: ignore[assignment]
    pairs, once = _pairs(counts)
    require(bool(pairs), f"{path}: there is no contact between two neurons in it")
    strangers = sorted(populations - known)
    notes = [f"Gap junctions of {once} pairs are listed from both sides and counted once"] if once else []
    if strangers:
        more = f" and {len(strangers) - _MOST_NAMED} more" if len(strangers) > _MOST_NAMED else ""
        notes.append(f"Populations that are no neurons were left out: {', '.join(strangers[:_MOST_NAMED])}{more}")
    covered = tuple(sorted(populations & known))
    source = "; ".join((f"NeuroML 2 network {path.name}", *notes))
    return WiringTable(path.name.removesuffix(".nml").removesuffix(".net"), covered, pairs, source, tuple(notes))


def _parse(path: Path) -> etree._Element:
    try:
        return etree.fromstring(path.read_bytes(), etree.XMLParser(resolve_entities=False, no_network=True))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    except etree.XMLSyntaxError as error:
        raise InputError(f"{path}, line {error.lineno}: truncated or not XML ({error.msg})") from None


def _inhibits(synapse: etree._Element) -> bool:
    found = re.fullmatch(r"\s*([-+.\deE]+)\s*(mV|V)\s*", synapse.get("erev") or "")
    return bool(found) and float(found[1]) * _VOLTS[found[2]] < _INHIBITS_BELOW  # type: ignore[index]


def _connections(root: etree._Element, path: Path) -> Iterator[tuple[str, str, str, str, float]]:
    """Of each connection: pre, post, kind, the id of its synapse, and its weight."""
    for tag, kind in _KINDS.items():
        for projection in root.iter(f"{{*}}{tag}"):
            pre, post = (short_name(projection.get(f"{side}synapticPopulation", "")) for side in ("pre", "post"))
            for connection in projection.iterchildren(tag=etree.Element):
                synapse = connection.get("postComponent") or connection.get("synapse") or projection.get("synapse", "")
                yield pre, post, kind, synapse, _weight(connection, path)


def _weight(connection: etree._Element, path: Path) -> float:
    text = connection.get("weight", "1")
    try:
        weight = float(text)
    except ValueError:
        weight = -1.0
    where = f"{path}, line {connection.sourceline}"
    require(0 < weight < 1e6, f"{where}: the weight of a connection must be a number > 0, got {text!r}")
    return weight


def _pairs(counts: Counter[tuple[str, str, str, Sign | None]]) -> tuple[tuple[Pair, ...], int]:
    """The pairs, and how many gap junctions are listed from both sides."""
    pairs: list[Pair] = []
    once = 0
    for (pre, post, kind, sign), number in counts.items():
        if kind == "chemical":
            pairs.append(Pair(pre, post, "chemical", float(number), "unknown", sign))
            continue
        other = counts.get((post, pre, kind, sign), 0) if pre != post else 0
        if pre > post and other:
            continue
        once += bool(other)
        one, two = sorted((pre, post))
        pairs.append(Pair(one, two, "gap_junction", float(max(number, other)), "Generic"))
    return tuple(pairs), once
