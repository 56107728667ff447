"""The only file that imports NEURON: turns a `Circuit` into NEURON's objects, runs it and reads its voltages."""

import contextlib
import os
import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from neuron_models.circuit import Cell, Circuit, Clamp, Junction, RunSettings, Site
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import require_file
from neuron_models.foundation.units import Milliseconds
from neuron_models.loading import load_into
from neuron_models.mechanisms import OWN_OPTIONS, compiled_mechanisms, library, own_sources
from neuron_models.resting import resting
from neuron_models.session import FreeIds, core_settings, fixed_steps, has_others
from neuron_models.synapse import ChemicalSynapse, GapJunction, GradedSynapse

_live: list["Simulation"] = []
"""NEURON has one global state: at most one simulation lives in a process."""
GAP_JUNCTION, GRADED_SYNAPSE = "WormtwinHalfGap", "WormtwinGradedSynapse"
"""The name of this package's mechanism, which nobody else's has."""
_TRANSFERS = 3
"""What gid_clear is told to clear transfers alone."""


def _neuron():
    """NEURON with this package's mechanism loaded; its first call in a process compiles it if need be."""
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
        self._parallel = self._h.ParallelContext()
        self._sections: dict[str, list] = {}
        self._keep: list = []
        self._connections: list = []
        self._ids = FreeIds(self._parallel)
        self._gids: dict[tuple, int] = {}
        self._transfers: dict[tuple, int] = {}
        self._switches: dict[str, list[Callable[[bool], None]]] = {}
        self._graded: list[tuple[Junction, Any]] = []
        _live.append(self)
        try:
            for cell in circuit.cells:
                self._sections[cell.name] = self._build_cell(cell)
            self._morphologies = {cell.name: cell.morphology for cell in circuit.cells}
            for junction in circuit.junctions:
                self._join(junction)
            self._parallel.setup_transfer()
            if circuit.cells and not self._gids:  # by which `run` sees that nobody cleared what ParallelContext knows
                self._spike_source(self._compartment(Site(circuit.cells[0].name)), 0.0)
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
        return self._compartment(site)[0]

    def close(self) -> None:
        """Take everything out of NEURON, and every transfer of ParallelContext, since NEURON drops all of them or none.

        Cells and spike sources of the user's stay; gap junctions of theirs must be set up again, and a warning says so.
        """
        if self.live:
            if self._transfers:
                self._parallel.gid_clear(_TRANSFERS)
            self._connections.clear()
            self._keep.clear()
            self._sections.clear()
            self._switches.clear()
            self._graded.clear()
            _live.remove(self)
            if self._transfers and has_others(self._h, "", 0, 0):
                words = "NEURON forgot all transfers with a network: call target_var and setup_transfer again for yours"
                warnings.warn(words, RuntimeWarning, stacklevel=2)

    def run(
        self, clamps: Sequence[Clamp], record: Sequence[Site], settings: RunSettings, ablated: Collection[str] = ()
    ) -> Float[np.ndarray, "time site"]:
        """Run once from rest, each clamp's current averaged over every time step so that its charge is exact.

        Args:
            clamps: the injected currents.
            record: where to read the membrane potential.
            settings: duration, time step and simulator.
            ablated: cells whose contacts conduct nothing during this run; they stay in place, at rest.

        Returns:
            Membrane potentials in mV at t = 0, dt, ..., duration.

        Raises:
            InputError: this simulation was closed, a site or an ablated cell does not exist, or an ablated cell is to
                be stimulated.
            FloatingPointError: a potential is not finite any more.
        """
        require(self.live, "this simulation was closed: another one was built in this process")
        whole = all(self._parallel.gid_exists(gid) for gid in self._gids.values())
        require(whole, "gid_clear was called in this session, which took the contacts away: build the simulation again")
        for name in sorted({clamp.site.cell for clamp in clamps} & set(ablated)):
            raise InputError(f"{name} is ablated and cannot be stimulated: leave out its current")
        instruments: list = []
        with self._solver(settings), self._without(ablated):
            try:
                voltages = self._record(clamps, record, settings, instruments, ablated)
            finally:
                instruments.clear()
        if not np.isfinite(voltages).all():
            raise FloatingPointError(f"a potential is not finite any more at dt = {settings.dt} ms: use a smaller one")
        return voltages

    def _record(
        self,
        clamps: Sequence[Clamp],
        record: Sequence[Site],
        settings: RunSettings,
        instruments: list,
        ablated: Collection[str],
    ) -> Float[np.ndarray, "time site"]:
        """Run as NEURON is set; what plays and records is held by `instruments`."""
        for clamp in clamps:
            instruments.append(self._play(clamp, settings))
        places = [self._compartment(site)[0] for site in record]
        traces = [self._h.Vector().record(place._ref_v) for place in places]
        instruments.append(traces)
        self._parallel.set_maxstep(10)
        self._initialise(settings, ablated)
        self._parallel.psolve(settings.duration + settings.dt / 2)
        voltages = np.empty((settings.steps + 1, len(traces)))
        for column, trace in enumerate(traces):
            voltages[:, column] = trace.as_numpy()[: settings.steps + 1]
        traces.clear()
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
        stack.enter_context(self._without(ablated))
        electrodes = [self._h.IClamp(self._compartment(site)[0]) for site in inputs]
        for electrode in electrodes:
            electrode.delay, electrode.dur, electrode.amp = 0.0, 1e12, 0.0
        self._parallel.set_maxstep(10)
        self._initialise(settings, ablated)
        return electrodes, [self._compartment(site)[0] for site in outputs]

    def go_on_to(self, time: Milliseconds) -> None:
        """Step to a time in ms."""
        self._parallel.psolve(time)

    @contextlib.contextmanager
    def _without(self, ablated: Collection[str]) -> Iterator[None]:
        """Switch off every contact of some cells, and on again afterwards."""
        for name in ablated:
            self._require_cell(name)
        switches = [switch for name in ablated for switch in self._switches.get(name, ())]
        for switch in switches:
            switch(False)
        try:
            yield
        finally:
            for switch in switches:
                switch(True)

    @contextlib.contextmanager
    def _solver(self, settings: RunSettings) -> Iterator[None]:
        """Step as asked, whatever the user's session is set to; NEURON stands in where CoreNEURON cannot run."""
        found = library(compiled_mechanisms(), "libcorenrnmech") if settings.simulator == "coreneuron" else None
        sections = sum(len(each) for each in self._sections.values())
        alone = found and not has_others(self._h, GAP_JUNCTION, sections, len(self._connections))
        with stepping(self._h, settings.dt, found if alone else None):
            yield

    def _initialise(self, settings: RunSettings, ablated: Collection[str]) -> None:
        for cell in self.circuit.cells:
            for section in self._sections[cell.name]:
                section.v = cell.membrane.e_leak
        if self._graded:
            self._rest(ablated)
        start = {cell.name: self._potentials(cell) for cell in self.circuit.cells}
        self._h.finitialize()
        for cell in self.circuit.cells:
            require(
                self._potentials(cell) == start[cell.name] and self._h.dt == settings.dt,
                f"{cell.name} does not begin at rest, or the time step changed: take FInitializeHandlers of yours away",
            )

    def _potentials(self, cell: Cell) -> list[float]:
        return [segment.v for section in self._sections[cell.name] for segment in section]

    def _rest(self, ablated: Collection[str]) -> None:
        """Set compartments to their potentials at rest, and the threshold of each graded synapse to that before it."""
        rest = resting(self.circuit, self._sections, lambda site: self._compartment(site)[1], ablated)
        for (cell, cable, compartment), potential in rest.items():
            section = self._sections[cell][cable]
            section((compartment + 0.5) / section.nseg).v = potential
        for junction, synapse in self._graded:
            synapse.vth = rest[self._compartment(junction.pre)[1]]

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
        return sections

    def _compartment(self, site: Site) -> tuple:
        """The NEURON segment that holds a site, and its key: cell, cable, compartment."""
        self._require_cell(site.cell)
        cable, along = self._morphologies[site.cell].locate(site.segment, site.fraction)
        section = self._sections[site.cell][cable]
        # A point process belongs to a compartment, never to a section's end, which is shared with its neighbour.
        compartment = min(int(along * section.nseg), section.nseg - 1)
        return section((compartment + 0.5) / section.nseg), (site.cell, cable, compartment)

    def _require_cell(self, name: str) -> None:
        if name not in self._sections:
            raise InputError(f"the circuit has no cell {name!r}")

    def _join(self, junction: Junction) -> None:
        pre, post = self._compartment(junction.pre), self._compartment(junction.post)
        if isinstance(junction.mechanism, GapJunction):
            switches = [self._half_gap(pre, post, junction.mechanism), self._half_gap(post, pre, junction.mechanism)]
        elif isinstance(junction.mechanism, GradedSynapse):
            switches = [self._graded_synapse(pre, post, junction, junction.mechanism)]
        else:
            switches = [self._synapse(pre, post, junction.mechanism)]
        for name in {junction.pre.cell, junction.post.cell}:
            self._switches.setdefault(name, []).extend(switches)

    def _synapse(self, pre: tuple, post: tuple, mechanism: ChemicalSynapse) -> Callable[[bool], None]:
        """Make a synapse; gives what switches its conductance on and off."""
        synapse = self._h.Exp2Syn(post[0])
        synapse.tau1, synapse.tau2, synapse.e = mechanism.tau_rise, mechanism.tau_decay, mechanism.e_rev
        gid = self._spike_source(pre, mechanism.threshold)
        connection = self._parallel.gid_connect(gid, synapse)
        connection.weight[0], connection.delay = mechanism.g_max, mechanism.delay
        self._keep.append(synapse)
        self._connections.append(connection)

        def switch(on: bool) -> None:
            connection.weight[0] = mechanism.g_max if on else 0.0

        return switch

    def _spike_source(self, place: tuple, threshold: float) -> int:
        """The number under which a compartment's threshold crossings are known (CoreNEURON needs one)."""
        segment, key = place[0], (place[1], threshold)
        if key not in self._gids:
            self._gids[key] = self._ids.take()
            detector = self._h.NetCon(segment._ref_v, None, sec=segment.sec)
            detector.threshold = threshold
            self._parallel.set_gid2node(self._gids[key], self._parallel.id())
            self._parallel.cell(self._gids[key], detector)
            self._connections.append(detector)
        return self._gids[key]

    def _half_gap(self, here: tuple, there: tuple, mechanism: GapJunction) -> Callable[[bool], None]:
        """Make one side of a gap junction; gives what switches its conductance on and off."""
        gap = getattr(self._h, GAP_JUNCTION)(here[0])
        gap.g = mechanism.g
        self._parallel.target_var(gap, gap._ref_vgap, self._transfer(there))
        self._keep.append(gap)

        def switch(on: bool) -> None:
            gap.g = mechanism.g if on else 0.0

        return switch

    def _transfer(self, place: tuple) -> int:
        """The number under which a compartment's potential is carried over to others at every step."""
        segment, key = place
        if key not in self._transfers:
            self._transfers[key] = self._ids.take()
            self._parallel.source_var(segment._ref_v, self._transfers[key], sec=segment.sec)
        return self._transfers[key]

    def _graded_synapse(
        self, pre: tuple, post: tuple, junction: Junction, mechanism: GradedSynapse
    ) -> Callable[[bool], None]:
        """Make a graded synapse; gives what switches its conductance on and off."""
        synapse = getattr(self._h, GRADED_SYNAPSE)(post[0])
        synapse.g, synapse.e, synapse.beta = mechanism.g_max, mechanism.e_rev, mechanism.slope
        synapse.rise, synapse.decay = mechanism.rise / 1000, mechanism.decay / 1000
        self._parallel.target_var(synapse, synapse._ref_vpre, self._transfer(pre))
        self._graded.append((junction, synapse))

        def switch(on: bool) -> None:
            synapse.g = mechanism.g_max if on else 0.0

        return switch

    def _play(self, clamp: Clamp, settings: RunSettings) -> tuple:
        """An IClamp whose amplitude is, in every step, the mean of the waveform over that step.

        NEURON reads a played vector in the middle of a step, so the means stand there.
        """
        h, steps = self._h, settings.steps
        electrode = h.IClamp(self._compartment(clamp.site)[0])
        electrode.delay, electrode.dur = 0.0, 1e9
        times = h.Vector((np.arange(steps) + 0.5) * settings.dt)
        amplitudes = h.Vector(clamp.waveform.step_means(settings.dt, steps))
        amplitudes.play(electrode._ref_amp, times, True)
        return electrode, times, amplitudes
