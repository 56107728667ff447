"""NEURON's settings and objects of a whole session: what a run needs of them, and gives back."""

import contextlib
import ctypes
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from neuron_models.foundation.units import Milliseconds

_FIRST_ID = 2**30
_OURS = frozenset({"IClamp", "SEClamp", "WormtwinSynapse", "WormtwinHalfGap", "WormtwinGradedSynapse"})
"""The point processes that a circuit and its clamps are made of."""


@contextlib.contextmanager
def fixed_steps(h: Any, dt: Milliseconds) -> Iterator[None]:
    """Let NEURON step by `dt`, to first order and in one thread; then give back what the user had set.

    Args:
        h: NEURON's.
        dt: the time step.
    """
    variable, parallel = h.CVode(), h.ParallelContext()
    threads, active, local = int(parallel.nthread()), variable.active(), variable.use_local_dt()
    queue, own = int(variable.queue_mode()), (h.dt, h.secondorder, h.stoprun)
    if local:
        variable.use_local_dt(False)
    variable.active(False)
    variable.queue_mode(False, False)
    parallel.nthread(1)
    h.dt, h.secondorder, h.stoprun = dt, 0, 0
    try:
        yield
    finally:
        parallel.nthread(threads)
        variable.queue_mode(bool(queue & 1), bool(queue & 2))
        h.dt, h.secondorder, h.stoprun = own
        variable.active(active)
        if local:
            variable.use_local_dt(True)


def pointers(h: Any, references: Sequence[Any]) -> Any:
    """NEURON's references as a PtrVector, which reads and writes them all at once."""
    held = h.PtrVector(max(len(references), 1))
    for index, reference in enumerate(references):
        held.pset(index, reference)
    return held


class FreeIds:
    """Numbers for ParallelContext that nothing else in the session has."""

    def __init__(self, parallel: Any) -> None:
        self._parallel = parallel
        self._next = _FIRST_ID

    def take(self) -> int:
        """The next number without a spike source of that id."""
        while self._parallel.gid_exists(self._next):
            self._next += 1
        self._next += 1
        return self._next - 1


def source_of(h: Any, name: str) -> str:
    """The text from which a mechanism was compiled, as NEURON holds it; empty when NEURON does not tell.

    Args:
        h: NEURON's.
        name: of a point process or of a density mechanism.
    """
    for points in (True, False):
        types = h.MechanismType(points)
        for index in range(int(types.count())):
            types.select(index)
            if _selected(h, types) == name:
                return str(types.code() or "")
    return ""


def has_others(h: Any, sections: int, connections: int) -> bool:
    """Whether the session holds more than a circuit: more sections or connections, or other point processes.

    Args:
        h: NEURON's.
        sections: how many sections the circuit has.
        connections: how many NetCons it has.
    """
    if sum(1 for _ in h.allsec()) > sections or len(h.List("NetCon")) > connections:
        return True
    types = h.MechanismType(True)
    for index in range(int(types.count())):
        types.select(index)
        name = _selected(h, types)
        if name not in _OURS and len(h.List(name)):
            return True
    return False


def _selected(h: Any, types: Any) -> str:
    name = h.ref("")
    types.selected(name)
    return str(name[0])


_core_library: list[str] = []
"""The library that CoreNEURON has loaded in this process, which can load no other."""


@contextlib.contextmanager
def core_settings(coreneuron: Any, library: Path | None) -> Iterator[None]:
    """Let CoreNEURON run, with this library and its own defaults, or NEURON; then give back what the user had set.

    Where CoreNEURON has begun with a library of the user's, NEURON runs.

    Args:
        coreneuron: what `from neuron import coreneuron` gives.
        library: the compiled mechanisms; None for NEURON.
    """
    settings, variable = vars(coreneuron), "CORENEURONLIB"
    before, named = dict(settings), os.environ.get(variable)
    settings.update(vars(type(coreneuron)()))
    if library and (_core_library == [str(library)] or not _has_begun()):
        settings.update(_enable=True, _verbose=0)
        os.environ[variable] = str(library)
        _core_library[:] = [str(library)]
    try:
        yield
    finally:
        settings.update(before)
        os.environ.pop(variable, None)
        if named is not None:
            os.environ[variable] = named


def _has_begun() -> bool:
    """Whether CoreNEURON is in this process."""
    return hasattr(ctypes.CDLL(None), "corenrn_embedded_run")
