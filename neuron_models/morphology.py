"""A cell's shape: the cables of a NeuroML 2 cell file, ready to be cut into compartments."""

import math
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.units import Fraction, Micrometres

UNBRANCHED = "sao864921383"
"""The neuroLexId of a segment group that is one unbranched cable (NeuroML 2; once 'cable' of NeuroML 1.8)."""

Point = tuple[Micrometres, Micrometres, Micrometres, Micrometres]
"""x, y, z and the diameter there, in micrometres."""


@dataclass(frozen=True)
class Cable:
    """An unbranched stretch of a cell.

    `points` are its 3D points in order; `segments` the NeuroML ids of its segments in order and `ends` the path length
    at which each of them ends. The first segment starts at length 0. `parent` is the index of the cable that it hangs
    on (None for the root), `parent_fraction` where on it.
    """

    name: str
    points: tuple[Point, ...]
    segments: tuple[int, ...]
    ends: tuple[Micrometres, ...]
    parent: int | None = None
    parent_fraction: Fraction = 1.0

    @property
    def length(self) -> Micrometres:
        """Path length in micrometres."""
        return self.ends[-1]

    def compartments(self, longest: Micrometres) -> int:
        """How many equal compartments keep each no longer than `longest`.

        Raises:
            InputError: more than the 32,767 that NEURON can make of a cable.
        """
        number = self.length / longest
        require(
            number <= 32767, f"compartments of {longest:g} um cut cable {self.name} into more than 32767: use longer"
        )
        return max(1, math.ceil(number - 1e-9))


@dataclass(frozen=True)
class Morphology:
    """The shape of one cell: its cables, the first of them the soma, each after the one that it hangs on."""

    name: str
    cables: tuple[Cable, ...]

    def __post_init__(self) -> None:
        indices = {}
        for index, cable in enumerate(self.cables):
            start = 0.0
            for segment, end in zip(cable.segments, cable.ends, strict=True):
                indices[segment] = (index, start, end)
                start = end
        object.__setattr__(self, "_places", indices)

    @property
    def segments(self) -> tuple[int, ...]:
        """The ids of all segments, soma first."""
        return tuple(segment for cable in self.cables for segment in cable.segments)

    def locate(self, segment: int, fraction: Fraction) -> tuple[int, Fraction]:
        """Find the cable, and the fraction along it, of a point on a segment.

        Raises:
            InputError: the cell has no such segment, or the fraction is not in [0, 1].
        """
        indices: dict[int, tuple[int, float, float]] = self._places  # type: ignore[attr-defined]
        if segment not in indices:
            raise InputError(f"{self.name} has no segment {segment}: its segments are 0 to {max(indices)}")
        require(0 <= fraction <= 1, f"{self.name} segment {segment}: fraction must be in [0, 1], got {fraction}")
        index, start, end = indices[segment]
        return index, (start + fraction * (end - start)) / self.cables[index].length

    def position(self, segment: int, fraction: Fraction) -> tuple[Micrometres, Micrometres, Micrometres]:
        """The x, y, z of a point on a segment, in micrometres."""
        index, along = self.locate(segment, fraction)
        cable = self.cables[index]
        wanted, start = along * cable.length, 0.0
        for first, last in zip(cable.points, cable.points[1:], strict=False):
            step = math.dist(first[:3], last[:3])
            if step > 0 and start + step >= wanted - 1e-9:
                part = (wanted - start) / step
                return tuple(a + part * (b - a) for a, b in zip(first[:3], last[:3], strict=True))  # type: ignore
            start += step
        return cable.points[-1][:3]


@dataclass(frozen=True)
class _Segment:
    number: int
    parent: int | None
    fraction: float
    proximal: Point
    distal: Point


