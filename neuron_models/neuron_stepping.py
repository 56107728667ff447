"""A circuit in NEURON stepped bit by bit: currents are decided while it runs."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np
from jaxtyping import Float

from neuron_models.circuit import RunSettings, Site
from neuron_models.foundation.units import Milliseconds


class NeuronStepping:
    """One run of a `neuron_models.engine.Simulation` that goes on as long as it is asked to, from rest.

    NEURON keeps its state to itself: what is kept of a run are its currents, and going on makes them again.
    """

    def __init__(
        self,
        simulation: Any,
        inputs: Sequence[Site],
        outputs: Sequence[Site],
        dt: Milliseconds = 1.0,
        ablated: Collection[str] = (),
        inner: Milliseconds = 0.1,
    ) -> None:
        self._simulation, self.dt, self._inner = simulation, dt, inner
        self._inputs, self._outputs, self._ablated = tuple(inputs), tuple(outputs), tuple(ablated)
        self._history: list[np.ndarray] = []
        self._open = ExitStack()
        self._begin()

    def _begin(self) -> None:
        self._open.close()
        self._open = ExitStack()
        self._electrodes, self._places = self._simulation.begin_stepping(
            self._open, self._inputs, self._outputs, RunSettings(self.dt, self._inner, "neuron"), self._ablated
        )
        self._history = []
        self.rest: Float[np.ndarray, " output"] = np.array([place.v for place in self._places])

    def step(self, currents: Float[np.ndarray, " input"]) -> Float[np.ndarray, " output"]:
        """Hold currents (nA) into the inputs for `dt`; gives the potentials (mV) of the outputs then."""
        for electrode, current in zip(self._electrodes, currents, strict=True):
            electrode.amp = float(current)
        self._history.append(np.array(currents, float))
        self._simulation.go_on_to(len(self._history) * self.dt + self._inner / 2)
        return np.array([place.v for place in self._places])

    def state(self) -> dict[str, np.ndarray]:
        """The currents so far."""
        return {"currents": np.array(self._history).reshape(-1, len(self._inputs))}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on where a run of the same circuit was, by making its currents again."""
        self._begin()
        for row in state["currents"]:
            self.step(row)

    def close(self) -> None:
        """Give NEURON's settings back."""
        self._electrodes, self._places = [], []
        self._open.close()
