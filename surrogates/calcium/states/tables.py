"""The benchmark's figures as tables: accuracy by rule, model, number of training worms and protocol."""

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.table import Table

from datasets.calcium.state_rules import state_rule
from neuron_models.foundation.csv_file import write_csv
from neuron_models.foundation.files import atomic_write
from neuron_models.foundation.printing import print_whole
from surrogates.calcium.states.benchmark import WITHOUT, Benchmark
from surrogates.runs.result import versions, without_nan

# Accuracy in % (Wang et al. 2020): of worms that were seen in training, and of unseen worms of Kato et al. 2015.
PUBLISHED = {
    ("two", "calcium_svm"): {"seen": 98.8, "unseen": 82.8},
    ("two", "calcium_mlp"): {"seen": 99.3, "unseen": 93.9},
    ("two", "calcium_connectome"): {"seen": 99.5, "unseen": 96.8},
    ("two", "calcium_gnn"): {"seen": 99.5, "unseen": 97.7},
    ("four", "calcium_gnn"): {"unseen": 87.0},
    ("seven", "calcium_gnn"): {"seen": 92.0},
}


def accuracy_table(benchmark: Benchmark) -> pd.DataFrame:
    """One row a rule, model, number of training worms, protocol and whether the test worms were seen; figures in %.

    `accuracy` is the mean over combinations of training worms (and over unseen worms), each over all folds; `sd` their
    standard deviation; `chance` that of always giving the commonest state of the test windows; `recall` by state and
    `confusion` are over all test windows together. `published` stands beside the seen worms of a single training worm
    and beside the unseen one of most training worms.
    """
    gathered: dict[tuple, dict[tuple, list]] = defaultdict(lambda: defaultdict(list))
    for (rule, model, worms), records in benchmark.records.items():
        for record in records:
            row = rule, model, len(worms), record["protocol"]
            gathered[(*row, "seen")][worms, ""].append(record["seen"])
            for worm, table in record["unseen"].items():
                gathered[(*row, "unseen")][worms, worm].append(table)
    most = len(benchmark.dataset) - 1
    rows = [_row(key, list(by_run.values()), most) for key, by_run in gathered.items()]
    table = pd.DataFrame(rows)
    order = {name: index for index, name in enumerate((*benchmark.rules, *benchmark.models))}
    keys = table.assign(rule=table["rule"].map(order), model=table["model"].map(order))
    sorted_by = keys.sort_values(["rule", "model", "training_worms", "protocol", "asked"], kind="stable").index
    return table.loc[sorted_by].reset_index(drop=True)


def _row(key: tuple[str, str, int, str, str], records: list[list], most: int) -> dict[str, Any]:
    rule, model, size, protocol, test = key
    tables = [np.sum(folds, axis=0) for folds in records]
    accuracies = [100 * np.trace(table) / table.sum() for table in tables]
    together = np.sum(tables, axis=0)
    recall = 100 * np.diag(together) / np.maximum(together.sum(axis=1), 1)
    shown = (test == "seen" and size == 1) or (test == "unseen" and size == most)
    return {
        "rule": rule,
        "model": model,
        "training_worms": size,
        "protocol": protocol,
        "asked": test,
        "accuracy": float(np.mean(accuracies)),
        "sd": float(np.std(accuracies, ddof=1)) if len(accuracies) > 1 else float("nan"),
        "chance": float(np.mean([100 * table.sum(axis=1).max() / table.sum() for table in tables])),
        "published": PUBLISHED.get((rule, model), {}).get(test, float("nan")) if shown else float("nan"),
        "combinations": len(records),
        "folds": len(records[0]),
        "recall": dict(zip(state_rule(rule).classes, recall.tolist(), strict=True)),
        "confusion": together.tolist(),
    }


