"""One recorded run as the worm's page shows it: frames of soma voltages, and the stimulus."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from connectome.c302_files import neurons
from connectome.scenario import SCENARIOS, load_scenario
from datasets.dataset import Dataset, Trial
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.units import Milliseconds, Millivolts

MOST_FRAMES = 600
"""Frames in a page: of longer recordings every second, third, ... sample is shown."""
MOST_STIMULUS = 2000
"""Samples of the stimulus in a page."""
MOST_MARKED = 30
"""Outputs that a page still marks by name."""
RANGES: tuple[Millivolts, ...] = (5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
"""Ends of the colour scale to choose from, in mV from rest."""
_TO_MILLIVOLTS = {"V": 1000.0, "mV": 1.0}


@dataclass(frozen=True, eq=False)
class WormRun:
    """A trial: `voltages` (mV) of `recorded` neurons every `step`, and `stimulus` into `inputs` every `stimulus_step`.

    `samples` and `dt` are those of the recording, `rest` the median voltage of its first sample; `outputs` are the
    neurons to mark, `ablated` those that had no contact.
    """

    name: str
    source: str
    samples: int
    dt: Milliseconds
    recorded: tuple[str, ...]
    voltages: Float[np.ndarray, "frame neuron"]
    step: Milliseconds
    rest: Millivolts
    inputs: tuple[str, ...]
    stimulus: Float[np.ndarray, "sample input"]
    stimulus_units: str
    stimulus_step: Milliseconds
    outputs: tuple[str, ...]
    ablated: tuple[str, ...]

    @property
    def colour_range(self) -> Millivolts:
        """The first of `RANGES` that holds 95 % of all departures from rest."""
        wanted = np.percentile(np.abs(self.voltages - self.rest), 95)
        return next((end for end in RANGES if end >= wanted), RANGES[-1])


def worm_run(dataset: Dataset, number: int) -> WormRun:
    """Take one trial, counted from 1, of a dataset whose outputs are voltages of neurons.

    Raises:
        InputError: there is no such trial, no output is a neuron, or the outputs are no finite voltages.
    """
    where = f"dataset {dataset.name!r}"
    require(1 <= number <= len(dataset), f"{where} has the trials 1 to {len(dataset)}, not {number}")
    trial = dataset.trials[number - 1]
    recorded, voltages = _voltages(dataset, trial)
    stride = math.ceil(len(trial) / MOST_FRAMES)
    coarse = math.ceil(len(trial) / MOST_STIMULUS)
    ablated = dataset.extra.get("ablated", ())
    return WormRun(
        name=trial.name,
        source=f"{dataset.name}: {dataset.source}" if dataset.source else dataset.name,
        samples=len(trial),
        dt=dataset.dt,
        recorded=recorded,
        voltages=voltages[::stride],
        step=dataset.dt * stride,
        rest=float(np.median(voltages[0])),
        inputs=dataset.x_names,
        stimulus=_strongest(np.asarray(trial.x[:], dtype=float), coarse),
        stimulus_units=dataset.x_units,
        stimulus_step=dataset.dt * coarse,
        outputs=_marked(dataset, recorded),
        ablated=tuple(ablated) if isinstance(ablated, list | tuple) else (),
    )


def _voltages(dataset: Dataset, trial: Trial) -> tuple[tuple[str, ...], Float[np.ndarray, "time neuron"]]:
    """The recorded neurons and their voltages in mV."""
    where = f"dataset {dataset.name!r}"
    known = {neuron.name for neuron in neurons()}
    indices = [index for index, name in enumerate(dataset.y_names) if name in known]
    if trial.y is None or not indices:
        raise InputError(f"{where}: none of its outputs is a neuron; simulate with --record all to see every one")
    if dataset.y_units not in _TO_MILLIVOLTS:
        raise InputError(f"{where}: its outputs must be in V or mV to be drawn as voltages, not {dataset.y_units!r}")
    values = np.asarray(trial.y[:], dtype=float)
    require(values.ndim == 2, f"{where}: its outputs must be (time, neuron), got the shape {values.shape}")
    voltages = values[:, indices] * _TO_MILLIVOLTS[dataset.y_units]
    require(bool(np.all(np.isfinite(voltages))), f"{where}: trial {trial.name!r} holds voltages that are not finite")
    return tuple(dataset.y_names[index] for index in indices), voltages


def _strongest(stimulus: Float[np.ndarray, "time input"], stride: int) -> Float[np.ndarray, "sample input"]:
    """Of every stretch of samples the one farthest from zero, so that no short pulse is lost."""
    starts = range(0, len(stimulus), stride)
    contiguous_runs = (stimulus[start : start + stride] for start in starts)
    return np.stack([np.take_along_axis(s, np.abs(s).argmax(axis=0)[None], axis=0)[0] for s in contiguous_runs])


def _marked(dataset: Dataset, recorded: tuple[str, ...]) -> tuple[str, ...]:
    """The scenario's outputs when all neurons were recorded, else the dataset's own, if they are not too many."""
    if len(recorded) <= MOST_MARKED:
        return recorded
    scenario, stored = dataset.extra.get("scenario"), dataset.extra.get("outputs")
    known = load_scenario(scenario).outputs if scenario in SCENARIOS else ()
    outputs = stored if isinstance(stored, list | tuple) else known
    return tuple(name for name in outputs if name in recorded)
