"""The worm's nervous system as lines and spheres: every cell's cables and soma, ready to be drawn."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from connectome.c302_files import morphology, neurons
from neuron_models.foundation.units import Micrometres


@dataclass(frozen=True)
class CellShape:
    """What a page says about one neuron: its class, its soma (a sphere), and the length of its cables without it."""

    name: str
    role: str
    soma: tuple[Micrometres, Micrometres, Micrometres]
    diameter: Micrometres
    length: Micrometres


@dataclass(frozen=True, eq=False)
class WormShape:
    """All cells, and the points of all their cables but the somata, one cable after the other.

    `cables` says for each cable which cell it belongs to (its place in `cells`) and how many points it has. As in the
    cell files, x grows to the worm's left, y towards its tail and z to its back; micrometres.
    """

    cells: tuple[CellShape, ...]
    cables: Int[np.ndarray, "cable 2"]
    points: Float[np.ndarray, "point 3"]
    diameters: Float[np.ndarray, " point"]


def worm_shape() -> WormShape:
    """The shape of the 302 neurons, from their cell files (c302, OpenWorm)."""
    cells, cables, points = [], [], []
    for index, neuron in enumerate(neurons()):
        soma, *others = morphology(neuron.name).cables
        x, y, z, diameter = np.mean(soma.points, axis=0).tolist()
        cells.append(CellShape(neuron.name, neuron.role, (x, y, z), diameter, sum(cable.length for cable in others)))
        cables += [(index, len(cable.points)) for cable in others]
        points += [point for cable in others for point in cable.points]
    table = np.array(points)
    return WormShape(tuple(cells), np.array(cables), table[:, :3], table[:, 3])
