"""A wiring as counts: pairs of neurons, how many contacts each has, and of which kind."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from connectome.contact import Connectome, Kind, Sign, require_known
from neuron_models.foundation.errors import require, require_distinct
from neuron_models.foundation.units import Dimensionless


@dataclass(frozen=True)
class Pair:
    """Two neurons in contact: how often (a mean over animals may be a fraction), and what the contacts do.

    A gap junction has no side: its pair stands once, its names in alphabetical order. `sign` is +1 where the contact
    excites and -1 where it inhibits; None for a gap junction.
    """

    pre: str
    post: str
    kind: Kind
    number: Dimensionless
    transmitter: str
    sign: Sign | None = None

    def __post_init__(self) -> None:
        where = f"the {self.kind.replace('_', ' ')} pair {self.pre} to {self.post}"
        good = math.isfinite(self.number) and self.number > 0
        require(good, f"{where}: the number of contacts must be > 0 and finite, got {self.number}")
        chemical = self.kind == "chemical"
        require(chemical == (self.sign is not None), f"{where}: a sign belongs to chemical contacts, and each has one")
        require(chemical or self.pre <= self.post, f"{where}: a gap junction's names stand in alphabetical order")


@dataclass(frozen=True)
class WiringTable:
    """A wiring as counts.

    `neurons` are those that the source covers, in alphabetical order; a neuron that it lacks is no silent neuron.
    `notes` are sentences on what was left out, counted once or assumed.
    """

    name: str
    neurons: tuple[str, ...]
    pairs: tuple[Pair, ...]
    source: str
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require_known({name for pair in self.pairs for name in (pair.pre, pair.post)}, self.neurons)
        keys = (f"{p.pre} to {p.post} ({p.kind}, {p.transmitter})" for p in self.pairs)
        require_distinct(keys, f"the wiring {self.name} lists")

    def of_kind(self, kind: Kind) -> tuple[Pair, ...]:
        """The pairs of a kind."""
        return tuple(pair for pair in self.pairs if pair.kind == kind)

    def matrix(
        self, kind: Kind, names: Sequence[str] | None = None, signed: bool = False
    ) -> Float[np.ndarray, "pre post"]:
        """The number of contacts (dimensionless) from each neuron (row) to each neuron (column).

        Args:
            kind: which contacts; the matrix of gap junctions is symmetric.
            names: the neurons in their order, `neurons` when None; a name that the wiring lacks gets zeros.
            signed: count contacts that inhibit below zero.
        """
        index = {name: i for i, name in enumerate(self.neurons if names is None else names)}
        counts = np.zeros((len(index), len(index)))
        for pair in self.of_kind(kind):
            if pair.pre in index and pair.post in index:
                weight = pair.number * (pair.sign or 1) if signed else pair.number
                counts[index[pair.pre], index[pair.post]] += weight
                if kind == "gap_junction" and pair.pre != pair.post:
                    counts[index[pair.post], index[pair.pre]] += weight
        return counts


def table_of(connectome: Connectome, inhibitory: frozenset[str] = frozenset({"GABA"})) -> WiringTable:
    """Count the contacts of a placed connectome, each as it will be built.

    A gap junction that is listed from both sides is two contacts there, and counts two here.

    Args:
        connectome: neurons and placed contacts.
        inhibitory: the transmitters that inhibit where a contact itself has no sign.
    """
    counts: Counter[tuple] = Counter()
    for contact in connectome.contacts:
        if contact.kind == "gap_junction":
            counts[(*sorted((contact.pre, contact.post)), contact.kind, contact.transmitter, None)] += 1
        else:
            sign = contact.sign or (-1 if contact.transmitter in inhibitory else 1)
            counts[(contact.pre, contact.post, contact.kind, contact.transmitter, sign)] += 1
    pairs = tuple(
        Pair(pre, post, kind, float(number), transmitter, sign)
        for (pre, post, kind, transmitter, sign), number in counts.items()
    )
    return WiringTable(connectome.source, connectome.names, pairs, connectome.source)
