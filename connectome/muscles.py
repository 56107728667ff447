"""The 95 muscles of the body wall by name, and which neurons drive them."""

import functools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from connectome.c302_files import neurons
from connectome.contact import Sign, require_known
from connectome.wirings.cect_files import reading
from connectome.wirings.signs import sign_of
from connectome.wirings.transmitters import UNKNOWN, transmitter_of
from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Dimensionless

ROWS = ("MDL", "MDR", "MVL", "MVR")
"""Dorsal and ventral, left and right; each row is counted from the head."""
LONGEST_ROW = 24
_IN_ROW = {"MDL": 24, "MDR": 24, "MVL": 23, "MVR": 24}
_EXCITED_BY_GABA = ("AVL", "DVB")
"""Their GABA opens a cation channel, EXP-1 (Beg and Jorgensen 2003)."""
_READER = "Cook2019HermReader"
SOURCE = "Cook et al. 2019, hermaphrodite, by way of cect; transmitters after Wang et al. 2024"


def _name(row: str, number: int) -> str:
    return f"{row}{number:02d}"


MUSCLES = tuple(_name(row, number) for row in ROWS for number in range(1, _IN_ROW[row] + 1))
"""MDL01 ... MVR24 in the field's form; there is no MVL24."""


@dataclass(frozen=True)
class Neuromuscular:
    """A neuron's junctions with one muscle: in how many serial sections, what is released, and what it does."""

    neuron: str
    muscle: str
    number: Dimensionless
    transmitter: str
    sign: Sign


def is_dorsal(muscle: str) -> bool:
    """Whether a muscle lies in one of the two dorsal rows."""
    return muscle.startswith("MD")


def place_of(muscle: str) -> int:
    """A muscle's place in its row, counted from 0 at the head."""
    return int(muscle[3:]) - 1


@functools.cache
def neuromuscular_junctions() -> tuple[Neuromuscular, ...]:
    """Every pair of a neuron and a body-wall muscle of Cook et al. 2019, with what the neuron does to the muscle.

    GABA as the only transmitter inhibits, but for AVL and DVB; every other transmitter, and an unknown one, excites.

    Raises:
        InputError: the package cect, which holds the table, is not installed.
    """
    found = reading(_READER)
    names = {neuron.name for neuron in neurons()}
    columns = {muscle: found.cells.index(muscle) for muscle in MUSCLES if muscle in found.cells}
    missing = sorted(set(MUSCLES) - set(columns))
    require(
        not missing, f"the table of Cook et al. 2019 lacks the muscles {', '.join(missing[:5])}: install cect again"
    )
    counts = found.matrices["Generic_CS"]
    junctions = []
    for row, cell in enumerate(found.cells):
        if cell in names:
            driven = ((muscle, float(counts[row, column])) for muscle, column in columns.items())
            junctions += [_junction(cell, muscle, number) for muscle, number in driven if number > 0]
    return tuple(sorted(junctions, key=lambda each: (each.neuron, MUSCLES.index(each.muscle))))


def _junction(neuron: str, muscle: str, number: float) -> Neuromuscular:
    transmitter = transmitter_of(neuron)
    sign = 1 if neuron in _EXCITED_BY_GABA else sign_of(transmitter)
    return Neuromuscular(neuron, muscle, number, transmitter, sign)


def drive(neuron_names: Sequence[str]) -> Float[np.ndarray, "muscle neuron"]:
    """What each neuron does to each muscle: its share of the muscle's junctions, negative where it inhibits.

    The sizes of a muscle's row add up to at most one: less where junctions are of neurons that are not asked for.

    Raises:
        InputError: a neuron does not exist.
    """
    require_known(neuron_names, [neuron.name for neuron in neurons()])
    index = {name: column for column, name in enumerate(neuron_names)}
    matrix, totals = np.zeros((len(MUSCLES), len(neuron_names))), np.zeros(len(MUSCLES))
    for each in neuromuscular_junctions():
        row = MUSCLES.index(each.muscle)
        totals[row] += each.number
        if each.neuron in index:
            matrix[row, index[each.neuron]] = each.sign * each.number
    return matrix / np.maximum(totals, 1)[:, None]


def junctions_of(neuron_names: Iterable[str] = (), muscles: Iterable[str] = ()) -> tuple[Neuromuscular, ...]:
    """The junctions of some neurons and of some muscles; of all where none is named.

    Raises:
        InputError: a neuron or a muscle does not exist; the message names the nearest ones.
    """
    wanted = set(require_known(neuron_names, [neuron.name for neuron in neurons()]))
    chosen = set(require_known(muscles, MUSCLES, "muscle"))
    return tuple(
        each
        for each in neuromuscular_junctions()
        if (not wanted or each.neuron in wanted) and (not chosen or each.muscle in chosen)
    )


def assumed_to_excite() -> tuple[str, ...]:
    """The neurons with junctions of which no transmitter is known."""
    pairs = Counter(each.neuron for each in neuromuscular_junctions() if each.transmitter == UNKNOWN)
    return tuple(sorted(pairs))