def load_morphology(path: Path) -> Morphology:
    """Read a NeuroML 2 cell file.

    Args:
        path: a `*.cell.nml` whose segment groups with neuroLexId sao864921383 are a partition into cables.

    Raises:
        InputError: the file is no such cell; the message names the file and what is wrong in it.
    """
    try:
        root = etree.parse(path).getroot()
    except (OSError, etree.XMLSyntaxError) as error:
        raise InputError(f"{path}: not a readable NeuroML cell file ({error})") from None
    cell = root.find("{*}cell")
    if cell is None:
        raise InputError(f"{path}: no <cell> in it")
    segments = _read_segments(cell, path)
    groups = [
        (group.get("id"), [int(member.get("segment")) for member in group.iterfind("{*}member")])
        for group in cell.iterfind("{*}morphology/{*}segmentGroup")
        if group.get("neuroLexId") == UNBRANCHED
    ]
    missing = set(segments) - {number for _, members in groups for number in members}
    require(bool(groups) and not missing, f"{path}: segments {sorted(missing)[:5]} are in no unbranched cable")
    return _assemble(cell.get("id"), segments, groups)


def _read_segments(cell: etree._Element, path: Path) -> dict[int, _Segment]:
    segments: dict[int, _Segment] = {}
    for element in cell.iterfind("{*}morphology/{*}segment"):
        number, parent = int(element.get("id")), element.find("{*}parent")
        above = None if parent is None else int(parent.get("segment"))
        require(above is None or above in segments, f"{path}: segment {number} comes before its parent {above}")
        fraction = 1.0 if parent is None else float(parent.get("fractionAlong", "1"))
        proximal, distal = element.find("{*}proximal"), element.find("{*}distal")
        if proximal is None and above is None:
            raise InputError(f"{path}: segment {number} has neither a parent nor a proximal point")
        start = _along(segments[above], fraction) if proximal is None else _point(proximal)  # type: ignore[index]
        segments[number] = _Segment(number, above, fraction, start, _point(distal))
    require(bool(segments), f"{path}: the cell has no segments")
    return segments


def _point(element: etree._Element) -> Point:
    x, y, z, diameter = (float(element.get(key)) for key in ("x", "y", "z", "diameter"))
    return x, y, z, diameter


def _along(segment: _Segment, fraction: float) -> Point:
    pairs = zip(segment.proximal, segment.distal, strict=True)
    x, y, z, diameter = (a + fraction * (b - a) for a, b in pairs)
    return x, y, z, diameter


def _assemble(name: str, segments: dict[int, _Segment], groups: list[tuple[str, list[int]]]) -> Morphology:
    """Order the cables parent first, and express every branch point as a fraction along the parent cable."""
    groups = sorted(groups, key=lambda group: min(group[1]))
    home = {number: index for index, (_, members) in enumerate(groups) for number in members}
    cables: list[Cable] = []
    for label, members in groups:
        first = segments[members[0]]
        points, ends = _trace([segments[number] for number in members])
        cable = Cable(label, points, tuple(members), ends)
        if first.parent is not None:
            above = cables[home[first.parent]]
            at = above.segments.index(first.parent)
            start = above.ends[at - 1] if at else 0.0
            along = (start + first.fraction * (above.ends[at] - start)) / above.length
            cable = Cable(label, points, tuple(members), ends, home[first.parent], along)
        cables.append(cable)
    return Morphology(name, tuple(cables))


def _trace(members: list[_Segment]) -> tuple[tuple[Point, ...], tuple[float, ...]]:
    """The points of a cable and the length at the end of each segment; a point-like one becomes a sphere's cylinder.

    A cylinder with length equal to diameter has the area of the sphere of that diameter.
    """
    if all(segment.proximal[:3] == segment.distal[:3] for segment in members):
        x, y, z, diameter = members[0].distal
        half = diameter / 2
        ends = tuple(diameter * (i + 1) / len(members) for i in range(len(members)))
        return ((x, y - half, z, diameter), (x, y + half, z, diameter)), ends
    points: list[Point] = []
    ends_so_far, length = [], 0.0
    for segment in members:
        if not points or points[-1] != segment.proximal:
            length += math.dist(points[-1][:3], segment.proximal[:3]) if points else 0.0
            points.append(segment.proximal)
        length += math.dist(segment.proximal[:3], segment.distal[:3])
        points.append(segment.distal)
        ends_so_far.append(length)
    return tuple(points), tuple(ends_so_far)
