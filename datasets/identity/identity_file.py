"""Identities in a file: tracks as this project keeps them, and beside them what is known of the identities.

Every command that reads tracks reads the file; the group `identity` holds the rest.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from datasets.dataset import PointTracks
from datasets.identity.trajectories import LOST, STATUS, Crossing, Trajectories
from datasets.topics import read_point_tracks, write_point_tracks
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import atomic_write, require_writable
from neuron_models.foundation.hdf5 import (
    inner_group,
    json_attribute,
    number_attribute,
    numbers,
    open_hdf5,
    text_attribute,
)

GROUP = "identity"
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
    """Write trajectories whole.

    Args:
        tracks: to write.
        out: the file (.h5).
        arrays: what the page draws beside them, by name.
    """
    with atomic_write(out) as temporary:
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
    except (TypeError, ValueError):
        raise InputError(f"{path}: its crossings cannot be read") from None
    xy = np.where((status == LOST)[..., None], np.nan, points.xy[:, :, 0])
    return Trajectories(
        xy, status, certainty, points.fps, facts[0], video, crossings, facts[1], tuple(map(str, notes)), points.animals
    )


def load_page_arrays(path: Path) -> dict[str, np.ndarray]:
    """What the page draws beside the tracks, by name; empty where the file keeps nothing of the kind."""
    with open_hdf5(path, "file of identities (.h5)", own=True) as file:
        if f"{GROUP}/page" not in file:
            return {}
        group = file[f"{GROUP}/page"]
        return {name: np.asarray(group[name]) for name in group}
