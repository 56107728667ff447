"""Recordings in NumPy's `.npz`: `neurons`, `state_names`, and `traces_i`, `states_i`, `fps_i` of worm i."""

import re
from pathlib import Path

import numpy as np

from datasets.calcium.identities import identified
from datasets.calcium.recording import Recording
from datasets.calcium.state_rules import state_name
from neuron_models.foundation.archives import load_arrays
from neuron_models.foundation.bad_parts import read_each
from neuron_models.foundation.errors import InputError, require

_TRACES = re.compile(r"traces_(\w+)")


def read_npz(path: Path) -> tuple[Recording, ...]:
    """Read the recordings of a `.npz` file; its states count from 1. Worms that cannot be used are reported.

    Raises:
        InputError: no such file, damaged, or a key is missing or has the wrong shape.
    """
    arrays = load_arrays(path)
    worms = [match[1] for key in arrays if (match := _TRACES.fullmatch(key))]
    require(len(worms) > 0, f"{path}: no key traces_1, traces_2, ...; the keys are {', '.join(arrays) or 'none'}")
    require("neurons" in arrays, f"{path}: the key neurons is missing (the names of the columns of traces_i)")
    return tuple(read_each(worms, lambda worm: _recording(path, arrays, worm)))


def _recording(path: Path, arrays: dict[str, np.ndarray], worm: str) -> Recording:
    traces, fps, states = (arrays.get(f"{key}_{worm}") for key in ("traces", "fps", "states"))
    if fps is None:
        raise InputError(f"{path}: the key fps_{worm} is missing (the frame rate of traces_{worm} in Hz)")
    require(fps.size == 1 and fps.dtype.kind in "iuf", f"{path}: fps_{worm} must be one number, got {fps.tolist()}")
    numeric = traces is not None and traces.dtype.kind in "iuf" and traces.ndim == 2
    if traces is None or not numeric:
        raise InputError(f"{path}: traces_{worm} must be an array of numbers (time, neuron)")
    if states is not None:
        require("state_names" in arrays, f"{path}: the key state_names is missing (the names of states 1, 2, ...)")
        whole = states.dtype.kind in "iu" and states.ndim == 1
        require(whole, f"{path}: states_{worm} must be whole numbers (time,)")
    names = _names(path, arrays, "state_names") if states is not None else []
    return identified(
        f"worm{worm}",
        np.asarray(traces, dtype=float),
        _names(path, arrays, "neurons"),
        float(fps.item()),
        states=None if states is None else states.astype(int) - 1,
        state_names=[state_name(name) for name in names],
        source=path.name,
    )


def _names(path: Path, arrays: dict[str, np.ndarray], key: str) -> list[str]:
    """A list of texts."""
    names = arrays[key]
    require(names.ndim == 1 and names.dtype.kind in "US", f"{path}: {key} must be a list of texts")
    return [each.decode(errors="replace") if isinstance(each, bytes) else str(each) for each in names.tolist()]
