"""Runs experiments: every run that they share once, all in one pool, each on disk as soon as it is finished."""

import json
import math
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets.dataset import Dataset
from datasets.store import dataset_checksum, load_dataset
from neuron_models.foundation.errors import InputError
from neuron_models.foundation.files import atomic_write
from neuron_models.foundation.progress import progress_bar
from neuron_models.foundation.workers import Call, require_workers, run_calls
from surrogates.responses.experiments.experiments import Entry, Experiment, Protocol
from surrogates.responses.experiments.outcome import Outcome, Run
from surrogates.runs.result import SCORES_FILE, Result, load_result, save_result, versions

_CLAIM_FILE = "claim.json"


@dataclass(frozen=True)
class _Planned:
    """A run before it is one; its folder is its identity, since everything that decides the run is in the path."""

    entry: Entry
    seed: int
    data: Path
    folder: Path

    @property
    def learned(self) -> tuple[Path, tuple[str, ...]]:
        """The dataset file, and the inputs in it that the model does not see."""
        return self.data, self.entry.unseen_inputs


def run_all(
    experiments: Sequence[Experiment],
    data: Mapping[tuple[str, float], Path],
    protocol: Protocol,
    out: Path,
    jobs: int = 1,
    cluster: str | None = None,
) -> list[Outcome]:
    """Train every entry of some experiments with every seed; what is on disk already is not repeated.

    Args:
        experiments: their entries; what several of them list is run once.
        data: the dataset file of each scenario and sampling (ms).
        protocol: runs (seeds 0, 1, ...) and epochs.
        out: the folder; a run lies in `runs/<data>[-without-<inputs>]/<epochs>-epochs/<model>/seed-<n>`.
        jobs: the number of processes.
        cluster: the address of a Dask cluster whose workers train instead of this machine.

    Returns:
        An outcome for each experiment; a run that diverged is marked so.

    Raises:
        InputError: `out` holds runs on other data or of other versions, a `scores.json` in it cannot be read, a worker
            died, or the cluster cannot be used.
    """
    require_workers(jobs, cluster)
    plans = [
        [(entry, _planned(entry, data[each.scenario, entry.sampling], protocol, out)) for entry in each.entries]
        for each in experiments
    ]
    every = {run.folder: run for plan in plans for _, runs in plan for run in runs}
    for group, run in {run.folder.parents[1]: run for run in every.values()}.items():
        facts = {"data": dataset_checksum(run.data), "without": list(run.entry.unseen_inputs)}
        claim_runs(group, {**facts, "epochs": protocol.epochs})
    results = {folder: load_result(folder / SCORES_FILE) for folder in every if (folder / SCORES_FILE).exists()}
    for what, baselines in (("networks", False), ("baselines", True)):
        runs = [run for run in every.values() if run.entry.baseline is baselines]
        results |= _run_missing(runs, results, what, protocol, jobs, cluster, out)
    return [
        Outcome(experiment, protocol, tuple((entry, _finished(runs, results)) for entry, runs in plan))
        for experiment, plan in zip(experiments, plans, strict=True)
    ]


def _planned(entry: Entry, data: Path, protocol: Protocol, out: Path) -> list[_Planned]:
    """The runs of an entry: one for each seed, or a single one of a model that has none."""
    from surrogates.responses.models.table import MODELS
    from surrogates.training.model_kind import look_up

    group = data.stem + "".join(f"-without-{name}" for name in entry.without)
    folder = out / "runs" / group / f"{protocol.epochs}-epochs" / entry.model_label
    seeds = range(min(protocol.runs, entry.most_runs) if "seed" in look_up(entry.model, MODELS).settings else 1)
    return [_Planned(entry, seed, data, folder / f"seed-{seed}") for seed in seeds]


def _finished(runs: Sequence[_Planned], results: Mapping[Path, Result]) -> tuple[Run, ...]:
    return tuple(Run(run.folder, run.data, run.entry.without, results[run.folder]) for run in runs)


