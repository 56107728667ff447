"""Activations of muscles over time: from a table to the segments of a body."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from connectome.contact import require_known
from connectome.muscles import LONGEST_ROW, MUSCLES, is_dorsal, place_of
from neuron_models.foundation.errors import InputError, reason, require, require_distinct
from neuron_models.foundation.files import require_file
from neuron_models.foundation.units import Milliseconds

TIME = "time"
"""The column of a table that holds seconds."""


@dataclass(frozen=True, eq=False)
class Activations:
    """Activations from 0 to 1 of the 95 muscles (time, muscle), in the order of `MUSCLES`, every `sampling` ms."""

    values: Float[np.ndarray, "time muscle"]
    sampling: Milliseconds

    def __post_init__(self) -> None:
        shape = self.values.shape
        require(
            self.values.ndim == 2 and shape[1] == len(MUSCLES),
            f"activations are (time, {len(MUSCLES)} muscles), got the shape {shape}",
        )
        require(shape[0] >= 2, f"activations need at least 2 times, got {shape[0]}")
        bad = np.argwhere(~((self.values >= 0) & (self.values <= 1)))
        if len(bad):
            time, muscle = bad[0]
            value = self.values[time, muscle]
            raise InputError(f"the activation of {MUSCLES[muscle]} in row {time + 1} must be 0 to 1, got {value:g}")


def read_activations(path: Path) -> Activations:
    """Read a table (.csv): a column `time` in s at equal steps, and one for each of the 95 muscles, in any order.

    Raises:
        InputError: no such file, no such table, a muscle that does not exist, is missing or comes twice, a value
            that is no number or not from 0 to 1, or times that are not equally spaced.
    """
    import pandas as pd

    require(path.suffix.lower() == ".csv", f"activations are read from a file that ends in .csv, got {path.name!r}")
    require_file(path, "a table of activations (.csv)")
    try:
        header = [name.strip() for name in path.read_text().split("\n", 1)[0].split(",")]
        table = pd.read_csv(path, header=None, names=range(len(header)), skiprows=1, dtype=float)
    except (ValueError, OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: no table of numbers: {reason(error)}") from None
    require(TIME in header, f"{path}: the column {TIME!r} in s is missing")
    names = [name for name in header if name != TIME]
    require_known(names, MUSCLES, "muscle")
    require_distinct(header, f"{path} has a column")
    missing = [name for name in MUSCLES if name not in names]
    message = f"{path} has {len(names)} muscles of {len(MUSCLES)}: {', '.join(missing[:5])} are missing"
    require(not missing, message)
    columns = table.to_numpy()
    times = columns[:, header.index(TIME)]
    values = columns[:, [header.index(name) for name in MUSCLES]]
    try:
        return Activations(values, _sampling(times, path))
    except InputError as error:
        raise error if str(path) in str(error) else InputError(f"{path}: {error}") from None


def _sampling(times: Float[np.ndarray, " time"], path: Path) -> Milliseconds:
    require(len(times) >= 2, f"{path}: activations need at least 2 times, got {len(times)}")
    steps = np.diff(times)
    step = float(np.median(steps))
    even = bool(np.isfinite(times).all()) and step > 0 and bool(np.abs(steps - step).max() < 1e-3 * step)
    require(even, f"{path}: times must grow in equal steps")
    return round(1000 * float(times[-1] - times[0]) / (len(times) - 1), 6)


def on_segments(values: Float[np.ndarray, "time muscle"], segments: int) -> Float[np.ndarray, "time side segment"]:
    """What each side of each segment gets, dorsal first: the mean of the left and the right muscle beside it.

    Muscle m of a row of 24 covers the m-th 24th of the body; where MVL24 would be, MVR24 is alone.
    """
    return (values @ cover(segments).reshape(-1, len(MUSCLES)).T).reshape(len(values), 2, segments)


@functools.cache
def cover(segments: int) -> Float[np.ndarray, "side segment muscle"]:
    """The share of each muscle in what each side of each segment gets."""
    shares = np.zeros((2, len(MUSCLES), segments))
    beside = np.arange(segments) * LONGEST_ROW // segments
    for index, name in enumerate(MUSCLES):
        shares[0 if is_dorsal(name) else 1, index, beside == place_of(name)] = 1.0
    shares /= np.maximum(shares.sum(axis=1, keepdims=True), 1)
    return np.ascontiguousarray(shares.transpose(0, 2, 1))


def of_rows(dorsal: Float[np.ndarray, "time place"], ventral: Float[np.ndarray, "time place"]) -> np.ndarray:
    """Activations (time, muscle), 0 to 1, of all 95 muscles from those of 24 dorsal and 24 ventral places."""
    columns = [(dorsal if is_dorsal(name) else ventral)[:, place_of(name)] for name in MUSCLES]
    return np.stack(columns, axis=1)


def travelling_wave(
    seconds: float, frequency: float, wavelength: float, amplitude: float, sampling: Milliseconds = 1.0
) -> Activations:
    """A sine that travels from head to tail, its upper half into dorsal and its lower half into ventral muscles.

    Args:
        seconds: how long.
        frequency: in Hz; below zero, it travels from tail to head.
        wavelength: in body lengths.
        amplitude: the largest activation.
        sampling: of the activations.
    """
    times = np.arange(round(1000 * seconds / sampling)) * sampling / 1000
    along = (np.arange(LONGEST_ROW) + 0.5) / LONGEST_ROW
    wave = amplitude * np.sin(2 * np.pi * (along / wavelength - frequency * times[:, None]))
    return Activations(of_rows(np.maximum(wave, 0), np.maximum(-wave, 0)), sampling)


def write_activations(activations: Activations, path: Path) -> None:
    """Write activations as the table that `read_activations` reads."""
    import pandas as pd

    from neuron_models.foundation.csv_file import write_csv
    from neuron_models.foundation.files import atomic_write

    names: Sequence[str] = MUSCLES
    table = pd.DataFrame(activations.values, columns=list(names))
    table.insert(0, TIME, np.arange(len(table)) * activations.sampling / 1000)
    with atomic_write(path) as temporary:
        write_csv(table, temporary, index=False, float_format="%.6g")
