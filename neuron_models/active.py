"""Puts channels into the compartments that NEURON has made of a cell, and finds their currents at rest."""

import importlib.resources
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from neuron_models.channels import CALCIUM, CALCIUM_MODEL, CHANNELS, CalciumPool
from neuron_models.circuit import Cell, Circuit
from neuron_models.foundation.units import Millimolar
from neuron_models.session import pointers

_STEP = 0.01
"""The difference in mV by which slopes are found."""
_CALCIUM_A_CHARGE = 1e4 / (2 * 96485.3321233100184)
"""mA/cm2 over um in mM/ms, for two charges an ion."""


def channel_sources(circuit: Circuit) -> dict[str, str]:
    """The text of the .mod files that the channels of a circuit need; none when it has no channels.

    Those of one model come together, so that they are compiled once, whichever of them a circuit has.
    """
    used = {channel.kind.model for cell in circuit.cells for channel in cell.channels}
    used |= {CALCIUM_MODEL for cell in circuit.cells if cell.calcium is not None}
    suffixes = {kind.suffix for kind in CHANNELS.values() if kind.model in used}
    suffixes |= {CALCIUM} if CALCIUM_MODEL in used else set()
    folder = importlib.resources.files("neuron_models") / "mod" / "channels"
    files = sorted(re.sub(r"(?<!^)([A-Z])", r"_\1", suffix).lower() + ".mod" for suffix in suffixes)
    return {file: (folder / file).read_text() for file in files}


def insert_channels(cell: Cell, sections: Sequence[Any]) -> None:
    """Put a cell's channels and its calcium into NEURON's sections of it.

    Args:
        cell: its conductances are those of the whole cell, its first cable is the soma.
        sections: one a cable.
    """
    for channel in cell.channels:
        places, area = _places(sections, channel.where)
        for mechanism in _insert(places, channel.kind.suffix):
            mechanism.g, mechanism.e = channel.g_max * 100 / area, channel.e_rev
    if cell.calcium is not None:
        pool = cell.calcium
        places, area = _places(sections, pool.where)
        for mechanism in _insert(places, CALCIUM):
            mechanism.depth, mechanism.fraction, mechanism.tau = pool.volume / area, pool.fraction, pool.tau
            mechanism.base, mechanism.least, mechanism.start = pool.base, pool.least, resting_calcium(pool)


def resting_calcium(pool: CalciumPool) -> Millimolar:
    """The calcium of a pool that no current reaches, in mM."""
    return max(pool.base, pool.least)


def _places(sections: Sequence[Any], where: str) -> tuple[Sequence[Any], float]:
    places = sections[:1] if where == "soma" else sections
    return places, sum(segment.area() for section in places for segment in section)


def _insert(sections: Sequence[Any], suffix: str) -> list[Any]:
    for section in sections:
        section.insert(suffix)
    return [getattr(segment, suffix) for section in sections for segment in section]


class ChannelCurrents:
    """The currents of all channels of a circuit that was built, with every gate at its steady state.

    NEURON itself computes them, so that rest is the rest of the very equations that run.
    """

    def __init__(self, h: Any, circuit: Circuit, sections: Mapping[str, Sequence[Any]]) -> None:
        self._h = h
        self.places: list[tuple] = []
        self.solved: dict[frozenset[str], Float[np.ndarray, " node"]] = {}
        """Rests that were found, by the cells that were cut off."""
        currents: list[list[Any]] = []
        segments: list[Any] = []
        self._pools: list[tuple[int, Any, CalciumPool]] = []
        for cell in circuit.cells:
            for cable, section in enumerate(sections[cell.name]):
                held = _held(cell, cable)
                for number in range(section.nseg) if held or _pooled(cell, cable) else ():
                    segment = section((number + 0.5) / section.nseg)
                    if cell.calcium is not None and _pooled(cell, cable):
                        self._pools.append((len(segments), getattr(segment, CALCIUM), cell.calcium))
                    self.places.append((cell.name, cable, number))
                    segments.append(segment)
                    currents.append(_references(segment, held))
        self._areas = np.array([segment.area() for segment in segments]) * 1e-2
        self._v = pointers(h, [segment._ref_v for segment in segments])
        self._owners = np.repeat(np.arange(len(segments)), [len(each) for each in currents])
        self._i = pointers(h, [reference for each in currents for reference in each])
        self._segments = segments

    def steady(self, v: Float[np.ndarray, " place"]) -> tuple[Float[np.ndarray, " place"], Float[np.ndarray, " place"]]:
        """The outward current of each place in nA, and its slope in uS, where every gate and the calcium have settled.

        NEURON is left with that calcium.

        Args:
            v: the potential of each place in mV.
        """
        above, here = self._currents(v + _STEP), self._currents(v)
        return here, (above - here) / _STEP

    def _currents(self, v: Float[np.ndarray, " place"]) -> Float[np.ndarray, " place"]:
        self._v.scatter(self._h.Vector(v))
        self._h.finitialize()
        if self._settle():
            self._h.finitialize()
        found = self._h.Vector(len(self._owners))
        self._i.gather(found)
        return np.bincount(self._owners, found.as_numpy(), len(self.places)) * self._areas

    def _settle(self) -> bool:
        """Let the next initialisation begin with the calcium that the currents of now keep up; whether there is any."""
        for place, mechanism, pool in self._pools:
            inward = -self._segments[place].ica / mechanism.depth * _CALCIUM_A_CHARGE
            mechanism.start = max(pool.base + pool.fraction * pool.tau * inward, pool.least)
        return bool(self._pools)


def _pooled(cell: Cell, cable: int) -> bool:
    return cell.calcium is not None and (cable == 0 or cell.calcium.where == "cell")


def _held(cell: Cell, cable: int) -> set[str]:
    """What carries current in a cable: mechanisms by name, and `ica` for those of calcium."""
    held = [channel.kind for channel in cell.channels if cable == 0 or channel.where == "cell"]
    return {"ica" if kind.ion == "ca" else kind.suffix for kind in held}


def _references(segment: Any, held: set[str]) -> list[Any]:
    return [segment._ref_ica if name == "ica" else getattr(segment, name)._ref_i for name in sorted(held)]
