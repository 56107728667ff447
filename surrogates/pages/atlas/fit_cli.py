"""`wormtwin validate fit`: a few constants fitted to half of the atlas, judged on what they did not see."""

import csv
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from neuron_models.foundation.errors import require
from neuron_models.foundation.files import atomic_write
from neuron_models.foundation.printing import print_whole


def fit(
    network: Annotated[
        list[str] | None, typer.Option(help="A wiring, as for `connectome info`; several times; consensus by default.")
    ] = None,
    strain: Annotated[str, typer.Option(help="'wt', or 'unc31', which lacks dense-core vesicle release.")] = "wt",
    halvings: Annotated[int, typer.Option(max=1000, help="How often the trials are halved at random.")] = 1,
    seed: Annotated[int, typer.Option(help="Seed of the halves.")] = 0,
    table: Annotated[Path | None, typer.Option(help="Write all figures to a .csv file.")] = None,
) -> None:
    """Fit class-wise constants to half of the atlas's trials; judge them on the other half and on other neurons."""
    import numpy as np

    from connectome.atlas.fit import ROLES, TRANSMITTERS
    from connectome.atlas.fit_report import LEAST, fit_atlas
    from connectome.atlas.recordings import load_atlas
    from connectome.wiring import load_table
    from neuron_models.foundation.errors import require_seed

    require(table is None or table.suffix == ".csv", f"--table {table} does not end in .csv")
    require(halvings >= 1, f"--halvings must be >= 1, got {halvings}")
    require_seed(seed, "--seed")
    atlas = load_atlas(strain)
    names = [f"leak of {role}s" for role in ROLES] + [*TRANSMITTERS, "power of own response"]
    shown = Table(
        "wiring", "pairs", "unfitted", "fitted half", "other half", "other half, other neurons", "ceiling there"
    )
    rows, constants = [], Table("wiring", *names)
    for wiring in network or ["consensus"]:
        found = fit_atlas(atlas, load_table(wiring), halvings, seed)
        figures = (found.before, found.fitted, found.after, found.after_other, found.ceiling)
        shown.add_row(wiring, str(found.pairs), *(f"{value:.3f}" for value in figures))
        mean = found.constants.mean(0)
        factors = [*(np.exp(mean[: len(ROLES)])), *mean[len(ROLES) :]]
        constants.add_row(wiring, *(f"{value:.3g}" for value in factors))
        rows.append((wiring, found.pairs, *figures, *factors, found.stable))
        if not found.stable:
            print(f"{wiring}: a fitted network comes to no rest: its strengths mean nothing by themselves")
    print_whole(shown)
    print_whole(constants)
    print(
        f"r: Pearson over pairs with at least {LEAST} trials in all, mean of {halvings} random halves. Leaks: factors "
        "on those of the passive gap network; transmitters: strength of a contact over that of a gap junction"
    )
    if table is not None:
        columns = ("wiring", "pairs", "unfitted", "fitted_half", "other_half", "other_neurons", "ceiling")
        with atomic_write(table) as temporary, temporary.open("w", newline="") as file:
            csv.writer(file).writerows([[*columns, *names, "stable"], *rows])
        print(f"All figures in {table}")
