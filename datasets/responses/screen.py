"""An ablation screen: what each neuron's loss does to each recorded neuron."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float

from connectome.contact import Connectome, require_covered, require_known
from connectome.network import Parameters, build_network, default_settings, steps_a_sample
from connectome.places import cells_of, units_of
from connectome.scenario import Scenario
from connectome.simulating import simulate_here
from datasets.responses.screen_file import Screen, load_screen, save_screen
from datasets.responses.simulation import place_name, versions
from neuron_models.circuit import Circuit, RunSettings
from neuron_models.foundation.errors import InputError, require, require_distinct
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
from neuron_models.foundation.workers import Call
from neuron_models.simulators import preparation

Ablation = tuple[str, ...]
"""The neurons that are lost together."""


@dataclass(frozen=True)
class ScreenJob:
    """Everything that decides the result of a screen."""

    scenario: Scenario
    circuit: Circuit
    ablations: tuple[Ablation, ...]
    record: tuple[str, ...]
    settings: RunSettings
    network: str

    def __post_init__(self) -> None:
        steps_a_sample(self.scenario, self.settings)
        require(len(self.ablations) > 0, "a screen needs at least one neuron to ablate")
        for ablation in self.ablations:
            require_distinct(ablation, f"the ablation {name_of(ablation)} names")
        require_distinct((name_of(tuple(sorted(ablation))) for ablation in self.ablations), "a screen has the ablation")

    @property
    def key(self) -> str:
        """SHA-256 of the whole job."""
        parts = (self.circuit.fingerprint, self.scenario, self.ablations, self.record, self.settings, versions())
        return hashlib.sha256(repr(parts).encode()).hexdigest()


def name_of(ablation: Ablation) -> str:
    """What an ablation is called: AVBL, or AVBL+AVBR."""
    return "+".join(ablation)


def screen_ablations(
    scenario: Scenario,
    connectome: Connectome,
    out: str | Path,
    *,
    ablations: Sequence[Ablation] | None = None,
    record: Sequence[str] | None = None,
    parameters: Parameters | None = None,
    settings: RunSettings | None = None,
    jobs: int = 1,
    cluster: str | None = None,
) -> Screen:
    """Ablate neurons in turn, simulate every sequence without them, and compare with the intact network.

    A process builds the network once and switches neurons off in it. Finished simulations lie in `<out>.partial` until
    all are done, so that a stopped screen continues where it was.

    Args:
        scenario: the stimuli, the outputs and the sampling; neurons that it lacks itself are lost in every run.
        connectome: the whole wiring.
        out: the HDF5 file to write.
        ablations: the neurons to ablate, alone or together; each neuron in turn when None.
        record: the neurons whose somata are compared; the scenario's outputs when None.
        parameters: membranes and synapses; the published ones when None.
        settings: time step and simulator; `default_settings` when None.
        jobs: processes.
        cluster: the address of a Dask cluster that simulates instead of this machine.

    Returns:
        The effects by ablation, sequence and recorded neuron.

    Raises:
        InputError: an unknown neuron, an ablation that comes twice, or a file that holds another screen.
    """
    out, names = Path(out), connectome.names
    chosen = tuple((name,) for name in names) if ablations is None else tuple(map(tuple, ablations))
    require_known((name for ablation in chosen for name in ablation), names)
    recorded = tuple(record or scenario.outputs)
    require_covered(cells_of((*scenario.inputs, *recorded)), connectome, f"scenario {scenario.name}")
    require(
        set(units_of(recorded)) == {"V"}, "a screen compares potentials: leave currents and calcium out of the outputs"
    )
    circuit = build_network(connectome, parameters)
    job = ScreenJob(scenario, circuit, chosen, recorded, settings or default_settings(scenario), connectome.source)
    about = {"screen of": scenario.name, "network": job.network}
    work = Work("screen", {"key": job.key}, about, passing=True)
    if out.exists():
        remove_leftover(out)
        return _same(out, job)
    form = array_form((scenario.samples, len(recorded)))
    with resumable_folder(partial_folder(out), work, form, out) as finished:
        _run(job, finished, jobs, cluster)
        screen = _assemble(job, finished)
        with finished.last_step():
            save_screen(screen, out)
    return screen


def _run(job: ScreenJob, finished: ResumableFolder, jobs: int, cluster: str | None) -> None:
    shared, number = (job, job.circuit.fingerprint), len(job.scenario.sequences) * (1 + len(job.ablations))
    plan = [Planned(finished, place_name(index), Call(_simulate_one, shared, (index,))) for index in range(number)]
    prepare = preparation(job.circuit, job.settings.simulator, job.circuit.fingerprint)
    run_missing(plan, unit="simulation", jobs=jobs, cluster=cluster, prepare=prepare)


def _simulate_one(shared: tuple[ScreenJob, str], index: int) -> Float[np.ndarray, "time neuron"]:
    """Simulate the intact network (the first places) or one without some neurons; single precision for the disk."""
    job, fingerprint = shared
    ablation, sequence = divmod(index, len(job.scenario.sequences))
    lost = job.ablations[ablation - 1] if ablation else ()
    scenario = _without(job.scenario, lost)
    voltages = simulate_here(job.circuit, fingerprint, scenario, sequence, job.record, job.settings)
    return voltages.astype(np.float32)


def _without(scenario: Scenario, lost: Ablation) -> Scenario:
    """A screen also asks for what leaves nothing to stimulate: then all is at rest, which is an answer."""
    return replace(scenario, ablated=tuple(dict.fromkeys((*scenario.ablated, *lost))))


def _assemble(job: ScreenJob, finished: ResumableFolder) -> Screen:
    number = len(job.scenario.sequences)
    intact = np.stack([finished.load(place_name(index)) for index in range(number)]).astype(float)
    shape = (len(job.ablations), number, len(job.record))
    rms, mean, peak = np.empty(shape), np.empty(shape), np.empty(shape)
    for row in range(len(job.ablations)):
        lost = np.stack([finished.load(place_name((row + 1) * number + index)) for index in range(number)])
        change = lost - intact
        rms[row], mean[row] = np.sqrt((change**2).mean(1)), change.mean(1)
        peak[row] = np.abs(change).max(1)
    return Screen(
        scenario=job.scenario.name,
        network=job.network,
        ablations=tuple(map(name_of, job.ablations)),
        sequences=job.scenario.sequences,
        outputs=job.record,
        activity=np.sqrt(((intact - intact[:, :1]) ** 2).mean(1)),
        rms=rms,
        mean=mean,
        peak=peak,
        key=job.key,
    )


def _same(out: Path, job: ScreenJob) -> Screen:
    screen = load_screen(out)
    if screen.key != job.key:
        raise InputError(f"{out} exists and holds another screen: delete it or choose another --out")
    print(f"{out} is already complete")
    return screen
