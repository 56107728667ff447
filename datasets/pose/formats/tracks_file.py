"""Tracks in HDF5; those that are being found are kept a batch at a time, so that a prediction that is stopped goes on.

The arrays are `frames` (frame,), `xy` (frame, animal, keypoint, 2) and `scores` (frame, animal, keypoint).
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from jaxtyping import Float, Int

from datasets.pose.skeleton import skeleton_from_json
from datasets.pose.tracks import Tracks
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import atomic_write, require_space, require_writable
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
from neuron_models.foundation.result_forms import NAMED_ARRAYS_FORM
from neuron_models.foundation.resumable import (
    ResumableFolder,
    Work,
    manifest_of,
    partial_folder,
    remove_leftover,
    resumable_folder,
)

FORMAT = "wormtwin-tracks"
VERSION = 1
_OPTIONAL = ("makers", "occluded")
"""Arrays (frame, animal, keypoint) of labels that people made, where somebody keeps who did."""


@dataclass(frozen=True, eq=False)
class GrowingTracks:
    """Tracks that are being found: batches of frames, each in a file of its own until `finish` joins them.

    Attributes:
        out: the file to be made.
        header: what the file says beside its arrays.
        kept: the batches.
        lengths: how many frames each has.
    """

    out: Path
    header: Mapping[str, Any]
    kept: ResumableFolder
    lengths: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        while self.kept.has(name := _name(self.done)):
            self.lengths.append(len(self.kept.load(name)["frames"]))

    @property
    def done(self) -> int:
        """How many frames are there."""
        return sum(self.lengths)

    def append(
        self,
        frames: Int[np.ndarray, " frame"],
        xy: Float[np.ndarray, "frame animal keypoint 2"],
        scores: Float[np.ndarray, "frame animal keypoint"],
    ) -> None:
        """Add frames (places in px, scores 0 to 1); they are on the disk when this returns."""
        batch = {"frames": frames, "xy": xy.astype(np.float32), "scores": scores.astype(np.float32)}
        self.kept.keep(_name(self.done), batch)
        self.lengths.append(len(frames))

    def finish(self) -> Path:
        """Join the batches, one at a time, into the file, and remove them."""
        starts = [sum(self.lengths[:number]) for number in range(len(self.lengths))]
        with self.kept.last_step():
            _write(self.out, self.header, self.done, (self.kept.load(_name(start)) for start in starts))
        return self.out


def _name(done: int) -> str:
    return f"{done:09d}"


@contextmanager
def growing_tracks(out: str | Path, empty: Tracks, key: str) -> Iterator[GrowingTracks]:
    """Begin a file of tracks, or go on with the batches in `<out>.partial`, which belong to this process meanwhile.

    Args:
        out: the file that `GrowingTracks.finish` will make.
        empty: tracks without a frame, that say the video, the skeleton, the animals and the rate.
        key: names everything that decides the result, such as the checksums of the model and the video.

    Raises:
        InputError: the file is there, the beginning of another prediction is, or another process is at work on it.
    """
    out, header = Path(out), _header(empty, key)
    work = Work("prediction", {"key": key}, header, passing=True)
    require_writable(out)
    require(not out.exists(), f"{out} exists: delete it or choose another --out")
    with resumable_folder(partial_folder(out), work, NAMED_ARRAYS_FORM, out) as kept:
        yield GrowingTracks(out, header, kept)


def frames_found(out: Path, key: str) -> int | None:
    """How many frames a whole file of tracks has, if it is of the prediction that a key names; else None."""
    remove_leftover(out)
    try:
        with h5py.File(out, "r") as file:
            return len(file["frames"]) if file.attrs.get("key") == key else None
    except (OSError, KeyError):
        return None


def save_tracks(tracks: Tracks, out: str | Path) -> Path:
    """Write tracks that are in memory.

    Raises:
        InputError: the file is there.
    """
    out = Path(out)
    require(not out.exists(), f"{out} exists: delete it or choose another --out")
    scores = np.full(tracks.xy.shape[:3], np.nan) if tracks.scores is None else tracks.scores
    batch = {"frames": tracks.frames, "xy": tracks.xy, "scores": scores}
    optional = {"makers": tracks.makers, "occluded": tracks.occluded}
    batch |= {name: array.astype(np.uint8) for name, array in optional.items() if array is not None}
    _write(out, _header(tracks, "whole"), len(tracks), iter([batch]))
    return out


def _write(out: Path, header: Mapping[str, Any], number: int, batches: Iterator[Mapping[str, np.ndarray]]) -> None:
    """Write the file whole, one batch in memory at a time."""
    keypoints = len(header["skeleton"]["joints"])
    with atomic_write(out) as beside:
        first = next(batches, None)
        animals = len(header["animals"]) if first is None else first["xy"].shape[1]
        require_space(beside, number * animals * keypoints * 16 + 65536)
        with h5py.File(beside, "w") as file:
            texts = {name: json.dumps(header[name]) for name in ("skeleton", "animals")}
            file.attrs.update({**header, **texts})
            extra = [
                (name, (animals, keypoints), np.uint8) for name in _OPTIONAL if first is not None and name in first
            ]
            for name, shape, kind in (
                ("frames", (), np.int64),
                ("xy", (animals, keypoints, 2), np.float32),
                ("scores", (animals, keypoints), np.float32),
                *extra,
            ):
                chunks = (256, *shape)
                file.create_dataset(name, (number, *shape), kind, maxshape=(None, *shape), chunks=chunks)
            done = 0
            for batch in () if first is None else chain([first], batches):
                for name, values in batch.items():
                    file[name][done : done + len(values)] = values
                done += len(batch["frames"])


def load_tracks(path: str | Path) -> Tracks:
    """Read tracks that this project wrote; those of a prediction that was stopped too (`<out>.partial`).

    Raises:
        InputError: the file is missing, damaged, or holds something else.
    """
    path = Path(path)
    if path.is_dir() and is_tracks(path):
        return _load_partial(path)
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
        known = scores[:done].astype(float)
        optional = {name: _optional(file, name, path)[:done] for name in _OPTIONAL if name in file}
        return Tracks(
            text_attribute(file, "video"),
            skeleton_from_json(json_attribute(file, "skeleton", dict)),
            frames,
            xy[:done].astype(float),
            None if np.isnan(known).all() else known,
            names_attribute(file, "animals"),
            number_attribute(file, "fps"),
            makers=optional.get("makers"),
            occluded=optional["occluded"].astype(bool) if "occluded" in optional else None,
        )


def _optional(file: h5py.File, name: str, path: Path) -> Int[np.ndarray, "frame animal keypoint"]:
    """Who made each label, or whether it is hidden; whole numbers from 0 to 3."""
    values = numbers(file, name, "frame animal joint", WHOLE).astype(int)
    require(bool(np.isin(values, range(4)).all()), f"{path}: {name} must be from 0 to 3")
    return values


def is_tracks(path: Path) -> bool:
    """Whether a file, or the folder of a prediction that was stopped, is one of tracks that this project wrote.

    Raises:
        InputError: another process writes to it.
    """
    if path.is_dir():
        return _is_partial(path)
    try:
        with h5py.File(path, "r") as file:
            return bool(file.attrs.get("format") == FORMAT)
    except (OSError, RuntimeError, ValueError, TypeError, KeyError) as error:
        if is_locked(error):
            raise InputError(f"{path} is at work in another process: wait until it has ended") from None
        return False


def _is_partial(folder: Path) -> bool:
    try:
        return manifest_of(folder).get("format") == FORMAT
    except (OSError, InputError):
        return False


def _load_partial(folder: Path) -> Tracks:
    """The tracks of a prediction that was stopped, or that is on its way."""
    header, kept = manifest_of(folder), ResumableFolder(folder, NAMED_ARRAYS_FORM)
    batches: list[dict[str, np.ndarray]] = []
    while kept.has(name := _name(sum(len(batch["frames"]) for batch in batches))):
        batches.append(kept.load(name))
    require(len(batches) > 0, f"{folder} holds no frames yet")
    whole = {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}
    return _tracks(header, header["skeleton"], header["animals"], whole)


def _tracks(header: Mapping[str, Any], skeleton: Any, animals: Any, arrays: Mapping[str, np.ndarray]) -> Tracks:
    scores = arrays["scores"].astype(float)
    return Tracks(
        str(header["video"]),
        skeleton_from_json(skeleton),
        arrays["frames"],
        arrays["xy"].astype(float),
        None if np.isnan(scores).all() else scores,
        tuple(animals),
        float(header["fps"]),
    )


def _header(tracks: Tracks, key: str) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "format_version": VERSION,
        "key": key,
        "video": tracks.video,
        "skeleton": tracks.skeleton.to_json(),
        "animals": list(tracks.animals),
        "fps": float(tracks.fps),
    }
