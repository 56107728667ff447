"""Centres of animals out of tracks of any tool, and identities into the files of other tools."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Float

from datasets.dataset import PointTracks
from datasets.identity.identity_file import as_points
from datasets.identity.trajectories import Trajectories
from datasets.topics import read_point_tracks, write_point_tracks
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import atomic_write, require_space

UNFOLLOWED = "untracked "


def read_centres(path: Path) -> PointTracks:
    """Read the tracks of a file with one point, the mean of those that are known; animals nobody followed are left out.

    Raises:
        InputError: the file cannot be read, holds several recordings, or follows no animal.
    """
    found = read_point_tracks(path)
    require(len(found) == 1, f"{path} has tracks of {len(found)} videos: give those of one")
    tracks = found[0]
    kept = [k for k, name in enumerate(tracks.animals) if not name.startswith(UNFOLLOWED)]
    left = tuple(name for k, name in enumerate(tracks.animals) if k not in kept)
    if not kept:
        raise InputError(f"{path}: no animal is followed from frame to frame in it")
    notes = (*tracks.notes, f"{len(left)} columns of animals that nobody followed") if left else tracks.notes
    names = tuple(tracks.animals[k] for k in kept)
    return PointTracks(
        tracks.name,
        ("centre",),
        names,
        centres(tracks.xy[:, kept])[:, :, None],
        tracks.fps,
        notes=notes,
        video=tracks.video,
    )


def centres(xy: Float[np.ndarray, "frame animal point 2"]) -> Float[np.ndarray, "frame animal 2"]:
    """The mean of the points of each animal that are known, px; NaN where none is."""
    known = ~np.isnan(xy[..., :1])
    return np.nansum(xy, axis=2) / np.where(known.any(axis=2), known.sum(axis=2), np.nan)


def body_length(xy: Float[np.ndarray, "frame animal point 2"]) -> float:
    """The median of the largest distance (px) between the points of an animal; NaN where there is but one point."""
    spread = np.nanmax(xy, axis=2, initial=-np.inf) - np.nanmin(xy, axis=2, initial=np.inf)
    size = np.hypot(spread[..., 0], spread[..., 1])
    size = size[np.isfinite(size) & (size > 0)]
    return float(np.median(size)) if len(size) else float("nan")


def save_npy(tracks: Trajectories, path: Path) -> None:
    """idtracker.ai's dictionary cannot be kept without a pickle; its array of trajectories (px) is kept alone."""
    with path.open("wb") as file:
        np.save(file, tracks.xy, allow_pickle=False)


def save_h5(tracks: Trajectories, path: Path) -> None:
    """`trajectories` (frame, animal, 2) px and `id_probabilities` (frame, animal), as idtracker.ai 6 names them."""
    import h5py

    require_space(path, tracks.xy.nbytes + tracks.certainty.nbytes + 2**16)  # HDF5 can crash on a full disk
    with h5py.File(path, "w") as file:
        file.create_dataset("trajectories", data=tracks.xy)
        file.create_dataset("id_probabilities", data=tracks.certainty)
        file.attrs.update(
            {
                "frames_per_second": float(tracks.fps),
                "body_length": float(tracks.length),
                "silhouette_score": float(tracks.silhouette),
                "number_of_animals": tracks.xy.shape[1],
                "version": "wormtwin",
            }
        )


def save_csv(tracks: Trajectories, path: Path) -> None:
    """A column of seconds and, for each animal, x and y in px, as idtracker.ai 6 names them."""
    import pandas as pd

    from neuron_models.foundation.csv_file import write_csv

    columns: dict[str, np.ndarray] = {"time": np.arange(len(tracks.xy)) / tracks.fps}
    for k in range(tracks.xy.shape[1]):
        columns[f"x{k + 1}"], columns[f"y{k + 1}"] = tracks.xy[:, k].T
    write_csv(pd.DataFrame(columns), path, index=False)


IDTRACKER: Mapping[str, tuple[str, Callable[[Trajectories, Path], None]]] = {
    "idtracker-npy": (".npy", save_npy),
    "idtracker-h5": (".h5", save_h5),
    "idtracker-csv": (".csv", save_csv),
}
"""The kinds of files of idtracker.ai: how their names end, and what writes them."""


def export_identities(tracks: Trajectories, out: Path, to: str) -> Path:
    """Write identities to a file of another tool.

    Raises:
        InputError: there is no such kind, or the file's name ends otherwise.
    """
    if to not in IDTRACKER:
        write_point_tracks(as_points(tracks), out, to)
        return out
    suffix, write = IDTRACKER[to]
    require(out.suffix == suffix, f"a file for {to} ends in {suffix}, got {out.name}")
    with atomic_write(out) as temporary:
        write(tracks, temporary)
    return out
