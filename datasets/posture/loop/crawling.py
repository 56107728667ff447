"""The loop itself: each millisecond neurons, gates, units, muscles and body tell each other what they do."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from connectome.muscles import drive
from datasets.posture.body.activations import on_segments
from datasets.posture.body.mechanics import Body
from datasets.posture.body.moving import MovingBody
from datasets.posture.loop.oscillator import (
    DRIVE,
    SEGMENTS,
    SIZES,
    UNITS,
    Units,
    cord,
    felt_stretch,
    neuron_of,
    neurons_of,
    on_muscles,
)
from datasets.posture.loop.settings import BACKWARD, COMMANDS, DT, FORWARD, CrawlSettings
from neuron_models.circuit import Circuit, Site
from neuron_models.foundation.errors import require
from neuron_models.muscle import muscle_model

MOTOR_RANGE = 20.0
"""A motor neuron so many mV above its rest gives all of its share of a muscle's drive."""
_FEELING = ("DB", "VB", "DA", "VA")


@runtime_checkable
class Stepping(Protocol):
    """A network that is stepped bit by bit; `rest` is where its outputs begin, in mV."""

    @property
    def rest(self) -> Float[np.ndarray, " output"]: ...

    def step(self, currents: Float[np.ndarray, " input"]) -> Float[np.ndarray, " output"]: ...

    def state(self) -> dict[str, np.ndarray]: ...

    def restore(self, state: Mapping[str, np.ndarray]) -> None: ...


def feeling_neurons(settings: CrawlSettings, names: tuple[str, ...]) -> tuple[str, ...]:
    """The motor neurons of the network that get a current by stretch."""
    kinds = [name for kind in _FEELING for name in neurons_of(kind)]
    return tuple(name for name in kinds if name in names and name not in settings.ablated)


def stepping_network(circuit: Circuit, fingerprint: str, settings: CrawlSettings) -> Stepping:
    """The network, ready to be stepped: its inputs are `stimulated`, then those that feel; all somata are outputs.

    Raises:
        InputError: a stimulated neuron is not in the network, or the simulator cannot run it.
    """
    from neuron_models.simulators import build

    names = tuple(cell.name for cell in circuit.cells)
    missing = [name for name in (*settings.stimulated, *settings.ablated) if name not in names]
    require(not missing, f"the network lacks {', '.join(missing[:5])}: choose another --network")
    inputs = [Site(name) for name in (*settings.stimulated, *feeling_neurons(settings, names))]
    outputs = [Site(name) for name in names]
    simulation: Any = build(circuit, settings.simulator, fingerprint)
    if settings.simulator == "linear":
        from neuron_models.linear.stepping import stepping

        return stepping(simulation, inputs, outputs, DT, settings.ablated)
    from neuron_models.neuron_stepping import NeuronStepping

    return NeuronStepping(simulation, inputs, outputs, DT, settings.ablated)


