"""Behaviour states and trajectories of four real worms: every model, states on all combinations of training worms.

    python benchmarks/calcium.py out [--jobs 2] [--models logistic,mlp,gnn] [--trajectories persistence,linear,mlp]
    python benchmarks/calcium.py out --models none          # forecasts alone, each worm by models of the three others

Prints the figures that have targets, and the time; the folder gets what `wormtwin calcium benchmark` writes. Reads
data/calcium/kato2015_worms1-4.npz beside the reference files.
"""

import argparse
import time
from pathlib import Path

import pandas as pd
from machine import describe, shared_folder

from datasets.calcium.recordings import load_npz
from datasets.store import load_dataset, save_dataset
from surrogates.calcium.forecasts.benchmark import LINEAR, PERSISTENCE, PREFIX, RIVALS, VARIED, benchmark_trajectories
from surrogates.calcium.forecasts.section import trajectory_section
from surrogates.calcium.forecasts.tables import print_trajectories, save_trajectory_tables
from surrogates.calcium.states.benchmark import run_benchmark
from surrogates.calcium.states.page import write_states_report
from surrogates.calcium.states.tables import print_tables, save_tables
from surrogates.pages import blocks

TARGETS = (
    ("two", "unseen", 3, "", 98.0),
    ("two", "unseen", 3, "calcium_gnn", 97.5),
    ("four", "unseen", 3, "", 89.0),
    ("seven", "seen", 1, "", 90.0),
)
"""State rule, test worms (seen or unseen), training worms, model (the best one when empty), accuracy in %."""


def figure(table: pd.DataFrame, rule: str, worms: str, size: int, model: str, protocol: str) -> str:
    """One figure of the table in words."""
    rows = table[(table["rule"] == rule) & (table["asked"] == worms) & (table["training_worms"] == size)]
    rows = rows[rows["protocol"] == protocol]
    row = (rows[rows["model"] == model] if model else rows.nlargest(1, "accuracy")).iloc[0]
    return f"{row['model']} {row['accuracy']:.2f} ± {row['sd']:.2f} % (chance {row['chance']:.1f})"


def states(data: Path, out: Path, models: list[str], jobs: int, more: list[blocks.Section]) -> None:
    """Tell states apart and print the figures."""
    started = time.perf_counter()
    done = run_benchmark(load_dataset(data), out, models=models, jobs=jobs)
    print(f"{time.perf_counter() - started:.0f} s for the states that were missing, {jobs} process(es)")
    table = save_tables(done, out)
    write_states_report(done, table, out, more)
    print_tables(table)
    for rule, worms, size, model, wanted in TARGETS:
        if not model or model in done.models:
            for protocol in ("paper", "strict"):
                figures = figure(table, rule, worms, size, model, protocol)
                print(f"{rule} states, {worms}, {size} learned, {protocol}: {figures}, target {wanted:g} %")


def trajectories(data: Path, out: Path, models: list[str], jobs: int) -> blocks.Section:
    """Forecast unseen worms and print the figures; gives their section of the page."""
    started = time.perf_counter()
    done = benchmark_trajectories(load_dataset(data), out, models=models, jobs=jobs)
    print(f"{time.perf_counter() - started:.0f} s for the forecasts that were missing, {jobs} process(es)")
    runs, summary = save_trajectory_tables(done, out)
    print_trajectories(summary)
    mean = summary.pivot(index="step", columns="model", values="mean")
    for rivals in ((PERSISTENCE, LINEAR), (VARIED,)):
        if set(rivals) <= set(mean):
            names = " and ".join(name.removeprefix(PREFIX) for name in rivals)
            for model in set(mean) - set(RIVALS):
                above = mean.index[mean[model] >= mean[list(rivals)].min(axis=1)].tolist()
                print(f"{model.removeprefix(PREFIX)} is not below {names} at the steps {above or 'none'}")
    return trajectory_section(runs, summary)


def main() -> None:
    """Run the benchmark and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--models", default="")
    parser.add_argument("--trajectories", default="")
    given = parser.parse_args()
    print(describe())
    recordings = load_npz(shared_folder() / "data" / "calcium" / "kato2015_worms1-4.npz")
    data = save_dataset(recordings, given.out / "worms.h5")
    models, forecasting = ([name for name in each.split(",") if name] for each in (given.models, given.trajectories))
    more = [] if forecasting == ["none"] else [trajectories(data, given.out, forecasting, given.jobs)]
    if models != ["none"]:
        states(data, given.out, models, given.jobs, more)


if __name__ == "__main__":
    main()
