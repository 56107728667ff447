"""Plain arrays of midlines: `.npy` with one (frame, point, 2), `.npz` with one for each worm."""

from pathlib import Path

import numpy as np

from datasets.posture.formats.raw import MidlineRecording, Reading
from neuron_models.foundation.archives import load_arrays
from neuron_models.foundation.bad_parts import read_each
from neuron_models.foundation.errors import require


def read_arrays(path: Path, reading: Reading) -> tuple[MidlineRecording, ...]:
    """Read the midlines of a `.npy` file, or of a `.npz` file whose keys name the worms; its key `fps` is in Hz.

    An array that is no midlines is left out with a message.

    Raises:
        InputError: no such file, damaged, not midlines, or of unknown frame rate.
    """
    arrays = load_arrays(path)
    rate = arrays.pop("fps", None)
    if rate is not None:
        require(rate.size == 1 and rate.dtype.kind in "iuf", f"{path}: fps must be one number, got {rate.tolist()}")
    require(len(arrays) > 0, f"{path}: no array of midlines")
    fps = reading.rate(None if rate is None else float(rate.item()), str(path))
    return tuple(read_each(arrays.items(), lambda each: _recording(path, *each, fps, reading)))


def _recording(path: Path, name: str, array: np.ndarray, fps: float, reading: Reading) -> MidlineRecording:
    fits = array.dtype.kind in "iuf" and array.ndim == 3 and array.shape[1] >= 3 and array.shape[2] == 2
    shape = "x".join(map(str, array.shape))
    require(
        fits and len(array) > 0,
        f"{path}: {name!r} must be midlines, numbers (frame, at least 3 points, 2), got {shape} of {array.dtype}",
    )
    return MidlineRecording(name, array.astype(float), fps, reading.unit, reading.strain, source=path.name)
