"""Simulates a scenario into a dataset: spread over processes, with progress, and going on where it was stopped."""

import hashlib
import importlib.metadata
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from connectome.contact import Connectome, require_covered
from connectome.network import Parameters, build_network, default_settings, steps_a_sample
from connectome.network_parameters import time_step_of
from connectome.places import cells_of, units_of
from connectome.scenario import Scenario
from connectome.simulating import simulate_here
from datasets.dataset import Dataset, Trial
from datasets.parts.splitting import split_diverse
from datasets.store import load_dataset, save_dataset
from neuron_models.circuit import Circuit, RunSettings
from neuron_models.foundation.errors import InputError, require, require_seed
from neuron_models.foundation.result_forms import array_form
from neuron_models.foundation.resumable import (
    Planned,
    ResumableFolder,
    Work,
    partial_folder,
    remove_leftover,
    resumable_folder,
    run_missing,
)
from neuron_models.foundation.wording import counted
from neuron_models.foundation.workers import Call
from neuron_models.simulators import preparation


@dataclass(frozen=True)
class Job:
    """Everything that decides the result of a simulated dataset."""

    scenario: Scenario
    circuit: Circuit
    record: tuple[str, ...]
    settings: RunSettings
    network: str
    split_seed: int | None = None

    def __post_init__(self) -> None:
        steps_a_sample(self.scenario, self.settings)
        if self.split_seed is not None:
            require_seed(self.split_seed, "the seed of a split")
            number = len(self.scenario.sequences)
            require(number >= 3, f"an automatic split needs at least 3 sequences, got {number}")

    @property
    def key(self) -> str:
        """SHA-256 of the whole job."""
        parts = (self.circuit.fingerprint, self.scenario, self.record, self.settings, self.split_seed, versions())
        return hashlib.sha256(repr(parts).encode()).hexdigest()


def simulate_dataset(
    scenario: Scenario,
    connectome: Connectome,
    out: str | Path,
    *,
    parameters: Parameters | None = None,
    record: Sequence[str] | None = None,
    settings: RunSettings | None = None,
    jobs: int = 1,
    split_seed: int | None = None,
    cluster: str | None = None,
) -> Dataset:
    """Simulate every sequence of a scenario and store them as one HDF5 dataset.

    Finished simulations lie in `<out>.partial` until all are done, so that a stopped run continues where it was.

    Args:
        scenario: the stimuli, the outputs and the sampling.
        connectome: the whole wiring; the scenario's ablated neurons are cut off from it while it is run.
        out: the file to write.
        parameters: membranes and synapses; the published ones when None.
        record: what is kept, as a scenario's outputs say it; those when None.
        settings: time step and simulator; `default_settings` when None.
        jobs: the number of processes; each builds the network once.
        split_seed: divide the finished dataset with `split_diverse` from this seed; None keeps the scenario's split.
        cluster: the address of a Dask cluster, `tcp://host:port`, whose workers simulate instead of this machine.

    Returns:
        x (trial, time, input) in nA, mV where the voltage is clamped, and y (trial, time, output) in V, currents in nA.

    Raises:
        InputError: `out` or its partial folder holds something else, a worker died, or the cluster cannot be used.
    """
    out = Path(out)
    job = simulation_job(scenario, connectome, parameters, record, settings, split_seed)
    about = {"scenario": job.scenario.name, "network": job.network}
    work = Work("simulation", {"key": job.key}, about, passing=True)
    if out.exists():
        remove_leftover(out)
        return _same(out, job)
    form = array_form((job.scenario.samples, len(job.record)))
    with resumable_folder(partial_folder(out), work, form, out) as finished:
        _run(job, finished, jobs, cluster)
        dataset = _divided(_assemble(job, finished), job)
        with finished.last_step():
            save_dataset(dataset, out)
    return dataset


