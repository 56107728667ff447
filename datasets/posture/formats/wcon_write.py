"""Recordings of midlines as Worm tracker Commons Object Notation."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import orjson

from datasets.posture.midlines import midlines_of
from datasets.posture.recording import PostureRecording
from neuron_models.foundation.errors import require
from neuron_models.foundation.files import atomic_write, require_writable


def require_wcon_path(path: Path | None) -> None:
    """Raise an `InputError` unless a WCON file can have this name; None is none."""
    if path is not None:
        require(path.suffix.lower() == ".wcon", f"WCON is written to a name that ends in .wcon, got {path.name!r}")
        require_writable(path)


def write_wcon(recordings: Sequence[PostureRecording], path: Path) -> None:
    """Write recordings to a `.wcon` file, a worm each: s and mm, head first; frames without a midline are left out.

    Raises:
        InputError: the name does not end in .wcon, or the file cannot be written.
    """
    require_wcon_path(path)
    content = {
        "units": {"t": "s", "x": "mm", "y": "mm"},
        "metadata": {"software": {"name": "wormtwin"}, "protocol": [each.source for each in recordings]},
        "data": [_record(each) for each in recordings],
    }
    with atomic_write(path) as temporary:
        temporary.write_bytes(orjson.dumps(content))


def _record(recording: PostureRecording) -> dict[str, object]:
    kept = np.flatnonzero(recording.valid())
    centroid = None if recording.centroid is None else recording.centroid[kept]
    length = recording.length or 1.0
    midlines = midlines_of(recording.angles[kept], recording.mean_angle[kept], centroid=centroid, length=length)
    x, y = (np.round(midlines[:, :, axis], 6).tolist() for axis in range(2))
    return {"id": recording.name, "t": (kept / recording.fps).tolist(), "x": x, "y": y, "head": "L"}
