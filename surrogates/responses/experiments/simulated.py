"""The data of the experiments: simulated once for each scenario and sampling, on the paper's network or on another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from datasets.responses.linear_floor import LinearFloor
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.splits import SPLITS
from neuron_models.foundation.units import Dimensionless
from surrogates.responses.experiments.experiments import USUAL_SAMPLING, Entry, Experiment

PUBLISHED_SET = "published2012"
Data = Mapping[tuple[str, float], Path]
"""A dataset file for each scenario and sampling."""


@dataclass(frozen=True)
class Worm:
    """What answers the stimuli, where it is not the paper's: wiring, parameter set, scale of the stimuli, scenario.

    `simulator` is what runs it, the paper's too.
    """

    network: str | None = None
    parameters: str = PUBLISHED_SET
    scale: Dimensionless = 1.0
    scenario: str = ""
    simulator: str = "coreneuron"

    @property
    def published(self) -> bool:
        """Whether parameters, stimuli and scenarios are the paper's."""
        return (self.parameters, self.scale, self.scenario) == (PUBLISHED_SET, 1.0, "")


def on_worm(experiments: Sequence[Experiment], worm: Worm) -> list[Experiment]:
    """The experiments with the data of another worm: without published figures, which are those of other data.

    On a scenario of one's own, experiments that leave out inputs which the scenario lacks are skipped, with a message.

    Raises:
        InputError: nothing is left of an experiment, or the scenario has no trials of one of the splits.
    """
    if worm.published:
        return list(experiments)
    chosen = [_with_entries(each, tuple(replace(e, published={}) for e in each.entries)) for each in experiments]
    return [_on_scenario(each, worm.scenario) for each in chosen] if worm.scenario else chosen


def _with_entries(experiment: Experiment, entries: tuple[Entry, ...]) -> Experiment:
    return replace(experiment, entries=entries)


def _on_scenario(experiment: Experiment, name: str) -> Experiment:
    from connectome.scenario import load_scenario

    scenario = load_scenario(name)
    missing = [split for split in SPLITS if split not in scenario.split]
    require(
        not missing, f"scenario {scenario.name} has no sequence of the split {', '.join(missing)}: say it in the file"
    )
    kept = [entry for entry in experiment.entries if set(entry.unseen_inputs) < set(scenario.inputs)]
    left = dict.fromkeys(f"without {', '.join(entry.without)}" for entry in experiment.entries if entry not in kept)
    if left:
        print(
            f"Experiment {experiment.name}: left out {'; '.join(left)}, which scenario {scenario.name} does not drive"
        )
    if not kept:
        raise InputError(f"experiment {experiment.name} leaves out inputs that scenario {scenario.name} does not drive")
    entries = tuple(
        replace(entry, sampling=scenario.dt) if entry.sampling == USUAL_SAMPLING else entry for entry in kept
    )
    return replace(experiment, entries=entries, scenario=name, title=f"{experiment.title}; on {scenario.name}")


def simulated_data(
    chosen: Sequence[Experiment],
    worm: Worm,
    folder: Path,
    jobs: int = 1,
    cluster: str | None = None,
    floor: bool = False,
) -> tuple[dict[tuple[str, float], Path], dict[tuple[str, float], LinearFloor]]:
    """Simulate the datasets of some experiments; what is there already is reused.

    A file is named after the job that makes it.

    Args:
        chosen: the experiments.
        worm: what answers.
        folder: where the files lie.
        jobs: processes.
        cluster: the address of a Dask cluster that simulates instead.
        floor: find the linear floor of the paper's worm, too.

    Returns:
        The dataset file of each scenario and sampling, and, where it was requested or the worm is another, what a
        linear model about rest loses there.
    """
    from connectome.network import default_settings
    from connectome.network_parameters import parameters_of, time_step_of
    from connectome.parameters import load_parameters
    from connectome.scenario import load_scenario
    from connectome.wiring import load_connectome
    from datasets.responses.linear_floor import linear_floor
    from datasets.responses.simulation import simulate_dataset, simulation_job

    parameters = None if worm.parameters == PUBLISHED_SET else parameters_of(load_parameters(worm.parameters))
    connectome = load_connectome(worm.network)
    print(f"Network: {connectome.source}")
    options: dict[str, Any] = {"parameters": parameters, "jobs": jobs, "cluster": cluster}
    paths, floors = {}, {}
    for name, sampling in dict.fromkeys((each.scenario, entry.sampling) for each in chosen for entry in each.entries):
        scenario = replace(load_scenario(name), dt=sampling).scaled(worm.scale)
        options["settings"] = default_settings(scenario, worm.simulator, time_step_of(parameters, worm.simulator))
        key = simulation_job(scenario, connectome, parameters, settings=options["settings"]).key[:8]
        path = folder / f"{Path(name).stem}-{sampling:g}ms-{key}.h5"
        simulate_dataset(scenario, connectome, path, **options)
        paths[name, sampling] = path
        if floor or not worm.published:
            linear = path.with_name(f"{path.stem}-linear.h5")
            floors[name, sampling] = linear_floor(path, scenario, connectome, linear, **options)
    return paths, floors


def with_notes(
    experiments: Sequence[Experiment], floors: Mapping[tuple[str, float], LinearFloor], worm: Worm
) -> list[Experiment]:
    """The experiments with what a linear model about rest loses on them, and a note on another worm."""
    known = [
        {sampling: each.rmse for (name, sampling), each in floors.items() if name == experiment.scenario}
        for experiment in experiments
    ]
    experiments = [replace(each, floors=of) for each, of in zip(experiments, known, strict=True)]
    if worm.published:
        return list(experiments)
    stimuli = "" if worm.scale == 1 else f", stimuli times {worm.scale:g}"
    found = []
    for each in experiments:
        samplings = dict.fromkeys(entry.sampling for entry in each.entries)
        by_sampling = (
            f"every {s:g} ms: {floors[each.scenario, s].in_words}" for s in samplings if (each.scenario, s) in floors
        )
        found.append(replace(each, note=f"Parameters {worm.parameters}{stimuli}. {'. '.join(by_sampling)}."))
    return found
