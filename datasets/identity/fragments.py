"""Fragments: regions that follow one another one to one; of single animals, or of several that cross."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Int

from datasets.identity.detections import Detections
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.units import DataUnits
from neuron_models.foundation.wording import counted

_WEAK = 0.25  # of a region's largest overlap: what shares less only brushes where the other was
_SPREAD = 4.0  # standard deviations of the area of single animals (idtracker.ai 6)
_SUM = 1.15  # times the larger of two regions that join: one of them and a piece of another
_TWO = 1.3  # times the usual area of one animal: two small ones together
_SEVERAL = 0.2  # of the frames


@dataclass(frozen=True, eq=False)
class Fragments:
    """Chains of regions.

    Attributes:
        rows: for each fragment, its regions by their rows in `Detections.table`, in the order of the frames.
        first: frames in which they begin.
        last: frames in which they end.
        single: whether they show one animal.
        links: (link, 2) two fragments by their indices, of which the second begins where the first ends.
        parent: the fragment that each was cut from; its own index where none was cut.
    """

    rows: tuple[Int[np.ndarray, "..."], ...]
    first: Int[np.ndarray, " fragment"]
    last: Int[np.ndarray, " fragment"]
    single: Bool[np.ndarray, " fragment"]
    links: Int[np.ndarray, "link 2"]
    parent: Int[np.ndarray, " fragment"]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def lengths(self) -> Int[np.ndarray, " fragment"]:
        """How many frames each has."""
        return self.last - self.first + 1

    def coexist(self) -> Bool[np.ndarray, "fragment fragment"]:
        """Whether two fragments share a frame, and so are not the same animal."""
        shared = (self.first[:, None] <= self.last) & (self.last[:, None] >= self.first)
        np.fill_diagonal(shared, False)
        return shared


def find_fragments(regions: Detections, animals: int) -> Fragments:
    """Chain regions by one-to-one overlaps, and tell single animals from crossings.

    Args:
        regions: of all frames.
        animals: how many there are.

    Raises:
        InputError: no frame shows so many regions apart, or most show more.
    """
    links = strong_links(regions)
    single = regions.column("area") < largest_single(regions, animals)
    chained = _chains(regions, links, single)
    fragments = _built(regions, chained, links, single)
    return replace(fragments, single=fragments.single & ~_sums(regions, fragments))


def strong_links(regions: Detections) -> Int[np.ndarray, "link 2"]:
    """The links of regions (by their rows) without those that only brush where another animal was."""
    before, after, shared = regions.links.T if len(regions.links) else np.zeros((3, 0), int)
    most_before, most_after = np.zeros(len(regions)), np.zeros(len(regions))
    np.maximum.at(most_before, before, shared)
    np.maximum.at(most_after, after, shared)
    kept = (shared >= _WEAK * most_before[before]) & (shared >= _WEAK * most_after[after])
    return regions.links[kept, :2]


def largest_single(regions: Detections, animals: int) -> DataUnits:
    """The area (px) from which a region is a crossing, from the frames that show every animal apart.

    Raises:
        InputError: no frame shows them all apart, or many show more.
    """
    number = np.bincount(regions.frame, minlength=regions.frames)
    require(
        bool((number > 0).mean() > 0.5), f"animals are seen in {100 * (number > 0).mean():.0f} % of the frames only"
    )
    whole = number == animals
    most = int(np.bincount(number).argmax())
    if not whole.any():
        raise InputError(
            f"no frame shows {counted(animals, 'animal')} apart: most show {counted(most, 'region')}, at most "
            f"{number.max()}: --animals must be the number of them, and they must be apart at least once (one that "
            "never moves is taken for ground, and light that moves over the ground hides them: see --threshold)"
        )
    area = regions.column("area")
    middle = float(np.median(area[whole[regions.frame]]))
    extra = np.bincount(regions.frame, area > 0.4 * middle, minlength=regions.frames) > animals
    if extra.mean() > _SEVERAL:
        raise InputError(
            f"{100 * extra.mean():.0f} % of the frames show more than {counted(animals, 'animal')} "
            f"(most show {most} regions): give their number by --animals, or leave out small ones by "
            "--least-area and faint ones, such as reflections, by --threshold"
        )
    alone = area[whole[regions.frame] & (area < 1.8 * middle)]
    return max(middle + _SPREAD * float(alone.std()), 1.25 * middle)


def _chains(regions: Detections, links: np.ndarray, single: np.ndarray) -> np.ndarray:
    """For each region the one that follows it one to one and is of its kind, -1 where none does."""
    ahead = np.bincount(links[:, 0], minlength=len(regions))
    behind = np.bincount(links[:, 1], minlength=len(regions))
    one = (ahead[links[:, 0]] == 1) & (behind[links[:, 1]] == 1) & (single[links[:, 0]] == single[links[:, 1]])
    after = np.full(len(regions), -1)
    after[links[one, 0]] = links[one, 1]
    return after


def _built(regions: Detections, after: np.ndarray, links: np.ndarray, single: np.ndarray) -> Fragments:
    begins = np.ones(len(regions), bool)
    begins[after[after >= 0]] = False
    of = np.empty(len(regions), int)
    rows: list[np.ndarray] = []
    for start in np.flatnonzero(begins).tolist():
        chain, row = [], start
        while row >= 0:
            of[row] = len(rows)
            chain.append(row)
            row = int(after[row])
        rows.append(np.array(chain))
    frame = regions.frame
    ends = np.array([[chain[0], chain[-1]] for chain in rows])
    between = of[links]
    between = np.unique(between[between[:, 0] != between[:, 1]], axis=0)
    return Fragments(
        tuple(rows), frame[ends[:, 0]], frame[ends[:, 1]], single[ends[:, 0]], between, np.arange(len(rows))
    )


def _sums(regions: Detections, fragments: Fragments) -> Bool[np.ndarray, " fragment"]:
    """Fragments that two others run into, or come out of, and that are larger than either: crossings all the same.

    Where those others are no more than one animal together, it is an animal that broke into pieces.
    """
    area = regions.column("area")
    middle = np.array([np.median(area[rows]) for rows in fragments.rows])
    alone = np.concatenate([np.zeros(0, int), *(fragments.rows[k] for k in np.flatnonzero(fragments.single))])
    usual = float(np.median(area[alone])) if len(alone) else 0.0
    several = np.zeros(len(fragments), bool)
    for own, other in ((1, 0), (0, 1)):
        number = np.bincount(fragments.links[:, own], minlength=len(fragments))
        largest = np.zeros(len(fragments))
        np.maximum.at(largest, fragments.links[:, own], middle[fragments.links[:, other]])
        together = np.bincount(fragments.links[:, own], middle[fragments.links[:, other]], len(fragments))
        several |= (number >= 2) & (middle > _SUM * largest) & (together > _TWO * usual)
    return several


def cut_fragments(fragments: Fragments, length: int, gap: int = 2) -> Fragments:
    """Fragments of single animals cut into pieces of at most `length` frames, `gap` frames between them left out.

    `parent` tells which pieces are of one animal: a truth that needs no person. The pieces know nothing of each other.
    """
    require(length >= 2, f"pieces of fragments have at least 2 frames, got {length}")
    rows: list[np.ndarray] = []
    parent = []
    for number, chain in enumerate(fragments.rows):
        whole = not fragments.single[number] or len(chain) <= length + gap
        starts = [0] if whole else range(0, len(chain) - 1, length + gap)
        for start in starts:
            rows.append(chain if whole else chain[start : start + length])
            parent.append(number)
    kept = np.array(parent)
    offset = [
        int(np.searchsorted(chain, piece[0]))
        for chain, piece in zip(map(fragments.rows.__getitem__, parent), rows, strict=True)
    ]
    first = fragments.first[kept] + np.array(offset)
    last = first + np.array([len(piece) - 1 for piece in rows])
    return Fragments(tuple(rows), first, last, fragments.single[kept], np.zeros((0, 2), int), kept)
