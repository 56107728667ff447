"""The simulator's own answer: the same inputs silenced in simulations of the full network."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Float

from connectome.contact import Connectome
from connectome.scenario import Scenario
from datasets.dataset import Dataset
from datasets.responses.resimulation import connectome_of, scenario_of, settings_of
from datasets.responses.simulation import simulate_dataset
from neuron_models.circuit import RunSettings
from neuron_models.foundation.errors import InputError
from neuron_models.stimulus import Silence
from surrogates.importance.groups import plain_name
from surrogates.importance.problem import AttributionProblem
from surrogates.importance.table import Importance
from surrogates.training.metrics import target

SIMULATOR = "simulator"
FOLDER = "simulator"
_EQUAL = 1e-5
"""A trial that is simulated anew must have the voltages (V) of the dataset within this."""


def silenced_datasets(
    problem: AttributionProblem, out: Path, *, network: str | Path | None = None, jobs: int = 1
) -> list[Dataset]:
    """Simulate the question's trials without the stimulus to each input or group.

    The stimulus alone is taken away: the neurons and their contacts stay.

    Args:
        problem: the trials and the groups; the baseline is always silence.
        out: a folder; the simulations lie in `simulator/` in it, and those that are there are not repeated.
        network: see `datasets.responses.resimulation.connectome_of`.
        jobs: processes.

    Returns:
        A dataset for each group.

    Raises:
        InputError: the dataset was not simulated, on this network, with these parameters.
    """
    scenario, connectome, settings = require_equal(problem, out, network=network)
    folder = out / FOLDER
    silenced = []
    for name, members in problem.groups.items():
        print(f"Simulating without stimulus to {', '.join(members)}")
        path = folder / f"without-{plain_name(name)}.h5"
        silenced.append(simulate_dataset(silence(scenario, members), connectome, path, settings=settings, jobs=jobs))
    return silenced


def simulator_table(problem: AttributionProblem, silenced: Sequence[Dataset]) -> Importance:
    """Make a table of the simulator's answer: the change of every output on silencing, RMS over time and trials.

    It is the measure of `occlusion` with the baseline `zero`, in the network instead of its surrogate.
    """
    effects = (silencing_effects(problem, silenced, index) for index in range(len(problem.dataset)))
    return problem.table(SIMULATOR, effects, problem.dataset.y_units)


def silencing_effects(
    problem: AttributionProblem, silenced: Sequence[Dataset], index: int
) -> Float[np.ndarray, "time group output"]:
    """The simulated response of one trial minus those without the stimulus to each group."""
    intact = target(problem.dataset.trials[index])
    return np.stack([intact - target(other.trials[index]) for other in silenced], axis=1)


def simulated(
    problem: AttributionProblem, network: str | Path | None = None
) -> tuple[Scenario, Connectome, RunSettings]:
    """The scenario (of the question's trials), the wiring and the settings of a simulated dataset.

    Raises:
        InputError: it was not simulated, or not on this network.
    """
    whole = problem.whole
    scenario, names = scenario_of(whole), [trial.name for trial in problem.dataset]
    chosen = scenario.select([scenario.sequences.index(name) + 1 for name in names])
    return chosen, connectome_of(whole, network), settings_of(whole)


def silence(scenario: Scenario, inputs: tuple[str, ...]) -> Scenario:
    """The scenario without the stimulus to some inputs."""
    rows = tuple(
        tuple(Silence() if name in inputs else waveform for name, waveform in zip(scenario.inputs, row, strict=True))
        for row in scenario.stimuli
    )
    return replace(scenario, stimuli=rows)


def require_equal(
    problem: AttributionProblem, out: Path, *, network: str | Path | None = None
) -> tuple[Scenario, Connectome, RunSettings]:
    """Give what `simulated` gives, if the first trial, simulated anew with it, is what the dataset holds.

    Args:
        problem: the trials.
        out: as for `silenced_datasets`; the trial is kept there and not simulated again.
        network: as for `silenced_datasets`.

    Raises:
        InputError: the dataset was not simulated, on this network, with these parameters.
    """
    scenario, connectome, settings = simulated(problem, network)
    dataset, path = problem.dataset, out / FOLDER / "intact.h5"
    if not path.exists():
        print("Simulating a trial as it is, to see that it is the dataset's")
    again = simulate_dataset(scenario.select([1]), connectome, path, settings=settings)
    off = float(np.abs(target(again.trials[0]) - target(dataset.trials[0])).max())
    if off > _EQUAL:
        raise InputError(
            f"trial {dataset.trials[0].name!r}, simulated anew, differs from dataset {dataset.name!r} by up to "
            f"{off:.2g} V: it was simulated with another compartment length or version: simulate it with the defaults"
        )
    return scenario, connectome, settings
