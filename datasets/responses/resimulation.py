"""Back from a simulated dataset to its simulation: the scenario, the wiring and the settings that made it."""

from pathlib import Path

import numpy as np

from connectome.contact import Connectome
from connectome.scenario import Scenario
from connectome.wiring import load_connectome
from datasets.dataset import Dataset
from neuron_models.circuit import RunSettings
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.wording import counted
from neuron_models.stimulus import parse

_CLOSE = 1e-9
"""Stimuli in nA are the same within this."""


def scenario_of(dataset: Dataset) -> Scenario:
    """The scenario of a dataset that `simulate_dataset` made: its stimuli are read from `extra`.

    Raises:
        InputError: it was not simulated, or its trials are not those that were.
    """
    where = f"dataset {dataset.name!r}"
    wanted = {"stimuli", "network", "time_step_ms"}
    if not wanted <= set(dataset.extra):
        raise InputError(f"{where} was not simulated by `wormtwin simulate`, so that it cannot be simulated anew")
    rows = dataset.extra["stimuli"]
    require(len(rows) == len(dataset), f"{where} has {counted(len(dataset), 'trial')}, but the stimuli of {len(rows)}")
    scenario = Scenario(
        name=dataset.name,
        inputs=dataset.x_names,
        outputs=dataset.y_names,
        sequences=tuple(trial.name for trial in dataset),
        stimuli=tuple(tuple(map(parse, row)) for row in rows),
        split=tuple(trial.split or "test" for trial in dataset),
        duration=len(dataset.trials[0]) * dataset.dt,
        dt=dataset.dt,
        ablated=tuple(dataset.extra.get("ablated", ())),
        voltage_clamped=tuple(dataset.extra.get("voltage_clamped", ())),
        holding=tuple(dataset.extra.get("holding", ())),
        settle=float(dataset.extra.get("settle_ms", 0.0)),
    )
    for index, trial in enumerate(dataset):
        x = scenario.values(index)
        same = len(trial) == scenario.samples and np.allclose(x, trial.x[:], rtol=0, atol=_CLOSE)
        require(same, f"{where}: the inputs of trial {trial.name!r} are not those that it was simulated with")
    return scenario


def connectome_of(dataset: Dataset, network: str | Path | None = None) -> Connectome:
    """The wiring on which a dataset was simulated.

    Args:
        dataset: as `simulate_dataset` made it.
        network: as for `load_connectome`; None looks among the published, the placed and the as-run network.

    Raises:
        InputError: none of them is the dataset's.
    """
    wanted = str(dataset.extra.get("network", ""))
    for source in (None, "placed", "as-run") if network is None else (network,):
        connectome = load_connectome(source)
        if connectome.source == wanted:
            return connectome
    raise InputError(
        f"dataset {dataset.name!r} was simulated on the network {wanted!r}, which "
        + (f"{network} is not" if network else "is none of the known ones")
        + ": say with --network where it is"
    )


def settings_of(dataset: Dataset) -> RunSettings:
    """Duration, time step and simulator of a dataset's simulations; CoreNEURON for NEURON, whose voltages it equals."""
    duration = len(dataset.trials[0]) * dataset.dt + float(dataset.extra.get("settle_ms", 0.0))
    simulator = str(dataset.extra.get("simulator", "coreneuron"))
    simulator = "coreneuron" if simulator == "neuron" else simulator
    return RunSettings(duration, float(dataset.extra["time_step_ms"]), simulator)
