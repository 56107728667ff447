"""The shapes of cells as NeuroML 2: every straight piece of a cable a segment, every cable a segment group."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from neuron_models.circuit import Cell, Site
from neuron_models.foundation.units import Fraction, Micrometres
from neuron_models.morphology import UNBRANCHED, Cable, Morphology, Point

LEAK = "LeakConductance"
"""The id of the one ion channel that cells name."""


@dataclass(frozen=True)
class _Piece:
    """A straight piece of a cable: its number, and the path lengths and points between which it is."""

    number: int
    start: Micrometres
    end: Micrometres
    first: Point
    last: Point


class NeuroMLShape:
    """A shape in straight pieces. A segment that is one piece keeps its number; other pieces get new ones."""

    def __init__(self, shape: Morphology) -> None:
        self.shape = shape
        spare = iter(range(max(shape.segments) + 1, 10**9))
        taken: set[int] = set()
        self._pieces = [_pieces(cable, taken, spare) for cable in shape.cables]

    def place(self, site: Site) -> tuple[int, Fraction]:
        """The number of the piece that holds a site, and the fraction along it."""
        cable, along = self.shape.locate(site.segment, site.fraction)
        return self._at(cable, along)

    def elements(self) -> Iterator[str]:
        """The lines of the morphology."""
        for index, (cable, pieces) in enumerate(zip(self.shape.cables, self._pieces, strict=True)):
            for number, piece in enumerate(pieces):
                parent = f'<parent segment="{pieces[number - 1].number}"/>' if number else self._parent(cable)
                proximal = "" if number else _point("proximal", piece.first)
                body = f"{parent}{proximal}{_point('distal', piece.last)}"
                yield f'<segment id="{piece.number}" name="{cable.name}_{index}_{number}">{body}</segment>'
        names = [f"{cable.name}_{index}" for index, cable in enumerate(self.shape.cables)]
        for name, pieces in zip(names, self._pieces, strict=True):
            members = "".join(f'<member segment="{piece.number}"/>' for piece in pieces)
            yield f'<segmentGroup id="{name}" neuroLexId="{UNBRANCHED}">{members}</segmentGroup>'
        included = "".join(f'<include segmentGroup="{name}"/>' for name in names)
        yield f'<segmentGroup id="all">{included}</segmentGroup>'
        yield f'<segmentGroup id="soma_group"><include segmentGroup="{names[0]}"/></segmentGroup>'

    def _parent(self, cable: Cable) -> str:
        if cable.parent is None:
            return ""
        number, fraction = self._at(cable.parent, cable.parent_fraction)
        return f'<parent segment="{number}" fractionAlong="{fraction:.6g}"/>'

    def _at(self, cable: int, along: Fraction) -> tuple[int, Fraction]:
        length = along * self.shape.cables[cable].length
        for piece in self._pieces[cable]:
            if length <= piece.end:
                break
        return piece.number, min(max((length - piece.start) / (piece.end - piece.start), 0.0), 1.0)


def cell_lines(cell: Cell, shape: NeuroMLShape) -> Iterator[str]:
    """The lines of a passive cell, whose spikes are upward crossings of 0 mV."""
    membrane = cell.membrane
    yield f'<cell id="{cell.name}"><morphology id="morphology_{cell.name}">'
    yield from shape.elements()
    yield f'</morphology><biophysicalProperties id="biophysics_{cell.name}"><membraneProperties>'
    density = f'ionChannel="{LEAK}" condDensity="{membrane.g_leak:.9g} S_per_cm2" erev="{membrane.e_leak:.9g} mV"'
    yield f'<channelDensity id="leak" {density} ion="non_specific"/><spikeThresh value="0 mV"/>'
    yield f'<specificCapacitance value="{membrane.c_m:.9g} uF_per_cm2"/>'
    yield f'<initMembPotential value="{membrane.e_leak:.9g} mV"/></membraneProperties>'
    resistivity = f'<resistivity value="{membrane.r_axial / 1000:.9g} kohm_cm"/>'
    yield f"<intracellularProperties>{resistivity}</intracellularProperties></biophysicalProperties></cell>"


def _pieces(cable: Cable, taken: set[int], spare: Iterator[int]) -> list[_Piece]:
    found: list[_Piece] = []
    start = 0.0
    for first, last in zip(cable.points, cable.points[1:], strict=False):
        end = start + math.dist(first[:3], last[:3])
        if end > start:
            middle = (start + end) / 2
            segment = next((s for s, e in zip(cable.segments, cable.ends, strict=True) if middle < e), None)
            number = next(spare) if segment is None or segment in taken else segment
            taken.add(number)
            found.append(_Piece(number, start, end, first, last))
        start = end
    return found


def _point(name: str, point: Point) -> str:
    x, y, z, diameter = (f"{value:.8g}" for value in point)
    return f'<{name} x="{x}" y="{y}" z="{z}" diameter="{diameter}"/>'
