"""Muscles: how activation follows what neurons do to them, alone or by way of the muscle's own potential."""

import math
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.units import Milliseconds, Millivolts, Nanosiemens, Picofarads

Drive = Float[np.ndarray, " muscle"]
State = Float[np.ndarray, "part muscle"]


@runtime_checkable
class Muscle(Protocol):
    """What a muscle does over time, for any number of muscles at once."""

    def rest(self, muscles: int) -> State:
        """The state that nothing drives: the dimensionless activation, below a membrane in mV if there is one."""
        ...

    def step(self, state: State, drive: Drive, dt: Milliseconds) -> State:
        """The state after `dt`, over which the drive is constant."""
        ...

    def activation(self, state: State) -> Drive:
        """How much of its force a muscle gives, from 0 to 1."""
        ...


@dataclass(frozen=True)
class FirstOrderMuscle:
    """Activation follows its drive with one time constant; exact for a drive that is constant over a step.

    What inhibits pulls the state below zero, where no force is, as in the published body (Boyle, Berri and Cohen 2012).
    """

    tau: Milliseconds = 100.0
    source: str = "Boyle, Berri and Cohen 2012"

    def __post_init__(self) -> None:
        require(math.isfinite(self.tau) and self.tau > 0, f"FirstOrderMuscle.tau must be > 0 ms, got {self.tau}")

    def rest(self, muscles: int) -> State:
        """No activation (dimensionless)."""
        return np.zeros((1, muscles))

    def step(self, state: State, drive: Drive, dt: Milliseconds) -> State:
        """Relax towards the drive."""
        return drive + (state - drive) * math.exp(-dt / self.tau)

    def activation(self, state: State) -> Drive:
        """The state, from 0 to 1."""
        return np.clip(state[0], 0.0, 1.0)


@dataclass(frozen=True)
class ElectricalMuscle:
    """A muscle with a membrane: junctions open conductances, and its depolarization drives its activation.

    Input resistance, capacitance and rest are those of Gao and Zhen 2011 (1 GOhm, 50 to 70 pF, -25 mV), the largest
    conductance that of Richmond and Jorgensen 1999 (8.5 nS of acetylcholine), chloride reverses at -30 mV.
    """

    g_leak: Nanosiemens = 1.0
    c_m: Picofarads = 60.0
    e_leak: Millivolts = -25.0
    g_largest: Nanosiemens = 8.5
    e_excitatory: Millivolts = 0.0
    e_inhibitory: Millivolts = -30.0
    tau: Milliseconds = 100.0
    source: str = "Gao and Zhen 2011; Richmond and Jorgensen 1999"

    def __post_init__(self) -> None:
        for name in ("g_leak", "c_m", "g_largest", "tau"):
            value = getattr(self, name)
            require(math.isfinite(value) and value > 0, f"ElectricalMuscle.{name} must be > 0, got {value}")
        require(self.e_excitatory > self.e_leak, "ElectricalMuscle.e_excitatory must lie above e_leak")

    def rest(self, muscles: int) -> State:
        """The membrane at its rest in mV, and no activation (dimensionless)."""
        return np.stack([np.full(muscles, self.e_leak), np.zeros(muscles)])

    def step(self, state: State, drive: Drive, dt: Milliseconds) -> State:
        """Let the membrane relax, then the activation towards the share of the way that it has come."""
        size = self.g_largest * np.minimum(np.abs(drive), 1.0)
        towards = np.where(drive >= 0, self.e_excitatory, self.e_inhibitory)
        whole = self.g_leak + size
        end = (self.g_leak * self.e_leak + size * towards) / whole
        potential = end + (state[0] - end) * np.exp(-dt * whole / self.c_m)
        follows = self.depolarization(potential)
        return np.stack([potential, follows + (state[1] - follows) * math.exp(-dt / self.tau)])

    def depolarization(self, potential: Float[np.ndarray, " muscle"]) -> Float[np.ndarray, " muscle"]:
        """How far a potential (mV) has come from rest to where it can go at most."""
        return (potential - self.e_leak) / (self.e_excitatory - self.e_leak)

    def activation(self, state: State) -> Drive:
        """The second part of the state, from 0 to 1."""
        return np.clip(state[1], 0.0, 1.0)


MUSCLE_MODELS: dict[str, Muscle] = {"first-order": FirstOrderMuscle(), "electrical": ElectricalMuscle()}
"""The settings that have a name; the first is that of the published body."""


def muscle_model(name: str) -> Muscle:
    """A muscle by name.

    Raises:
        InputError: there is none of that name; the message lists those that there are.
    """
    if name not in MUSCLE_MODELS:
        raise InputError(f"there is no muscle {name!r}; there are {', '.join(MUSCLE_MODELS)}")
    return MUSCLE_MODELS[name]
