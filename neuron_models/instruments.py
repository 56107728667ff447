"""What is put onto a circuit for one run: clamps, and what records."""

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float

from neuron_models.circuit import Clamps, Probe, Probes, RunSettings, Site, VoltageClamp
from neuron_models.contacts import GAP_JUNCTION, GRADED_SYNAPSE, SYNAPSE, Contacts, Place, Wire
from neuron_models.foundation.errors import InputError

_Trace = Callable[[], Float[np.ndarray, " time"]]
_CONTACTS = {"synaptic_current": (SYNAPSE, GRADED_SYNAPSE), "gap_current": (GAP_JUNCTION,)}
_FOREVER = 1e9


class Instruments:
    """Electrodes and traces of one run; they go when it is over."""

    def __init__(self, h: Any, place: Callable[[Site], Place], contacts: Contacts, settings: RunSettings) -> None:
        self._h, self._place, self._contacts, self._settings = h, place, contacts, settings
        self._held: list = []
        self._vectors: dict[tuple, Any] = {}
        self._commands: dict[tuple, tuple[VoltageClamp, Float[np.ndarray, " time"]]] = {}

    def play(self, clamps: Clamps) -> None:
        """Put electrodes in place: in every step each gives the mean of its waveform over that step.

        NEURON reads a played vector in the middle of a step, so the means stand there.

        Raises:
            InputError: a voltage clamp shares its compartment with another clamp.
        """
        places = [self._place(clamp.site) for clamp in clamps]
        keys = [place.key for place in places]
        for clamp, place in zip(clamps, places, strict=True):
            if isinstance(clamp, VoltageClamp) and keys.count(place.key) > 1:
                raise InputError(
                    f"{clamp.site.cell} has a voltage clamp and another clamp in one compartment: leave one out"
                )
        for clamp, place in zip(clamps, places, strict=True):
            means = clamp.waveform.step_means(self._settings.dt, self._settings.steps)
            if isinstance(clamp, VoltageClamp):
                self._hold(clamp, place, means)
            else:
                electrode = self._h.IClamp(place.segment)
                electrode.delay, electrode.dur = 0.0, _FOREVER
                self._play(electrode, electrode._ref_amp, means)

    def record(self, probes: Probes) -> list[_Trace]:
        """Record from now on; each trace gives, after the run, what one probe saw at t = 0, dt, ... in mV, nA or mM.

        Raises:
            InputError: a site does not exist, no voltage clamp sits at one, or a cell has no calcium.
        """
        return [self._trace(Probe(probe) if isinstance(probe, Site) else probe) for probe in probes]

    def clear(self) -> None:
        """Take everything out of NEURON."""
        for held in (self._held, self._vectors, self._commands):
            held.clear()

    def _hold(self, clamp: VoltageClamp, place: Place, means: Float[np.ndarray, " time"]) -> None:
        electrode = self._h.SEClamp(place.segment)
        electrode.rs, electrode.dur1 = clamp.resistance, _FOREVER
        self._play(electrode, electrode._ref_amp1, means)
        self._commands[place.key] = (clamp, means)

    def _play(self, electrode: Any, amplitude: Any, means: Float[np.ndarray, " time"]) -> None:
        times = self._h.Vector((np.arange(len(means)) + 0.5) * self._settings.dt)
        values = self._h.Vector(means)
        values.play(amplitude, times, True)
        self._held.append((electrode, times, values))

    def _trace(self, probe: Probe) -> _Trace:
        place = self._place(probe.site)
        if probe.quantity == "potential":
            return self._potential(place)
        if probe.quantity == "calcium":
            if not hasattr(place.segment, "cai"):
                raise InputError(f"{probe.site.cell} has no calcium to record: its membrane has no calcium channel")
            return self._recorded((place.key, "cai"), place.segment._ref_cai)
        if probe.quantity == "clamp_current":
            return self._clamp_current(probe, place)
        wires = [wire for wire in self._contacts.wires if self._carries(wire, probe, place)]
        return self._sum([self._current(wire) for wire in wires])

    def _recorded(self, key: tuple, reference: Any) -> _Trace:
        if key not in self._vectors:
            self._vectors[key] = self._h.Vector().record(reference)
        vector = self._vectors[key]
        return lambda: vector.as_numpy()[: self._settings.steps + 1]

    def _potential(self, place: Place) -> _Trace:
        return self._recorded((place.key, "v"), place.segment._ref_v)

    def _clamp_current(self, probe: Probe, place: Place) -> _Trace:
        """The current in nA that a voltage clamp gave in the step before; none before the first."""
        if place.key not in self._commands:
            raise InputError(f"there is no voltage clamp at {probe.site.cell}, segment {probe.site.segment}")
        (clamp, means), potential = self._commands[place.key], self._potential(place)
        return lambda: np.concatenate([[0.0], (means - potential()[1:]) / clamp.resistance])

    def _carries(self, wire: Wire, probe: Probe, place: Place) -> bool:
        at_site = wire.here.key[0] == place.key[0] if probe.whole else wire.here.key == place.key
        return at_site and wire.mechanism.hname().partition("[")[0] in _CONTACTS[probe.quantity]

    def _current(self, wire: Wire) -> _Trace:
        """The current in nA out of a compartment through one mechanism, at the potentials of the same moment."""
        mechanism, v = wire.mechanism, self._potential(wire.here)
        if wire.other is not None:
            beyond = self._potential(wire.other)
            return lambda: mechanism.g * (v() - beyond())
        name = mechanism.hname()
        if name.startswith(GRADED_SYNAPSE):
            s = self._recorded((name, "s"), mechanism._ref_s)
            return lambda: mechanism.g * s() * (v() - mechanism.e)
        rising, falling = (self._recorded((name, state), getattr(mechanism, f"_ref_{state}")) for state in "AB")
        return lambda: (falling() - rising()) * (v() - mechanism.e)

    def _sum(self, traces: list[_Trace]) -> _Trace:
        return lambda: sum((trace() for trace in traces), np.zeros(self._settings.steps + 1))
