"""A circuit of passive cells stepped bit by bit: currents are decided while it runs, and its state can be kept."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from neuron_models.circuit import Site, require_stimulable
from neuron_models.foundation.errors import InputError
from neuron_models.foundation.units import Milliseconds
from neuron_models.linear.eventful import inner_steps
from neuron_models.linear.graded import LONGEST as LONGEST_GRADED
from neuron_models.linear.graded import GradedSimulation, first_memory, go_on
from neuron_models.linear.simulation import LinearSimulation, at_once, driven_system
from neuron_models.linear.stimuli import Pieces

LONGEST: Milliseconds = 0.17
"""The longest step over which an event synapse's current is a constant."""
FOLLOWING: Milliseconds = 0.34
"""The same where fast modes follow."""


class LinearStepping(ABC):
    """One run of a circuit that goes on step by step, from rest.

    Attributes:
        dt: the step in ms, over which currents are held.
    """

    dt: Milliseconds
    _memory: Any
    _modes: Float[np.ndarray, " mode"]
    _done: int

    @property
    @abstractmethod
    def rest(self) -> Float[np.ndarray, " output"]:
        """The potentials (mV) of the outputs before the first step."""

    @abstractmethod
    def step(self, currents: Float[np.ndarray, " input"]) -> Float[np.ndarray, " output"]:
        """Hold currents (nA) into the inputs for `dt`; gives the potentials (mV) of the outputs then."""

    def state(self) -> dict[str, np.ndarray]:
        """Everything that decides how it goes on, as arrays: modes in mV, currents in nA, times in ms."""
        arrays = {f"memory{index}": each.copy() for index, each in enumerate(_arrays(self._memory))}
        return {"modes": self._modes.copy(), "done": np.array(self._done), **arrays}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from a state that `state` gave.

        Raises:
            InputError: it is that of another circuit.
        """
        mine = _arrays(self._memory)
        try:
            pairs = [(each, state[f"memory{index}"]) for index, each in enumerate(mine)]
            pairs.append((self._modes, state["modes"]))
            self._done = int(state["done"])
        except KeyError:
            raise InputError("this is no state of a linear circuit") from None
        if any(here.shape != there.shape for here, there in pairs):
            raise InputError("this state is of another circuit")
        for here, there in pairs:
            here[...] = there


def stepping(
    simulation: LinearSimulation | GradedSimulation,
    inputs: Sequence[Site],
    outputs: Sequence[Site],
    dt: Milliseconds = 1.0,
    ablated: Collection[str] = (),
    following: bool = True,
) -> LinearStepping:
    """Stand at rest, ready to be stepped.

    Args:
        simulation: the circuit.
        inputs: where currents will be injected.
        outputs: where potentials will be read.
        dt: the step, over which currents are held.
        ablated: cells whose contacts conduct nothing.
        following: fast modes of stimulated cells follow their currents at once, as those of all others do, and event
            synapses are looked at every 0.34 ms: several times as fast, and right for currents that do not jump by
            nanoamperes.

    Raises:
        InputError: a site or an ablated cell does not exist, or an ablated cell is to be stimulated.
    """
    require_stimulable(inputs, ablated)
    if isinstance(simulation, GradedSimulation):
        return _GradedStepping(simulation, inputs, outputs, dt, ablated, following)
    return _EventStepping(simulation, inputs, outputs, dt, ablated, following)


class _EventStepping(LinearStepping):
    """With event synapses, or none."""

    def __init__(
        self,
        simulation: LinearSimulation,
        inputs: Sequence[Site],
        outputs: Sequence[Site],
        dt: Milliseconds,
        ablated: Collection[str],
        following: bool,
    ) -> None:
        from neuron_models.linear.kernels.events import go_on, memory_of

        places, seen = simulation.nodes(inputs), simulation.nodes(outputs)
        modes, moving = simulation.modes(ablated), places[:0] if following else places
        self._rates, self._drive, self._potentials = driven_system(modes, places, seen, moving)
        self._at_once = at_once(modes.coupling, places, seen) if following else np.zeros((len(seen), len(places)))
        self._every, self._step = inner_steps(dt, FOLLOWING if following else LONGEST)
        watched = simulation.watched(moving, seen, ablated, self._step)
        self._local, self._exact = watched.local, watched.exact
        self._sources, self._times = watched.sources, watched.times
        self._synapses, self._reached = watched.synapses, watched.reached
        self._rest = simulation.rest(seen)
        self._modes = np.zeros(len(self._rates))
        self._memory = memory_of(self._rates, self._step, self._local, self._sources, self._times, self._reached)
        self._go_on, self._done, self.dt = go_on, 0, dt

    @property
    def rest(self) -> Float[np.ndarray, " output"]:
        return self._rest.copy()

    def step(self, currents: Float[np.ndarray, " input"]) -> Float[np.ndarray, " output"]:
        held = _held(currents, self._step, self._every)
        z = np.empty((2, len(self._rates)))
        more = np.zeros((2, len(self._rest)))
        pieces = (held.lengths, held.ends, held.before, held.after)
        system = (self._rates, self._drive, pieces, self._step, self._every, z)
        parts = (self._local, self._exact, self._sources, self._times, self._synapses, self._reached, more)
        self._go_on(self._done, self._modes, self._memory, *system, *parts)
        self._done += self._every
        return self._rest + more[1] + self._potentials @ self._modes + self._at_once @ currents


class _GradedStepping(LinearStepping):
    """With graded synapses."""

    def __init__(
        self,
        simulation: GradedSimulation,
        inputs: Sequence[Site],
        outputs: Sequence[Site],
        dt: Milliseconds,
        ablated: Collection[str],
        following: bool,
    ) -> None:
        self._driven = simulation.driven(inputs, outputs, ablated, following)
        self._every, self._step = inner_steps(dt, LONGEST_GRADED)
        self._modes, *rest = first_memory(self._driven)
        self._memory, self._done, self.dt = tuple(rest), 0, dt

    @property
    def rest(self) -> Float[np.ndarray, " output"]:
        return self._driven.rest.copy()

    def step(self, currents: Float[np.ndarray, " input"]) -> Float[np.ndarray, " output"]:
        driven, memory, pieces = self._driven, (self._modes, *self._memory), _held(currents, self._step, self._every)
        held = np.zeros(driven.places)
        if len(driven.inputs):
            np.add.at(held, driven.inputs, currents)
        self._done += self._every
        return go_on(driven, memory, pieces, held, self._step, self._every)[1]


def _held(currents: Float[np.ndarray, " input"], step: Milliseconds, every: int) -> Pieces:
    """Currents that stay as they are for `every` steps."""
    held = np.repeat(np.asarray(currents, float)[None], every, axis=0)
    return Pieces(np.full(every, step), np.arange(1, every + 1), held, held)


def _arrays(memory: Any) -> list[np.ndarray]:
    """The arrays of nested tuples, in order."""
    if isinstance(memory, np.ndarray):
        return [memory]
    return [array for part in memory for array in _arrays(part)]
