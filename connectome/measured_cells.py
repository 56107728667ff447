"""Membranes within measured bounds: the leak, and where it must be the capacitance, of each passive neuron."""

import functools
from collections.abc import Callable
from dataclasses import dataclass

from connectome.graded_cells import GradedParameters
from neuron_models.foundation.units import Gigaohms, MicrofaradsPerSquareCentimetre, Milliseconds
from neuron_models.linear.input_resistance import SomaResistance
from neuron_models.membrane import Passive
from neuron_models.morphology import Morphology


@dataclass(frozen=True)
class MembraneBounds:
    """Between what the input resistance at the soma, the time constant and the capacitance of a membrane are.

    Each is (least, largest).
    """

    input_resistance: tuple[Gigaohms, Gigaohms]
    time_constant: tuple[Milliseconds, Milliseconds]
    c_m: tuple[MicrofaradsPerSquareCentimetre, MicrofaradsPerSquareCentimetre]


def membrane_constants(
    resistance: SomaResistance, usual: MicrofaradsPerSquareCentimetre, bounds: MembraneBounds
) -> tuple[Milliseconds, MicrofaradsPerSquareCentimetre]:
    """The time constant and the capacitance of a membrane.

    The rule: the middle (geometric) of the time constants and the usual capacitance, where the input resistance then
    is within its bounds. Else the time constant changes as little as it must; where its bounds do not suffice, the
    capacitance does; where those do not either, both stay at their bounds.

    Args:
        resistance: the cell's.
        usual: the capacitance where nothing asks for another.
        bounds: what was measured.
    """
    fastest, slowest = bounds.time_constant
    middle = (fastest * slowest) ** 0.5
    least, largest = bounds.input_resistance

    def at(tau: Milliseconds, c_m: MicrofaradsPerSquareCentimetre) -> Gigaohms:
        return resistance.at(c_m / tau * 1e-3)

    found = at(middle, usual)
    if least <= found <= largest:
        return middle, usual
    wanted, end, capacitance = (least, slowest, bounds.c_m[0]) if found < least else (largest, fastest, bounds.c_m[1])
    reached = (at(end, usual) - wanted) * (found - wanted) <= 0
    if reached:
        return _root(lambda tau: at(tau, usual) - wanted, middle, end), usual
    if (at(end, capacitance) - wanted) * (found - wanted) <= 0:
        return end, _root(lambda c_m: at(end, c_m) - wanted, usual, capacitance)
    return end, capacitance


def _root(function: Callable[[float], float], one: float, other: float) -> float:
    from scipy.optimize import brentq

    return float(brentq(function, one, other, xtol=1e-6))


@dataclass(frozen=True)
class MeasuredParameters(GradedParameters):
    """A parameter set of the model `measured` for cells with shapes: graded synapses on membranes within bounds."""

    def membrane_of(self, shape: Morphology) -> Passive:
        """The membrane of a cell of this shape, by the rule of `membrane_constants`."""
        values = self.values
        ends = ("input_resistance", "time_constant", "c_m")
        bounds = MembraneBounds(*((values[f"{name}_least"], values[f"{name}_largest"]) for name in ends))
        tau, c_m = _constants(shape, values["r_axial"], self.longest_compartment, values["c_m"], bounds)
        return Passive(c_m / tau * 1e-3, values["e_leak"], c_m, values["r_axial"], values.name)


@functools.lru_cache(maxsize=1024)
def _constants(
    shape: Morphology, r_axial: float, longest: float, usual: float, bounds: MembraneBounds
) -> tuple[float, float]:
    return membrane_constants(SomaResistance(shape, r_axial, longest), usual, bounds)
