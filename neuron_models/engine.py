"""The only file that imports NEURON: turns a `Circuit` into NEURON's objects, runs it and reads its voltages."""

import contextlib
import functools
import os
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from neuron_models.active import ChannelCurrents, channel_sources, insert_channels
from neuron_models.circuit import Cell, Circuit, Clamps, Probes, RunSettings, Site, require_stimulable
from neuron_models.contacts import Contacts, Place
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import require_file
from neuron_models.foundation.units import Milliseconds
from neuron_models.instruments import Instruments
from neuron_models.loading import load_into
from neuron_models.mechanisms import OWN_OPTIONS, compiled_mechanisms, library, own_sources
from neuron_models.resting import resting
from neuron_models.run_state import go_on_from, run_state
from neuron_models.session import core_settings, fixed_steps, has_others, pointers

_live: list["Simulation"] = []
"""NEURON has one global state: at most one simulation lives in a process."""


def _neuron():
    """NEURON with this package's mechanisms loaded; its first call in a process compiles them if need be."""
    os.environ.setdefault("NEURON_MODULE_OPTIONS", "-nogui")
    from neuron import h

    load_into(h, own_sources(), OWN_OPTIONS)
    return h


def load_mechanisms(files: Sequence[Path]) -> Any:
    """Compile some mechanisms, if that was not done before, and load those into NEURON that it does not hold yet.

    Args:
        files: their sources (.mod).

    Returns:
        NEURON's `h`, which then knows them.

    Raises:
        InputError: a file is not there, they do not compile, NEURON cannot take them, or it holds something else of
            such a name already (it cannot forget any).
    """
    for file in files:
        require_file(file, "a .mod file")
    h = _neuron()
    load_into(h, {file.name: file.read_text() for file in files})
    return h


@contextlib.contextmanager
def stepping(h: Any, dt: Milliseconds, core: Path | None = None) -> Iterator[None]:
    """Let NEURON (or CoreNEURON) step by `dt` for a while, whatever the session is set to, and give its settings back.

    Args:
        h: NEURON's.
        dt: the time step.
        core: the mechanisms compiled for CoreNEURON; NEURON itself runs when None.
    """
    from neuron import coreneuron

    with fixed_steps(h, dt), core_settings(coreneuron, core):
        yield


