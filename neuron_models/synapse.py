"""What joins two cells: chemical synapses, by spikes or graded, and gap junctions."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from neuron_models.foundation.errors import require, require_positive
from neuron_models.foundation.units import (
    Dimensionless,
    Microsiemens,
    Milliseconds,
    Millivolts,
    PerMillivolt,
    PerSecond,
)


@dataclass(frozen=True)
class ChemicalSynapse:
    """A conductance that rises and decays exponentially after each upward crossing of a threshold by the pre side.

    g(t) after one event is a difference of two exponentials with its peak at `g_max` (NEURON's Exp2Syn).
    """

    g_max: Microsiemens = 1e-5
    e_rev: Millivolts = 0.0
    tau_rise: Milliseconds = 1.0
    tau_decay: Milliseconds = 2.0
    threshold: Millivolts = 0.0
    delay: Milliseconds = 0.0
    source: str = "CElegansNeuroML 2012, DoubExpSyn"

    def __post_init__(self) -> None:
        require(self.g_max >= 0, f"ChemicalSynapse.g_max must be >= 0 uS, got {self.g_max}")
        require(
            0 < self.tau_rise < self.tau_decay,
            f"ChemicalSynapse needs 0 < tau_rise < tau_decay in ms, got {self.tau_rise} and {self.tau_decay}",
        )
        require(self.delay >= 0, f"ChemicalSynapse.delay must be >= 0 ms, got {self.delay}")


@dataclass(frozen=True)
class GradedSynapse:
    """A conductance that follows the potential in front of it without spikes: g_max s.

    ds/dt = rise phi(v) (1 - s) - decay s, phi(v) = 1 / (1 + exp(-slope (v - threshold))). The threshold is the
    potential in front of it at rest, where every synapse is half way up (Kunert et al. 2014), unless it is given. A run
    begins with the activity that the potential in front keeps up, or with `start`.
    """

    g_max: Microsiemens = 1e-4
    e_rev: Millivolts = 0.0
    rise: PerSecond = 1.0
    decay: PerSecond = 5.0
    slope: PerMillivolt = 0.125
    source: str = "Kunert et al. 2014"
    threshold: Millivolts | None = None
    start: Dimensionless | None = None

    def __post_init__(self) -> None:
        require(self.g_max >= 0, f"GradedSynapse.g_max must be >= 0 uS, got {self.g_max}")
        require_positive(self, rise="1/s", decay="1/s", slope="1/mV")

    @property
    def at_rest(self) -> Dimensionless:
        """The activity at rest, where the potential is at the threshold."""
        return self.rise / (self.rise + 2 * self.decay)

    def settled(self, v: Float[np.ndarray, "..."]) -> tuple[Float[np.ndarray, "..."], Float[np.ndarray, "..."]]:
        """The activity that a lasting potential in mV in front of it keeps up, and its slope in 1/mV."""
        phi = 1 / (1 + np.exp(-self.slope * (v - (self.threshold or 0.0))))
        all_rates = self.rise * phi + self.decay
        return self.rise * phi / all_rates, self.rise * self.decay * self.slope * phi * (1 - phi) / all_rates**2


@dataclass(frozen=True)
class GapJunction:
    """An ohmic contact: the current g (v_here - v_there) leaves this side and enters the other."""

    g: Microsiemens = 1e-4
    source: str = "CElegansNeuroML 2012, Generic_GJ"

    def __post_init__(self) -> None:
        require(self.g >= 0, f"GapJunction.g must be >= 0 uS, got {self.g}")
