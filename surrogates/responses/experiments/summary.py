"""Tables of an experiment's outcome: made, written, printed."""

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
from rich.table import Table

from neuron_models.foundation.csv_file import write_csv
from neuron_models.foundation.files import atomic_write
from neuron_models.foundation.printing import print_whole
from neuron_models.foundation.splits import SPLITS
from surrogates.responses.experiments.experiments import Entry
from surrogates.responses.experiments.outcome import Outcome, Run
from surrogates.responses.experiments.tables import mean_of, run_statistics
from surrogates.runs.result import versions, without_nan


def summarise(outcome: Outcome) -> pd.DataFrame:
    """One row an entry: parameters, runs, mean and standard deviation of each split's RMSE, the published ones.

    Runs that diverged are counted in `diverged` and left out of the means.
    """
    return pd.DataFrame([_summary(entry, runs) for entry, runs in outcome.runs])


def _summary(entry: Entry, runs: tuple[Run, ...]) -> dict[str, Any]:
    good = [run.result for run in runs if not run.result.diverged]
    row = run_statistics(entry, good, len(runs)) | {"parameters": max(run.result.parameters for run in runs)}
    return {"model": entry.label} | {name: value for name, value in row.items() if not name.endswith(("_low", "_high"))}


def by_output(outcome: Outcome) -> pd.DataFrame:
    """One row an entry: the mean over its runs of each output's test RMSE, a column an output."""
    rows = []
    for entry, runs in outcome.runs:
        tests = [run.result.scores["test"] for run in runs if "test" in run.result.scores]
        names = tests[0].rmse_by_output if tests else {}
        means = {name: mean_of([test.rmse_by_output[name] for test in tests]) for name in names}
        rows.append({"model": entry.label, "runs": len(tests), **means})
    return pd.DataFrame(rows)


def list_runs(outcome: Outcome) -> pd.DataFrame:
    """One row a run: which, how it did, where it lies."""
    return pd.DataFrame([_row(entry, run) for entry, runs in outcome.runs for run in runs])


def _row(entry: Entry, run: Run) -> dict[str, Any]:
    result = run.result
    return {
        "model": entry.label,
        "seed": result.seed,
        "diverged": result.diverged,
        "parameters": result.parameters,
        "best_epoch": result.best_epoch + 1,
        "seconds": result.seconds,
        "step_microseconds": result.step_microseconds,
        **{split: result.rmse(split) for split in SPLITS},
        "settings": json.dumps(dict(result.settings)),
        "data": run.data.name,
        "without": " ".join(run.without),
        "folder": str(Path(*run.folder.parts[-5:])),  # from the results folder on
    }


def save_summary(outcome: Outcome, folder: Path) -> None:
    """Write `result.csv`, `runs.csv`, `by_output.csv`, `result.json` (all three and the protocol) and two plots."""
    from datasets.plots import plot_summary, save_figure
    from datasets.store import load_dataset

    tables = {"result": summarise(outcome), "runs": list_runs(outcome), "by_output": by_output(outcome)}
    for name, table in tables.items():
        with atomic_write(folder / f"{name}.csv") as temporary:
            write_csv(table, temporary, index=False)
    content = {
        "experiment": outcome.experiment.name,
        "title": outcome.experiment.title,
        "scenario": outcome.experiment.scenario,
        "note": outcome.experiment.note,
        "runs_each": outcome.protocol.runs,
        "epochs": outcome.protocol.epochs,
        "versions": versions(),
        "table": tables["result"].to_dict("records"),
        "by_output": tables["by_output"].to_dict("records"),
        "runs": tables["runs"].to_dict("records"),
    }
    with atomic_write(folder / "result.json") as temporary:
        temporary.write_text(json.dumps(without_nan(content), indent=1))
    units = load_dataset(outcome.runs[0][1][0].data, lazy=True).y_units
    for suffix in ("png", "svg"):
        save_figure(plot_summary(tables["result"], units), folder / f"summary.{suffix}")


def print_summary(outcome: Outcome) -> None:
    """Print the measured figures beside the published ones; by output too where models lacked an input."""
    protocol = outcome.protocol
    title = f"RMSE in V, mean of {protocol.runs} run(s) of {protocol.epochs} epochs; published below in brackets"
    shown = Table("model", title=title)
    for column in ("params", *SPLITS, "seconds"):
        shown.add_column(column, no_wrap=True)
    for row in summarise(outcome).to_dict("records"):
        name = row["model"] + (f"\n{row['diverged']} diverged" if row["diverged"] else "")
        cells = [_measured_and_published(row, split) for split in SPLITS]
        shown.add_row(name, str(row["parameters"]), *cells, f"{row['seconds']:.1f}")
    print_whole(shown)
    if any(entry.without for entry, _ in outcome.runs):
        _print_by_output(by_output(outcome))


def _measured_and_published(row: dict[str, Any], split: str) -> str:
    spread, published = row[f"{split}_sd"], row[f"{split}_published"]
    measured = f"{row[split]:.4f}" + ("" if math.isnan(spread) else f"±{spread:.4f}")
    return measured + ("" if math.isnan(published) else f"\n({published:.4g})")


def _print_by_output(table: pd.DataFrame) -> None:
    shown = Table("model", title="Test RMSE in V by output, mean of the runs")
    outputs = [column for column in table if column not in ("model", "runs")]
    for name in outputs:
        shown.add_column(name, no_wrap=True)
    for row in table.to_dict("records"):
        shown.add_row(row["model"], *(f"{row[name]:.4f}" for name in outputs))
    print_whole(shown)
