"""The published wirings by name."""

import csv
import functools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from connectome.c302_files import contact_table, neurons
from connectome.contact import Kind, require_known
from connectome.wirings.cect_files import Reading, cect_folder, reading
from connectome.wirings.signs import SIGN_RULE, sign_of, with_fenyves_signs
from connectome.wirings.table import Pair, WiringTable
from connectome.wirings.transmitters import UNKNOWN, transmitter_of
from neuron_models.foundation.wording import counted


@dataclass(frozen=True)
class NamedWiring:
    """A published wiring: the readers of cect whose counts it is the mean of, the paper, and what it counts."""

    readers: tuple[str, ...]
    paper: str
    counts: str = "contacts"
    over_holders: bool = True
    """Whether a mean is over the readers that hold both neurons, and not over all of them."""


_WHITE_L4 = "white L4"
_FOUR = ("White_whole", _WHITE_L4, "WitvlietDataReader7", "WitvlietDataReader8")
_PAPERS_OF_FOUR = "White et al. 1986, whole animal and L4, and Witvliet et al. 2021, datasets 7 and 8"
NAMED: dict[str, NamedWiring] = {
    "cook2019": NamedWiring(
        ("Cook2019HermReader",), "Cook et al. 2019, hermaphrodite, corrected July 2020", "serial sections of contacts"
    ),
    "white": NamedWiring(("White_whole",), "White et al. 1986, whole animal"),
    "varshney": NamedWiring(("VarshneyDataReader",), "Varshney et al. 2011"),
    "witvliet7": NamedWiring(("WitvlietDataReader7",), "Witvliet et al. 2021, dataset 7, adult brain"),
    "witvliet8": NamedWiring(("WitvlietDataReader8",), "Witvliet et al. 2021, dataset 8, adult brain"),
    "consensus": NamedWiring(_FOUR, _PAPERS_OF_FOUR, "contacts, the mean of those of the four that hold both neurons"),
    "randi2023": NamedWiring(
        _FOUR, _PAPERS_OF_FOUR, "contacts, a quarter of the sum of the four as in Randi et al. 2023", over_holders=False
    ),
}
"""The wirings that come with cect."""

TABLE_2012 = "table2012"
"""The name of the table of the published network before placement: its 8,312 contacts, gap junctions counted once."""

FENYVES = ":fenyves"
"""What a name ends in that takes the signs of Fenyves et al. 2020."""

WIRINGS = (*NAMED, TABLE_2012)


def is_named(source: str) -> bool:
    """Whether a network's name is that of a published wiring, with or without predicted signs."""
    return source.removesuffix(FENYVES) in WIRINGS


@functools.cache
def named_table(source: str) -> WiringTable:
    """The counts of a published wiring, with transmitters after Wang et al. 2024 and signs by `SIGN_RULE`.

    Gap junctions have no side: a pair that a source lists from both sides is one, with the larger of the two counts.
    Contacts with cells that are no neurons, and gap junctions of a neuron with itself, are left out; `notes` say so.

    Args:
        source: one of `WIRINGS`; with `:fenyves` at its end, signs are those of Fenyves et al. 2020 where there is one.

    Raises:
        InputError: there is no such wiring, or the package that holds it is not installed.
    """
    name = source.removesuffix(FENYVES)
    require_known([name], WIRINGS, "wiring")
    table = _table_2012() if name == TABLE_2012 else _cect_table(name)
    return with_fenyves_signs(table) if source.endswith(FENYVES) else table


def _cect_table(name: str) -> WiringTable:
    wiring = NAMED[name]
    readings = [_reading(reader) for reader in wiring.readers]
    names = tuple(n.name for n in neurons() if any(n.name in source.cells for source in readings))
    held = _held(readings, names) if wiring.over_holders else np.full((len(names), len(names)), len(readings), float)
    chemical, gap = (
        sum((_over(source, label, names) for source in readings), np.zeros_like(held)) / held
        for label in ("Generic_CS", "Generic_GJ")
    )
    pairs, notes = _pairs(names, chemical, gap, {n: transmitter_of(n) for n in names})
    listed = [_listed(source) for source in readings] if len(readings) == 1 else []
    source = f"{name}: {wiring.paper}, by way of cect; {wiring.counts}"
    return WiringTable(name, names, pairs, source, (*listed, *notes))


def _reading(reader: str) -> Reading:
    return _white_l4() if reader == _WHITE_L4 else reading(reader)


