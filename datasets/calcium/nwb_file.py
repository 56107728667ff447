"""Recordings in NWB: a `RoiResponseSeries` whose segmentation names the neurons, as worm data on DANDI do."""

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int

from datasets.calcium.identities import frame_rate, identified
from datasets.calcium.recording import Recording
from datasets.calcium.state_rules import UNLABELLED, state_name
from neuron_models.foundation.errors import InputError, reason, require
from neuron_models.foundation.extras import require_extra
from neuron_models.foundation.files import require_file
from neuron_models.foundation.hdf5 import require_own_data

NAME_COLUMNS = ("neuron", "neuron_name", "neuron_id", "id_labels", "labels", "label", "name", "names", "cell_name")
STATE_COLUMNS = ("state", "label", "labels", "behavior", "behaviour")


def read_nwb(path: Path, series: str = "") -> tuple[Recording, ...]:
    """Read the recording of an NWB file.

    Args:
        path: the file.
        series: the name of the traces where there are several; when empty those in a `DfOverF`, else those whose name
            says `signal`, else the only ones.

    Raises:
        InputError: no such file, no NWB file, no traces or several, no neuron names, or no frame rate.
    """
    require_file(path, "an .nwb file")
    require_own_data(path)
    pynwb = require_extra("pynwb", extra="calcium", purpose="reading NWB files")
    try:
        io = pynwb.NWBHDF5IO(str(path), "r", load_namespaces=True)
        content = io.read()
    except Exception as error:  # whatever a parser meets in an invalid file
        raise InputError(f"{path}: not an NWB file that can be read ({reason(error)})") from None
    with io:
        try:
            return (_recording(path, content, _chosen(path, content, series)),)
        except InputError:
            raise
        except (TypeError, ValueError, KeyError, AttributeError) as error:  # of a field that is read when it is used
            raise InputError(f"{path}: a field of the NWB file cannot be read ({reason(error)})") from None


def _chosen(path: Path, content: Any, wanted: str) -> Any:
    from pynwb.ophys import DfOverF, RoiResponseSeries

    series = [each for each in content.objects.values() if isinstance(each, RoiResponseSeries)]
    names = ", ".join(each.name for each in series) or "none"
    ways = (
        [each for each in series if each.name == wanted] if wanted else [],
        [each for each in series if isinstance(each.parent, DfOverF)] if not wanted else [],
        [each for each in series if "signal" in each.name.lower()] if not wanted else [],
        series if not wanted else [],
    )
    best = next((way for way in ways if way), [])
    if len(best) != 1:
        message = (
            f"no traces {wanted!r}" if wanted else "no traces" if not series else "several traces: name one by --series"
        )
        raise InputError(f"{path}: {message} (RoiResponseSeries: {names})")
    return best[0]


def _recording(path: Path, content: Any, series: Any) -> Recording:
    traces = np.asarray(series.get_data_in_units(), dtype=float)  # stored numbers may be scaled and shifted
    traces = traces[:, None] if traces.ndim == 1 else traces
    times = None if series.timestamps is None else np.asarray(series.timestamps[:], dtype=float)
    if series.rate:
        fps = float(series.rate)
    elif times is not None:
        fps = frame_rate(times)
    else:
        raise InputError(f"{path}: the traces {series.name!r} have no frame rate (neither rate nor timestamps)")
    names = _names(path, content, series)
    frames = traces.shape[0] if traces.shape[1] == len(names) else traces.shape[1]
    require(
        times is None or len(times) == frames,
        f"{path}: the traces {series.name!r} have {frames} frames and {0 if times is None else len(times)} timestamps",
    )
    shown = times if times is not None else float(series.starting_time or 0.0) + np.arange(frames) / fps
    states, state_names = _states(path, content, shown)
    source = f"{path.name}, {series.name}"
    return identified(path.stem, traces, names, fps, states=states, state_names=state_names, source=source, times=times)


def _names(path: Path, content: Any, series: Any) -> list[str]:
    """The text in a column of the segmentation for each trace, or in labels of the same number beside it."""
    table, rows = series.rois.table, np.asarray(series.rois.data[:], dtype=int)
    for column in NAME_COLUMNS:
        if label_column := next((name for name in table.colnames if name.lower() == column), None):
            values = [_text(value) for value in table[label_column][:]]
            return [values[row] for row in rows]
    for each in content.objects.values():
        labels = getattr(each, "labels", None)
        if labels is not None and len(labels) == len(rows):
            return [_text(value) for value in labels[:]]
    raise InputError(
        f"{path}: no neuron names: the segmentation {table.name!r} has the columns {', '.join(table.colnames)}, "
        f"and none of {', '.join(NAME_COLUMNS)}"
    )


def _states(path: Path, content: Any, times: np.ndarray) -> tuple[Int[np.ndarray, " time"] | None, tuple[str, ...]]:
    """The state at each time from a table of intervals that has a column of labels; None where there is no such."""
    for table in (content.intervals or {}).values():
        column = next((name for name in table.colnames if name.lower() in STATE_COLUMNS), None)
        if column is None:
            continue
        labels = [state_name(_text(value)) for value in table[column][:]]
        names = tuple(dict.fromkeys([*labels, UNLABELLED]))
        states = np.full(len(times), names.index(UNLABELLED))
        first = np.searchsorted(times, np.asarray(table["start_time"][:]) - 1e-9)
        last = np.searchsorted(times, np.asarray(table["stop_time"][:]) - 1e-9)
        order = np.argsort(first)
        overlapping = bool((first[order][1:] < last[order][:-1]).any())
        require(not overlapping, f"{path}: the intervals of {table.name!r} overlap: a frame has one state")
        for label, begin, end in zip(labels, first, last, strict=True):
            states[begin:end] = names.index(label)
        return states, names
    return None, ()


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
