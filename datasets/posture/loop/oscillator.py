"""The oscillator of the published neuromechanical model: bistable units that stretch switches.

Boyle, Berri and Cohen 2012 make a worm crawl by 12 units, each with a dorsal and a ventral cell of class B that is on
or off, with hysteresis. AVB's current lets them switch; stretch of the own and the five units behind does it. No
wiring of the nervous system makes this rhythm: it is put in, and named in whatever it moves. Cells of class A for
backward crawling are not in the publication; here they are the same circuit turned round, from tail to head.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from connectome.muscles import LONGEST_ROW, MUSCLES, is_dorsal, place_of
from neuron_models.foundation.units import Dimensionless

OSCILLATOR = "bistable B units of Boyle, Berri and Cohen 2012, with the same units turned round for class A"
UNITS, REACH = 12, 6
SEGMENTS = 48
HYSTERESIS: Dimensionless = 0.5
DRIVE: Dimensionless = 0.675
"""AVB's current in the publication."""
BIAS: Dimensionless = 0.5
"""Into ventral cells, which dorsal ones inhibit, while ventral ones inhibit nothing."""
SIZES = {"DB": 7, "VB": 11, "DA": 9, "VA": 12, "DD": 6, "VD": 13}
"""Neurons of each class; the nearest one along the cord stands behind each unit."""


def neurons_of(kind: str) -> tuple[str, ...]:
    """The neurons of a class from head to tail, such as DB1 ... DB7."""
    return tuple(f"{kind}{number}" for number in range(1, SIZES[kind] + 1))


def neuron_of(kind: str, unit: int) -> str:
    """The neuron of a class that stands behind a unit, counted from 0 at the head."""
    return f"{kind}{unit * SIZES[kind] // UNITS + 1}"


def _there(kind: str, ablated: Collection[str]) -> Bool[np.ndarray, " unit"]:
    return np.array([neuron_of(kind, unit) not in ablated for unit in range(UNITS)])


@dataclass(frozen=True, eq=False)
class Cord:
    """Which cells of each unit are there: a side's excitatory ones, and those that inhibit across.

    Attributes:
        cells: (unit, side) of class B or A, dorsal first.
        inhibited: (unit, side) whether the muscle of a side is inhibited when the other side is on.
    """

    cells: Bool[np.ndarray, "unit side"]
    inhibited: Bool[np.ndarray, "unit side"]


def cord(letter: str, ablated: Collection[str]) -> Cord:
    """The cells of class B or A (`letter`) that an ablation leaves; DD inhibits dorsal muscles, VD ventral ones."""
    cells = np.column_stack([_there(f"{side}{letter}", ablated) for side in ("D", "V")])
    inhibited = np.column_stack([_there(f"{side}D", ablated) for side in ("D", "V")])
    return Cord(cells, inhibited)


def _weights() -> tuple[np.ndarray, np.ndarray]:
    """Stretch weights of units, and strengths of the 24 places of muscles, from head to tail."""
    stretch = 0.65 * (0.4 + 0.08 * np.arange(UNITS)) * UNITS / 12 * 2 / (SEGMENTS / UNITS)
    left = UNITS - np.arange(UNITS)
    stretch *= np.where(left < REACH, np.sqrt(REACH // left), 1.0)
    junctions = 0.7 * (1 - 0.6 * np.arange(SEGMENTS) / SEGMENTS)
    junctions[0] /= 1.5
    return stretch, junctions.reshape(LONGEST_ROW, -1).mean(axis=1)


STRETCH, JUNCTIONS = _weights()
_SIDE = np.array([0 if is_dorsal(name) else 1 for name in MUSCLES])
_PLACE = np.array([place_of(name) for name in MUSCLES])


class Units:
    """The units of one direction; `on` (unit, side) tells which cells are on, dorsal first.

    Units of class A see the worm from its tail: what they are given and what they give is turned round.
    """

    def __init__(self, left: Cord, backward: bool) -> None:
        turn = slice(None, None, -1) if backward else slice(None)
        self.cord = Cord(left.cells[turn], left.inhibited[turn])
        self.backward = backward
        self.on = np.zeros((UNITS, 2))

    def step(self, drive: Dimensionless, felt: Float[np.ndarray, "side segment"]) -> Float[np.ndarray, "side place"]:
        """Switch cells by a command neuron's current and by what segments feel; gives the drive of muscles.

        Args:
            drive: from 0 to `DRIVE`.
            felt: of each side of each segment, as `felt_stretch` gives it.
        """
        if drive == 0:  # a closed gate switches all units off
            self.on[:] = 0.0
            return np.zeros((2, LONGEST_ROW))
        felt = felt[:, ::-1] if self.backward else felt
        units = felt.reshape(2, UNITS, -1).sum(axis=2)
        ends = np.concatenate([np.cumsum(units[:, ::-1], axis=1)[:, ::-1], np.zeros((2, REACH))], axis=1)
        reached = STRETCH * (ends[:, :UNITS] - ends[:, REACH : UNITS + REACH])
        across = self.on[:, 0] * self.cord.inhibited[:, 1]
        currents = drive + reached.T
        currents[:, 1] += BIAS - across
        self.on = (self.cord.cells & (currents > 0.5 + HYSTERESIS / 2 - HYSTERESIS * self.on)).astype(float)
        pushed = self.on - self.on[:, ::-1] * self.cord.inhibited
        places = JUNCTIONS[:, None] * np.repeat(pushed, LONGEST_ROW // UNITS, axis=0)
        return (places[::-1] if self.backward else places).T


def felt_stretch(
    stretches: Float[np.ndarray, "side segment"], radii: Float[np.ndarray, " rod"], largest: float
) -> Float[np.ndarray, "side segment"]:
    """What stretch receptors make of (dimensionless) strains: the same for a bend everywhere; dorsal ones are bilinear.

    Args:
        stretches: strain of each side of each segment, dorsal first.
        radii: of the rods.
        largest: half the width of the body.
    """
    felt = stretches * (2 * largest / (radii[:-1] + radii[1:]))
    felt[0] *= np.where(stretches[0] > 0, 0.8, 1.2)
    return felt


def on_muscles(places: Float[np.ndarray, "side place"]) -> Float[np.ndarray, " muscle"]:
    """The dimensionless drive of the 95 muscles from that of 24 dorsal and 24 ventral places; left as right."""
    return places[_SIDE, _PLACE]
