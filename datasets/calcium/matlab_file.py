"""Recordings in MATLAB files as Kato et al. 2015 and Nichols et al. 2017 published them (versions 5 to 7.3).

One structure, called like `WT_NoStim`, holds a worm an element, or cell arrays with a worm an element, or a structure
for each worm. The two papers call a field differently: see `FIELDS`. `States` is a structure with a vector of true and
false for each state, or whole numbers from 1.
"""

import re
import warnings
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from jaxtyping import Float, Int

from datasets.calcium.identities import frame_rate, identified
from datasets.calcium.recording import Recording
from datasets.calcium.state_rules import STATES, UNLABELLED, state_name
from neuron_models.foundation.bad_parts import read_each
from neuron_models.foundation.errors import InputError, reason, require
from neuron_models.foundation.extras import require_extra
from neuron_models.foundation.files import require_file
from neuron_models.foundation.hdf5 import require_own_data

FIELDS: dict[str, tuple[str, ...]] = {
    "traces": ("deltaFOverF_bc", "deltaFOverF", "traces"),  # corrected for bleaching where the file has both
    "names": ("NeuronNames", "NeuronIds", "identifiers", "IDs"),
    "time": ("tv", "timeVectorSeconds"),
    "fps": ("fps",),
    "states": ("States", "states"),
    "title": ("dataset", "ExpID", "FlNm"),
}

_MOST_STATES = 1000
_AWAY = 1.1
"""How many times a rate in `fps` may be that of the times."""


def read_matlab(path: Path) -> tuple[Recording, ...]:
    """Read the recordings of a `.mat` file; one that cannot be used is left out and reported.

    Raises:
        InputError: no such file, no MATLAB file, a field is missing (which one is said), or what it holds does not fit.
    """
    variables = _read(path)
    worms = _worms(variables)
    if not worms:
        raise InputError(
            f"{path}: no structure with a field for the traces ({', '.join(FIELDS['traces'])}); {_content(variables)}"
        )
    return tuple(read_each(worms, lambda each: _recording(path, each[1], each[0])))


def _read(path: Path) -> dict[str, Any]:
    require_file(path, "a .mat file")
    require_own_data(path)
    read_mat = require_extra("pymatreader", extra="calcium", purpose="reading MATLAB files").read_mat
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of classes that it does not know, such as tables beside the traces
            content = read_mat(path)
    except Exception as error:  # whatever a parser meets in an invalid file
        raise InputError(f"{path}: not a MATLAB file that can be read ({reason(error)})") from None
    return {key: value for key, value in content.items() if not key.startswith(("__", "#"))}


def _worms(tree: Any, name: str = "", depth: int = 0) -> list[tuple[str, dict[str, Any]]]:
    """The structures that hold traces, one a worm, with a name for each that says nothing of itself."""
    if isinstance(tree, list):
        worms = [_worms(element, f"worm{index}", depth + 1) for index, element in enumerate(tree, start=1)]
        return [worm for part in worms for worm in part]
    if not isinstance(tree, dict) or depth > 2:
        return []
    traces = _field(tree, "traces")
    if traces is None:
        keys = sorted(tree, key=lambda key: [(len(part), part) for part in re.split(r"([0-9]+)", key)])  # N2 before N10
        worms = [_worms(tree[key], key, depth + 1) for key in keys if isinstance(tree[key], (dict, list))]
        return [worm for part in worms for worm in part]
    if not isinstance(traces, list):
        return [(name or "worm1", tree)]
    number = len(traces)
    columns = {
        key: value for key, value in tree.items() if isinstance(value, (list, np.ndarray)) and len(value) == number
    }
    return [(f"worm{i + 1}", {key: value[i] for key, value in columns.items()}) for i in range(number)]