class Loop:
    """A worm that crawls, second by second; without a network the gate is what `gate` says."""

    def __init__(
        self,
        settings: CrawlSettings,
        names: tuple[str, ...],
        rest: Float[np.ndarray, " neuron"],
        network: Stepping | None,
        gate: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        self.settings, self.names, self._network, self._gate = settings, names, network, gate
        self._rest, self._v = np.asarray(rest, float), np.array(rest, float)
        self._body = MovingBody(Body(settings.variant), settings.medium)
        self._units = tuple(Units(cord(letter, settings.ablated), letter == "A") for letter in ("B", "A"))
        self._muscle = muscle_model(settings.muscle)
        self._muscles = self._muscle.rest(95)
        self._currents = settings.currents() if network is not None else None
        self._feeling = _receptive(feeling_neurons(settings, names))
        self._commands = [_places(names, COMMANDS[way], settings.ablated) for way in (FORWARD, BACKWARD)]
        self._junctions = drive(names)
        self._radii = self._body.body.radii()

    def seconds(self, first: int, last: int) -> Iterator[dict[str, np.ndarray]]:
        """Crawl from one second to another; gives what was recorded in each, by name (midlines in m, v in mV)."""
        every = round(1000 / self.settings.fps / DT)
        for second in range(first, last):
            kept: dict[str, list[np.ndarray]] = {"midlines": [], "v": [], "muscles": [], "gates": []}
            for step in range(round(1000 / DT)):
                if step % every == 0:
                    for name, value in self._told().items():
                        kept[name].append(value)
                self._step(second * round(1000 / DT) + step)
            require(self._body.stable, "the body is unstable at 1 ms in this medium: choose one with more drag")
            yield {name: np.array(rows) for name, rows in kept.items()}

    def _told(self) -> dict[str, np.ndarray]:
        return {
            "midlines": self._body.midlines()[0],
            "v": self._v.astype(np.float32),
            "muscles": self._muscle.activation(self._muscles).astype(np.float32),
            "gates": np.array(self.gates()),
        }

    def gates(self) -> tuple[float, float]:
        """The drives of units of class B and A, from 0 to 1: how far AVB is above AVA, and AVA above AVB."""
        if self._network is None:
            return self._gate
        above = [float((self._v - self._rest)[each].mean()) if len(each) else 0.0 for each in self._commands]
        share = float(np.clip((above[0] - above[1]) / self.settings.gate, -1.0, 1.0))
        return (max(share, 0.0) * bool(len(self._commands[0])), max(-share, 0.0) * bool(len(self._commands[1])))

    def _step(self, index: int) -> None:
        activation = self._muscle.activation(self._muscles)
        self._body.step(on_segments(activation[None], SEGMENTS)[None, 0], DT / 1000)
        felt = felt_stretch(self._body.stretches()[0], self._radii, self._body.body.radius)
        if self._network is not None and self._currents is not None:
            current = np.concatenate([self._currents[index], self.settings.stretch * (self._feeling @ felt.ravel())])
            self._v = self._network.step(current)
        drives = np.zeros(95)
        if self.settings.oscillator:
            gates = self.gates()
            sides = sum(units.step(DRIVE * gate, felt) for units, gate in zip(self._units, gates, strict=True))
            drives += on_muscles(np.asarray(sides))
        if self.settings.motor > 0:
            drives += self.settings.motor * self.own_drive(self._v)
        self._muscles = self._muscle.step(self._muscles, drives, DT)

    def own_drive(self, v: Float[np.ndarray, " neuron"]) -> Float[np.ndarray, " muscle"]:
        """What the network's own motor neurons do to muscles through the junctions of Cook et al. 2019."""
        return self._junctions @ np.clip((v - self._rest) / MOTOR_RANGE, 0.0, 1.0)

    def state(self) -> dict[str, np.ndarray]:
        """Everything that decides how it goes on: potentials in mV, the body in m."""
        network = self._network.state() if self._network is not None else {}
        own = {"body": self._body.state, "muscle": self._muscles, "voltages": self._v}
        units = {f"units{index}": each.on for index, each in enumerate(self._units)}
        return {**{f"network_{name}": each for name, each in network.items()}, **own, **units}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from a state that `state` gave."""
        if self._network is not None:
            own = {name.removeprefix("network_"): each for name, each in state.items() if name.startswith("network_")}
            self._network.restore(own)
        self._body.state, self._muscles, self._v = state["body"].copy(), state["muscle"], state["voltages"]
        for index, each in enumerate(self._units):
            each.on = state[f"units{index}"]


def _places(names: tuple[str, ...], wanted: tuple[str, ...], ablated: tuple[str, ...]) -> np.ndarray:
    return np.array([names.index(name) for name in wanted if name in names and name not in ablated], dtype=int)


def _receptive(neurons: tuple[str, ...]) -> Float[np.ndarray, "neuron felt"]:
    """How each neuron averages what the segments of its units feel, on its own side; dorsal segments first."""
    sides = np.zeros((len(neurons), 2, SEGMENTS))
    wide = SEGMENTS // UNITS
    for row, name in enumerate(neurons):
        kind = next(each for each in SIZES if name.startswith(each))
        for unit in range(UNITS):
            if neuron_of(kind, unit) == name:
                sides[row, 0 if kind.startswith("D") else 1, unit * wide : (unit + 1) * wide] = 1
    matrix = sides.reshape(len(neurons), -1)
    return matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
