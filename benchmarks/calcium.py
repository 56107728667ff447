"""Behaviour states of four real worms: every model, all combinations of training worms, both protocols.

    python benchmarks/calcium.py out [--jobs 2] [--models logistic,mlp,gnn]

Prints the figures that are asked for and the time; the folder gets what `wormtwin calcium benchmark` writes. Reads
data/calcium/kato2015_worms1-4.npz beside the reference files.
"""

import argparse
import time
from pathlib import Path

import pandas as pd
from machine import describe, shared_folder

from datasets.calcium.recordings import load_npz
from datasets.store import dataset_checksum, load_dataset, save_dataset
from surrogates.calcium.benchmark import run_benchmark
from surrogates.calcium.tables import print_tables, save_tables
from surrogates.report.calcium_states import write_states_report

ASKED = (
    ("two", "unseen", 3, "", 98.0),
    ("two", "unseen", 3, "calcium_gnn", 97.5),
    ("four", "unseen", 3, "", 89.0),
    ("seven", "seen", 1, "", 90.0),
)
"""State rule, worms asked, training worms, model (the best one when empty), accuracy in %."""


def figure(table: pd.DataFrame, rule: str, asked: str, size: int, model: str, protocol: str) -> str:
    """One figure of the table in words."""
    rows = table[(table["rule"] == rule) & (table["asked"] == asked) & (table["training_worms"] == size)]
    rows = rows[rows["protocol"] == protocol]
    row = (rows[rows["model"] == model] if model else rows.nlargest(1, "accuracy")).iloc[0]
    return f"{row['model']} {row['accuracy']:.2f} ± {row['sd']:.2f} % (chance {row['chance']:.1f})"


def main() -> None:
    """Run the benchmark and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--models", default="")
    given = parser.parse_args()
    print(describe())
    data = save_dataset(
        load_npz(shared_folder() / "data" / "calcium" / "kato2015_worms1-4.npz"), given.out / "worms.h5"
    )
    started = time.perf_counter()
    models = [name for name in given.models.split(",") if name]
    done = run_benchmark(load_dataset(data), dataset_checksum(data), given.out, models=models, jobs=given.jobs)
    print(f"{time.perf_counter() - started:.0f} s for what was missing, {given.jobs} process(es)")
    table = save_tables(done, given.out)
    write_states_report(done, table, given.out)
    print_tables(table)
    for rule, asked, size, model, wanted in ASKED:
        if not model or model in done.models:
            for protocol in ("paper", "strict"):
                found = figure(table, rule, asked, size, model, protocol)
                print(f"{rule} states, {asked}, {size} learned, {protocol}: {found}, asked for {wanted:g} %")


if __name__ == "__main__":
    main()
