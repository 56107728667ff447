"""Runs an experiment: many models on one dataset, many seeds each, every finished run on disk at once."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from joblib.externals.loky.process_executor import TerminatedWorkerError

from datasets.dataset import SPLITS
from datasets.store import dataset_checksum, load_dataset
from neuron_models.errors import InputError, require
from neuron_models.files import written_whole
from neuron_models.progress import progress_bar
from neuron_models.units import Milliseconds
from surrogates.result import SCORES_FILE, Result, load_result, save_result, versions, without_nan


@dataclass(frozen=True)
class Entry:
    """A model of an experiment, its settings, and the published RMSE (V) of training, validation and test, if any."""

    model: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    published: tuple[float, float, float] | None = None

    @property
    def label(self) -> str:
        """Such as GRU-8."""
        name = {"linear": "linear", "state_space": "state-space"}.get(self.model, self.model.upper())
        return "-".join([name, *(str(value) for value in self.settings.values())])


@dataclass(frozen=True)
class Experiment:
    """What is trained on what."""

    name: str
    title: str
    scenario: str
    sampling: Milliseconds
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Protocol:
    """How often and how long each model is trained."""

    runs: int = 10
    epochs: int = 1000

    def __post_init__(self) -> None:
        for name in ("runs", "epochs"):
            require(getattr(self, name) >= 1, f"{name} must be >= 1, got {getattr(self, name)}")


def run_experiment(experiment: Experiment, data: Path, protocol: Protocol, out: Path, jobs: int = 1) -> list[Result]:
    """Train every entry of an experiment with every seed; runs that are on disk already are not repeated.

    Args:
        experiment: the entries.
        data: the dataset file that all of them learn.
        protocol: runs (seeds 0, 1, ...) and epochs.
        out: the folder; each run gets `runs/<label>/seed-<n>` in it.
        jobs: the number of processes.

    Returns:
        The results in the order of the entries and seeds; a run that diverged is marked so.

    Raises:
        InputError: `out` holds runs on other data or of another length, or a worker process died.
    """
    require(jobs >= 1, f"jobs must be >= 1, got {jobs}")
    _claim(out, experiment, data, protocol)
    tasks = [(entry, seed) for entry in experiment.entries for seed in range(_seeds(entry, protocol))]
    missing = [(entry, seed) for entry, seed in tasks if not (_folder(out, entry, seed) / SCORES_FILE).exists()]
    pool = joblib.Parallel(n_jobs=min(jobs, max(1, len(missing))), return_as="generator_unordered")
    calls = (joblib.delayed(_run)(experiment.name, e, s, data, protocol.epochs, _folder(out, e, s)) for e, s in missing)
    try:
        with progress_bar(len(tasks), "run", len(tasks) - len(missing)) as bar:
            for label in pool(calls):
                bar.set_postfix_str(label, refresh=False)
                bar.update()
    except TerminatedWorkerError:
        raise InputError(
            f"a worker process died (out of memory?): the finished runs are kept in {out}; start the same command "
            "again, with fewer --jobs if memory is short"
        ) from None
    return [load_result(_folder(out, entry, seed) / SCORES_FILE) for entry, seed in tasks]


def summarise(experiment: Experiment, results: Sequence[Result]) -> pd.DataFrame:
    """One row an entry: parameters, runs, mean and standard deviation of each split's RMSE, the published ones.

    Runs that diverged are counted in `diverged` and left out of the means.
    """
    rows = []
    for entry in experiment.entries:
        mine = [r for r in results if r.model == entry.model and entry.settings.items() <= r.settings.items()]
        good = [r for r in mine if not r.diverged]
        row: dict[str, Any] = {
            "model": entry.label,
            "parameters": max(r.parameters for r in mine),
            "runs": len(mine),
            "diverged": len(mine) - len(good),
            "seconds": float(np.mean([r.seconds for r in good])) if good else math.nan,
        }
        for place, split in enumerate(SPLITS):
            values = [r.rmse(split) for r in good] or [math.nan]
            row[split] = float(np.mean(values))
            row[f"{split}_sd"] = float(np.std(values, ddof=1)) if len(values) > 1 else math.nan
            row[f"{split}_published"] = entry.published[place] if entry.published else math.nan
        rows.append(row)
    return pd.DataFrame(rows)


def save_summary(
    experiment: Experiment, table: pd.DataFrame, results: Sequence[Result], protocol: Protocol, out: Path
) -> None:
    """Write `result.csv` and `result.json` (the table, all runs, the protocol, the versions)."""
    with written_whole(out / "result.csv") as beside:
        table.to_csv(beside, index=False)
    runs = [
        {"model": r.model, "settings": dict(r.settings), "seed": r.seed, "diverged": r.diverged, "seconds": r.seconds}
        | {split: r.rmse(split) for split in SPLITS}
        for r in results
    ]
    content = {
        "experiment": experiment.name,
        "title": experiment.title,
        "runs_each": protocol.runs,
        "epochs": protocol.epochs,
        "versions": versions(),
        "table": table.to_dict("records"),
        "runs": runs,
    }
    with written_whole(out / "result.json") as beside:
        beside.write_text(json.dumps(without_nan(content), indent=1))


def _run(experiment: str, entry: Entry, seed: int, data: Path, epochs: int, folder: Path) -> str:
    """One run, in whatever process this is; a diverged one leaves its mark and no model."""
    from surrogates.fitting import fit_and_score
    from surrogates.models import model_kind
    from surrogates.training import TrainingConfig

    dataset = load_dataset(data)
    config = TrainingConfig(epochs=epochs, learning_rate=model_kind(entry.model).learning_rate, seed=seed)
    about = {"experiment": experiment, "data": data.name}
    try:
        fit_and_score(dataset, entry.model, entry.settings, config, folder, progress=False, **about)
    except FloatingPointError:
        settings = dict(entry.settings)
        failed = Result(experiment, entry.model, settings, seed, 0, {}, -1, math.nan, data.name, diverged=True)
        save_result(failed, folder)
    return f"{entry.label} seed {seed}"


def _claim(out: Path, experiment: Experiment, data: Path, protocol: Protocol) -> None:
    """Say what the folder's runs are of, or check that they are of the same."""
    backend = versions()["backend"]
    mine = {
        "experiment": experiment.name,
        "data": dataset_checksum(data),
        "epochs": protocol.epochs,
        "backend": backend,
    }
    path = out / "protocol.json"
    if not path.exists():
        with written_whole(path) as beside:
            beside.write_text(json.dumps(mine))
        return
    try:
        found = json.loads(path.read_text())
    except ValueError:
        raise InputError(f"{path}: damaged: delete {out} or choose another --out") from None
    for what, value in mine.items():
        if found.get(what) != value:
            raise InputError(
                f"{out} holds runs with another {what} ({str(found.get(what))[:12]} instead of {str(value)[:12]}): "
                "choose another --out"
            )


def _seeds(entry: Entry, protocol: Protocol) -> int:
    """A model in closed form gives the same for every seed."""
    from surrogates.models import model_kind

    return 1 if model_kind(entry.model).closed_form else protocol.runs


def _folder(out: Path, entry: Entry, seed: int) -> Path:
    return out / "runs" / entry.label / f"seed-{seed}"
