"""The faces that people score: of a folder of photographs, or of a dataset."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import UInt8

from datasets.dataset import Dataset
from datasets.grimace.importing import box_of, inside, read_score_table
from datasets.grimace.pictures import SMALLEST, Box, cut_out, seen_picture, size_of
from datasets.grimace.scored import names_of, require_grimace
from datasets.store import load_dataset
from neuron_models.foundation.errors import InputError, require

PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp")


@dataclass(frozen=True)
class Face:
    """A face: the name of its image, its animal, and its box where it has one."""

    image: str
    animal: str
    box: Box | None = None


@dataclass(frozen=True, eq=False)
class Faces:
    """Faces to be scored.

    Attributes:
        faces: each with its own image.
        read: gives the picture (height, width, 3) of a face.
        left_out: lines that say what is not among them, and why.
    """

    faces: tuple[Face, ...]
    read: Callable[[Face], UInt8[np.ndarray, "height width 3"]]
    left_out: tuple[str, ...] = ()


def open_faces(source: Path, table: Path | None = None) -> Faces:
    """Find the faces of a source.

    Args:
        source: a dataset (.h5), or a folder; without a table its photographs lie in a folder an animal.
        table: of a folder: which images there are, of which animal, and their boxes, as `grimace import` has them.

    Raises:
        InputError: there are none, or nothing says which animal a photograph shows.
    """
    if source.is_dir():
        return _of_folder(source, table)
    require(table is None, f"--list goes with a folder of photographs; {source} names its animals itself")
    return _of_dataset(load_dataset(source))


def _of_dataset(dataset: Dataset) -> Faces:
    require_grimace(dataset)
    places = {
        name: (trial, row, Face(name, trial.name))
        for trial in dataset
        for row, name in enumerate(names_of(dataset, trial))
    }
    require(len(places) == sum(map(len, dataset)), f"dataset {dataset.name!r}: two images have one name")

    def read(face: Face) -> Any:
        trial, row, _ = places[face.image]
        return np.moveaxis(np.asarray(trial.x[row]), 0, -1)

    return Faces(tuple(face for *_, face in places.values()), read)


def _of_folder(folder: Path, table: Path | None) -> Faces:
    there = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if _is_picture(path)]
    require(len(there) > 0, f"{folder}: there is no photograph in it ({', '.join(PICTURES)})")
    listed = _listed(folder, table, there) if table is not None else _by_folder(folder, there)
    left = [f"{name}: {table} does not list it" for name in there if name not in {face.image for face in listed}]
    kept = []
    for face in listed:
        try:
            wide, high = size_of(folder / face.image) if face.box is None else face.box[2:]
            require(min(wide, high) >= SMALLEST, f"{face.image}: {wide:g} x {high:g} pixels, {SMALLEST} are needed")
            kept.append(face)
        except InputError as error:
            left.append(str(error))
    require(len(kept) > 0, f"{folder}: no photograph of it can be scored: {left[0] if left else 'there is none'}")

    def read(face: Face) -> Any:
        return cut_out(seen_picture(folder / face.image), face.box, face.image)

    return Faces(tuple(kept), read, tuple(left))


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in PICTURES and path.is_file() and not path.name.startswith(".")


def _by_folder(folder: Path, names: list[str]) -> list[Face]:
    loose = [name for name in names if "/" not in name]
    require(
        not loose,
        f"{folder / loose[0] if loose else folder}: which animal is it? Give a table of image and animal by --list, or "
        "a folder an animal",
    )
    return [Face(name, name.rpartition("/")[0]) for name in names]


def _listed(folder: Path, path: Path, there: list[str]) -> list[Face]:
    table: pd.DataFrame = read_score_table(path)
    for name in ("image", "animal"):
        require(name in table, f"{path}: there is no column {name}; there are {', '.join(map(str, table))}"[:300])
    faces = []
    for image, rows in table.groupby("image", sort=False):
        own = sorted(set(rows["animal"]))
        require(len(own) == 1, f"{path}: an image of two animals: {image}")
        require(own != [""] and image != "", f"{path}: an image or an animal without a name")
        inside(folder, str(image))
        require(str(image) in there, f"{path}: {image}: there is no such photograph in {folder}")
        faces.append(Face(str(image), own[0], box_of(rows, path)))
    return faces
