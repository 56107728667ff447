"""The agreement of the raters of a table of scores, printed."""

from pathlib import Path

import pandas as pd
from rich.table import Table

from datasets.grimace.agreement import agreement
from datasets.grimace.importing import load_scores
from datasets.grimace.units import OUTPUTS
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.printing import print_whole


def rated(path: Path, output: str, machine: Path | None = None) -> dict[str, pd.Series]:
    """One score of every rater by image; the machine's under its own name.

    Raises:
        InputError: a rater of the table is called as the machine is.
    """
    table = load_scores(path)
    named = {str(rater): rows.set_index("image")[output] for rater, rows in table.groupby("rater", sort=True)}
    if machine is not None:
        require("machine" not in named, f"{path}: a rater is called machine: rename it")
        named["machine"] = load_scores(machine, abstaining=True).set_index("image")[output]
    return named


def print_agreement(path: Path, machine: Path | None = None) -> None:
    """Print the agreement on every score that two raters gave.

    Raises:
        InputError: no score has two raters.
    """
    table = Table("score", "images", "same %", "weighted kappa", "ICC(2,1)", title=f"Agreement of raters ({path.name})")
    faults = []
    for output in OUTPUTS:
        series = rated(path, output, machine)
        joined = pd.DataFrame({who: said for who, said in series.items() if said.notna().any()})
        try:
            found = agreement({str(who): joined[who].to_numpy(float) for who in joined})
        except InputError as error:
            faults.append(f"{output}: {error}")
            continue
        table.add_row(output, str(found.images), f"{100 * found.same:.1f}", f"{found.kappa:.3f}", f"{found.icc:.3f}")
    if not table.row_count:
        raise InputError(faults[0])
    print_whole(table)
    for fault in faults:
        print(f"Left out: {fault}")
