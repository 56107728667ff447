"""The report of the experiments: one page with every table and figure, from the runs that are on disk."""

import json
import math
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from datasets.store import dataset_checksum, load_dataset
from neuron_models.foundation.csv_file import write_csv
from neuron_models.foundation.errors import require
from neuron_models.foundation.files import atomic_write
from neuron_models.foundation.numerals import shown_units, significant
from surrogates.pages import blocks
from surrogates.pages.machine import cores, processor
from surrogates.pages.page import write_page
from surrogates.responses.experiments.outcome import Outcome
from surrogates.responses.experiments.plots import plot_headline
from surrogates.responses.experiments.sections import experiment_section
from surrogates.responses.experiments.tables import best, entries_table, outputs_table, runs_table
from surrogates.runs.result import without_nan

REPORT_FILE = "report.html"
_TITLE = "Recurrent surrogates of the C.\N{NO-BREAK SPACE}elegans nervous system"
_LEAD = (
    "Recurrent networks and simpler baselines learn what a NEURON simulation of the worm's nervous system answers to "
    "stimuli. Every model runs freely: it sees the stimulus and never the simulated response. Errors are "
    "root-mean-square errors over all outputs and samples of a split; published figures are those of Barbulescu, "
    "Mestre, Oliveira and Silveira, Scientific Reports 13 (2023)."
)


def write_report(outcomes: Sequence[Outcome], out: Path) -> Path:
    """Write the report of finished experiments.

    Args:
        outcomes: the experiments, in the order of the page.
        out: the folder; gets `report.html`, `figures/` (PNG, SVG and the numbers drawn), `runs.csv`, `outputs.csv` and
            `report.json` (the summary, the machine, the data files).

    Returns:
        The page's path.

    Raises:
        InputError: no outcomes, or a data file or model in them is missing or damaged.
    """
    require(len(outcomes) > 0, "a report needs at least one experiment")
    headline, machine, data = _headline(outcomes), f"{cores()} core(s) of {processor()}", _data_files(outcomes)
    what = _what_was_run(outcomes, machine, data)
    sections = (_summary(headline, _units(outcomes[0])), *map(experiment_section, outcomes), what)
    for name, tables in (("runs", map(runs_table, outcomes)), ("outputs", map(outputs_table, outcomes))):
        joined = pd.concat([t.assign(experiment=o.experiment.name) for t, o in zip(tables, outcomes, strict=True)])
        with atomic_write(out / f"{name}.csv") as temporary:
            write_csv(joined, temporary, index=False)
    content = {"summary": headline.to_dict("records"), "machine": machine, "data": data}
    with atomic_write(out / "report.json") as temporary:
        temporary.write_text(json.dumps(without_nan(content), indent=1))
    return write_page(blocks.Page(_TITLE, _LEAD, sections), out / REPORT_FILE)


