"""Who drives which muscle, as a table on the screen or as CSV."""

import csv
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from connectome.c302_files import neurons
from connectome.contact import require_known
from connectome.muscles import MUSCLES, SOURCE, Neuromuscular, assumed_to_excite, junctions_of
from neuron_models.foundation.csv_file import as_text
from neuron_models.foundation.errors import require
from neuron_models.foundation.files import atomic_write
from neuron_models.foundation.printing import print_whole

_WORDS = {1: "excites", -1: "inhibits"}


def chosen_junctions(names: Sequence[str]) -> tuple[Neuromuscular, ...]:
    """The junctions of the named muscles and neurons; all where none is named.

    Raises:
        InputError: a name is neither a muscle's nor a neuron's; the message names the nearest of both.
    """
    known = [neuron.name for neuron in neurons()]
    require_known(names, (*MUSCLES, *known), "muscle or neuron")
    return junctions_of([name for name in names if name in known], [name for name in names if name in MUSCLES])


def print_junctions(junctions: Sequence[Neuromuscular], whole: bool) -> None:
    """Print one row a junction where `whole`, else one a muscle with its strongest neurons; then the assumptions."""
    print(f"{SOURCE}: {len(junctions)} pairs of a neuron and a muscle, counts of serial sections")
    print_whole(_each(junctions) if whole else _by_muscle(junctions))
    silent = sorted({each.neuron for each in junctions} & set(assumed_to_excite()))
    if silent:
        print(f"No transmitter is known of {', '.join(silent)}: assumed to excite")
    print("GABA as the only transmitter inhibits, but for AVL and DVB, whose GABA excites muscles")


def _each(junctions: Sequence[Neuromuscular]) -> Table:
    table = Table("neuron", "muscle", "count", "transmitter", "effect")
    for each in junctions:
        table.add_row(each.neuron, each.muscle, f"{each.number:g}", each.transmitter, _WORDS[each.sign])
    return table


def _by_muscle(junctions: Sequence[Neuromuscular], most: int = 6) -> Table:
    table = Table("muscle", "neurons", "excite", "inhibit", "strongest")
    for muscle in MUSCLES:
        found = sorted((each for each in junctions if each.muscle == muscle), key=lambda each: -each.number)
        sums = (f"{sum(each.number for each in found if each.sign == sign):g}" for sign in (1, -1))
        best = ", ".join(f"{each.neuron} {each.sign * each.number:+g}" for each in found[:most])
        table.add_row(muscle, str(len(found)), *sums, best)
    return table


def save_junctions(junctions: Sequence[Neuromuscular], path: Path) -> None:
    """Write junctions to a CSV file, one a row.

    Raises:
        InputError: the name does not end in .csv, or the file cannot be written.
    """
    require(path.suffix.lower() == ".csv", f"junctions are written to a name that ends in .csv, got {path.name!r}")
    with atomic_write(path) as temporary, temporary.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("neuron", "muscle", "number", "transmitter", "sign"))
        for each in junctions:
            writer.writerow((each.neuron, each.muscle, f"{each.number:g}", as_text(each.transmitter), each.sign))