def _run_missing(
    runs: Sequence[_Planned],
    results: Mapping[Path, Result],
    what: str,
    protocol: Protocol,
    jobs: int,
    cluster: str | None,
    out: Path,
) -> dict[Path, Result]:
    """Train what has no result yet, the longest first, and keep each run when it is finished."""
    missing = [run for run in runs if run.folder not in results]
    datasets = _datasets(missing)
    missing.sort(key=lambda run: _operations(run, datasets[run.learned]), reverse=True)
    calls = [
        Call(
            train_run,
            datasets[run.learned],
            (run.entry.model, dict(run.entry.settings), protocol.epochs, run.seed, run.data.name, "experiments"),
        )
        for run in missing
    ]
    new, started = {}, time.perf_counter()
    with (
        run_calls(calls, jobs=jobs, cluster=cluster, kept=f"the finished runs are kept in {out}") as finished,
        progress_bar(len(runs), "run", len(runs) - len(missing)) as bar,
    ):
        for index, files in finished:
            run = missing[index]
            new[run.folder] = keep_run(files, run.folder)
            bar.set_postfix_str(f"{run.entry.label} seed {run.seed}", refresh=False)
            bar.update()
    if missing:
        print(f"{len(missing)} run{'s' * (len(missing) != 1)} of {what} in {time.perf_counter() - started:.0f} s")
    return new


def _datasets(runs: Sequence[_Planned]) -> dict[tuple[Path, tuple[str, ...]], Dataset]:
    """What some runs learn, each dataset once, so that the runs share it."""
    files = {path: load_dataset(path) for path in {run.data for run in runs}}
    return {(path, unseen): files[path].without_inputs(unseen) for path, unseen in {run.learned for run in runs}}


def _operations(run: _Planned, dataset: Dataset) -> int:
    """About how long a run takes, to a factor: samples times the weights of a recurrent layer."""
    units = int(run.entry.settings.get("units", 1))
    return sum(len(trial) for trial in dataset) * units * (units + len(dataset.x_names) + len(dataset.y_names))


def train_run(
    dataset: Dataset, model: str, settings: dict[str, Any], epochs: int, seed: int, data: str, experiment: str
) -> dict[str, bytes]:
    """One run, in whatever process this is: the files that it leaves, by name; a diverged one leaves its mark only."""
    from surrogates.responses.models.table import MODELS
    from surrogates.runs.fitting import fit_and_save
    from surrogates.training.configuration import TrainingConfig
    from surrogates.training.model_kind import look_up

    kind = look_up(model, MODELS)
    config = TrainingConfig(epochs=epochs, learning_rate=kind.learning_rate, seed=seed)
    about = {"experiment": experiment, "data": data}
    with tempfile.TemporaryDirectory(prefix="wormtwin-") as name:
        folder = Path(name)
        try:
            fit_and_save(kind, dataset, settings, config, folder, progress=False, figures=False, **about)
        except FloatingPointError:
            failed = Result(experiment, model, settings, seed, 0, {}, -1, math.nan, data, versions(), diverged=True)
            save_result(failed, folder)
        return {path.name: path.read_bytes() for path in folder.iterdir()}


def keep_run(files: Mapping[str, bytes], folder: Path) -> Result:
    """Write the files of a run, its scores last, so that their presence says that all is there."""
    for name in sorted(files, key=lambda name: name == SCORES_FILE):
        with atomic_write(folder / name) as temporary:
            temporary.write_bytes(files[name])
    return load_result(folder / SCORES_FILE)


def claim_runs(group: Path, facts: Mapping[str, Any]) -> None:
    """Say what a folder's runs `<model>/seed-<n>` are of, or check that those in it are of the same.

    Args:
        group: the folder.
        facts: what decides the runs, as JSON can hold it; the versions are added.

    Raises:
        InputError: they are of something else, or what says it is missing or damaged.
    """
    mine = {**facts, **versions()}
    path = group / _CLAIM_FILE
    if next(_scores(group), None) is None:
        with atomic_write(path) as temporary:
            temporary.write_text(json.dumps(mine, indent=1))
        return
    try:
        found = dict(json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        raise InputError(f"{path} is missing or damaged: delete {group} or choose another --out") from None
    for what, value in mine.items():
        if found.get(what) != value:
            raise InputError(
                f"{group} holds runs with another {what} ({str(found.get(what))[:12]} instead of {str(value)[:12]}): "
                "choose another --out"
            )


def _scores(group: Path) -> Iterator[Path]:
    return group.glob(f"*/seed-*/{SCORES_FILE}")
