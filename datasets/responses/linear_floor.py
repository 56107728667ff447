"""The linear floor of a network: what a model that is linear about rest loses, however well it is fitted.

The response to very weak stimuli, scaled up, is that of the network with every synapse linearised about its rest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from connectome.contact import Connectome
from connectome.scenario import Scenario
from datasets.dataset import Dataset, Trial
from datasets.responses.simulation import simulate_dataset
from datasets.store import load_dataset
from neuron_models.foundation.errors import require
from neuron_models.foundation.units import DataUnits, Dimensionless

WEAK: Dimensionless = 1e-4
"""The stimuli are this part of what they are, which bends nothing: an error of about this part of the response."""


@dataclass(frozen=True, eq=False)
class LinearFloor:
    """The error of the linearised network on the test trials: over all outputs, and each output's over its range."""

    rmse: DataUnits
    units: str
    outputs: tuple[str, ...]
    of_range: Float[np.ndarray, " output"]

    @property
    def in_words(self) -> str:
        """The floor as a sentence part."""
        size = f"{1000 * self.rmse:.3g} mV" if self.units == "V" else f"{self.rmse:.3g} {self.units}"
        return (
            f"linearised about rest, the network errs on the test trials by {size} RMSE, "
            f"{100 * np.median(self.of_range):.2g} % of an output's range in the median, "
            f"{100 * self.of_range.max():.2g} % at most"
        )


def linear_floor(path: Path, scenario: Scenario, connectome: Connectome, out: Path, **options: Any) -> LinearFloor:
    """Simulate the test trials of a dataset with the network linearised about rest, and compare.

    Args:
        path: the dataset file that `simulate_dataset` made of the scenario.
        scenario: with the stimuli of the dataset.
        connectome: the wiring.
        out: the file for the weak responses; what is there already is reused.
        options: of `simulate_dataset`, as for the dataset.

    Raises:
        InputError: the scenario has no test trials.
    """
    numbers = [number for number, split in enumerate(scenario.split, 1) if split == "test"]
    require(len(numbers) > 0, f"scenario {scenario.name} has no test trials to find a linear floor on")
    weak = simulate_dataset(scenario.select(numbers).scaled(WEAK), connectome, out, **options)
    return compare_linear(load_dataset(path), weak, scenario.sequences, numbers)


def compare_linear(whole: Dataset, weak: Dataset, sequences: Sequence[str], numbers: Sequence[int]) -> LinearFloor:
    """The floor, from responses to stimuli and to the `WEAK` part of them.

    Args:
        whole: every sequence.
        weak: those of `numbers`, counted from 1.
        sequences: the names of all.
        numbers: which of them are judged.
    """
    by_name = {trial.name: _responses(trial) for trial in whole}
    wanted = np.stack([by_name[sequences[number - 1]] for number in numbers])
    small = np.stack([_responses(trial) for trial in weak])
    linear = small[:, :1] + (small - small[:, :1]) / WEAK
    error = np.sqrt(((linear - wanted) ** 2).mean(axis=(0, 1)))
    span = np.ptp(wanted, axis=(0, 1))
    of_range = np.divide(error, span, out=np.zeros_like(error), where=span > 0)
    return LinearFloor(float(np.sqrt((error**2).mean())), whole.y_units, whole.y_names, of_range)


def _responses(trial: Trial) -> Float[np.ndarray, "time output"]:
    """The responses of a trial, in the data's units."""
    return np.asarray(trial.y[:] if trial.y is not None else (), dtype=np.float64)