def _headline(outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """One row an experiment and variant: best network, best baseline, best published; errors in the data's units."""
    rows = []
    for outcome in outcomes:
        for variant, table in entries_table(outcome).groupby("variant", sort=False):
            name = outcome.experiment.name + (f", {variant}" if variant else "")
            row = {
                "name": outcome.experiment.name,
                "variant": variant,
                "experiment": name,
                "published": table["test_published"].min(),
            }
            for key, leading in (("network", best(table, True)), ("baseline", best(table, False))):
                row[key] = math.nan if leading is None else leading["test"]
                row[f"{key}_sd"] = math.nan if leading is None else leading["test_sd"]
                row[f"{key}_name"] = "" if leading is None else leading["label"]
                row[f"{key}_parameters"] = 0 if leading is None else int(leading["parameters"])
            rows.append(row)
    return pd.DataFrame(rows)


def _summary(headline: pd.DataFrame, units: str) -> blocks.Section:
    """The table and the figure over all experiments, and one sentence that says who is ahead."""
    factor, shown = shown_units(units)
    columns: tuple[blocks.Column, ...] = (
        blocks.Column("Experiment"),
        blocks.Column("Best network"),
        blocks.Column("Test RMSE", shown),
        blocks.Column("Best baseline"),
    )
    columns += (blocks.Column("Test RMSE", shown), blocks.Column("Best published", shown), blocks.Column("Lowest"))
    rows = tuple(_summary_row(row, factor) for row in headline.to_dict("records"))
    errors = headline[["network", "baseline", "published"]] * factor
    table = errors.assign(experiment="experiment " + headline["experiment"])
    figure = plot_headline(table, shown)
    caption = "The best of each kind by its mean test error over the runs; published: the best of the paper's models."
    alt = "Dots by experiment: " + "; ".join(_spoken(row, shown) for row in table.to_dict("records")) + "."
    return blocks.Section(
        "Summary",
        (
            blocks.Note(_who_is_ahead(headline)),
            blocks.TableBlock(
                columns, (blocks.Rows(rows),), "Best network, best baseline and best published model, by experiment."
            ),
            blocks.FigureBlock("summary", figure, caption, alt, table),
        ),
    )


def _summary_row(row: dict, factor: float) -> tuple:
    def error(key: str) -> blocks.Cell:
        return blocks.Cell(row[key] * factor, _spread(row[f"{key}_sd"] * factor))

    def name(key: str) -> blocks.Cell:
        known = bool(row[f"{key}_name"])
        return blocks.Cell(row[f"{key}_name"] or None, f"{row[f'{key}_parameters']:,} parameters" if known else "")

    ahead = min(
        (k for k in ("network", "baseline", "published") if not math.isnan(row[k])),
        key=lambda key: row[key],
        default=None,
    )
    return (
        blocks.Cell(row["name"], row["variant"]),
        name("network"),
        error("network"),
        name("baseline"),
        error("baseline"),
        row["published"] * factor,
        ahead,
    )


def _spoken(row: dict, units: str) -> str:
    kinds = ("network", "baseline", "published")
    return f"{row['experiment']}: " + ", ".join(f"{kind} {significant(row[kind])} {units}" for kind in kinds)


def _spread(value: float) -> str:
    return f"± {significant(value, 2)}" if math.isfinite(value) else ""


def _who_is_ahead(headline: pd.DataFrame) -> str:
    """Such as: a baseline has the lowest test error in 3 of 5 comparisons (1, 2 and 3), ..."""
    both = headline.dropna(subset=["network", "baseline"])
    ahead = both[both["baseline"] < both["network"]]["experiment"].tolist()
    behind = both[both["baseline"] >= both["network"]]["experiment"].tolist()
    parts = []
    for names, winner, loser in ((ahead, "a baseline", "every network"), (behind, "a network", "every baseline")):
        if names:
            parts.append(
                f"{winner} is closer to the simulation than {loser} in {len(names)} of {len(both)} comparisons"
                f" (experiments {'; '.join(names)})"
            )
    against = headline.dropna(subset=["network", "published"])
    closer = int((against["network"] < against["published"]).sum())
    if len(against):
        parts.append(f"the best network here is below the best published one in {closer} of {len(against)}")
    text = "; ".join(parts) or "There is nothing to compare yet"
    return f"{text[0].upper()}{text[1:]}."


def _units(outcome: Outcome) -> str:
    return load_dataset(outcome.runs[0][1][0].data, lazy=True).y_units


def _data_files(outcomes: Sequence[Outcome]) -> dict[str, str]:
    """The checksum (SHA-256) of every data file."""
    paths = {run.data for outcome in outcomes for _, runs in outcome.runs for run in runs}
    return {path.name: dataset_checksum(path) for path in sorted(paths)}


def _what_was_run(outcomes: Sequence[Outcome], machine: str, data: dict[str, str]) -> blocks.Section:
    # A run that several experiments share is one run.
    results = list(
        {run.folder: run.result for outcome in outcomes for _, runs in outcome.runs for run in runs}.values()
    )
    versions = {" ".join(f"{name} {version}" for name, version in result.versions.items()) for result in results}
    protocols = {
        f"experiment {o.experiment.name}: {o.protocol.runs} run(s) a network, {o.protocol.epochs} epochs"
        for o in outcomes
    }
    seconds = sum(result.seconds for result in results if math.isfinite(result.seconds))
    entries = {
        "Protocol": "; ".join(sorted(protocols)),
        "Seeds": ", ".join(str(seed) for seed in sorted({result.seed for result in results})),
        "Runs": f"{len(results)}, {sum(result.diverged for result in results)} of them diverged",
        "Time in training": f"{significant(seconds)} s, all runs together",
        "Machine": machine,
        "Versions": "; ".join(sorted(filter(None, versions))),
        **{f"Data: {name}": f"SHA-256 {checksum}" for name, checksum in data.items()},
    }
    where = (
        "Beside this page: runs.csv has every run, outputs.csv every output's error, figures/ every figure as PNG and "
        "SVG with the numbers that it draws (CSV), report.json the summary, the machine and the data files."
    )
    return blocks.Section("What was run", (blocks.KeyValues(entries), blocks.Paragraph(where)))
