"""A folder of photographs and a table of scores as a dataset."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from datasets.dataset import Dataset
from datasets.grimace.pictures import Box, read_face
from datasets.grimace.scored import Scored, grimace_dataset
from datasets.grimace.units import HIGHEST, OUTPUTS, PAIN, UNITS
from neuron_models.foundation.csv_file import read_csv
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.progress import progress_bar
from neuron_models.foundation.wording import counted

MANY = 200
"""From so many images on a bar is shown."""
BOX = ("left", "top", "width", "height")
_ONE = "one rater"
_CANNOT = ("NA", "nan")


def load_scores(path: Path, *, abstaining: bool = False) -> pd.DataFrame:
    """Read a table of scores: a row an image and rater.

    Columns: `image`, `animal`, the five units (0, 1, 2) or `pain` (0, 1) or both, and if there are any `rater` and the
    face's `left`, `top`, `width`, `height` in px. An empty cell is a score that nobody gave; NA says that it cannot be
    judged.

    Returns:
        The table with every column of `OUTPUTS`, NaN where there is no score.

    Raises:
        InputError: a column is missing, a line has no score (but of a model that may abstain), a score is none of the
            scale, or a rater scored an image twice.
    """
    table = read_score_table(path)
    _require_columns(table, path)
    judged = table[[name for name in OUTPUTS if name in table]].isin(_CANNOT).any(axis=1)
    table["rater"] = table.get("rater", _ONE)
    for name in OUTPUTS:
        cells = table[name] if name in table else [""] * len(table)
        table[name] = [_score(cell, name, f"{path}, line {line}") for line, cell in enumerate(cells, start=2)]
    bare = table.loc[table[list(OUTPUTS)].isna().all(axis=1) & ~judged, "image"]
    require(abstaining or len(bare) == 0, f"{path}: {', '.join(bare[:3])}: no score in its line")
    twice = table.loc[table.duplicated(["image", "rater"]), "image"]
    require(len(twice) == 0, f"{path}: one rater scored an image twice: {', '.join(twice[:3])}")
    several = table.groupby("image")["animal"].nunique()
    require(bool((several == 1).all()), f"{path}: an image of two animals: {several.idxmax()}")
    return table


def read_score_table(path: Path) -> pd.DataFrame:
    """Read a table as texts.

    Raises:
        InputError: there is none.
    """
    try:
        return read_csv(path, dtype=str, keep_default_na=False)
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such table") from None
    except InputError:
        raise
    except (ValueError, OSError) as error:
        raise InputError(f"{path}: not a table ({str(error).splitlines()[0][:100]})") from None


def _require_columns(table: pd.DataFrame, path: Path) -> None:
    for name in ("image", "animal"):
        require(name in table, f"{path}: there is no column {name}; there are {', '.join(map(str, table))}"[:300])
    there = [name for name in UNITS if name in table]
    missing = [name for name in UNITS if name not in table]
    require(
        not there or not missing, f"{path}: the unit {', '.join(missing)} has no column: give all five, or only pain"
    )
    require(
        bool(there) or PAIN in table, f"{path}: there are no scores: give the five units ({', '.join(UNITS)}) or pain"
    )
    require(len(table) > 0, f"{path}: there is no line in it")
    empty = [line for line, row in enumerate(zip(table["image"], table["animal"], strict=True), start=2) if "" in row]
    require(not empty, f"{path}, line {empty[0] if empty else 0}: an image or an animal without a name")
    require(not table["image"].str.contains("\0", regex=False).any(), f"{path}: the name of an image holds a zero byte")


def _score(cell: str, name: str, where: str) -> float:
    if cell.strip() in ("", *_CANNOT):
        return float("nan")
    known = {str(score): float(score) for score in range(HIGHEST[name] + 1)}
    known |= {f"{text}.0": score for text, score in known.items()}
    require(cell.strip() in known, f"{where}: {name} must be 0 to {HIGHEST[name]}, got {cell!r:.30}")
    return known[cell.strip()]


def import_faces(
    folder: Path,
    scores: Path,
    size: int,
    name: str,
    progress: bool = True,
    on_left_out: Callable[[str], None] = print,
) -> Dataset:
    """Read scored photographs.

    Args:
        folder: of the photographs, which the table names below it.
        scores: the table, as `load_scores` reads it.
        size: of the squares that come out, a multiple of 32 px.
        name: of the dataset.
        progress: show a bar.
        on_left_out: called with a line about photographs that nobody could judge.

    Raises:
        InputError: a photograph is missing, outside of the folder or cannot be read, nobody could judge any, or the
            table is none.
    """
    require(size % 32 == 0 and 32 <= size <= 1024, f"--size must be 32, 64, ... 1024 px, got {size}")
    require(folder.is_dir(), f"{folder}: there is no such folder")
    table = _judged(load_scores(scores), scores, on_left_out)
    number = table["image"].nunique()
    bar = progress_bar(number, "image") if progress and number > MANY else None
    scored = []
    for animal, rows in table.groupby("animal", sort=True):
        names = list(dict.fromkeys(rows["image"]))
        images = []
        for image in names:
            images.append(read_face(inside(folder, image), size, box_of(rows[rows["image"] == image], scores)))
            if bar is not None:
                bar.update(1)
        scored.append(_scored(str(animal), np.stack(images), names, rows))
    if bar is not None:
        bar.close()
    return grimace_dataset(name, scored, source=scores.name)


def _judged(table: pd.DataFrame, path: Path, on_left_out: Callable[[str], None]) -> pd.DataFrame:
    """The lines of images of which anybody could judge anything."""
    some = table[list(OUTPUTS)].notna().any(axis=1).groupby(table["image"]).transform("any")
    lost = list(dict.fromkeys(table.loc[~some, "image"]))
    require(bool(some.any()), f"{path}: nobody could judge any image: there is no score")
    if lost:
        on_left_out(f"Left out: {counted(len(lost), 'image')} that nobody could judge: {', '.join(lost[:3])}")
    return table[some]


def inside(folder: Path, image: str) -> Path:
    """Where an image of a table lies; raises an `InputError` where that is outside of the folder."""
    path = folder / image
    require(path.resolve().is_relative_to(folder.resolve()), f"{image}: a photograph outside of {folder}")
    return path


def box_of(rows: pd.DataFrame, path: Path) -> Box | None:
    """The box that the first of some rows gives; None where it gives none."""
    if not set(BOX) <= set(rows.columns):
        return None
    cells: Sequence[Any] = [rows.iloc[0][name] for name in BOX]
    if all(cell == "" for cell in cells):
        return None
    try:
        left, top, wide, high = (float(cell) for cell in cells)
    except ValueError:
        raise InputError(f"{path}: {rows.iloc[0]['image']}: a box of four numbers, got {', '.join(cells)}") from None
    return left, top, wide, high


def _scored(animal: str, images: np.ndarray, names: Sequence[str], rows: pd.DataFrame) -> Scored:
    ratings: Mapping[str, np.ndarray] = {
        str(rater): own.set_index("image").reindex(names)[list(OUTPUTS)].to_numpy(float)
        for rater, own in rows.groupby("rater", sort=True)
    }
    stacked = np.stack(list(ratings.values()))
    known = np.isfinite(stacked)
    total = np.where(known, stacked, 0).sum(axis=0)
    scores = np.where(known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), np.nan)
    return Scored(animal, images, scores, tuple(names), ratings if set(ratings) != {_ONE} else {})