@functools.cache
def _white_l4() -> Reading:
    """White et al. 1986, L4 (series JSH), which cect keeps as a table alone."""
    text = (cect_folder() / "data" / "aconnectome_white_1986_L4.csv").read_text()
    rows = list(csv.DictReader(text.splitlines(), delimiter="\t"))
    cells = tuple(sorted({row[side] for row in rows for side in ("pre", "post")}))
    index = {cell: i for i, cell in enumerate(cells)}
    matrices = {label: np.zeros((len(cells), len(cells))) for label in ("Generic_CS", "Generic_GJ")}
    for row in rows:
        pre, post, number = index[row["pre"]], index[row["post"]], float(row["synapses"])
        if row["type"] == "chemical":
            matrices["Generic_CS"][pre, post] += number
        else:
            matrices["Generic_GJ"][[pre, post], [post, pre]] += number
    return Reading(cells, matrices)


def _over(source: Reading, label: str, names: Sequence[str]) -> Float[np.ndarray, "pre post"]:
    """A reading's matrix over these neurons, in their order; those that it lacks have zeros."""
    index = {cell: i for i, cell in enumerate(source.cells)}
    here = [i for i, name in enumerate(names) if name in index]
    there = [index[names[i]] for i in here]
    matrix = np.zeros((len(names), len(names)))
    matrix[np.ix_(here, here)] = source.matrices[label][np.ix_(there, there)]
    return matrix


def _held(readings: Sequence[Reading], names: Sequence[str]) -> Float[np.ndarray, "pre post"]:
    """How many readings hold both neurons of a pair; one where none does."""
    held = np.array([[name in reading.cells for name in names] for reading in readings], float)
    return np.maximum(held.T @ held, 1)


def _pairs(
    names: Sequence[str],
    chemical: Float[np.ndarray, "pre post"],
    gap: Float[np.ndarray, "pre post"],
    transmitters: Mapping[str, str],
) -> tuple[tuple[Pair, ...], tuple[str, ...]]:
    """The pairs of two matrices, chemical ones first, and notes on what was counted once, left out or assumed."""
    pairs = []
    for i, j in np.argwhere(chemical > 0):
        transmitter = transmitters[names[i]]
        number = float(chemical[i, j])
        pairs.append(Pair(names[i], names[j], "chemical", number, transmitter, sign_of(transmitter)))
    larger = np.maximum(gap, gap.T)
    for i, j in np.argwhere(np.triu(larger, 1) > 0):
        pre, post = sorted((names[i], names[j]))
        pairs.append(Pair(pre, post, "gap_junction", float(larger[i, j]), "Generic"))
    return tuple(pairs), _notes(names, chemical, gap, transmitters)


def _notes(
    names: Sequence[str],
    chemical: Float[np.ndarray, "pre post"],
    gap: Float[np.ndarray, "pre post"],
    transmitters: Mapping[str, str],
) -> tuple[str, ...]:
    joined = (gap > 0) | (gap.T > 0)
    once, both = int(np.triu(joined, 1).sum()), int(np.triu((gap > 0) & (gap.T > 0), 1).sum())
    notes = [f"Gap junctions join {once} pairs of neurons, {both} of them listed from both sides and counted once"]
    if joined.diagonal().any():
        notes.append(f"Left out: gap junctions of a neuron with itself ({int(joined.diagonal().sum())} neurons)")
    silent = [n for n, row in zip(names, chemical, strict=True) if row.any() and transmitters[n] == UNKNOWN]
    if silent:
        notes.append(f"No transmitter is known of {', '.join(silent)}: assumed to excite")
    return (*notes, f"Signs: {SIGN_RULE}")


def _listed(source: Reading) -> str:
    """What a source lists, muscles and other cells included."""
    chemical, gap = ((source.matrices[label] > 0).sum() for label in ("Generic_CS", "Generic_GJ"))
    others = len(set(source.cells) - {neuron.name for neuron in neurons()})
    return (
        f"The source lists {chemical:,} chemical pairs and {gap:,} directed gap junctions; "
        f"those with its {counted(others, 'other cell')} are left out"
    )


def _table_2012() -> WiringTable:
    names = tuple(neuron.name for neuron in neurons())
    index = {name: i for i, name in enumerate(names)}
    counts: dict[Kind, Float[np.ndarray, "pre post"]] = {
        kind: np.zeros((len(names), len(names))) for kind in ("chemical", "gap_junction")
    }
    transmitters: dict[str, str] = {}
    for (pre, post, kind, transmitter), number in Counter(contact_table()).items():
        counts[kind][index[pre], index[post]] += number  # type: ignore[index]
        if kind == "chemical":
            transmitters[pre] = transmitter
    every = {name: transmitters.get(name, UNKNOWN) for name in names}
    pairs, notes = _pairs(names, counts["chemical"], counts["gap_junction"], every)
    source = f"{TABLE_2012}: the c302 table of 8,312 contacts (Varshney et al. 2011 and pharynx), its transmitters"
    return WiringTable(TABLE_2012, names, pairs, source, notes)
