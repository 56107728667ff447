"""Plain arrays of midlines: `.npy` with one (frame, point, 2), `.npz` with one for each worm."""

import zipfile
from pathlib import Path

import numpy as np

from datasets.posture.formats.raw import MidlineRecording, Reading
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import require_file


def read_arrays(path: Path, reading: Reading) -> tuple[MidlineRecording, ...]:
    """Read the midlines of a `.npy` file, or of a `.npz` file whose keys name the worms; its key `fps` is in Hz.

    Raises:
        InputError: no such file, damaged, not midlines, or of unknown frame rate.
    """
    require_file(path, "a .npy or .npz file")
    arrays = _arrays(path)
    rate = arrays.pop("fps", None)
    if rate is not None:
        require(rate.size == 1 and rate.dtype.kind in "iuf", f"{path}: fps must be one number, got {rate.tolist()}")
    require(len(arrays) > 0, f"{path}: no array of midlines")
    fps = reading.rate(None if rate is None else float(rate.item()), str(path))
    return tuple(_recording(path, name, array, fps, reading) for name, array in arrays.items())


def _arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        content = np.load(path, allow_pickle=False)
        if isinstance(content, np.ndarray):
            return {path.stem: content}
        with content:
            return {key: content[key] for key in content.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        reason = (str(error).splitlines() or ["truncated"])[0]
        raise InputError(f"{path}: not a whole {path.suffix} file of plain arrays ({reason})") from None


def _recording(path: Path, name: str, array: np.ndarray, fps: float, reading: Reading) -> MidlineRecording:
    fits = array.dtype.kind in "iuf" and array.ndim == 3 and array.shape[1] >= 3 and array.shape[2] == 2
    shape = "x".join(map(str, array.shape))
    require(
        fits and len(array) > 0,
        f"{path}: {name!r} must be midlines, numbers (frame, at least 3 points, 2), got {shape} of {array.dtype}",
    )
    return MidlineRecording(name, array.astype(float), fps, reading.unit, reading.strain, source=path.name)
