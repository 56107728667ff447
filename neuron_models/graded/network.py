"""A network of point neurons with graded synapses, as data."""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from neuron_models.foundation.errors import require, require_positive
from neuron_models.foundation.units import Millivolts, Nanosiemens, PerMillivolt, PerSecond, Picofarads


@dataclass(frozen=True)
class PointMembrane:
    """A cell of one compartment that only leaks.

    The defaults are those of Kunert, Shlizerman and Kutz 2014, Physical Review E 89, 052805.
    """

    c_m: Picofarads = 1.0
    g_leak: Nanosiemens = 0.01
    e_leak: Millivolts = -35.0
    source: str = "Kunert et al. 2014"

    def __post_init__(self) -> None:
        require_positive(self, c_m="pF", g_leak="nS")


@dataclass(frozen=True)
class RateTransfer:
    """A synapse whose activity s rises with the voltage v in front of it and decays by itself.

    ds/dt = rise phi(v) (1 - s) - decay s, phi(v) = 1 / (1 + exp(-slope (v - threshold))). The defaults are those of
    Kunert et al. 2014; c302 calls the same equation gradedSynapse2. A threshold of None stands for the neuron's own
    potential at rest, with every synapse half way up.
    """

    rise: PerSecond = 1.0
    decay: PerSecond = 5.0
    slope: PerMillivolt = 0.125
    threshold: Millivolts | None = None
    source: str = "Kunert et al. 2014"

    def __post_init__(self) -> None:
        require_positive(self, rise="1/s", decay="1/s", slope="1/mV")

    @property
    def at_threshold(self) -> float:
        """The activity that a voltage at the threshold keeps up."""
        return self.rise / (self.rise + 2 * self.decay)


@dataclass(frozen=True)
class SteadyTransfer:
    """A synapse whose activity s follows a steady value that the voltage v in front of it sets.

    ds/dt = (S - s) / tau, S(v) = 1 / (1 + exp((threshold - v) / width)), tau = (1 - S) / rate: NeuroML's
    gradedSynapse, after Prinz et al. 2004. The defaults are those of c302's parameters C1.
    """

    rate: PerSecond = 25.0
    width: Millivolts = 5.0
    threshold: Millivolts | None = 0.0
    source: str = "c302 0.12, parameters C1"

    def __post_init__(self) -> None:
        require_positive(self, rate="1/s", width="mV")

    @property
    def at_threshold(self) -> float:
        """The activity that a voltage at the threshold keeps up."""
        return 0.5


Transfer = RateTransfer | SteadyTransfer


@dataclass(frozen=True, eq=False)
class GradedNetwork:
    """Point neurons, what joins them, and their thresholds.

    `gap` is symmetric; `excitatory` and `inhibitory` are the conductances of fully active synapses from each neuron
    (row) to each other (column). `thresholds` holds one potential a neuron, at which its own synapses are half way up.
    """

    names: tuple[str, ...]
    gap: Float[np.ndarray, "pre post"]
    excitatory: Float[np.ndarray, "pre post"]
    inhibitory: Float[np.ndarray, "pre post"]
    thresholds: Float[np.ndarray, " neuron"]
    membrane: PointMembrane = field(default_factory=PointMembrane)
    transfer: Transfer = field(default_factory=RateTransfer)
    e_excitatory: Millivolts = 0.0
    e_inhibitory: Millivolts = -45.0

    def __post_init__(self) -> None:
        number = len(self.names)
        for name in ("gap", "excitatory", "inhibitory"):
            matrix = getattr(self, name)
            require(matrix.shape == (number, number), f"GradedNetwork.{name} must be {number} x {number}")
            good = bool(np.isfinite(matrix).all() and (matrix >= 0).all())
            require(good, f"GradedNetwork.{name} must hold conductances >= 0 nS")
        require(np.array_equal(self.gap, self.gap.T), "GradedNetwork.gap must be symmetric: gap junctions have no side")
        require(self.thresholds.shape == (number,), f"GradedNetwork.thresholds must hold {number} potentials")
