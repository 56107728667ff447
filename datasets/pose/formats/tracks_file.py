"""Tracks in HDF5, written a batch at a time, so that a prediction that is stopped goes on where it was.

The arrays are `frames` (frame,), `xy` (frame, animal, keypoint, 2) and `scores` (frame, animal, keypoint).
"""

import json
from pathlib import Path

import h5py
import numpy as np
from jaxtyping import Float, Int

from datasets.pose.skeleton import skeleton_from_json
from datasets.pose.tracks import Tracks
from neuron_models.foundation.errors import InputError, reason, require
from neuron_models.foundation.files import require_writable
from neuron_models.foundation.hdf5 import (
    WHOLE,
    is_locked,
    json_attribute,
    names_attribute,
    number_attribute,
    numbers,
    open_hdf5,
    stored_array,
    text_attribute,
)

FORMAT = "wormtwin-tracks"
VERSION = 1


def begin_tracks(out: str | Path, empty: Tracks, key: str) -> int:
    """Begin a file of tracks beside `out`, or go on with the one that is there.

    Args:
        out: the file that `finish_tracks` will give.
        empty: tracks without a frame, that say the video, the skeleton, the animals and the rate.
        key: names everything that decides the result, such as the checksums of the model and the video.

    Returns:
        How many frames are there already.

    Raises:
        InputError: a file or the beginning of one is there, from another job.
    """
    out, beside = Path(out), _partial(out)
    require_writable(out)
    require(not out.exists(), f"{out} exists: delete it or choose another --out")
    if beside.exists():
        try:
            with h5py.File(beside, "r") as file:
                same = file.attrs.get("key") == key
                done = len(file["frames"])
        except (OSError, KeyError) as error:
            raise InputError(f"{beside} is damaged ({reason(error)}): delete it and start again") from None
        require(same, f"{beside} holds the beginning of another prediction: delete it or choose another --out")
        return done
    out.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(beside, "w") as file:
        _describe(file, empty, key)
        animals, keypoints = empty.xy.shape[1:3]
        for name, shape, kind in (
            ("frames", (), np.int64),
            ("xy", (animals, keypoints, 2), np.float32),
            ("scores", (animals, keypoints), np.float32),
        ):
            file.create_dataset(name, (0, *shape), kind, maxshape=(None, *shape), chunks=(256, *shape))
    return 0


def append_tracks(
    out: str | Path,
    frames: Int[np.ndarray, " frame"],
    xy: Float[np.ndarray, "frame animal keypoint 2"],
    scores: Float[np.ndarray, "frame animal keypoint"],
) -> None:
    """Add frames to a file that `begin_tracks` began; they are on the disk when this returns.

    Args:
        out: the file that `finish_tracks` will give.
        frames: their indices in the video.
        xy: key points in px of the video, NaN where none is.
        scores: confidence of each, NaN where none is.
    """
    with h5py.File(_partial(Path(out)), "r+") as file:
        done = len(file["frames"])
        for name, values in (("xy", xy), ("scores", scores), ("frames", frames)):  # frames last: they count
            stored = file[name]
            stored.resize(done + len(frames), axis=0)
            stored[done:] = values


def finish_tracks(out: str | Path) -> Path:
    """Give a file that `begin_tracks` began its final name."""
    out = Path(out)
    return _partial(out).replace(out)


def save_tracks(tracks: Tracks, out: str | Path) -> Path:
    """Write tracks that are in memory."""
    begin_tracks(out, tracks, "whole")
    scores = np.full(tracks.xy.shape[:3], np.nan) if tracks.scores is None else tracks.scores
    append_tracks(out, tracks.frames, tracks.xy, scores)
    return finish_tracks(out)


def load_tracks(path: str | Path) -> Tracks:
    """Read tracks that this project wrote; those of a prediction that was stopped too (`<out>.partial`).

    Raises:
        InputError: the file is missing, damaged, or holds something else.
    """
    path = Path(path)
    with open_hdf5(path, "file of tracks (.h5)", own=True) as file:
        require(file.attrs.get("format") == FORMAT, f"{path}: an HDF5 file, but not of tracks ({FORMAT})")
        version = number_attribute(file, "format_version")
        require(version == VERSION, f"{path}: its format has version {version:g}, this wormtwin reads {VERSION}")
        frames = numbers(file, "frames", "frame", WHOLE)
        xy, scores = (
            stored_array(file, "xy", "frame animal joint 2"),
            stored_array(file, "scores", "frame animal joint"),
        )
        done, same = len(frames), xy.shape[1:3] == scores.shape[1:3]
        fits = same and min(len(xy), len(scores)) >= done
        require(fits, f"{path}: {done} frames, but xy of the shape {xy.shape} and scores {scores.shape}")
        told = scores[:done].astype(float)
        return Tracks(
            text_attribute(file, "video"),
            skeleton_from_json(json_attribute(file, "skeleton", dict)),
            frames,
            xy[:done].astype(float),
            None if np.isnan(told).all() else told,
            names_attribute(file, "animals"),
            number_attribute(file, "fps"),
        )


def is_tracks(path: Path) -> bool:
    """Whether a file is one of tracks that this project wrote.

    Raises:
        InputError: another process writes to it.
    """
    try:
        with h5py.File(path, "r") as file:
            return bool(file.attrs.get("format") == FORMAT)
    except (OSError, RuntimeError, ValueError, TypeError, KeyError) as error:
        if is_locked(error):
            raise InputError(f"{path} is at work in another process: wait until it has ended") from None
        return False


def _describe(file: h5py.File, tracks: Tracks, key: str) -> None:
    file.attrs.update(
        format=FORMAT,
        format_version=VERSION,
        key=key,
        video=tracks.video,
        skeleton=json.dumps(tracks.skeleton.to_json()),
        animals=json.dumps(tracks.animals),
        fps=float(tracks.fps),
    )


def _partial(out: Path) -> Path:
    return out.with_name(f"{out.name}.partial")
