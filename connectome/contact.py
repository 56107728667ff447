"""Neurons, the contacts between them, and the connectome that they make."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Int

from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.units import Fraction

Kind = Literal["chemical", "gap_junction"]
Sign = Literal[-1, 1]


@dataclass(frozen=True)
class Neuron:
    """A neuron and what it is: `role` is sensory, interneuron, motor, polymodal or unknown (c302 cell notes)."""

    name: str
    role: str = "unknown"


@dataclass(frozen=True)
class Contact:
    """One contact, and where on the two cells it sits: NeuroML segment ids and fractions along them.

    A gap junction has no direction: `pre` and `post` are the two sides in the order of the source. `sign` is +1 or -1
    where the source says what the contact does; None leaves it to its transmitter.
    """

    pre: str
    post: str
    kind: Kind
    transmitter: str
    pre_segment: int
    pre_fraction: Fraction
    post_segment: int
    post_fraction: Fraction
    sign: Sign | None = None

    def __post_init__(self) -> None:
        for side in ("pre", "post"):
            fraction = getattr(self, f"{side}_fraction")
            require(
                0 <= fraction <= 1,
                f"contact {self.pre} to {self.post}: {side}_fraction must be in [0, 1], got {fraction}",
            )


@dataclass(frozen=True)
class Connectome:
    """Neurons, contacts, and in words where they come from."""

    neurons: tuple[Neuron, ...]
    contacts: tuple[Contact, ...]
    source: str

    def __post_init__(self) -> None:
        names = set(self.names)
        strangers = {name for contact in self.contacts for name in (contact.pre, contact.post)} - names
        require(not strangers, f"contacts name neurons that the connectome lacks: {', '.join(sorted(strangers)[:5])}")

    @property
    def names(self) -> tuple[str, ...]:
        """The neurons' names in order."""
        return tuple(neuron.name for neuron in self.neurons)

    @property
    def unconnected(self) -> tuple[str, ...]:
        """The neurons without any contact."""
        joined = {name for contact in self.contacts for name in (contact.pre, contact.post)}
        return tuple(name for name in self.names if name not in joined)

    def adjacency(self, kind: Kind) -> Int[np.ndarray, "pre post"]:
        """The number of contacts of a kind from each neuron (row) to each neuron (column), in the order of `names`.

        Gap junctions have no direction: their matrix is symmetric and holds each of them twice.
        """
        index = {name: i for i, name in enumerate(self.names)}
        matrix = np.zeros((len(index), len(index)), dtype=int)
        for contact in self.contacts:
            if contact.kind == kind:
                matrix[index[contact.pre], index[contact.post]] += 1
        return matrix if kind == "chemical" else matrix + matrix.T

    def without(self, ablated: Iterable[str]) -> "Connectome":
        """The connectome with every contact of the named neurons taken away; the neurons stay, silent."""
        gone = frozenset(require_known(ablated, self.names))
        kept = tuple(c for c in self.contacts if c.pre not in gone and c.post not in gone)
        source = f"{self.source} without {', '.join(sorted(gone))}" if gone else self.source
        return Connectome(self.neurons, kept, source)


def require_covered(wanted: Iterable[str], connectome: Connectome, where: str) -> None:
    """Raise an `InputError` that begins with `where` unless the connectome covers the wanted neurons.

    A wiring of the brain alone has no motor neurons: they are missing there, not silent.
    """
    missing = [name for name in dict.fromkeys(wanted) if name not in connectome.names]
    more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
    require(
        not missing,
        f"{where} needs {', '.join(missing[:5])}{more}, which the wiring lacks ({connectome.source.split(':')[0]}, "
        f"{len(connectome.names)} neurons): choose another --network",
    )


def require_known(wanted: Iterable[str], known: Iterable[str], what: str = "neuron") -> tuple[str, ...]:
    """Return the wanted names, all of which must be known.

    Raises:
        InputError: one is not; the message names the nearest that are.
    """
    wanted, known = tuple(wanted), tuple(known)
    for name in wanted:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=3, cutoff=0.5) or sorted(known)[:3]
            raise InputError(f"there is no {what} {name!r}; the nearest names are {', '.join(near)}")
    return wanted
