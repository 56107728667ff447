"""Writes a network as one NeuroML 2 file: cells with shapes, and every contact at its place."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from connectome.neuroml_cells import LEAK, NeuroMLShape, cell_lines
from neuron_models.circuit import Circuit, Junction
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import atomic_write
from neuron_models.synapse import ChemicalSynapse, GapJunction

_SCHEMA = "https://raw.githubusercontent.com/NeuroML/NeuroML2/master/Schemas/NeuroML2/NeuroML_v2.3.1.xsd"
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<neuroml xmlns="http://www.neuroml.org/schema/neuroml2" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    f'xsi:schemaLocation="http://www.neuroml.org/schema/neuroml2 {_SCHEMA}" id="wormtwin">',
)


def save_neuroml(circuit: Circuit, source: str, path: Path) -> None:
    """Write a circuit of passive cells, synapses that spikes open, and gap junctions.

    Args:
        circuit: what is written.
        source: in words, where it comes from.
        path: ends in .net.nml or .nml.

    Raises:
        InputError: the file's name ends otherwise, or NeuroML 2 has no form for a part of the circuit: channels of
            this package, graded synapses of this form, thresholds other than 0 mV.
    """
    require(path.suffix == ".nml", f"--out {path} must end in .net.nml or .nml for NeuroML 2")
    _require_expressible(circuit)
    text = "\n".join((*_HEAD, *_lines(circuit, source), "</neuroml>", ""))
    with atomic_write(path) as temporary:
        temporary.write_text(text)


def _require_expressible(circuit: Circuit) -> None:
    for cell in circuit.cells:
        require(
            not cell.channels, f"{cell.name} has channels, which are not written to NeuroML 2: export published2012"
        )
    for junction in circuit.junctions:
        mechanism = junction.mechanism
        if isinstance(mechanism, GapJunction):
            continue
        where = f"the contact from {junction.pre.cell} to {junction.post.cell}"
        if not isinstance(mechanism, ChemicalSynapse):
            raise InputError(f"{where} is a graded synapse, which NeuroML 2 has in another form: export published2012")
        require(mechanism.threshold == 0, f"{where} has the threshold {mechanism.threshold:g} mV: only 0 is written")


def _lines(circuit: Circuit, source: str) -> Iterator[str]:
    yield f"<notes>{_escaped(source)}, written by wormtwin</notes>"
    yield f'<ionChannel id="{LEAK}" conductance="10pS" type="ionChannelPassive"/>'
    kinds = {junction.mechanism: None for junction in circuit.junctions}
    names = {kind: f"{_kind(kind)}_{number}" for number, kind in enumerate(kinds)}
    ordered = sorted(kinds, key=lambda kind: isinstance(kind, GapJunction))
    yield from (_mechanism(kind, names[kind]) for kind in ordered)
    shapes = {cell.name: NeuroMLShape(cell.morphology) for cell in circuit.cells}
    for cell in circuit.cells:
        yield from cell_lines(cell, shapes[cell.name])
    yield '<network id="network">'
    for cell in circuit.cells:
        instance = '<instance id="0"><location x="0" y="0" z="0"/></instance>'
        about = f'id="{cell.name}" component="{cell.name}" size="1" type="populationList"'
        yield f"<population {about}>{instance}</population>"
    groups: dict[tuple[str, str, Any], list[Junction]] = {}
    for junction in circuit.junctions:
        groups.setdefault((junction.pre.cell, junction.post.cell, junction.mechanism), []).append(junction)
    for electrical in (False, True):  # the schema has all projections by spikes first
        for (pre, post, kind), junctions in groups.items():
            if isinstance(kind, GapJunction) == electrical:
                yield from _projection(pre, post, names[kind], junctions, shapes, electrical)
    yield "</network>"


def _projection(
    pre: str, post: str, synapse: str, junctions: list[Junction], shapes: dict[str, NeuroMLShape], electrical: bool
) -> Iterator[str]:
    kind = "electricalProjection" if electrical else "projection"
    about = f'presynapticPopulation="{pre}" postsynapticPopulation="{post}"'
    yield f'<{kind} id="{pre}_{post}_{synapse}" {about}' + (">" if electrical else f' synapse="{synapse}">')
    for number, junction in enumerate(junctions):
        places = [shapes[site.cell].place(site) for site in (junction.pre, junction.post)]
        (one, here), (other, there) = places
        if electrical:
            cells = f'preCell="../{pre}/0/{pre}" postCell="../{post}/0/{post}"'
            ends = f'preSegment="{one}" preFractionAlong="{here:.6g}" postSegment="{other}"'
            where = f'{cells} {ends} postFractionAlong="{there:.6g}"'
            yield f'<electricalConnectionInstance id="{number}" {where} synapse="{synapse}"/>'
        else:
            cells = f'preCellId="../{pre}/0/{pre}" postCellId="../{post}/0/{post}"'
            where = f'preSegmentId="{one}" preFractionAlong="{here:.6g}" postSegmentId="{other}"'
            waits = getattr(junction.mechanism, "delay", 0.0)
            delay = f' delay="{waits:g} ms" weight="1"' if waits else ""
            tag = "connectionWD" if delay else "connection"
            yield f'<{tag} id="{number}" {cells} {where} postFractionAlong="{there:.6g}"{delay}/>'
    yield f"</{kind}>"


def _kind(mechanism: Any) -> str:
    return "gap" if isinstance(mechanism, GapJunction) else "synapse"


def _mechanism(mechanism: Any, name: str) -> str:
    if isinstance(mechanism, GapJunction):
        return f'<gapJunction id="{name}" conductance="{mechanism.g * 1e6:.9g} pS"/>'
    taus = f'tauRise="{mechanism.tau_rise:.9g} ms" tauDecay="{mechanism.tau_decay:.9g} ms"'
    base = f'gbase="{mechanism.g_max * 1e6:.9g} pS" erev="{mechanism.e_rev:.9g} mV"'
    return f'<expTwoSynapse id="{name}" {base} {taus}/>'


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
