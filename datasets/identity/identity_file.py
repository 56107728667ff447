"""Identities in a file: tracks as this project keeps them, and beside them what is known of the identities.

Every command that reads tracks reads the file; the group `identity` holds the rest.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from datasets.dataset import PointTracks
from datasets.identity.crops import CROP
from datasets.identity.trajectories import LOST, STATUS, Crossing, Trajectories
from datasets.topics import read_point_tracks, write_point_tracks
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import atomic_write, require_space, require_writable
from neuron_models.foundation.hdf5 import (
    inner_group,
    json_attribute,
    number_attribute,
    numbers,
    open_hdf5,
    text_attribute,
)

GROUP = "identity"
_IMAGES = ("points", "point_animal", "point_frame", "crops")
"""The page's arrays with one entry an image."""
_AXES = {
    "nearest": "frame animal 2",
    "fragments": "fragment 4",
    "points": "image dimension",
    "point_animal": "image",
    "point_frame": "image",
    "crops": f"image {CROP} {CROP}",
}
_LAYER = re.compile(r"weights(\d+)")
POINT = "centre"


def require_identity_path(out: Path) -> None:
    """Raise an `InputError` unless there can be a file of identities of this name, and is none yet."""
    require(out.suffix == ".h5", f"--out {out}: a file of identities ends in .h5")
    require(not out.exists(), f"{out} exists: delete it or choose another --out")
    require_writable(out)


def as_points(tracks: Trajectories) -> PointTracks:
    """Trajectories as points for every reader of tracks."""
    known = np.where(np.isnan(tracks.xy[..., :1]), np.nan, np.nan_to_num(tracks.certainty)[..., None])
    name, xy = Path(tracks.video).stem or "video", tracks.xy[:, :, None]
    return PointTracks(
        name, (POINT,), tracks.names, xy, tracks.fps, notes=tracks.notes, scores=known, video=tracks.video
    )


def save_identities(tracks: Trajectories, out: Path, arrays: Mapping[str, np.ndarray] | None = None) -> Path:
    """Write trajectories (px) whole.

    Args:
        tracks: to write.
        out: the file (.h5).
        arrays: what the page draws beside them, by name.
    """
    with atomic_write(out) as temporary:
        _require_room(temporary.with_name("room"), tracks, arrays or {})
        write_point_tracks(as_points(tracks), temporary, "tracks")
        with h5py.File(temporary, "a") as file:
            group = file.create_group(GROUP)
            group.create_dataset("status", data=tracks.status.astype(np.int64))
            group.create_dataset("certainty", data=tracks.certainty)
            group.attrs["length"] = float(tracks.length)
            group.attrs["silhouette"] = float(tracks.silhouette)
            group.attrs["video"] = tracks.video
            group.attrs["notes"] = json.dumps(list(tracks.notes))
            group.attrs["crossings"] = json.dumps([_plain(crossing) for crossing in tracks.crossings])
            for name, values in (arrays or {}).items():
                packed = {"compression": "gzip"} if values.ndim > 1 else {}
                group.create_dataset(f"page/{name}", data=values, **packed)
    return out


def _require_room(path: Path, tracks: Trajectories, arrays: Mapping[str, np.ndarray]) -> None:
    """Check that the file fits on the disk before HDF5, which can crash on a full one, begins."""
    kept = (tracks.xy, tracks.status, tracks.certainty, tracks.certainty, *arrays.values())
    require_space(path, sum(values.nbytes for values in kept) + 200 * len(tracks.crossings) + 2**17)
    path.unlink()


def _plain(crossing: Crossing) -> list[Any]:
    odds = crossing.odds if np.isfinite(crossing.odds) else None
    return [crossing.first, crossing.last, list(crossing.animals), odds]


def load_identities(path: Path) -> Trajectories:
    """Read trajectories that `save_identities` wrote.

    Raises:
        InputError: the file is missing, damaged, or holds something else.
    """
    points = read_point_tracks(path)[0]
    with open_hdf5(path, "file of identities (.h5)", own=True) as file:
        require(GROUP in file, f"{path}: tracks, but not identities of `wormtwin identity track`")
        group = inner_group(file, GROUP)
        status = numbers(group, "status", "frame animal").astype(int)
        certainty = numbers(group, "certainty", "frame animal")
        stored = json_attribute(group, "crossings", list)
        facts = number_attribute(group, "length"), number_attribute(group, "silhouette")
        video, notes = text_attribute(group, "video"), json_attribute(group, "notes", list)
    shape = points.xy.shape[:2]
    sound = status.shape == shape == certainty.shape and bool(((status >= 0) & (status < len(STATUS))).all())
    require(sound, f"{path}: the status of animals does not fit the tracks of {shape}")
    try:
        crossings = tuple(
            Crossing(int(a), int(b), tuple(map(int, who)), float("inf") if odds is None else float(odds))
            for a, b, who, odds in stored
        )
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{path}: its crossings cannot be read") from None
    odd = [each for each in crossings if not _fits(each, *shape)]
    require(not odd, f"{path}: {shape[0]} frames of {shape[1]} animals have no crossing such as {odd[:1]}")
    xy = np.where((status == LOST)[..., None], np.nan, points.xy[:, :, 0])
    return Trajectories(
        xy, status, certainty, points.fps, facts[0], video, crossings, facts[1], tuple(map(str, notes)), points.animals
    )


def _fits(crossing: Crossing, frames: int, animals: int) -> bool:
    return 0 <= crossing.first <= crossing.last < frames and all(0 <= who < animals for who in crossing.animals)


def load_page_arrays(path: Path) -> dict[str, np.ndarray]:
    """What the page draws beside the tracks, by name (`nearest` in px); empty where the file keeps nothing of the kind.

    Raises:
        InputError: an array is missing beside those that belong to it, or has another shape.
    """
    with open_hdf5(path, "file of identities (.h5)", own=True) as file:
        if f"{GROUP}/page" not in file:
            return {}
        group = inner_group(file, f"{GROUP}/page")
        arrays = {name: numbers(group, name, _AXES.get(name)) for name in group}
    _require_together(arrays, f"{path}: {GROUP}/page")
    return arrays


def _require_together(arrays: Mapping[str, np.ndarray], where: str) -> None:
    kept = [name for name in _IMAGES if name in arrays]
    missing = [name for name in _IMAGES[:3] if kept and name not in arrays]
    require(not missing, f"{where}/{missing[0] if missing else ''} is missing, {', '.join(kept)} is there")
    lengths = {name: len(arrays[name]) for name in kept}
    require(
        len(set(lengths.values())) < 2, f"{where} must have one entry an image in each of its arrays, got {lengths}"
    )
    layers = sorted(int(match[1]) for name in arrays if (match := _LAYER.fullmatch(name)))
    require(layers == list(range(len(layers))), f"{where} must have the weights of all layers, got {layers}")
