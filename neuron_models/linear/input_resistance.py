"""The input resistance of a passive cell at its soma, by its compartments."""

from typing import Any

import numpy as np
from jaxtyping import Float

from neuron_models.circuit import Cell, Circuit, Site
from neuron_models.foundation.units import Gigaohms, Micrometres, OhmCentimetres, SiemensPerSquareCentimetre
from neuron_models.linear.compartments import cut
from neuron_models.membrane import Passive
from neuron_models.morphology import Morphology


class SomaResistance:
    """By how many mV a lasting picoampere into the soma moves it, for any leak, with all other cells cut off.

    Args:
        shape: the cell's.
        r_axial: of its cytoplasm.
        longest_compartment: as in a `Circuit`.
    """

    def __init__(self, shape: Morphology, r_axial: OhmCentimetres, longest_compartment: Micrometres = 20.0) -> None:
        from scipy.sparse import coo_array

        cell = Cell(shape.name, shape, Passive(g_leak=1.0, r_axial=r_axial))
        parts = cut(Circuit((cell,), (), longest_compartment))
        child = np.flatnonzero(parts.parent >= 0)
        parent, g, size = parts.parent[child], parts.axial[child], len(parts.parent)
        places = (np.concatenate([child, parent, child, parent]), np.concatenate([child, parent, parent, child]))
        self._axial: Any = coo_array((np.concatenate([g, g, -g, -g]), places), shape=(size, size)).tocsc()
        self._leak: Float[np.ndarray, " node"] = parts.leak
        self._soma = parts.node(Site(shape.name))

    def at(self, g_leak: SiemensPerSquareCentimetre) -> Gigaohms:
        """The input resistance with a leak."""
        from scipy.sparse import diags_array
        from scipy.sparse.linalg import spsolve

        injected = np.zeros(len(self._leak))
        injected[self._soma] = 1.0
        potentials = spsolve((self._axial + diags_array(g_leak * self._leak)).tocsc(), injected)
        return float(potentials[self._soma]) / 1000  # 1/uS is a megohm