def _recording(path: Path, worm: dict[str, Any], default: str) -> Recording:
    title = _field(worm, "title")
    name = title.strip() if isinstance(title, str) and title.strip() else default
    traces, identities = _field(worm, "traces"), _field(worm, "names")
    where = f"{path}: recording {name!r}"
    if identities is None:
        raise InputError(f"{where} has no field for the neuron names ({', '.join(FIELDS['names'])}); {_content(worm)}")
    traces = np.asarray(traces)
    require(traces.ndim == 2 and traces.dtype.kind in "iuf", f"{where}: the traces must be numbers (time, neuron)")
    names = [identities] if isinstance(identities, str) else list(identities)
    if any(isinstance(given, h5py.Reference) for given in names):  # pymatreader goes no deeper there
        raise InputError(f"{where}: neuron names in a cell of one cell cannot be read: save the worm's own structure")
    states, state_names = _states(_field(worm, "states"), where)
    fps, times = _fps(worm, where), _times(worm, len(traces) if traces.shape[1] == len(names) else traces.shape[1])
    if times is not None:
        _require_same_rate(fps, times, where)
    return identified(
        name,
        np.asarray(traces, dtype=float),
        names,
        fps,
        states=states,
        state_names=state_names,
        source=path.name,
        times=times,
    )


def _times(worm: dict[str, Any], frames: int) -> Float[np.ndarray, " time"] | None:
    """The times of the frames in s; None where the file has none, or not one a frame."""
    times = _field(worm, "time")
    if times is None or np.asarray(times).dtype.kind not in "iuf" or np.size(times) != frames:
        return None
    return np.ravel(np.asarray(times, dtype=float))


def _require_same_rate(fps: float, times: Float[np.ndarray, " time"], where: str) -> None:
    """Raise an `InputError` where the rate is not that of the times: neither that of most steps nor that of all."""
    rates = (frame_rate(times), (len(times) - 1) / float(np.ptp(times)))
    require(
        min(rates) < _AWAY * fps and fps < _AWAY * max(rates),
        f"{where}: fps is {fps:g} Hz and its times ({', '.join(FIELDS['time'])}) give {rates[0]:g} Hz: correct one, or "
        "leave it out",
    )


def _fps(worm: dict[str, Any], where: str) -> float:
    fps, times = _field(worm, "fps"), _field(worm, "time")
    if fps is not None and np.size(fps) == 1 and np.asarray(fps).dtype.kind in "iuf":
        return float(np.asarray(fps).item())
    if times is None or np.asarray(times).dtype.kind not in "iuf":
        wanted = ", ".join((*FIELDS["fps"], *FIELDS["time"]))
        raise InputError(f"{where} has no frame rate: one of the fields {wanted} is needed; {_content(worm)}")
    return frame_rate(np.ravel(np.asarray(times, dtype=float)))


def _states(given: Any, where: str) -> tuple[Int[np.ndarray, " time"] | None, tuple[str, ...]]:
    """States as whole numbers from 0 and their names, from vectors of true and false or from numbers from 1."""
    if given is None:
        return None, ()
    if not isinstance(given, dict):
        numbers = np.ravel(np.asarray(given))
        whole = numbers.dtype.kind in "iuf" and len(numbers) > 0 and bool(((numbers >= 1) & (numbers % 1 == 0)).all())
        require(whole, f"{where}: the states must be whole numbers from 1, or a vector a state")
        most = int(numbers.max())
        require(most <= _MOST_STATES, f"{where}: a state {most}: more than {_MOST_STATES} behaviour states cannot be")
        return numbers.astype(int) - 1, tuple(f"state_{i}" for i in range(1, most + 1))
    vectors = {state_name(key): np.ravel(np.asarray(vector)) > 0 for key, vector in given.items()}
    lengths = {name: len(vector) for name, vector in vectors.items()}
    require(len(set(lengths.values())) == 1, f"{where}: the vectors of the states differ in length: {lengths}")
    names = [name for name in (*STATES, *sorted(set(vectors) - set(STATES))) if name in (*vectors, UNLABELLED)]
    inside = np.stack([vectors.get(name, np.zeros_like(next(iter(vectors.values())))) for name in names], axis=1)
    doubled = np.flatnonzero(inside.sum(axis=1) > 1)
    require(len(doubled) == 0, f"{where}: frame {doubled[0] if len(doubled) else 0} is in more than one state")
    return np.where(inside.any(axis=1), inside.argmax(axis=1), names.index(UNLABELLED)), tuple(names)


def _field(worm: dict[str, Any], what: str) -> Any:
    return next((worm[key] for key in FIELDS[what] if key in worm), None)


def _content(content: dict[str, Any]) -> str:
    return f"it has {', '.join(sorted(content)[:12]) or 'nothing'}"
