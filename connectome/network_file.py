"""Reads a NeuroML 1 network file: the contacts that OpenWorm's CElegansNeuroML placed in 2012."""

import difflib
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from connectome.c302_files import morphology, neurons
from connectome.contact import Connectome, Contact, Kind
from neuron_models.foundation.errors import InputError

_GAP_SUFFIX = "_GJ"
_TRANSMITTERS = (
    "Acetylcholine",
    "Acetylcholine_Tyramine",
    "Dopamine",
    "FMRFamide",
    "GABA",
    "Generic",
    "Glutamate",
    "Octapamine",
    "Serotonin",
    "Serotonin_Acetylcholine",
    "Serotonin_Glutamate",
)
"""What the synapse types of OpenWorm's network and of the c302 table begin with, spelled as there."""
_SHOWN_FAULTS = 3
_USUAL = {
    "weight": 1.0,
    "internal_delay": 0.0,
    "pre_delay": 0.0,
    "post_delay": 0.0,
    "prop_delay": 0.0,
    "threshold": 0.0,
}
"""The properties of a synapse that every contact of a simulation has; others are refused."""


def load_network_file(path: Path) -> Connectome:
    """Read an `.xml` or `.xml.gz` network file, exactly as it stands.

    Raises:
        InputError: the file is truncated or no network, or a connection names a cell, a segment or a fraction that
            does not exist: the message names the connection and its line.
    """
    root = _parse(path)
    if "neuroml2" in str(root.tag):
        raise InputError(f"{path}: this is NeuroML 2: give it a name that ends in .nml")
    projections = root.findall(".//{*}projection")
    if not projections:
        raise InputError(f"{path}: no projections in it: not a NeuroML 1 network file")
    faults: list[str] = []
    contacts = [contact for projection in projections for contact in _read_projection(projection, faults)]
    if faults:
        more = f"; and {len(faults) - _SHOWN_FAULTS} more" if len(faults) > _SHOWN_FAULTS else ""
        raise InputError(f"{path}: {'; '.join(faults[:_SHOWN_FAULTS])}{more}")
    return Connectome(neurons(), tuple(contacts), f"network file {path.name}")


def _parse(path: Path) -> etree._Element:
    try:
        data = path.read_bytes()
        return etree.fromstring(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    except (EOFError, zlib.error):
        raise InputError(f"{path}: the compressed file is truncated or damaged: download it again") from None
    except etree.XMLSyntaxError as error:
        raise InputError(f"{path}, line {error.lineno}: truncated or not XML ({error.msg})") from None


def _read_projection(projection: etree._Element, faults: list[str]) -> list[Contact]:
    name, pre, post = (projection.get(key, "") for key in ("name", "source", "target"))
    kind, transmitter = _synapse(projection, name, faults)
    known = {neuron.name for neuron in neurons()}
    strangers = [cell for cell in (pre, post) if cell not in known]
    if strangers:
        faults.append(f"line {projection.sourceline}: projection {name} names the unknown neuron {strangers[0]!r}")
        return []
    faults.extend(_not_applied(projection, name))
    connections = projection.findall("{*}connections/{*}connection")
    declared = projection.find("{*}connections")
    size = None if declared is None else declared.get("size")
    if size is not None and size != str(len(connections)):
        faults.append(
            f"line {projection.sourceline}: projection {name} announces {size} connections and has {len(connections)}"
        )
    contacts = []
    for connection in connections:
        try:
            contacts.append(Contact(pre, post, kind, transmitter, *_places(connection, pre, post)))
        except (InputError, TypeError, ValueError) as error:
            where = f"line {connection.sourceline}: connection {connection.get('id')} of {name}"
            faults.append(f"{where}: {error if isinstance(error, InputError) else 'a place is missing or no number'}")
    return contacts


def _not_applied(projection: etree._Element, name: str) -> Iterator[str]:
    """What the file says and the simulator would drop: weights, delays, thresholds, patterns, cells but the first."""
    properties = projection.findall("{*}synapse_props")
    for extra in properties[1:]:
        yield f"line {extra.sourceline}: projection {name} has a second synapse type: write a projection for each"
    for pattern in projection.findall("{*}connectivity_pattern"):
        yield f"line {pattern.sourceline}: projection {name} has a connectivity pattern: list its connections"
    for element in (*properties, *projection.findall("{*}connections/{*}connection/{*}properties")):
        for key, usual in _USUAL.items():
            given = element.get(key)
            if given is not None and not _equals(given, usual):
                where = f"line {element.sourceline}: projection {name}"
                yield f"{where} has {key} {given!r}: only {usual:g} can be simulated"
    for connection in projection.findall("{*}connections/{*}connection"):
        for key in ("pre_cell_id", "post_cell_id"):
            if not _equals(connection.get(key, "0"), 0.0):
                where = f"line {connection.sourceline}: connection {connection.get('id')} of {name}"
                yield f"{where}: {key} is {connection.get(key)!r}, and a neuron is one cell, 0"


def _equals(text: str, number: float) -> bool:
    try:
        return float(text) == number
    except ValueError:
        return False


def _synapse(projection: etree._Element, name: str, faults: list[str]) -> tuple[Kind, str]:
    properties = projection.find("{*}synapse_props")
    label = None if properties is None else properties.get("synapse_type")
    if not label:
        faults.append(f"line {projection.sourceline}: projection {name} has no synapse type")
        return "chemical", "unknown"
    gap = label.endswith(_GAP_SUFFIX)
    if label.removesuffix(_GAP_SUFFIX) not in _TRANSMITTERS:
        message = f"line {properties.sourceline}: projection {name} has the unknown synapse type {label!r}"
        faults.append(f"{message}; {_nearest(label)}")
    return ("gap_junction" if gap else "chemical"), label.removesuffix(_GAP_SUFFIX)


def _nearest(label: str) -> str:
    """What may have been meant by an unknown synapse type, of which nobody knows whether it excites."""
    by_letters = {f"{each}{end}".lower(): f"{each}{end}" for each in _TRANSMITTERS for end in ("", _GAP_SUFFIX)}
    near = difflib.get_close_matches(label.lower(), by_letters, n=1, cutoff=0.6)
    listed = ", ".join(_TRANSMITTERS)
    return f"is it {by_letters[near[0]]}?" if near else f"there are {listed}, with {_GAP_SUFFIX} for a gap junction"


def _places(connection: etree._Element, pre: str, post: str) -> tuple[int, float, int, float]:
    read = connection.get
    pre_segment, post_segment = int(read("pre_segment_id")), int(read("post_segment_id"))
    pre_fraction = float(read("pre_fraction_along", "0.5"))
    post_fraction = float(read("post_fraction_along", "0.5"))
    morphology(pre).locate(pre_segment, pre_fraction)
    morphology(post).locate(post_segment, post_fraction)
    return pre_segment, pre_fraction, post_segment, post_fraction
