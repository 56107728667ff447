"""A run in NEURON kept as arrays, from which another process goes on to the last digit."""

import contextlib
import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from neuron_models.foundation.errors import require
from neuron_models.loading import written_in_ascii


def run_state(h: Any, carried: Any, circuit: str) -> dict[str, np.ndarray]:
    """All that decides how a run goes on: NEURON's own file of its states and events, as bytes, and what is carried.

    NEURON's SaveState leaves out what ParallelContext carries from cell to cell, which is due in the next step.

    Args:
        h: NEURON's.
        carried: a PtrVector of the variables to which potentials are carried.
        circuit: what is built, in a text that no other circuit has.
    """
    now, values = h.SaveState(), h.Vector(carried.size())
    now.save()
    carried.gather(values)
    with _state_file(h) as (file, path):
        file.wopen(path)
        now.fwrite(file)
        file.close()
        held = np.fromfile(path, np.uint8)
    return {"neuron": held, "carried": np.array(values), "seal": _seal(h, circuit, held)}


def go_on_from(h: Any, carried: Any, circuit: str, state: Mapping[str, np.ndarray]) -> None:
    """Put NEURON, with the same circuit at its rest, where it was when `run_state` gave a state.

    Raises:
        InputError: it is that of another circuit or another NEURON, or not whole: NEURON itself would abort.
    """
    require({"neuron", "carried", "seal"} <= set(state), "this is no state of a circuit in NEURON")
    held = np.asarray(state["neuron"], np.uint8)
    right = np.array_equal(state["seal"], _seal(h, circuit, held)) and len(state["carried"]) == carried.size()
    require(right, "this state is of another circuit or another NEURON: begin anew")
    then = h.SaveState()
    with _state_file(h) as (file, path):
        held.tofile(path)
        file.ropen(path)
        then.fread(file)
        file.close()
    then.restore()
    carried.scatter(h.Vector(state["carried"]))


@contextlib.contextmanager
def _state_file(h: Any) -> Iterator[tuple[Any, str]]:
    """NEURON's SaveState speaks with files alone: one of them, and its path."""
    with tempfile.TemporaryDirectory(prefix="wormtwin-") as folder, written_in_ascii(Path(folder) / "state") as path:
        yield h.File(), path


def _seal(h: Any, circuit: str, held: np.ndarray) -> np.ndarray:
    seal = hashlib.sha256(f"{circuit} {h.nrnversion()} ".encode() + held.tobytes())
    return np.frombuffer(seal.digest(), np.uint8)
