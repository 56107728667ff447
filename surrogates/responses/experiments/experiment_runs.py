"""Runs experiments: every run that they share once, all in one pool, each on disk as soon as it is finished."""

import math
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets.dataset import Dataset
from datasets.store import file_content_checksum, load_dataset
from neuron_models.foundation.result_forms import folder_form
from neuron_models.foundation.resumable import Planned, ResumableFolder, Work, resumable_folder, run_missing
from neuron_models.foundation.scratch import scratch_folder
from neuron_models.foundation.workers import Call, require_workers
from surrogates.responses.experiments.experiments import Entry, Experiment, Protocol
from surrogates.responses.experiments.outcome import Outcome, Run
from surrogates.runs.result import SCORES_FILE, Result, load_result, save_result, versions

RUN_FORM = folder_form(SCORES_FILE, load_result)
"""The files of a run, its scores last."""


@dataclass(frozen=True)
class _Run:
    """A run before it is one; `folder` is where it will be, `<group>/<model>/seed-<n>`."""

    entry: Entry
    seed: int
    data: Path
    folder: Path

    @property
    def group(self) -> Path:
        """The folder of all runs on the same data that take as many epochs."""
        return self.folder.parents[1]

    @property
    def name(self) -> str:
        """What the run is called in its group."""
        return f"{self.folder.parent.name}/{self.folder.name}"

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
    groups = {run.group: run for run in every.values()}
    with ExitStack() as stack:
        opened = {group: stack.enter_context(_opened(groups[group], protocol, out)) for group in sorted(groups)}
        done = {
            run.folder: opened[run.group].has(run.name) for run in every.values()
        }  # damaged ones are reported first
        for what, baselines in (("networks", False), ("baselines", True)):
            runs = [run for run in every.values() if run.entry.baseline is baselines]
            missing = [run for run in runs if not done[run.folder]]
            _run_missing(missing, opened, what, protocol, len(runs) - len(missing), jobs, cluster, out)
        results = {run.folder: opened[run.group].load(run.name) for run in every.values()}
    return [
        Outcome(experiment, protocol, tuple((entry, _finished(runs, results)) for entry, runs in plan))
        for experiment, plan in zip(experiments, plans, strict=True)
    ]


def _opened(run: _Run, protocol: Protocol, out: Path) -> AbstractContextManager[ResumableFolder]:
    """The folder of a run's group."""
    facts = {"data": file_content_checksum(run.data), "without": list(run.entry.unseen_inputs)}
    work = Work("runs", {**facts, "epochs": protocol.epochs, **versions()})
    return resumable_folder(run.group, work, RUN_FORM, out)


def _planned(entry: Entry, data: Path, protocol: Protocol, out: Path) -> list[_Run]:
    """The runs of an entry: one for each seed, or a single one of a model that has none."""
    from surrogates.responses.models.table import MODELS
    from surrogates.training.model_kind import look_up

    group = data.stem + "".join(f"-without-{name}" for name in entry.without)
    folder = out / "runs" / group / f"{protocol.epochs}-epochs" / entry.model_label
    seeds = range(min(protocol.runs, entry.most_runs) if "seed" in look_up(entry.kind, MODELS).settings else 1)
    return [_Run(entry, seed, data, folder / f"seed-{seed}") for seed in seeds]


def _finished(runs: Sequence[_Run], results: Mapping[Path, Result]) -> tuple[Run, ...]:
    return tuple(Run(run.folder, run.data, run.entry.without, results[run.folder]) for run in runs)


def _run_missing(
    missing: list[_Run],
    opened: Mapping[Path, ResumableFolder],
    what: str,
    protocol: Protocol,
    done: int,
    jobs: int,
    cluster: str | None,
    out: Path,
) -> None:
    """Train what has no result yet, the longest first, and keep each run when it is finished."""
    datasets = _datasets(missing)
    missing.sort(key=lambda run: _operations(run, datasets[run.learned]), reverse=True)
    plan = [
        Planned(
            opened[run.group],
            run.name,
            Call(
                train_run,
                datasets[run.learned],
                (
                    *(run.entry.model, dict(run.entry.settings), protocol.epochs, run.seed, run.data.name),
                    *("experiments", dict(run.entry.training)),
                ),
            ),
            f"{run.entry.label} seed {run.seed}",
        )
        for run in missing
    ]
    started = time.perf_counter()
    run_missing(plan, unit="run", kept=out, done=done, jobs=jobs, cluster=cluster)
    if missing:
        print(f"{len(missing)} run{'s' * (len(missing) != 1)} of {what} in {time.perf_counter() - started:.0f} s")


def _datasets(runs: Sequence[_Run]) -> dict[tuple[Path, tuple[str, ...]], Dataset]:
    """What some runs learn, each dataset once, so that the runs share it."""
    files = {path: load_dataset(path) for path in {run.data for run in runs}}
    return {(path, unseen): files[path].without_inputs(unseen) for path, unseen in {run.learned for run in runs}}


def _operations(run: _Run, dataset: Dataset) -> int:
    """About how long a run takes, to a factor: samples times the weights of a recurrent layer."""
    units = int(run.entry.settings.get("units", 1))
    return sum(len(trial) for trial in dataset) * units * (units + len(dataset.x_names) + len(dataset.y_names))


def train_run(
    dataset: Dataset,
    model: str,
    settings: dict[str, Any],
    epochs: int,
    seed: int,
    data: str,
    experiment: str,
    training: Mapping[str, Any] | None = None,
) -> dict[str, bytes]:
    """One run, in whatever process this is: the files that it leaves, by name; a diverged one leaves its mark only."""
    from surrogates.responses.experiments.derived_runs import DERIVED, save_derived_run
    from surrogates.responses.models.table import MODELS
    from surrogates.runs.fitting import fit_and_save
    from surrogates.training.configuration import TrainingConfig
    from surrogates.training.model_kind import look_up

    about = {"experiment": experiment, "data": data}
    with scratch_folder(Path(tempfile.gettempdir()), "wormtwin-") as folder:
        if model == DERIVED:
            save_derived_run(dataset, settings, data, experiment, folder)
            return {path.name: path.read_bytes() for path in folder.iterdir()}
        kind = look_up(model, MODELS)
        steps = {"learning_rate": kind.learning_rate, **(training or {})}
        config = TrainingConfig(epochs=epochs, seed=seed, **steps)
        try:
            fit_and_save(kind, dataset, settings, config, folder, progress=False, figures=False, **about)
        except FloatingPointError:
            failed = Result(experiment, model, settings, seed, 0, {}, -1, math.nan, data, versions(), diverged=True)
            save_result(failed, folder)
        return {path.name: path.read_bytes() for path in folder.iterdir()}
