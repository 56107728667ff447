"""Each passive cell in its own modes: v = rest + shapes x, dx/dt = -rates x + shapes' i."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from neuron_models.linear.compartments import Compartments


@dataclass(frozen=True, eq=False)
class CellModes:
    """The modes of one cell, slowest first.

    Attributes:
        nodes: its compartments.
        rates: decay rates in 1/ms; of a uniform membrane the first is that of the membrane.
        shapes: potentials of the compartments in mV for a mode of amplitude one; shapes' C shapes is one.
    """

    nodes: Int[np.ndarray, " compartment"]
    rates: Float[np.ndarray, " mode"]
    shapes: Float[np.ndarray, "compartment mode"]

    def slower(self, rate: float) -> int:
        """The number of modes below a rate, in 1/ms; at least one."""
        return max(1, int(np.searchsorted(self.rates, rate)))


def cell_modes(compartments: Compartments) -> tuple[CellModes, ...]:
    """The modes of every cell without its contacts."""
    bounds = zip(compartments.first[:-1], compartments.first[1:], strict=True)
    return tuple(_modes(compartments, int(start), int(end)) for start, end in bounds)


def _modes(compartments: Compartments, start: int, end: int) -> CellModes:
    capacitance = compartments.capacitance[start:end]
    kept = np.flatnonzero(capacitance > 0)
    root = np.sqrt(capacitance[kept])
    conductance = _conductance(compartments, start, end)
    rates, vectors = np.linalg.eigh(conductance / np.outer(root, root))
    shapes = vectors / root[:, None]
    leaks = compartments.leak[start + kept] / capacitance[kept]
    if np.ptp(leaks) < 1e-9 * leaks[0]:
        # a uniform membrane: all compartments alike are a mode, with the membrane's own time constant
        rates[0], shapes[:, 0] = leaks[0], 1 / np.sqrt(capacitance.sum())
    return CellModes(start + kept, rates, shapes)


def _conductance(compartments: Compartments, start: int, end: int) -> Float[np.ndarray, "compartment compartment"]:
    """Leak and axial conductances between the compartments of a cell in uS; ends and branch points are eliminated."""
    axial, parent = compartments.axial[start:end], compartments.parent[start:end] - start
    child = np.flatnonzero(parent >= 0)
    above, g = parent[child], axial[child]
    whole = np.diag(compartments.leak[start:end])
    np.add.at(whole, (child, child), g)
    np.add.at(whole, (above, above), g)
    whole[child, above] -= g
    whole[above, child] -= g
    inside = compartments.capacitance[start:end] > 0
    across = whole[np.ix_(inside, ~inside)]
    kept = whole[np.ix_(inside, inside)] - across @ np.linalg.solve(whole[np.ix_(~inside, ~inside)], across.T)
    return (kept + kept.T) / 2
