"""What a cell's membrane is made of."""

from dataclasses import dataclass

from neuron_models.foundation.errors import require
from neuron_models.foundation.units import (
    MicrofaradsPerSquareCentimetre,
    Millivolts,
    OhmCentimetres,
    SiemensPerSquareCentimetre,
)


@dataclass(frozen=True)
class Passive:
    """A membrane that only leaks, with its capacitance and the resistivity of what it encloses.

    The defaults are those of every OpenWorm NeuroML cell (c302 0.12, `*.cell.nml`: channelDensity LeakConductance,
    specificCapacitance, resistivity, initMembPotential): a membrane time constant of 40 ms.
    """

    g_leak: SiemensPerSquareCentimetre = 2.5e-5
    e_leak: Millivolts = -65.0
    c_m: MicrofaradsPerSquareCentimetre = 1.0
    r_axial: OhmCentimetres = 30.0
    source: str = "c302 0.12, LeakConductance"

    def __post_init__(self) -> None:
        for name in ("g_leak", "c_m", "r_axial"):
            value = getattr(self, name)
            require(value > 0, f"Passive.{name} must be > 0, got {value}")
