"""One record of a WCON file: a worm at one time or at many, checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from jaxtyping import Float

from datasets.posture.midlines import resampled
from neuron_models.foundation.errors import InputError, require

_NUMBERS = {int, float}
_MERGED = ("t", "x", "y", "ox", "oy", "head")
_HEADS = {"L": False, "R": True, "?": False}


@dataclass(frozen=True, eq=False)
class Track:
    """Midlines of one worm in mm at times in s, NaN where there is none."""

    worm: str
    times: Float[np.ndarray, " midline"]
    midlines: Float[np.ndarray, "midline point 2"]


def joined(records: Sequence[Any]) -> list[Any]:
    """The same records, with those of one time each put together to one of many times for each worm.

    Only records that have the same keys are, and those that are not as WCON wants them stay as they are.
    """
    series: list[Any] = []
    groups: dict[tuple, dict[str, list]] = {}
    for record in records:
        single = isinstance(record, dict) and type(record.get("t")) in _NUMBERS and "id" in record
        if not single or any(_is_nested(record.get(key)) for key in ("x", "y")):
            series.append(record)
            continue
        keys = tuple(key for key in _MERGED if key in record)
        name = (type(record["id"]), str(record["id"]), keys)
        if name not in groups:
            groups[name] = {key: [] for key in keys}
            series.append({"id": record["id"], **groups[name]})
        for key, values in groups[name].items():
            values.append(record[key])
    return series


def track_of(record: Any, units: Mapping[str, float], where: str) -> Track:
    """Read one record.

    Args:
        record: with `id`, `t`, `x`, `y` and perhaps `ox`, `oy`, `head`; a time with a list of coordinates, or a list of
            times with a list of such lists, whose lengths may differ from time to time. A time alone with a list of one
            such list is one midline too.
        units: s in one unit of `t`, mm in one unit of the others.
        where: what the messages begin with, such as `worms.wcon: data[3]`.

    Raises:
        InputError: it is not so; the message says where.
    """
    require(isinstance(record, dict), f"{where} must be an object with id, t, x and y")
    for key in ("id", "t", "x", "y"):
        require(key in record, f"{where}.{key} is missing")
    worm = record["id"]
    require(isinstance(worm, str | int | float) and worm is not True, f"{where}.id must be text or a number")
    alone = not isinstance(record["t"], list) and all(_is_nested(record[key]) for key in ("x", "y"))
    record = record | {"t": [record["t"]]} if alone else record
    many = isinstance(record["t"], list)
    times = _flat(record["t"] if many else [record["t"]], f"{where}.t", gaps=False)
    rows = {key: record[key] if many else [record[key]] for key in ("x", "y")}
    coordinates = {}
    for key, values in rows.items():
        require(isinstance(values, list), f"{where}.{key} must be a list, as t is one")
        require(len(values) == len(times), f"{where}.{key} has {len(values)} midlines and t {len(times)} times")
        coordinates[key] = _lists(values, f"{where}.{key}", many)
    origin = _origin(record, units, len(times), where)
    midlines = _midlines(coordinates, units, where, many) + origin[:, None, :]
    return Track(str(worm), times * units["t"], _head_first(record, midlines, where))


def _is_nested(values: Any) -> bool:
    return isinstance(values, list) and len(values) == 1 and isinstance(values[0], list)


def _lists(values: list, where: str, many: bool) -> list[list]:
    """The coordinates of each midline as a list; a single number is a list of one, null one of none."""
    if all(type(row) is list for row in values):
        return values
    for index, row in enumerate(values):
        if type(row) not in (list, int, float, type(None)):
            raise InputError(f"{where}{f'[{index}]' if many else ''} must be a list of numbers, got {row!r:.40}")
    return [row if isinstance(row, list) else [] if row is None else [row] for row in values]


def _flat(values: list, where: str, gaps: bool = True) -> Float[np.ndarray, " value"]:
    """Numbers as an array, null as NaN if there may be gaps; without gaps all are finite."""
    allowed = _NUMBERS | {type(None)} if gaps else _NUMBERS
    if not set(map(type, values)) <= allowed:
        index, wrong = next((i, value) for i, value in enumerate(values) if type(value) not in allowed)
        raise InputError(f"{where}[{index}] must be a number, got {'null' if wrong is None else repr(wrong)[:40]}")
    flat = np.array(values, dtype=float)
    if not gaps and not np.isfinite(flat).all():
        raise InputError(f"{where}[{np.isinf(flat).argmax()}] must be a number, got an infinite one")
    return flat


def _midlines(
    coordinates: Mapping[str, list[list]], units: Mapping[str, float], where: str, many: bool
) -> Float[np.ndarray, "midline point 2"]:
    lengths = [np.fromiter(map(len, coordinates[key]), int, len(coordinates[key])) for key in ("x", "y")]
    differing = np.flatnonzero(lengths[0] != lengths[1])
    if len(differing):
        index = differing[0]
        at = f"[{index}]" if many else ""
        raise InputError(
            f"{where}.x{at} has {lengths[0][index]} points and {where.rpartition(': ')[2]}.y{at} {lengths[1][index]}"
        )
    flat = {}
    for key, rows in coordinates.items():
        try:
            flat[key] = _flat(list(chain.from_iterable(rows)), "") * units[key]
        except InputError:
            for index, row in enumerate(rows):
                _flat(row, f"{where}.{key}{f'[{index}]' if many else ''}")
            raise
    both = np.stack([flat["x"], flat["y"]], axis=1)
    most = int(lengths[0].max())
    if (lengths[0] == most).all():
        return both.reshape(len(lengths[0]), most, 2)
    midlines = np.full((len(lengths[0]), most, 2), np.nan)
    for index, points in enumerate(np.split(both, np.cumsum(lengths[0])[:-1])):
        if len(points) == most:
            midlines[index] = points
        elif len(points) >= 3:
            midlines[index] = resampled(points[None], most)[0]
    return midlines


def _origin(record: dict, units: Mapping[str, float], count: int, where: str) -> Float[np.ndarray, "midline 2"]:
    """What is added to the coordinates: the origin `ox`, `oy`, or nothing.

    The centroid `cx`, `cy` is a measurement beside the midline: WCON made it no offset in 2017.
    """
    present = [key for key in ("ox", "oy") if key in record]
    if not present:
        return np.zeros((count, 2))
    require(len(present) == 2, f"{where} has {present[0]} alone: ox and oy go together")
    columns = []
    for key in present:
        require(key in units, f"{where}.{key} has no unit: units.{key} is missing")
        values = record[key] if isinstance(record[key], list) else [record[key]]
        flat = _flat(values, f"{where}.{key}") * units[key]
        require(len(flat) in (1, count), f"{where}.{key} has {len(flat)} numbers for {count} times")
        columns.append(np.broadcast_to(flat, count))
    return np.stack(columns, axis=1)


def _head_first(
    record: dict, midlines: Float[np.ndarray, "midline point 2"], where: str
) -> Float[np.ndarray, "midline point 2"]:
    heads = record.get("head", "L")
    heads = heads if isinstance(heads, list) else [heads] * len(midlines)
    require(len(heads) == len(midlines), f"{where}.head has {len(heads)} entries for {len(midlines)} times")
    for index, head in enumerate(heads):
        if not isinstance(head, str) or head not in _HEADS:
            raise InputError(f"{where}.head[{index}] must be L, R or ?, got {head!r:.40}")
    turned = np.array([_HEADS[head] for head in heads], dtype=bool)
    return np.where(turned[:, None, None], midlines[:, ::-1], midlines)