def simulation_job(
    scenario: Scenario,
    connectome: Connectome,
    parameters: Parameters | None = None,
    record: Sequence[str] | None = None,
    settings: RunSettings | None = None,
    split_seed: int | None = None,
) -> Job:
    """Describe what `simulate_dataset` does with the same arguments, without doing it."""
    recorded = tuple(record or scenario.outputs)
    units_of(recorded)  # report an unknown name before anything else
    require_covered(cells_of((*scenario.driven, *recorded)), connectome, f"scenario {scenario.name}")
    circuit = build_network(connectome, parameters)
    network = "; ".join(filter(None, (connectome.source, parameters.label if parameters else "")))
    chosen = settings or default_settings(scenario, dt=time_step_of(parameters))
    return Job(scenario, circuit, recorded, chosen, network, split_seed)


def place_name(index: int) -> str:
    """What the result of a simulation is called, counted from 0."""
    return f"{index:06d}"


def _run(job: Job, finished: ResumableFolder, jobs: int, cluster: str | None) -> None:
    """Simulate what is missing, and say how fast."""
    shared = (job, job.circuit.fingerprint)
    plan = [
        Planned(finished, place_name(sequence), Call(_simulate_one, shared, (sequence,)))
        for sequence in range(len(job.scenario.sequences))
    ]
    started = time.perf_counter()
    prepare = preparation(job.circuit, job.settings.simulator, job.circuit.fingerprint)
    number = run_missing(plan, unit="simulation", jobs=jobs, cluster=cluster, prepare=prepare)
    if number:
        seconds = time.perf_counter() - started
        ratio = number * job.scenario.duration / 1000 / seconds
        print(f"{counted(number, 'simulation')} in {seconds:.1f} s, {ratio:.2f} of real time ({job.network})")


def _simulate_one(shared: tuple[Job, str], sequence: int) -> Float[np.ndarray, "time neuron"]:
    """Simulate one sequence in this process; potentials in V."""
    job, fingerprint = shared
    return simulate_here(job.circuit, fingerprint, job.scenario, sequence, job.record, job.settings)


def require_free(out: Path, job: Job) -> None:
    """Raise an `InputError` if `out` is there and holds something else than a job's result."""
    if out.exists():
        _same(out, job, on_progress=False)


def _same(out: Path, job: Job, on_progress: bool = True) -> Dataset:
    dataset = load_dataset(out)
    names = tuple(trial.name for trial in dataset)
    whole = dataset.extra.get("key") == job.key and names == job.scenario.sequences and dataset.y_names == job.record
    if not whole or [t.split for t in dataset] != [t.split for t in _divided(dataset, job)]:
        raise InputError(f"{out} exists and holds another simulation: delete it or choose another --out")
    if on_progress:
        print(f"{out} is already complete")
    return dataset


def _divided(dataset: Dataset, job: Job) -> Dataset:
    """The dataset with the split that the job asks for."""
    if job.split_seed is None:
        return dataset.with_split(job.scenario.split)
    return split_diverse(dataset, seed=job.split_seed)


def _assemble(job: Job, finished: ResumableFolder) -> Dataset:
    scenario = job.scenario
    trials = [
        Trial(name, scenario.values(index), finished.load(place_name(index)), group=name, split=scenario.split[index])
        for index, name in enumerate(scenario.sequences)
    ]
    units = dict(zip(job.record, units_of(job.record), strict=True))
    driven = {name: "mV" if name in scenario.voltage_clamped else "nA" for name in scenario.inputs}
    return Dataset(
        name=scenario.name,
        trials=tuple(trials),
        dt=scenario.dt,
        x_names=scenario.inputs,
        y_names=job.record,
        x_units=" or ".join(dict.fromkeys(driven.values())),
        y_units=" or ".join(dict.fromkeys(units.values())),
        task="regression",
        source=f"simulated, {job.network}",
        extra={
            "scenario": scenario.name,
            "network": job.network,
            "versions": versions(),
            "ablated": list(scenario.ablated),
            "outputs": list(scenario.outputs),
            "settle_ms": scenario.settle,
            "holding": list(scenario.holding),
            "voltage_clamped": list(scenario.voltage_clamped),
            "units": driven | units,
            "stimuli": [[str(waveform) for waveform in row] for row in scenario.stimuli],
            "time_step_ms": job.settings.dt,
            "simulator": job.settings.simulator,
            "key": job.key,
        },
    )


def versions() -> dict[str, str]:
    """The versions of what decides a simulation's result."""
    return {name: importlib.metadata.version(name) for name in ("wormtwin", "neuron", "c302", "numpy")}
