"""The page of importance: which inputs matter, how far each method can be trusted, and when the inputs act."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from datasets.dataset import Dataset
from neuron_models.foundation.csv_file import write_csv
from neuron_models.foundation.files import atomic_write
from neuron_models.foundation.numerals import listed, significant
from surrogates.importance.against_simulator import SIMULATOR
from surrogates.importance.example import Example, example
from surrogates.importance.methods import METHODS, measure_of
from surrogates.importance.plots import (
    plot_agreements,
    plot_matrix,
    plot_over_time,
    plot_ranks,
    plot_tables,
    plot_values,
    shown_scale,
)
from surrogates.importance.problem import AttributionProblem
from surrogates.importance.storage import as_frame
from surrogates.importance.table import Importance
from surrogates.importance.trust import RESAMPLES, Agreement, agreement
from surrogates.pages import blocks
from surrogates.pages.page import write_page
from surrogates.runs.result import versions, without_nan

_SILENCING = "RMS change of the output when the input is silenced in the full network"
_DIFFERENCE = (
    "Each method against the simulator. The RMS difference of occlusion is its error; that of integrated gradients and "
    "Shapley values holds a difference of definition too: they divide the response among the inputs, which is what "
    "silencing changes only where effects add. A dash: another measure, or another baseline than zero."
)


def agreements_with(tables: Sequence[Importance], reference: str = SIMULATOR) -> list[Agreement]:
    """How every other table agrees with one of them; none where it is not among them."""
    by_name = {table.method: table for table in tables}
    if reference not in by_name:
        return []
    others = [table for table in tables if table.method != reference]
    return [agreement(each, by_name[reference], measure=measure_of(each)) for each in others]


def write_importance_page(
    model: Any,
    name: str,
    problem: AttributionProblem,
    tables: Sequence[Importance],
    agreements: Sequence[Agreement],
    out: Path,
    silenced: Sequence[Dataset] | None = None,
) -> Path:
    """Write `report.html`, its figures and `agreement.csv` into a folder.

    Args:
        model: a Keras model.
        name: what to call it.
        problem: the trials and groups.
        tables: of the methods, and of the simulator where it was run.
        agreements: as `agreements_with` gives them.
        out: the folder.
        silenced: the simulator's datasets, for the trial that is shown in detail.
    """
    title = f"What matters to {model.name} on {problem.dataset.name}"
    lead = (
        f"How much each input matters for each output, by {len(tables)} "
        f"{'ways' if len(tables) > 1 else 'way'} to ask, over {len(problem.dataset)} trials ({problem.split})."
    )
    if agreements:
        with atomic_write(out / "agreement.csv") as temporary:
            write_csv(_frame(agreements), temporary, index=False)
    sections = [_tables(tables)]
    if agreements:
        sections.append(_trust(tables, agreements))
    if len(tables) > 1:
        sections.append(_between(tables))
    sections += [_over_time(example(model, problem, tables[0], silenced), problem), _asked(name, problem, tables)]
    return write_page(blocks.Page(title, lead, tuple(sections)), out / "report.html")


def _frame(agreements: Sequence[Agreement]) -> pd.DataFrame:
    """One row a method."""
    rows = []
    for each in agreements:
        row = asdict(each)
        for what in ("over_trials", "over_cells"):
            row[f"{what}_low"], row[f"{what}_high"] = row.pop(what)
        row["over_trials_by"], row["over_cells_by"] = row.pop("intervals")
        rows.append(row)
    return pd.DataFrame(rows)


def _tables(tables: Sequence[Importance]) -> blocks.Section:
    most = [f"{table.method}: {_strongest(table)}" for table in tables]
    measures = {SIMULATOR: _SILENCING, **{name: method.what for name, method in METHODS.items()}}
    caption = "Inputs by outputs, darker is larger; every method has a logarithmic scale, and units, of its own."
    figure = blocks.FigureBlock(
        "tables", plot_tables(tables), caption, f"Heat maps. Largest cells: {'; '.join(most)}.", as_frame(tables)
    )
    what = blocks.KeyValues({table.method: f"{measures[table.method]} ({table.units})" for table in tables})
    numbers = blocks.Details("All numbers", tuple(_numbers(table) for table in tables))
    return blocks.Section("Inputs and outputs", (figure, what, numbers))


def _strongest(table: Importance) -> str:
    row, column = np.unravel_index(int(np.argmax(table.values)), table.values.shape)
    factor, units = shown_scale(table.units)
    return f"{table.inputs[row]} on {table.outputs[column]}, {significant(float(table.values.max()) * factor)} {units}"


def _numbers(table: Importance) -> blocks.TableBlock:
    factor, units = shown_scale(table.units)
    errors = np.full(table.values.shape, math.nan) if table.standard_error is None else table.standard_error
    columns = (blocks.Column("Output"), *(blocks.Column(name, units) for name in table.inputs))
    rows: list[tuple[blocks.Value | blocks.Cell, ...]] = []
    for index, output in enumerate(table.outputs):
        pairs = zip(table.values[:, index] * factor, errors[:, index] * factor, strict=True)
        cells = (blocks.Cell(float(v), f"± {significant(float(e), 2)}" if math.isfinite(e) else "") for v, e in pairs)
        rows.append((output, *cells))
    return blocks.TableBlock(columns, (blocks.Rows(tuple(rows)),), f"{table.method}; ± is a standard error.")


def _trust(tables: Sequence[Importance], agreements: Sequence[Agreement]) -> blocks.Section:
    by_name = {table.method: table for table in tables}
    simulator, others = by_name[SIMULATOR], [table for table in tables if table.method != SIMULATOR]
    alike = [table for table in others if measure_of(table)]
    content: list[blocks.Block] = [blocks.Note(_in_a_sentence(agreements)), *_other_baseline(others)]
    content.append(_trust_table(agreements, simulator.units))
    rho = "; ".join(f"{each.method} {significant(each.rho)}" for each in agreements)
    caption = (
        "Rank correlation with the simulator, over all inputs and outputs. Intervals (95 %) are from "
        f"{RESAMPLES:,} bootstrap samples ({_how_drawn(agreements)}), over trials or over the "
        "cells of the table. The correlation within an "
        "output ranks the inputs of one output alone."
    )
    content.append(blocks.FigureBlock("trust", plot_agreements(agreements), caption, f"{rho}.", _frame(agreements)))
    ranks = "Every cell's rank by each method against its rank in the simulator; 1 is the largest."
    content.append(blocks.FigureBlock("ranks", plot_ranks(others, simulator), ranks, f"Scatter plots of ranks: {rho}."))
    if alike:
        values = (
            "Values against the simulator's; equal on the line. Off it, occlusion is wrong about the network; "
            "integrated gradients and Shapley values also differ from silencing by definition, unless effects add."
        )
        shown = listed([table.method for table in alike])
        content.append(
            blocks.FigureBlock("values", plot_values(alike, simulator), values, f"Scatter plots of {shown}.")
        )
    return blocks.Section("Against the simulator", tuple(content))


def _other_baseline(tables: Sequence[Importance]) -> list[blocks.Block]:
    """Say that two questions are compared, where they are."""
    others = {str(table.about["baseline"]) for table in tables if "baseline" in table.about} - {"zero"}
    if not others:
        return []
    return [
        blocks.Note(
            f"The methods put the baseline {listed(sorted(others))} in an input's place, the simulator silences it: "
            "these are two questions, so that ranks can be compared, but not values."
        )
    ]


def _how_drawn(agreements: Sequence[Agreement]) -> str:
    percentile = any("percentile" in each.intervals for each in agreements)
    return "BCa" + ", or percentile as marked, where BCa is not defined" * percentile


def _in_a_sentence(agreements: Sequence[Agreement]) -> str:
    ordered = sorted((each for each in agreements if math.isfinite(each.rho)), key=lambda each: -each.rho)
    if not ordered:
        return "No method ranks the cells: its values are all alike."
    best, worst = ordered[0], ordered[-1]
    text = f"{best.method} ranks the cells most as the simulator does (rank correlation {significant(best.rho)}"
    text += f", {_interval(best.over_trials)} over trials)"
    if worst is not best:
        text += f", {worst.method} least (rank correlation {significant(worst.rho)}, {_interval(worst.over_trials)})"
    return f"{text[0].upper()}{text[1:]}."


def _interval(ends: tuple[float, float]) -> str:
    return f"{significant(ends[0])}\N{NO-BREAK SPACE}to\N{NO-BREAK SPACE}{significant(ends[1])}"


def _marked(ends: tuple[float, float], by: str) -> blocks.Cell:
    return blocks.Cell(_interval(ends), "percentile" * (by == "percentile"))


def _trust_table(agreements: Sequence[Agreement], units: str) -> blocks.TableBlock:
    factor, shown = shown_scale(units)
    columns = (
        blocks.Column("Method"),
        blocks.Column("Rank correlation", best="highest"),
        blocks.Column("95 % over trials"),
        blocks.Column("95 % over cells"),
        blocks.Column("within an output", best="highest"),
        blocks.Column("same top input"),
        blocks.Column("RMS difference", shown),
    )
    rows = tuple(
        (
            each.method,
            each.rho,
            _marked(each.over_trials, each.intervals[0]),
            _marked(each.over_cells, each.intervals[1]),
            each.within,
            f"{each.top} of {each.outputs}",
            blocks.Cell(each.difference * factor, "definition included" * (each.measure == "shares")),
        )
        for each in agreements
    )
    return blocks.TableBlock(columns, (blocks.Rows(rows),), _DIFFERENCE)


def _between(tables: Sequence[Importance]) -> blocks.Section:
    caption = "Spearman's rank correlation over all inputs and outputs, of every method with every other."
    names = listed([table.method for table in tables])
    return blocks.Section(
        "Against each other", (blocks.FigureBlock("matrix", plot_matrix(tables), caption, f"Heat map of {names}."),)
    )


def _over_time(shown: Example, problem: AttributionProblem) -> blocks.Section:
    dataset = problem.dataset
    outputs = {name: dataset.y_names.index(name) for name in shown.outputs}
    groups = tuple(problem.groups)
    units = dataset.y_units
    same = dict.fromkeys(shown.over_response, units)
    by_response = plot_over_time(shown.over_response, groups, outputs, dataset.dt, same)
    gradient = "/".join(filter(None, (units, dataset.x_units)))
    by_stimulus = plot_over_time(
        shown.over_stimulus,
        groups,
        outputs,
        dataset.dt,
        {"saliency": gradient, "integrated-gradients": units},
        shown.peaks,
        "stimulus",
    )
    first = (
        f"Trial {shown.trial.name}: what each input adds to the response, at every time of the response. Integrated "
        "gradients and Shapley values of all inputs add up to the response's distance from that to the baseline; "
        "occlusion, and silencing in the simulator, do so only where effects add."
    )
    second = (
        "The same trial: what every sample of the stimulus does to the peak of an output (dotted), where it is "
        "farthest from the response to the baseline. The integrated gradients add up to that distance."
    )
    alt = f"Lines by input over time for {listed(shown.outputs)}."
    content = []
    for name, figure, caption, effects in (
        ("over-response", by_response, first, shown.over_response),
        ("over-stimulus", by_stimulus, second, shown.over_stimulus),
    ):
        content.append(blocks.FigureBlock(name, figure, caption, alt, _courses(effects, groups, outputs, dataset)))
    return blocks.Section("Over time", tuple(content))


def _courses(
    effects: dict[str, np.ndarray], groups: tuple[str, ...], outputs: dict[str, int], dataset: Dataset
) -> pd.DataFrame:
    """The lines that are drawn, a column each."""
    columns = {
        f"{method} {group} {name}": effect[:, row, index]
        for method, effect in effects.items()
        for row, group in enumerate(groups)
        for name, index in outputs.items()
    }
    table = pd.DataFrame(columns)
    table.insert(0, "time", np.arange(len(table)) * dataset.dt)
    return table


def _asked(name: str, problem: AttributionProblem, tables: Sequence[Importance]) -> blocks.Section:
    groups = "; ".join(f"{group}: {', '.join(members)}" for group, members in problem.groups.items())
    common = set(problem.about())
    entries = {
        "Model": name,
        "Data": f"{problem.dataset.name} ({problem.dataset.source})",
        "Trials": ", ".join(trial.name for trial in problem.dataset),
        "Inputs": groups,
        "Baseline": problem.baseline,
    }
    for table in tables:
        own = {key: value for key, value in table.about.items() if key not in common}
        if own:
            entries[table.method] = json.dumps(without_nan(own)).strip("{}").replace('"', "")
    entries["Versions"] = " ".join(f"{key} {value}" for key, value in versions().items())
    where = (
        "Beside this page: importance.h5 has every table by trial and over time, importance.csv the values, "
        "figures/ every figure as PNG and SVG with the numbers that it draws (CSV)."
    )
    return blocks.Section("Settings", (blocks.KeyValues(entries), blocks.Paragraph(where)))
