"""The errors of forecasts as tables: every run, and mean and spread by model, number of training worms and step."""

from pathlib import Path

import numpy as np
import pandas as pd
from rich.table import Table

from neuron_models.foundation.files import atomic_write
from neuron_models.foundation.printing import print_whole
from surrogates.calcium.forecasts.benchmark import LINEAR, PERSISTENCE, PREFIX, TrajectoryBenchmark

RUNS_FILE = "trajectories.csv"
SUMMARY_FILE = "trajectories-summary.csv"
SHOWN = (1, 2, 3, 4, 8, 12, 16)
"""Steps that tables show."""


def runs_table(benchmark: TrajectoryBenchmark) -> pd.DataFrame:
    """One row a model, combination of training worms, unseen worm and step.

    `rmse` is over all neurons, each scaled to [0, 1] by its range in the recording. `ahead` is the time of the step in
    seconds, at the dataset's median frame rate.
    """
    names = [trial.name for trial in benchmark.dataset]
    rows = []
    for (model, worms), unseen in benchmark.runs.items():
        about = {"model": model, "training_worms": len(worms), "trained_on": " ".join(names[i] for i in worms)}
        for worm, errors in unseen.items():
            for step, rmse in enumerate(errors, start=1):
                ahead = step * benchmark.dataset.dt / 1000
                rows.append({**about, "unseen": worm, "step": step, "ahead": ahead, "rmse": rmse})
    order = {name: index for index, name in enumerate(benchmark.models)}
    keys = ["model", "training_worms", "trained_on", "unseen", "step"]
    table = pd.DataFrame(rows)
    return table.sort_values(keys, key=lambda c: c.map(order) if c.name == "model" else c, kind="stable")


def summary_table(runs: pd.DataFrame) -> pd.DataFrame:
    """One row a model, number of training worms and step: mean and standard deviation of the RMSE over unseen worms.

    `below` is the number of (training worms, unseen worm) of `cases` in which the model is below persistence and the
    linear autoregression, as far as these were measured.
    """
    keys, case = ["model", "training_worms", "step"], ["trained_on", "unseen", "step"]
    rivals = runs[runs["model"].isin((PERSISTENCE, LINEAR))].groupby(case)["rmse"].min()
    best = np.asarray(runs.set_index(case).index.map(rivals), dtype=float)
    grouped = runs.assign(below=runs["rmse"].to_numpy() < best).groupby(keys, sort=False)
    table = grouped["rmse"].agg(["mean", "std", "size"]).rename(columns={"std": "sd", "size": "cases"})
    table["below"] = grouped["below"].sum()
    return table.reset_index()


def save_trajectory_tables(benchmark: TrajectoryBenchmark, out: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Write both tables as CSV into a folder; gives them."""
    runs = runs_table(benchmark)
    summary = summary_table(runs)
    for table, name in ((runs, RUNS_FILE), (summary, SUMMARY_FILE)):
        with atomic_write(out / name) as beside:
            table.to_csv(beside, index=False)
    return runs, summary


def print_trajectories(summary: pd.DataFrame) -> None:
    """Print mean and spread of the errors of some steps, for the largest number of training worms."""
    most = summary[summary["training_worms"] == summary["training_worms"].max()]
    title = "RMSE of forecasts of unseen worms, as a share of the range"
    table = Table("model", *(f"step {step}" for step in SHOWN), "mean", title=title)
    for model, rows in most.groupby("model", sort=False):
        by_step = rows.set_index("step")
        cells = [f"{by_step['mean'][step]:.4f} ± {by_step['sd'].fillna(0)[step]:.4f}" for step in SHOWN]
        table.add_row(str(model).removeprefix(PREFIX), *cells, f"{rows['mean'].mean():.4f}")
    print_whole(table)
