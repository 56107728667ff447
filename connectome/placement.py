"""Places the contacts of the c302 table on the cells: neuroConstruct's seeded random draw, number for number."""

import functools
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int, UInt64
from lxml import etree

from connectome.c302_files import c302_folder, contact_table, morphology, neurons
from connectome.contact import Connectome, Contact
from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Micrometres

OPENWORM_SEED = -806325119
"""The seed that neuroConstruct noted for OpenWorm's network of 2012, `neuroConstruct_random_seed` in that file."""

_BLOCK = 1 << 16
_FIRST_TRIES = 64


def place_contacts(seed: int = OPENWORM_SEED, reach: Micrometres = 50.0, tries: int = 5000) -> Connectome:
    """Place the contacts of CElegansNeuronTables.xls at random on the cells, as neuroConstruct 1.6.0 does.

    For every contact, in the order of the table, one point is drawn on the first neuron, then points on the second
    until one lies within `reach` of it; a contact whose second point is not found in `tries` draws is left out. So a
    contact is kept with the probability that a random point of its first neuron is near the second one, and the two
    sides are not alike: the first points are spread over all of that neuron that is near, the second points follow
    them. All draws are uniform over the length of the cell's segments, in the order of its file; a soma has no length
    and gets no contact. Random numbers are those of java.util.Random, lengths and distances are in single precision.

    With the defaults 6,702 of the 8,312 contacts are placed, and all of them exactly where OpenWorm's network file of
    2012 has them. Another seed gives another network of the same kind, with about 6,700 contacts (6,640 to 6,760).

    Sources: Varshney et al. 2011 for the contacts, by way of the c302 package's table; Gleeson et al. 2007
    (neuroConstruct; MorphBasedConnGenerator, search pattern 'completely random') for the procedure; OpenWorm's
    CElegansNeuroML (UpdateNetConns.py) for `reach` and `tries`.

    Args:
        seed: any integer of 64 bits; the same seed gives the same contacts.
        reach: the greatest distance between the two sides of a contact, in micrometres.
        tries: how many points on the second neuron are tried for a contact.

    Returns:
        All 302 neurons and the contacts in the order of the table, gap junctions with the transmitter 'Generic'.

    Raises:
        InputError: the seed does not fit 64 bits, or `reach` or `tries` is not positive.
    """
    require(-(2**63) <= seed < 2**63, f"seed must be an integer of 64 bits, got {seed}")
    require(0 < reach < np.inf, f"reach must be positive and finite, got {reach} um")
    require(tries >= 1, f"tries must be at least 1, got {tries}")
    numbers, contacts = _JavaRandom(seed), []
    for (pre, post, kind, transmitter), count in contact_table().items():
        label = transmitter.removesuffix("_GJ")
        for _ in range(count):
            indices = _draw(_outline(pre), _outline(post), numbers, reach, tries)
            if indices is not None:
                contacts.append(Contact(pre, post, kind, label, *indices))  # type: ignore[arg-type]
    source = f"c302 table placed at random within {reach:g} um (seed {seed}, {tries} tries)"
    return Connectome(neurons(), tuple(contacts), source)


@dataclass(frozen=True)
class _Outline:
    """The segments of a cell that have a length, in the order of its file.

    `starts`, `ends` in micrometres; `reached` is the length of all segments up to and including each one.
    """

    segments: Int[np.ndarray, " segments"]
    starts: Float32[np.ndarray, "segments xyz"]
    ends: Float32[np.ndarray, "segments xyz"]
    lengths: Float32[np.ndarray, " segments"]
    reached: Float32[np.ndarray, " segments"]

    def points(
        self, numbers: Float32[np.ndarray, " draws"]
    ) -> tuple[Int[np.ndarray, " draws"], Float32[np.ndarray, " draws"], Float32[np.ndarray, "draws xyz"]]:
        """Turn numbers in [0, 1) into points: the index of a segment, the fraction along it, x, y, z in um."""
        wanted = self.reached[-1] * numbers
        index = np.minimum(np.searchsorted(self.reached, wanted, side="right"), len(self.segments) - 1)
        before = np.where(index > 0, self.reached[index - 1], np.float32(0))
        fractions = np.clip((wanted - before) / self.lengths[index], np.float32(0), np.float32(1))
        steps = self.ends[index] - self.starts[index]
        return index, fractions, self.starts[index] + fractions[:, None] * steps


@functools.cache
def _outline(name: str) -> _Outline:
    shape = morphology(name)
    soma = set(shape.cables[0].segments)
    tree = etree.parse(c302_folder() / "NeuroML2" / f"{name}.cell.nml")
    order = [number for e in tree.iterfind(".//{*}segment") if (number := int(e.get("id"))) not in soma]
    starts, ends = (np.array([shape.position(s, side) for s in order], np.float32) for side in (0.0, 1.0))
    lengths = np.sqrt(((ends - starts) ** 2).sum(axis=1))
    return _Outline(np.array(order), starts, ends, lengths, np.cumsum(lengths, dtype=np.float32))


def _draw(
    pre: _Outline, post: _Outline, numbers: "_JavaRandom", reach: Micrometres, tries: int
) -> tuple[int, float, int, float] | None:
    """Draw the segment and the fraction along it on either side of one contact; None when no second point is near.

    Every try takes two random numbers, the point and the choice among the one cell of that name.
    """
    (first,), (along,), (origin,) = pre.points(numbers.ahead(1))
    numbers.skip(1)
    for count in (min(tries, _FIRST_TRIES), tries - _FIRST_TRIES):
        if count > 0:
            index, fractions, points = post.points(numbers.ahead(2 * count)[::2])
            near = ((points - origin) ** 2).sum(axis=1) <= np.float32(reach) ** 2
            hit = int(near.argmax())
            numbers.skip(2 * (hit + 1 if near[hit] else count))
            if near[hit]:
                second = post.segments[index[hit]]
                return int(pre.segments[first]), _decimal(along), int(second), _decimal(fractions[hit])
    return None


def _decimal(number: np.float32) -> float:
    """The shortest decimal number that single precision does not tell from this one, as Java writes it."""
    return float(str(number))


class _JavaRandom:
    """The numbers that java.util.Random.nextFloat gives, in [0, 1); nextInt(1) takes one of them away."""

    _FACTORS = np.cumprod(np.full(_BLOCK, 0x5DEECE66D, np.uint64))
    _OFFSETS = np.cumsum(np.concatenate([np.ones(1, np.uint64), _FACTORS[:-1]])) * np.uint64(0xB)
    _MASK = (1 << 48) - 1

    def __init__(self, seed: int) -> None:
        self._state = (seed ^ 0x5DEECE66D) & self._MASK
        self._numbers: Float32[np.ndarray, " ahead"] = np.empty(0, np.float32)

    def ahead(self, count: int) -> Float32[np.ndarray, " count"]:
        """The next `count` numbers, without taking them."""
        while len(self._numbers) < count:
            states: UInt64[np.ndarray, " block"] = self._FACTORS * np.uint64(self._state) + self._OFFSETS
            self._state = int(states[-1]) & self._MASK
            drawn = ((states & np.uint64(self._MASK)) >> np.uint64(24)).astype(np.float32) / np.float32(1 << 24)
            self._numbers = np.concatenate([self._numbers, drawn])
        return self._numbers[:count]

    def skip(self, count: int) -> None:
        """Take the next `count` numbers, already looked at, away."""
        self._numbers = self._numbers[count:]
