"""A circuit in NEURON stepped bit by bit: currents are decided while it runs."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np
from jaxtyping import Float

from neuron_models.circuit import RunSettings, Site
from neuron_models.foundation.units import Milliseconds


class NeuronStepping:
    """One run of a `neuron_models.engine.Simulation` that goes on step by step, from rest."""

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
        self._done = 0
        self._open = ExitStack()
        self._begin()

    def _begin(self) -> None:
        self._open.close()
        self._open = ExitStack()
        self._electrodes, self._places = self._simulation.begin_stepping(
            self._open, self._inputs, self._outputs, RunSettings(self.dt, self._inner, "neuron"), self._ablated
        )
        self._done = 0
        self.rest: Float[np.ndarray, " output"] = np.array([place.v for place in self._places])

    def step(self, currents: Float[np.ndarray, " input"]) -> Float[np.ndarray, " output"]:
        """Hold currents (nA) into the inputs for `dt`; gives the potentials (mV) of the outputs then."""
        for electrode, current in zip(self._electrodes, currents, strict=True):
            electrode.amp = float(current)
        self._done += 1
        self._simulation.go_on_to(self._done * self.dt + self._inner / 2)
        return np.array([place.v for place in self._places])

    def state(self) -> dict[str, np.ndarray]:
        """Everything that decides how it goes on, as arrays in NEURON's units (mV, nA, mM, ms)."""
        return {**self._simulation.state(), "done": np.array(self._done)}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from a state that `state` gave.

        Raises:
            InputError: it is that of another circuit.
        """
        self._begin()
        self._simulation.restore(state)
        self._done = int(state["done"])

    def close(self) -> None:
        """Give NEURON's settings back."""
        self._electrodes, self._places = [], []
        self._open.close()
