"""What the runs of an experiment say, as tables: a row for each run, entry, output, or best model of a size."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from neuron_models.foundation.numerals import listed
from neuron_models.foundation.splits import SPLITS
from surrogates.responses.experiments.experiments import Entry
from surrogates.responses.experiments.outcome import Outcome, Run
from surrogates.responses.models.table import MODELS
from surrogates.runs.result import Result
from surrogates.training.model_kind import look_up

NETWORKS = {"rnn": "RNN", "lstm": "LSTM", "gru": "GRU"}
NETWORKS |= {f"{model} well": f"{name}, trained well" for model, name in NETWORKS.items()}
"""How the recurrent networks are called."""


def variant(entry: Entry, outcome: Outcome) -> str:
    """What sets an entry apart besides its model: inputs left out, or the sampling where the experiment has several."""
    parts = [f"without {listed(entry.without)}"] if entry.without else []
    if len({other.sampling for other, _ in outcome.runs}) > 1:
        parts.append(f"sampled every {entry.sampling:g} ms")
    return ", ".join(parts)


def entries_table(outcome: Outcome) -> pd.DataFrame:
    """One row an entry, in order; errors in the data's units, their mean, spread and range over runs that converged.

    Columns: place, label, model, network (or baseline), size, variant, parameters, runs, diverged, seconds, step
    (microseconds) and, for each split, `test`, `test_sd`, `test_low`, `test_high`, `test_published`.
    """
    return pd.DataFrame([_entry_row(index, *pair, outcome) for index, pair in enumerate(outcome.runs)])


def runs_table(outcome: Outcome) -> pd.DataFrame:
    """One row a run: label, variant, seed, the errors, best epoch (0 where there are none), seconds."""
    rows = []
    for entry, runs in outcome.runs:
        for run in runs:
            result = run.result
            about = {
                "experiment": outcome.experiment.name,
                "label": entry.model_label,
                "variant": variant(entry, outcome),
            }
            took = {"seconds": result.seconds, "step": result.step_microseconds, "diverged": result.diverged}
            errors = {split: result.rmse(split) for split in SPLITS}
            epoch = 0 if look_up(entry.kind, MODELS).closed_form else result.best_epoch + 1
            rows.append({**about, "seed": result.seed, **errors, "epoch": epoch, **took})
    return pd.DataFrame(rows)


def outputs_table(outcome: Outcome) -> pd.DataFrame:
    """One row an entry and output: the test error, its mean over the runs, and the same over the output's range."""
    rows = []
    for index, (entry, runs) in enumerate(outcome.runs):
        scores = [run.result.scores["test"] for run in converged(runs) if "test" in run.result.scores]
        for output in scores[0].rmse_by_output if scores else ():
            about = {"place": index, "label": entry.model_label, "variant": variant(entry, outcome), "output": output}
            rmse = float(np.mean([score.rmse_by_output[output] for score in scores]))
            relative = float(np.mean([score.relative_by_output[output] for score in scores]))
            rows.append(about | {"network": not entry.baseline, "rmse": rmse, "relative": relative})
    return pd.DataFrame(rows, columns=["place", "label", "variant", "output", "network", "rmse", "relative"])


def frontier(table: pd.DataFrame) -> pd.DataFrame:
    """The entries that no other one beats with as many parameters or fewer, smallest first."""
    kept, lowest = [], math.inf
    for index, row in table.dropna(subset="test").sort_values(["parameters", "test"]).iterrows():
        if row["test"] < lowest:
            kept.append(index)
            lowest = row["test"]
    return table.loc[kept]


def best(table: pd.DataFrame, network: bool, by: str = "test") -> pd.Series | None:
    """The network, or the baseline, with the smallest error of a split; None when there is none."""
    rows = table[table["network"] == network].dropna(subset=by)
    return None if rows.empty else rows.loc[rows[by].idxmin()]


def converged(runs: Sequence[Run]) -> list[Run]:
    """The runs that did not diverge."""
    return [run for run in runs if not run.result.diverged]


def best_run(runs: Sequence[Run]) -> Run | None:
    """The run with the smallest validation error (training error, where there is no validation)."""
    known = [(error, run) for run in converged(runs) if not math.isnan(error := _chosen_by(run))]
    return min(known, key=lambda pair: pair[0])[1] if known else None


def _chosen_by(run: Run) -> float:
    error = run.result.rmse("validation")
    return run.result.rmse("train") if math.isnan(error) else error


def _entry_row(index: int, entry: Entry, runs: Sequence[Run], outcome: Outcome) -> dict[str, Any]:
    row: dict[str, Any] = {
        "place": index,
        "label": entry.model_label,
        "model": entry.series,
        "network": not entry.baseline,
        "size": "-".join(str(value) for value in entry.settings.values()),
        "variant": variant(entry, outcome),
        **run_statistics(entry, [run.result for run in converged(runs)], len(runs)),
    }
    return row | {"step": row.pop("step_microseconds")}


def run_statistics(entry: Entry, good: Sequence[Result], runs: int) -> dict[str, Any]:
    """What the runs of an entry that converged come to: parameters, seconds, and each split's error.

    Args:
        entry: the row of an experiment.
        good: the results of the runs that converged.
        runs: how many there were.

    Returns:
        Means and, for each split, `_sd`, `_low`, `_high` and `_published`, in the data's units; NaN for none.
    """
    row: dict[str, Any] = {
        "parameters": max((result.parameters for result in good), default=0),
        "runs": runs,
        "diverged": runs - len(good),
        "seconds": mean_of([result.seconds for result in good]),
        "step_microseconds": mean_of([result.step_microseconds for result in good]),
    }
    for split in SPLITS:
        values = [result.rmse(split) for result in good]
        row |= {
            split: mean_of(values),
            f"{split}_sd": float(np.std(values, ddof=1)) if len(values) > 1 else math.nan,
            f"{split}_low": min(values, default=math.nan),
            f"{split}_high": max(values, default=math.nan),
            f"{split}_published": entry.published.get(split, math.nan),
        }
    return row


def mean_of(values: Sequence[float]) -> float:
    """The mean of some numbers, NaN of none."""
    return float(np.mean(values)) if values else math.nan
