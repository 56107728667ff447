"""Labelled images of DeepLabCut: a project's folder, its `config.yaml`, or one of its tables by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from datasets.pose.formats.deeplabcut_table import Table, is_table, read_table
from datasets.pose.formats.instances import distinct
from datasets.pose.formats.named_files import find_beside, folder_of, open_found
from datasets.pose.skeleton import Skeleton
from datasets.pose.tracks import Tracks
from datasets.video.video import natural
from neuron_models.foundation.errors import InputError, require

_LABELS = "CollectedData"


def is_project(path: Path) -> bool:
    """Whether a path is a project's folder or configuration."""
    return path.is_dir() or path.suffix.lower() in (".yaml", ".yml")


def load_project(path: Path) -> tuple[Tracks, ...]:
    """Read the labels of a project: tracks for each folder of `labeled-data`.

    A table that cannot be read is left out, and reported in the notes of the first tracks.

    Raises:
        InputError: there is no configuration, or no table of labels can be read.
    """
    config_file = path / "config.yaml" if path.is_dir() else path
    require(config_file.is_file(), f"{path}: a folder without config.yaml is no DeepLabCut project")
    config = _config(config_file)
    folder = config_file.parent / "labeled-data"
    folders = sorted((each for each in folder.iterdir() if each.is_dir()), key=natural) if folder.is_dir() else []
    tables = [table for each in folders if (table := _table_in(each, str(config.get("scorer") or ""))) is not None]
    require(len(tables) > 0, f"{path}: there is no {_LABELS}_*.csv or .h5 in the folders of {folder}")
    labelled: list[Tracks] = []
    faults: list[str] = []
    for table in tables:
        try:
            labelled += load_image_table(table, config)
        except InputError as error:
            faults.append(str(error))
    if not labelled:
        raise InputError(faults[0])
    return (replace(labelled[0], notes=(*labelled[0].notes, *faults)), *labelled[1:])


def _config(path: Path) -> Mapping[str, Any]:
    import yaml

    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a configuration in YAML ({str(error).splitlines()[0]})") from None
    require(isinstance(config, dict), f"{path}: not the configuration of a DeepLabCut project")
    return config


def _table_in(folder: Path, scorer: str) -> Path | None:
    """The table of a folder: the scorer's if there is one, CSV before HDF5."""
    kinds = (".csv", ".h5")
    own = [folder / f"{_LABELS}_{scorer}{kind}" for kind in kinds]
    others = [each for kind in kinds for each in sorted(folder.glob(f"*{kind}")) if is_table(each)]
    return next((each for each in (*own, *others) if each.is_file()), None)


def config_above(table: Path) -> Mapping[str, Any]:
    """The configuration of the project in which a table lies; empty where it lies in none."""
    for folder in table.absolute().parents[:3]:
        if (folder / "config.yaml").is_file():
            try:
                return _config(folder / "config.yaml")
            except InputError:
                return {}
    return {}


def load_image_table(path: Path, config: Mapping[str, Any] | None = None) -> tuple[Tracks, ...]:
    """Read a table whose rows are images: tracks for each folder that its rows name.

    Args:
        path: the table, CSV or HDF5.
        config: of its project; looked for above the table when None.

    Raises:
        InputError: it is no such table.
    """
    table = read_table(path)
    config = config_above(path) if config is None else config
    by_folder: dict[str, list[int]] = {}
    for row, name in enumerate(table.rows):
        by_folder.setdefault(str(PurePosixPath(name).parent), []).append(row)
    return tuple(_folder_tracks(table, rows, path, config) for rows in by_folder.values())


def _folder_tracks(table: Table, rows: Sequence[int], path: Path, config: Mapping[str, Any]) -> Tracks:
    rows = sorted(rows, key=lambda row: natural(Path(table.rows[row])))
    names = tuple(table.rows[row] for row in rows)
    keypoints = _in_order(table.keypoints, config)
    values = table.values[rows][:, :, [table.keypoints.index(keypoint) for keypoint in keypoints]]
    shown = np.flatnonzero(~np.isnan(values[..., 0]).all(axis=(0, 2)))
    values, animals = values[:, shown], distinct([table.animals[index] for index in shown]) if table.animals else ()
    scores = np.where(np.isnan(values[..., 0]), np.nan, values[..., 2])
    paths = find_beside(names, path)
    video = folder_of(names, paths, path)
    footage = open_found(paths, names, video)
    return Tracks(
        video,
        Skeleton(keypoints, _edges(keypoints, config)),
        np.arange(len(rows)),
        values[..., :2],
        None if np.isnan(scores).all() else scores,
        tuple(animals),
        1.0,
        footage,
        images=names,
        missing=paths.note,
        absence=bool(np.isnan(scores).all()),
    )


def _in_order(keypoints: Sequence[str], config: Mapping[str, Any]) -> tuple[str, ...]:
    """The key points of a table in the order of the project; those that it does not name stand behind."""
    parts = config.get("bodyparts")
    parts = parts if isinstance(parts, list) else config.get("multianimalbodyparts") or []
    order = [str(part) for part in (*parts, *(config.get("uniquebodyparts") or []))]
    return tuple(dict.fromkeys([*(part for part in order if part in keypoints), *keypoints]))


def _edges(keypoints: Sequence[str], config: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    text = config.get("skeleton") or []
    pairs = [tuple(str(each) for each in edge) for edge in text if isinstance(edge, list) and len(edge) == 2]
    return tuple((a, b) for a, b in pairs if a in keypoints and b in keypoints and a != b)
