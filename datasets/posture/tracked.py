"""Worms as points along the body: what topics that know nothing of midlines read of postures."""

from itertools import pairwise
from pathlib import Path

import numpy as np

from datasets.dataset import PointTracks
from datasets.posture.midlines import midlines_of
from datasets.posture.recording import PostureRecording, recordings_of
from datasets.store import is_dataset_file, load_dataset
from neuron_models.foundation.errors import InputError, require

POINTS = {"head": 0.0, "neck": 0.25, "midbody": 0.5, "hips": 0.75, "tail": 1.0}
"""Names of points, and how far down the body each lies."""
WCON = (".wcon", ".zip")


def read_worm_tracks(path: Path) -> tuple[PointTracks, ...] | None:
    """Five points of each worm of a file, in mm, an entry a recording; None where the file holds no postures.

    Args:
        path: a dataset of midlines of this project's, or a WCON file.

    Raises:
        InputError: places were not recorded, or only amplitudes of eigenworms are known.
    """
    recordings = _recordings(path)
    return None if recordings is None else tuple(_points_of(recording, path) for recording in recordings)


def _recordings(path: Path) -> tuple[PostureRecording, ...] | None:
    if path.suffix.lower() in WCON:
        from datasets.posture.recordings import read_midlines

        return read_midlines(path)
    if path.suffix == ".h5" and is_dataset_file(path):
        dataset = load_dataset(path)
        return recordings_of(dataset) if dataset.extra.get("posture") else None
    return None


def _points_of(recording: PostureRecording, path: Path) -> PointTracks:
    """Points of a midline of the mean length; y goes down, as in images."""
    centroid, length = recording.centroid, recording.length
    if centroid is None or length is None:
        raise InputError(
            f"{path}: recording {recording.name!r} has shapes without places or without the worm's length: "
            "how a worm moves needs both"
        )
    segments = recording.angles.shape[1]
    require(segments >= len(POINTS) - 1, f"{path}: midlines of {segments + 1} points are too coarse: 5 are needed")
    midlines = midlines_of(recording.angles, recording.mean_angle, centroid=centroid, length=length)
    xy = midlines[:, [round(share * segments) for share in POINTS.values()]] * (1.0, -1.0)
    xy[~recording.valid()] = np.nan
    names = tuple(POINTS)
    return PointTracks(
        recording.name, names, ("worm",), xy[:, None], recording.fps, "mm",
        edges=tuple(pairwise(names)), individual=recording.individual,
    )  # fmt: skip