class Simulation:
    """A circuit built in NEURON, to be run as often as one likes.

    Building a second one closes the first: NEURON steps everything that exists in its process.
    """

    def __init__(self, circuit: Circuit) -> None:
        if _live:
            _live[-1].close()
        self.circuit = circuit
        self._h = _neuron()
        self._sections: dict[str, list] = {}
        self._parallel = self._h.ParallelContext()
        self._contacts = Contacts(self._h, self._parallel, self._compartment)
        self._channels: ChannelCurrents | None = None
        load_into(self._h, channel_sources(circuit))
        _live.append(self)
        try:
            for cell in circuit.cells:
                self._sections[cell.name] = self._build_cell(cell)
            if any(cell.channels for cell in circuit.cells):
                self._channels = ChannelCurrents(self._h, circuit, self._sections)
            self._morphologies = {cell.name: cell.morphology for cell in circuit.cells}
            for junction in circuit.junctions:
                self._contacts.join(junction)
            self._contacts.set_up(self._compartment(Site(circuit.cells[0].name)) if circuit.cells else None)
        except BaseException:
            self.close()
            raise

    @property
    def live(self) -> bool:
        """Whether it can still be run: no other one was built since in this process."""
        return self in _live

    @property
    def compartments(self) -> int:
        """The number of compartments of all cells together."""
        return sum(section.nseg for sections in self._sections.values() for section in sections)

    def compartment(self, site: Site) -> Any:
        """NEURON's own object for the compartment that holds a site, to put something else there.

        Raises:
            InputError: the circuit has no such cell.
        """
        return self._compartment(site).segment

    def close(self) -> None:
        """Take everything out of NEURON, and every transfer of ParallelContext, since NEURON drops all of them or none.

        Cells and spike sources of the user's stay; gap junctions of theirs must be set up again, and a warning says so.
        """
        if self.live:
            transfers = self._contacts.clear()
            self._sections.clear()
            self._channels = None
            _live.remove(self)
            if transfers and has_others(self._h, 0, 0):
                words = "NEURON forgot all transfers with a network: call target_var and setup_transfer again for yours"
                warnings.warn(words, RuntimeWarning, stacklevel=2)

    def run(
        self, clamps: Clamps, record: Probes, settings: RunSettings, ablated: Collection[str] = ()
    ) -> Float[np.ndarray, "time site"]:
        """Run once from rest, each clamp's waveform averaged over every time step so that its charge is exact.

        Args:
            clamps: the injected currents, and the potentials to which sites are held.
            record: where to read the membrane potential, or what else to read there.
            settings: duration, time step and simulator.
            ablated: cells whose contacts conduct nothing during this run; they stay in place, at rest.

        Returns:
            Membrane potentials in mV, currents in nA, calcium in mM at t = 0, dt, ..., duration.

        Raises:
            InputError: this simulation was closed, a site or an ablated cell does not exist, an ablated cell is to be
                stimulated, a voltage clamp shares its compartment, or a cell lacks what is to be recorded.
            FloatingPointError: a potential is not finite any more.
        """
        require(self.live, "this simulation was closed: another one was built in this process")
        message = "gid_clear was called in this session, which took the contacts away: build the simulation again"
        require(self._contacts.whole, message)
        require_stimulable((clamp.site for clamp in clamps), ablated)
        for name in ablated:
            self._require_cell(name)
        instruments = Instruments(self._h, self._compartment, self._contacts, settings)
        with self._solver(settings), self._contacts.without(ablated):
            try:
                traces = self._record(clamps, record, settings, instruments, ablated)
            finally:
                instruments.clear()
        if not np.isfinite(traces).all():
            raise FloatingPointError(f"a potential is not finite any more at dt = {settings.dt} ms: use a smaller one")
        return traces

    def _record(
        self,
        clamps: Clamps,
        record: Probes,
        settings: RunSettings,
        instruments: Instruments,
        ablated: Collection[str],
    ) -> Float[np.ndarray, "time site"]:
        """Run as NEURON is set."""
        instruments.play(clamps)
        traces = instruments.record(record)
        self._parallel.set_maxstep(10)
        self._initialise(settings, ablated)
        self._parallel.psolve(settings.duration + settings.dt / 2)
        voltages = np.empty((settings.steps + 1, len(traces)))
        for column, trace in enumerate(traces):
            voltages[:, column] = trace()
        return voltages

    def begin_stepping(
        self,
        stack: contextlib.ExitStack,
        inputs: Sequence[Site],
        outputs: Sequence[Site],
        settings: RunSettings,
        ablated: Collection[str],
    ) -> tuple[list, list]:
        """Stand at rest before a run bit by bit: an electrode for each input, and the places of the outputs.

        Args:
            stack: what gives the session's settings and the ablated contacts back when it is closed.
            inputs: where currents will be injected.
            outputs: where potentials will be read.
            settings: the time step.
            ablated: cells whose contacts conduct nothing.
        """
        stack.enter_context(self._solver(settings))
        for name in ablated:
            self._require_cell(name)
        stack.enter_context(self._contacts.without(ablated))
        electrodes = [self._h.IClamp(self._compartment(site)[0]) for site in inputs]
        for electrode in electrodes:
            electrode.delay, electrode.dur, electrode.amp = 0.0, 1e12, 0.0
        self._parallel.set_maxstep(10)
        self._initialise(settings, ablated)
        return electrodes, [self._compartment(site)[0] for site in outputs]

    def go_on_to(self, time: Milliseconds) -> None:
        """Step to a time in ms."""
        self._parallel.psolve(time)

    def state(self) -> dict[str, np.ndarray]:
        """All that decides how a run bit by bit goes on, as arrays in NEURON's units (mV, nA, mM, ms)."""
        return run_state(self._h, self._carried, self._fingerprint)

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from a state that `state` gave; stand at rest, as after `begin_stepping`, before.

        Raises:
            InputError: it is that of another circuit.
        """
        go_on_from(self._h, self._carried, self._fingerprint, state)

    @property
    def _carried(self) -> Any:
        return pointers(self._h, self._contacts.carried)

    @functools.cached_property
    def _fingerprint(self) -> str:
        return self.circuit.fingerprint

    @contextlib.contextmanager
    def _solver(self, settings: RunSettings) -> Iterator[None]:
        """Step by the settings, whatever the user's session has; NEURON stands in where CoreNEURON cannot run."""
        compiled = library(compiled_mechanisms(), "libcorenrnmech") if settings.simulator == "coreneuron" else None
        sections = sum(len(each) for each in self._sections.values())
        alone = compiled and not self._channels and not has_others(self._h, sections, self._contacts.connections)
        with stepping(self._h, settings.dt, compiled if alone else None):
            yield

    def _initialise(self, settings: RunSettings, ablated: Collection[str]) -> None:
        for cell in self.circuit.cells:
            for section in self._sections[cell.name]:
                section.v = cell.membrane.e_leak
        if self._contacts.has_graded or self._channels or any(cell.start is not None for cell in self.circuit.cells):
            self._rest(ablated)
        start = {cell.name: self._potentials(cell) for cell in self.circuit.cells}
        self._h.finitialize()
        self._contacts.begin()
        for cell in self.circuit.cells:
            require(
                self._potentials(cell) == start[cell.name] and self._h.dt == settings.dt,
                f"{cell.name} does not begin at rest, or the time step changed: take FInitializeHandlers of yours away",
            )

    def _potentials(self, cell: Cell) -> list[float]:
        return [segment.v for section in self._sections[cell.name] for segment in section]

    def _rest(self, ablated: Collection[str]) -> None:
        """Set compartments to their potentials at rest, and the threshold of each graded synapse to that before it."""
        rest = resting(self.circuit, self._sections, lambda site: self._compartment(site).key, ablated, self._channels)
        for (cell, cable, compartment), potential in rest.items():
            section = self._sections[cell][cable]
            section((compartment + 0.5) / section.nseg).v = potential
        self._contacts.set_thresholds(rest)

    def _build_cell(self, cell: Cell) -> list:
        h, membrane = self._h, cell.membrane
        sections: list = []
        for cable in cell.morphology.cables:
            section = h.Section(name=f"{cell.name}_{cable.name}")
            for x, y, z, diameter in cable.points:
                section.pt3dadd(x, y, z, diameter)
            section.nseg = cable.compartments(self.circuit.longest_compartment)
            section.Ra, section.cm = membrane.r_axial, membrane.c_m
            section.insert("pas")
            section.g_pas, section.e_pas = membrane.g_leak, membrane.e_leak
            if cable.parent is not None:
                section.connect(sections[cable.parent](cable.parent_fraction), 0)
            sections.append(section)
        insert_channels(cell, sections)
        return sections

    def _compartment(self, site: Site) -> Place:
        """The compartment that holds a site."""
        self._require_cell(site.cell)
        cable, along = self._morphologies[site.cell].locate(site.segment, site.fraction)
        section = self._sections[site.cell][cable]
        # A point process belongs to a compartment, never to a section's end, which is shared with its neighbour.
        compartment = min(int(along * section.nseg), section.nseg - 1)
        return Place(section((compartment + 0.5) / section.nseg), (site.cell, cable, compartment))

    def _require_cell(self, name: str) -> None:
        if name not in self._sections:
            raise InputError(f"the circuit has no cell {name!r}")
