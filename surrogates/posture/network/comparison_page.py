"""The page that compares generated worms with real ones."""

from pathlib import Path

import pandas as pd
from rich.table import Table

from datasets.dataset import Dataset
from neuron_models.foundation.csv_file import write_csv
from neuron_models.foundation.files import atomic_write
from neuron_models.foundation.printing import print_whole
from neuron_models.foundation.wording import counted
from surrogates.pages import blocks
from surrogates.pages.page import write_page
from surrogates.posture.network.comparison import (
    BOUND,
    UNITS,
    Comparison,
    between_strains,
    comparison_table,
    same_order,
)
from surrogates.posture.network.plots import plot_distributions, plot_free_run


def write_comparison(comparison: Comparison, real: Dataset, generated: Dataset, out: Path) -> Path:
    """Write `comparison.csv`, `report.html` and its figures into a folder; gives the page."""
    table = comparison_table(comparison)
    with atomic_write(out / "comparison.csv") as temporary:
        write_csv(table, temporary, index=False)
    stay = int(comparison.bounded.sum())
    runs = {
        "Real worms": f"{counted(len(real), 'recording')} of {counted(len(comparison.real), 'strain')} ({real.name})",
        "Generated worms": f"{counted(len(generated), 'worm')}, {generated.name}; {generated.source}",
        "Bounded": f"{stay} of {len(comparison.bounded)} stay within {BOUND:g} times the data's range",
    }
    sections = (
        blocks.Section("What was compared", (blocks.KeyValues(runs), *_verdicts(comparison))),
        blocks.Section("Distances", (_table_block(table),)),
        blocks.Section("Distributions", (_distributions(comparison),)),
        blocks.Section("Over time", (_over_time(real, generated),)),
    )
    lead = "Free runs of a network beside the recordings that it learned: whether they do what real worms do."
    return write_page(blocks.Page("Generated worms", lead, sections), out / "report.html")


def _verdicts(comparison: Comparison) -> tuple[blocks.Note | blocks.Paragraph, ...]:
    """In sentences: the order of the strains, and distances beside those between strains."""
    if len(comparison.strains) < 2:
        return (blocks.Paragraph("One strain: there is no order of strains to keep, and no distance between two."),)
    table, notes = comparison_table(comparison), []
    for name in table["measure"].unique():
        largest = table.loc[table["measure"] == name, "distance"].max()
        least = between_strains(comparison, name)
        order = "the real one" if same_order(comparison, name) else "not the real one"
        below = "below" if largest < least else "not below"
        notes.append(
            blocks.Note(
                f"{name.capitalize()}: the strains' order by mean is {order}; the largest distance of generated from "
                f"real worms, {largest:.3g} {UNITS[name]}, is {below} the smallest between two strains, {least:.3g}."
            )
        )
    return tuple(notes)


def _table_block(table: pd.DataFrame) -> blocks.TableBlock:
    columns = (
        blocks.Column("strain"),
        blocks.Column("mean, real"),
        blocks.Column("mean, generated"),
        blocks.Column("distance"),
        blocks.Column("to the nearest strain"),
    )
    groups = []
    for name, part in table.groupby("measure", sort=False):
        rows = tuple(
            (
                row["strain"] or "all",
                blocks.Cell(row["real_mean"], f"± {row['real_sd']:.3g}"),
                blocks.Cell(row["generated_mean"], f"± {row['generated_sd']:.3g}"),
                row["distance"],
                blocks.Cell(row["to_nearest"], row["nearest"]),
            )
            for row in part.to_dict("records")
        )
        groups.append(blocks.Rows(rows, f"{name} ({UNITS[name]})" if UNITS[name] else str(name)))
    caption = (
        "Means and standard deviations over frames; Wasserstein distance of generated from real worms, and of real "
        "worms from those of the strain that is nearest."
    )
    return blocks.TableBlock(columns, tuple(groups), caption)


def _distributions(comparison: Comparison) -> blocks.FigureBlock:
    return blocks.FigureBlock(
        "distributions",
        plot_distributions(comparison),
        "How often each value occurs: real worms (filled) and generated ones (line), a row a strain.",
        "Histograms of speed, head bend, curvature and amplitude of real and generated worms.",
        comparison_table(comparison),
    )


def _over_time(real: Dataset, generated: Dataset) -> blocks.FigureBlock:
    return blocks.FigureBlock(
        "free-run",
        plot_free_run(real, generated),
        "A recorded worm, a generated one of the same strain, and how often each amplitude occurs in all of them.",
        "Amplitudes of a recorded and of a generated worm over a minute.",
    )


def print_comparison(comparison: Comparison) -> None:
    """Print means and distances by measure and strain."""
    table = Table("measure", "strain", "mean, real", "generated", "distance", "to the nearest strain")
    for row in comparison_table(comparison).to_dict("records"):
        numbers = [f"{row[name]:.4g}" for name in ("real_mean", "generated_mean", "distance")]
        near = f"{row['to_nearest']:.4g} ({row['nearest']})" if row["nearest"] else "-"
        table.add_row(f"{row['measure']} {row['units']}".strip(), row["strain"] or "all", *numbers, near)
    print_whole(table)
    stay = int(comparison.bounded.sum())
    print(f"{stay} of {counted(len(comparison.bounded), 'worm')} stay within {BOUND:g} times the range")
