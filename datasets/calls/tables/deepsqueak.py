"""Detection files of DeepSqueak (`Calls`, a struct with Box, Score, Type and Accept)."""

from pathlib import Path
from typing import Any

import numpy as np

from datasets.calls.call import Call, in_order
from neuron_models.foundation.errors import InputError, reason, require
from neuron_models.foundation.extras import require_extra


def read_deepsqueak(path: Path) -> Any:
    """Read the calls of a detection file that nobody rejected; boxes are s, kHz, s, kHz.

    Raises:
        InputError: it is no such file. MATLAB's tables (DeepSqueak 3) cannot be read outside MATLAB: the message says
            how to save a struct.
    """
    from datasets.calls.tables.reading import CallTable

    require_extra("pymatreader", extra="calls", purpose="reading MATLAB files")
    from pymatreader import read_mat

    try:
        found = read_mat(str(path)).get("Calls")
    except Exception as error:
        raise InputError(f"{path} is no MATLAB file that can be read: {reason(error)}") from None
    if not isinstance(found, dict | list) or (isinstance(found, dict) and "Box" not in found):
        raise InputError(
            f"{path} holds no struct Calls with boxes: in MATLAB, load it and save it again with "
            "Calls = table2struct(Calls, 'ToScalar', true)"
        )
    fields = found if isinstance(found, dict) else {name: [each[name] for each in found] for name in found[0]}
    boxes = np.array(fields["Box"], float).reshape(-1, 4)
    scores, kinds = _column(fields, "Score", len(boxes), np.nan), _column(fields, "Type", len(boxes), "")
    accepted = _column(fields, "Accept", len(boxes), 1)
    calls, left_out = [], []
    for number, (start, low, long, wide) in enumerate(boxes.tolist()):
        if not accepted[number]:
            left_out.append(f"call {number + 1}: rejected by whoever looked at it")
            continue
        try:
            calls.append(
                Call(start, start + long, low * 1e3, (low + wide) * 1e3, float(scores[number]), str(kinds[number]))
            )
        except InputError as error:
            left_out.append(f"call {number + 1}: {error}")
    return CallTable(in_order(calls), "DeepSqueak", tuple(left_out))


def _column(fields: dict[str, Any], name: str, number: int, default: Any) -> list[Any]:
    if name not in fields:
        return [default] * number
    column = np.atleast_1d(np.array(fields[name], dtype=object)).ravel().tolist()
    require(len(column) == number, f"Calls has {number} boxes and {len(column)} values of {name}")
    return column


def write_deepsqueak(calls: tuple[Call, ...], path: Path) -> None:
    """Write a detection file: a struct array that DeepSqueak's loader turns into its table.

    Frequencies that are unknown are those of a box from 30 to 120 kHz.
    """
    import scipy.io

    kind = np.dtype([(name, object) for name in ("Box", "Score", "Type", "Power", "Accept")])
    out = np.empty((len(calls), 1), kind)
    for number, each in enumerate(calls):
        low, high = (np.nan_to_num(value, nan=other) for value, other in ((each.low, 30e3), (each.high, 120e3)))
        box = np.array([[each.start, low / 1e3, each.duration, (high - low) / 1e3]])
        score = 1.0 if np.isnan(each.score) else each.score
        out[number, 0] = (box, score, each.label or "USV", 1.0, True)
    scipy.io.savemat(path, {"Calls": out})
