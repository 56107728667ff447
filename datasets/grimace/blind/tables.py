"""The tables of blind scores, as `grimace import` and `agree` read them, and each rater against themself."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from rich.table import Table

from datasets.grimace.agreement import agreement
from datasets.grimace.blind.scoring import Entries
from datasets.grimace.importing import BOX, load_scores
from datasets.grimace.units import OUTPUTS
from neuron_models.foundation.csv_file import write_csv
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import atomic_write
from neuron_models.foundation.printing import print_whole

SCORES, REPEATS = "scores.csv", "repeats.csv"
CANNOT = "NA"


def write_tables(entries: Entries, folder: Path) -> tuple[int, int]:
    """Write `scores.csv` and `repeats.csv`; a face that is not finished is in neither.

    Returns:
        The lines of each.
    """
    numbers = []
    boxed = any(face.box is not None for face in entries.faces.values())
    heads = ["image", "animal", "rater", *(BOX if boxed else ()), *OUTPUTS]
    for name, time in ((SCORES, 1), (REPEATS, 2)):
        rows = list(_rows(entries, time, boxed))
        with atomic_write(folder / name) as temporary:
            write_csv(pd.DataFrame(rows, columns=heads, dtype=object), temporary, index=False)
        numbers.append(len(rows))
    return numbers[0], numbers[1]


def _rows(entries: Entries, time: int, boxed: bool) -> Iterator[list[object]]:
    for (rater, place), answers in sorted(entries.answers.items(), key=lambda each: (each[0][0], each[0][1][0])):
        if place[1] == time and entries.finished(rater, place):
            face = entries.faces[place[0]]
            box = list(face.box or ("",) * len(BOX)) if boxed else []
            said = [CANNOT if answers[name] is None else answers[name] for name in OUTPUTS]
            yield [face.image, face.animal, rater, *box, *said]


def print_repeats(scores: Path, repeats: Path) -> None:
    """Print how well each rater agrees with themself, of the faces that came twice.

    Raises:
        InputError: no rater scored two faces of both tables.
    """
    first, again = load_scores(scores), load_scores(repeats)
    table = Table("rater", "score", "images", "same %", "weighted kappa", "ICC(2,1)", title="Raters against themselves")
    for rater, rows in again.groupby("rater", sort=True):
        mine = first[first["rater"] == rater].set_index("image")
        for output in OUTPUTS:
            joined = pd.DataFrame({"first": mine[output], "again": rows.set_index("image")[output]}).dropna()
            try:
                found = agreement({name: joined[name].to_numpy(float) for name in joined})
            except InputError:
                continue
            figures = (f"{100 * found.same:.1f}", f"{found.kappa:.3f}", f"{found.icc:.3f}")
            table.add_row(str(rater), output, str(found.images), *figures)
    require(table.row_count > 0, f"{repeats}: no rater scored two faces of it that stand in {scores.name}, too")
    print_whole(table)
