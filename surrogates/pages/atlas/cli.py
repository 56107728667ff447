"""`wormtwin validate atlas`: what the wirings predict beside what was measured."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from connectome.cli import NetworkOption
from neuron_models.foundation.errors import require
from neuron_models.foundation.printing import print_whole
from surrogates.pages.atlas.ablation_cli import ablations
from surrogates.pages.atlas.fit_cli import fit

validate_app = typer.Typer(no_args_is_help=True, help="Hold the simulator's networks against measurements.")


@validate_app.command()
def atlas(
    network: NetworkOption = None,
    parameters: Annotated[
        str | None,
        typer.Option(help="A parameter set or its .toml; published2012 (passive) and kunert2014 (graded) by default."),
    ] = None,
    strain: Annotated[str, typer.Option(help="'wt', or 'unc31', which lacks dense-core vesicle release.")] = "wt",
    table: Annotated[Path | None, typer.Option(help="Write all scores to a .csv file.")] = None,
    page: Annotated[Path | None, typer.Option(help="Write a page with the matrices side by side (.html).")] = None,
) -> None:
    """Compare predicted responses with the signal propagation atlas of Randi et al. 2023; all wirings when none."""
    from connectome.atlas.comparison import ALL_WIRINGS, MAIN, compare_with_atlas, save_scores
    from connectome.atlas.recordings import load_atlas
    from surrogates.pages.page import require_page

    require(table is None or table.suffix == ".csv", f"--table {table} does not end in .csv")
    if page is not None:
        require_page(page)
    measured = load_atlas(strain)
    comparison = compare_with_atlas(measured, ALL_WIRINGS if network is None else [network], parameters)
    _print(comparison, MAIN if network is None else None)
    if table is not None:
        save_scores(comparison, table)
        print(f"All scores in {table}")
    if page is not None:
        from surrogates.pages.atlas.page import write_atlas_page

        print(f"Page: {write_atlas_page(comparison, page)}")


def _print(comparison, shown: tuple[str, ...] | None) -> None:
    from connectome.atlas.recordings import STRAINS

    measured = comparison.atlas.measured
    print(
        f"Signal propagation atlas, {STRAINS[comparison.atlas.strain]}: {measured.sum():,} pairs, "
        f"{(comparison.atlas.q[measured] < 0.05).sum():,} with q < 0.05"
    )
    rows = Table(
        "wiring",
        "predictor",
        "r >= 8",
        "95 %",
        "r >= 16",
        "no L-R >= 8",
        "no L-R >= 16",
        "rank >= 8",
        "AUC q",
        "AUC q_eq",
    )
    for each in comparison.scores:
        if shown is None or each.predictor in shown:
            _, eight, sixteen = each.with_homologues
            _, alone, alone_sixteen = each.without_homologues
            rows.add_row(
                each.wiring,
                each.predictor,
                f"{eight.r:.3f}",
                f"{eight.low:.2f} to {eight.high:.2f}",
                *(f"{value.r:.3f}" for value in (sixteen, alone, alone_sixteen)),
                f"{eight.rank_r:.3f}",
                f"{each.auc:.2f}",
                f"{each.auc_eq:.2f}",
            )
    limits = comparison.ceilings
    rows.add_row(
        "the trials themselves",
        "ceiling",
        f"{limits[8, True]:.2f}",
        "",
        f"{limits[16, True]:.2f}",
        f"{limits[8, False]:.2f}",
        f"{limits[16, False]:.2f}",
        "",
        "",
        "",
    )
    for wiring, (mean, deviation) in comparison.shuffles.items():
        if shown is None:
            rows.add_row(wiring, "neurons renamed at random", f"{mean:.3f}", f"sd {deviation:.3f}", *[""] * 6)
    print_whole(rows)
    passive, graded = comparison.sets
    print(
        "r: Pearson over pairs with at least so many trials, with and without left-right homologues; 95 % over "
        f"stimulated neurons. Passive: {passive}; graded: {graded}"
    )


def register(app: typer.Typer) -> None:
    """Mount these commands."""
    validate_app.command()(fit)
    validate_app.command()(ablations)
    app.add_typer(validate_app, name="validate")
