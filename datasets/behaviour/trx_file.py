"""JAABA's `trx.mat` (Ctrax): an ellipse around each animal, as five points."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from datasets.dataset import PointTracks
from neuron_models.foundation.errors import InputError, reason, require
from neuron_models.foundation.extras import require_extra
from neuron_models.foundation.files import require_file
from neuron_models.foundation.measured import measured_points

POINTS = ("head", "centre", "tail", "left", "right")
_FIELDS = ("x", "y", "theta", "a", "b", "firstframe")
_ALONG = ((2.0, 0.0), (0.0, 0.0), (-2.0, 0.0), (0.0, -2.0), (0.0, 2.0))
"""Where the points lie, in quarters of the ellipse's long and short axis: what Ctrax calls a and b."""
_MOST = 10_000_000
"""Frames."""


def is_trx(path: Path) -> bool:
    """Whether a MATLAB file holds a structure `trx`."""
    require_file(path, "a file of tracks")
    try:
        return "trx" in _content(path)
    except InputError:  # perhaps one that another reader knows
        return False


def read_trx(path: Path) -> PointTracks:
    """Read the ellipses of a recording; an animal is not known before its first frame and after its last.

    Returns:
        Points in px, y down as in the file; frames a second are 1 where the file does not say.

    Raises:
        InputError: no such file, a field is missing, or an animal's fields differ in length.
    """
    trx = _content(path).get("trx")
    if not isinstance(trx, dict):
        raise InputError(f"{path} has no structure trx")
    missing = [name for name in _FIELDS if name not in trx]
    require(not missing, f"{path}: trx lacks {', '.join(missing)}")
    animals = _each_animal(trx, path)
    frames = max(first + len(values[0]) for first, values in animals)
    require(frames <= _MOST, f"{path}: an animal's last frame is {frames}, more than {_MOST:,}")
    xy = np.full((frames, len(animals), len(POINTS), 2), np.nan)
    for index, (first, (x, y, theta, a, b)) in enumerate(animals):
        ahead, aside = np.stack([np.cos(theta), np.sin(theta)], 1), np.stack([-np.sin(theta), np.cos(theta)], 1)
        for point, (long, short) in enumerate(_ALONG):
            centre = np.stack([x, y], 1)
            at = centre + long * a[:, None] * ahead + short * b[:, None] * aside
            xy[first : first + len(x), index, point] = at
    rates: Any = np.asarray(trx.get("fps", 1.0), dtype=float).ravel()
    fps = float(rates[0]) if len(rates) and np.isfinite(rates[0]) and rates[0] > 0 else 1.0
    xy, notes = measured_points(xy, np.arange(frames), POINTS)
    return PointTracks(path.stem, POINTS, tuple(f"animal {k + 1}" for k in range(len(animals))), xy, fps, notes=notes)


def _each_animal(trx: dict[str, Any], path: Path) -> list[tuple[int, list[np.ndarray]]]:
    """The first frame (from 0) of each animal, and its x, y, theta, a and b."""
    several = isinstance(trx["x"], list)
    number = len(trx["x"]) if several else 1
    found = []
    for index in range(number):
        try:
            its = [np.ravel(np.asarray(trx[name][index] if several else trx[name], float)) for name in _FIELDS]
        except (TypeError, ValueError, IndexError, KeyError):
            raise InputError(f"{path}: the fields of animal {index + 1} are no numbers") from None
        lengths = {len(values) for values in its[:5]}
        require(len(lengths) == 1 and lengths != {0}, f"{path}: the fields of animal {index + 1} differ in length")
        first = int(its[5][0]) - 1 if len(its[5]) == 1 and np.isfinite(its[5][0]) else -1
        require(first >= 0, f"{path}: the first frame of animal {index + 1} must be 1 or more (MATLAB counts from 1)")
        found.append((first, its[:5]))
    require(bool(found), f"{path}: trx holds no animal")
    return found


def _content(path: Path) -> dict[str, Any]:
    require_extra("pymatreader", extra="calcium", purpose="reading MATLAB files")
    from pymatreader import read_mat

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return dict(read_mat(str(path)))
    except Exception as error:
        raise InputError(f"{path} is no MATLAB file: {reason(error)}") from None
