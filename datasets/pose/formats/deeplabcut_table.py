"""DeepLabCut's tables: a row a frame or image, under scorer, (individuals,) bodyparts and coords; in CSV or HDF5."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
from jaxtyping import Float

from datasets.pose.formats.named_files import plain
from datasets.pose.formats.pandas_hdf import load_frame
from datasets.pose.formats.pandas_out import save_frame
from datasets.pose.skeleton import Skeleton
from datasets.pose.tracks import Tracks, images_of
from neuron_models.foundation.csv_file import dialect_of
from neuron_models.foundation.errors import InputError, require, require_distinct
from neuron_models.foundation.hdf5 import require_own_data

COORDS = ("x", "y", "likelihood")
_LEVELS = {"scorer", "individuals", "bodyparts", "coords"}


@dataclass(frozen=True, eq=False)
class Table:
    """A table as it stands in its file.

    Attributes:
        rows: the frame's number or the image's name of each row.
        animals: of `individuals`; empty where the table has none.
        keypoints: the body parts, in the order of the table.
        values: (row, animal, keypoint, 3) x, y and likelihood; NaN where the table has none.
        notes: what was left out, in words.
    """

    rows: tuple[str, ...]
    animals: tuple[str, ...]
    keypoints: tuple[str, ...]
    values: Float[np.ndarray, "row animal keypoint 3"]
    notes: tuple[str, ...] = ()

    def of_images(self) -> bool:
        """Whether the rows are images."""
        return not all(row.isdecimal() for row in self.rows)


def save_table(tracks: Tracks, path: Path) -> None:
    """Write tracks as DeepLabCut writes its predictions, in CSV or HDF5; rows are named by the frame's place.

    Labels have no likelihood; those of images are named by them. Several animals come under `individuals`, as in its
    projects of many animals; one animal alone does not.
    """
    animals = tracks.animals or tuple(f"animal{index + 1}" for index in range(tracks.xy.shape[1]))
    values = tracks.xy if tracks.scores is None else np.concatenate([tracks.xy, tracks.scores[..., None]], axis=-1)
    coords = COORDS[: values.shape[-1]]
    levels: list[list[str]] = [["wormtwin"], list(animals), list(tracks.skeleton.keypoints), list(coords)]
    names = ["scorer", "individuals", "bodyparts", "coords"]
    if len(animals) == 1:
        del levels[1], names[1]
    columns = pd.MultiIndex.from_product(levels, names=names)
    rows = [("labeled-data", image.parent.name, image.name) for image in images_of(tracks)] or tracks.frames.tolist()
    _save(columns, rows, values.reshape(len(tracks), -1), path)


def save_label_table(
    rows: Sequence[tuple[str, str, str]],
    keypoints: Sequence[str],
    xy: Float[np.ndarray, "row keypoint 2"],
    scorer: str,
    path: Path,
) -> None:
    """Write labels of images as DeepLabCut keeps them, in CSV or HDF5 by the file's name.

    Args:
        rows: ("labeled-data", folder, image) of each.
        keypoints: their names.
        xy: in px of the images, NaN where there is no label.
        scorer: whose labels they are.
        path: the file.
    """
    levels, names = [[scorer], list(keypoints), list(COORDS[:2])], ["scorer", "bodyparts", "coords"]
    columns = pd.MultiIndex.from_product(levels, names=names)
    _save(columns, list(rows), np.asarray(xy, float).reshape(len(rows), -1), path)


def _save(columns: pd.MultiIndex, rows: Sequence[Any], values: Float[np.ndarray, "row column"], path: Path) -> None:
    if path.suffix == ".h5":
        levels = {str(name): columns.get_level_values(name).tolist() for name in columns.names}
        save_frame(levels, rows, values, path)
        return
    named = ["/".join(row) if isinstance(row, tuple) else row for row in rows]
    pd.DataFrame(values, index=named, columns=columns).to_csv(path)


def is_table(path: Path) -> bool:
    """Whether a file is a table of DeepLabCut.

    Raises:
        InputError: it is HDF5 that does harm.
    """
    if path.suffix.lower() == ".csv":
        return "coords" in [row[0] for row in _head(path) if row]
    require_own_data(path)
    try:
        with h5py.File(path, "r") as file:
            return any("pandas_type" in group.attrs for group in file.values())
    except OSError:
        return False


def _head(path: Path) -> list[list[str]]:
    with path.open(errors="replace", newline="") as file:
        lines = list(islice(file, 5))
    return list(csv.reader(lines, delimiter=dialect_of(lines).delimiter))


def read_table(path: Path) -> Table:
    """Read a table of labels or predictions.

    Raises:
        InputError: it is no such table, a value is no number, or a column or a row comes twice.
    """
    levels, rows, values = _from_csv(path) if path.suffix.lower() == ".csv" else load_frame(path)
    known = dict(levels)
    require({"bodyparts", "coords"} <= set(known), f"{path}: not a table of DeepLabCut: it has no bodyparts and coords")
    keypoints = tuple(dict.fromkeys(known["bodyparts"]))
    named = known.get("individuals")
    animals = tuple(dict.fromkeys(named)) if named else ()
    positions = np.full((len(rows), max(1, len(animals)), len(keypoints), 3), np.nan)
    of = named or [""] * values.shape[1]
    uneven = {len(of), len(known["bodyparts"]), len(known["coords"]), values.shape[1]}
    require(len(uneven) == 1, f"{path}: not a whole table of DeepLabCut: lines of its head have other lengths")
    columns = list(zip(of, known["bodyparts"], known["coords"], strict=True))
    require_distinct((" ".join(column).strip() for column in columns), f"{path} has a column")
    for column, (animal, keypoint, coord) in enumerate(columns):
        if coord in COORDS:
            index = animals.index(animal) if animals else 0
            positions[:, index, keypoints.index(keypoint), COORDS.index(coord)] = values[:, column]
    names = tuple(plain(row) for row in rows)
    require_distinct(names, f"{path} has a row")
    notes = ("the third coordinate (z)",) if "z" in known["coords"] else ()
    return Table(names, animals, keypoints, positions, notes)


def _from_csv(path: Path) -> tuple[dict[str, list[str]], list[str], Float[np.ndarray, "row column"]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            dialect = dialect_of(file)
            file.seek(0)
            read = csv.reader(file, delimiter=dialect.delimiter)
            lines = [row for row in read if any(cell.strip() for cell in row)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: not a table of DeepLabCut ({error})") from None
    heads = next((index + 1 for index, row in enumerate(lines[:5]) if row[0].strip() == "coords"), 0)
    require(heads > 0, f"{path}: not a table of DeepLabCut: no line begins with coords")
    named = next((index for index, cell in enumerate(lines[0][1:], start=1) if cell), 1)  # an image's folders before it
    width = len(lines[heads - 1])
    rows = ["/".join(cell.strip() for cell in row[:named]) for row in lines[heads:]]
    for row, line in zip(rows, lines[heads:], strict=True):
        require(
            len(line) == width,
            f"{path}: not a whole table of DeepLabCut: row {row} has {len(line)} cells and the head has {width}",
        )
    try:
        values = np.array([[dialect.number(cell or "nan") for cell in row[named:]] for row in lines[heads:]], float)
    except ValueError as error:
        raise InputError(f"{path}: not a whole table of DeepLabCut ({error})") from None
    levels = {row[0].strip(): [cell.strip() for cell in row[named:]] for row in lines[:heads]}
    return levels, rows, values.reshape(len(rows), width - named)


def table_tracks(table: Table, path: Path) -> Tracks:
    """The tracks of a table whose rows are frames of a movie."""
    frames = np.array([int(row) for row in table.rows], int)
    order = np.argsort(frames, kind="stable")
    scores = None if np.isnan(table.values[..., 2]).all() else table.values[order][..., 2]
    xy = table.values[order][..., :2]
    if scores is not None:
        scores = np.where(np.isnan(xy[..., 0]), np.nan, scores)
    return Tracks(path.stem, Skeleton(table.keypoints), frames[order], xy, scores, table.animals, notes=table.notes)


def load_table(path: Path) -> Tracks:
    """Read a table whose rows are frames of a movie.

    Raises:
        InputError: it is no such table, or its rows are images.
    """
    table = read_table(path)
    require(not table.of_images(), f"{path}: its rows are images, not frames of a movie")
    return replace(table_tracks(table, path), video=path.stem)