def runs_table(benchmark: Benchmark) -> pd.DataFrame:
    """One row a rule, combination of training worms, model, protocol, fold and test worm: its accuracy in %."""
    names, rows = [trial.name for trial in benchmark.dataset], []
    for (rule, model, worms), records in benchmark.records.items():
        inputs = benchmark.inputs[rule, worms]
        about: dict[str, Any] = {"rule": rule, "model": model, "trained_on": " ".join(names[worm] for worm in worms)}
        about |= {"smoothing": inputs.smoothing, "scaling": inputs.scaling}
        for record in records:
            for test, table in {"seen": record["seen"], **record["unseen"]}.items():
                row = {"protocol": record["protocol"], "fold": record["fold"], "asked": test}
                rows.append({**about, **row, "accuracy": 100 * np.trace(table) / np.sum(table)})
    return pd.DataFrame(rows)


def save_tables(benchmark: Benchmark, folder: Path) -> pd.DataFrame:
    """Write `accuracy.csv`, `runs.csv` and `benchmark.json` (the first, the rules, what was read, versions)."""
    table, runs = accuracy_table(benchmark), runs_table(benchmark)
    recalls = pd.json_normalize(table["recall"].tolist()).add_prefix("recall_")
    plain = pd.concat([table.drop(columns=["recall", "confusion"]), recalls], axis=1)
    for name, each in (("accuracy", plain), ("runs", runs)):
        with atomic_write(folder / f"{name}.csv") as beside:
            write_csv(each, beside, index=False)
    rules = {
        rule: {name: list(states) for name, states in state_rule(rule).classes.items()} for rule in benchmark.rules
    }
    reading = {
        rule: {**each.get("reading", {}), "without_ava": without_ava(each)} for rule, each in benchmark.reading.items()
    }
    content = {"rules": rules, "accuracy": table.to_dict("records"), "reading": reading, "versions": versions()}
    with atomic_write(folder / "benchmark.json") as beside:
        beside.write_text(json.dumps(without_nan(content), indent=1))
    return table


def print_tables(table: pd.DataFrame) -> None:
    """Print, for each rule, every model on a seen worm and on an unseen one of most training worms."""
    most = int(table.loc[table["asked"] == "unseen", "training_worms"].max())
    for rule, of_rule in table.groupby("rule", sort=False):
        title = f"Accuracy in %, rule {rule}; published in brackets"
        shown = Table("model", title=title)
        heads = (("seen", 1), ("unseen", most))
        for test, size in heads:
            for protocol in ("paper", "strict"):
                shown.add_column(f"{test}, {size} learned\n{protocol}", no_wrap=True, justify="right")
        shown.add_column("chance", justify="right")
        for model, rows in of_rule.groupby("model", sort=False):
            cells = [_cell(rows, test, size, protocol) for test, size in heads for protocol in ("paper", "strict")]
            shown.add_row(str(model).removeprefix("calcium_"), *cells, f"{rows['chance'].mean():.1f}")
        print_whole(shown)


def _cell(rows: pd.DataFrame, test: str, size: int, protocol: str) -> str:
    matching = rows[(rows["asked"] == test) & (rows["training_worms"] == size) & (rows["protocol"] == protocol)]
    if matching.empty:
        return ""
    row = matching.iloc[0]
    spread = "" if np.isnan(row["sd"]) else f" ± {row['sd']:.1f}"
    return f"{row['accuracy']:.1f}{spread}" + ("" if np.isnan(row["published"]) else f" ({row['published']:g})")


def without_ava(reading: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    """The accuracy in % on unseen worms without AVA, by model, for the paper's and the strict protocol."""
    values = {}
    for name, records in reading.items():
        if not name.startswith(WITHOUT):
            continue
        by_protocol: dict[str, list[float]] = defaultdict(list)
        for record in records:
            for table in record["unseen"].values():
                by_protocol[record["protocol"]].append(100 * float(np.trace(table) / np.sum(table)))
        values[name.removeprefix(WITHOUT)] = (
            float(np.mean(by_protocol["paper"])),
            float(np.mean(by_protocol["strict"])),
        )
    return values
