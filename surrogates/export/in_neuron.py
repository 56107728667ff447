"""An exported mechanism in NEURON: loaded, and run alone on a stimulus."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from neuron_models.engine import load_mechanisms, stepping
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import require_file
from neuron_models.foundation.units import Milliseconds


@dataclass(frozen=True)
class Mechanism:
    """What an export's `.json` says: the mechanism's name, variables, channels, sampling step, sources, bands."""

    mechanism: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    x_names: tuple[str, ...]
    y_names: tuple[str, ...]
    x_units: str
    y_units: str
    dt: Milliseconds
    sources: tuple[str, ...]
    scenario: str = ""
    bands: Mapping[str, Any] | None = None

    def require_divided_by(self, time_step: Milliseconds) -> int:
        """The time steps in a sampling step.

        Raises:
            InputError: their number is not whole.
        """
        require(time_step > 0, f"the time step must be > 0 ms, got {time_step:g}")
        steps = self.dt / time_step
        require(
            abs(steps - round(steps)) < 1e-6 and round(steps) >= 1,
            f"{self.mechanism} samples every {self.dt:g} ms: the time step must divide that, which {time_step:g} ms "
            "does not",
        )
        return round(steps)


def load_surrogate(described: Path | str) -> tuple[Any, Mechanism]:
    """Compile and load an exported mechanism, and its gap junction.

    Args:
        described: the `.json` that the export wrote.

    Returns:
        NEURON's `h`, of which the mechanism now is a point process, and what is known about it.

    Raises:
        InputError: the file is none of an export's, or NEURON cannot take the mechanism.
    """
    described = Path(described)
    require_file(described, "the .json file that the export wrote")
    try:
        description: dict[str, Any] = json.loads(described.read_text())
        description.update({key: tuple(value) for key, value in description.items() if isinstance(value, list)})
        mechanism = Mechanism(**description)
        sources = [described.parent / Path(name).name for name in mechanism.sources]
    except (ValueError, TypeError, AttributeError):
        raise InputError(f"{described} does not describe an exported mechanism") from None
    return load_mechanisms(sources), mechanism


def respond_in_neuron(
    described: Path | str, stimulus: Float[np.ndarray, "time input"], time_step: Milliseconds = 0.1
) -> Float[np.ndarray, "time output"]:
    """Load an exported mechanism and run it alone; see `load_surrogate` and `run_alone`."""
    h, mechanism = load_surrogate(described)
    return run_alone(h, mechanism, stimulus, time_step)


def run_alone(
    h: Any, mechanism: Mechanism, stimulus: Float[np.ndarray, "time input"], time_step: Milliseconds = 0.1
) -> Float[np.ndarray, "time output"]:
    """Run a loaded mechanism on a stimulus that is played into it; NEURON steps whatever else there is, too.

    Returns:
        Its outputs at the times of the stimulus's samples.

    Raises:
        InputError: the time step does not divide the sampling step, or the stimulus has other channels.
    """
    stride = mechanism.require_divided_by(time_step)
    wanted, given = len(mechanism.inputs), stimulus.shape[1]
    require(given == wanted, f"{mechanism.mechanism} has {wanted} inputs and the stimulus {given}")
    place = h.Section(name="place")
    surrogate = getattr(h, mechanism.mechanism)(place(0.5))
    times = h.Vector(np.arange(len(stimulus)) * mechanism.dt)
    played = [h.Vector(column) for column in np.asarray(stimulus, float).T]
    for vector, name in zip(played, mechanism.inputs, strict=True):
        vector.play(getattr(surrogate, f"_ref_{name}"), times, True)
    traces = [h.Vector().record(getattr(surrogate, f"_ref_{name}")) for name in mechanism.outputs]
    with stepping(h, time_step):
        h.ParallelContext().set_maxstep(10)
        h.finitialize()
        h.ParallelContext().psolve((len(stimulus) - 1) * mechanism.dt + time_step / 2)
        potentials = np.stack([trace.as_numpy()[::stride] for trace in traces], axis=1)
        played.clear()
        traces.clear()
    return potentials
