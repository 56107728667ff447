"""DeepLabCut's table of predictions: a row a frame, under scorer, (individuals,) bodyparts and coords."""

from pathlib import Path

import numpy as np
import pandas as pd

from datasets.pose.skeleton import Skeleton
from datasets.pose.tracks import Tracks, images_of
from neuron_models.foundation.errors import InputError

COORDS = ("x", "y", "likelihood")


def save_table(tracks: Tracks, path: Path) -> None:
    """Write tracks as DeepLabCut writes its predictions; the row's name is the frame's place in the video.

    Labels have no likelihood; those of images are named by them. Several animals come under `individuals`, as in its
    projects of many animals.
    """
    animals = tracks.animals or tuple(f"animal{index + 1}" for index in range(tracks.xy.shape[1]))
    values = tracks.xy if tracks.scores is None else np.concatenate([tracks.xy, tracks.scores[..., None]], axis=-1)
    coords = COORDS[: values.shape[-1]]
    levels: list[list[str]] = [["wormtwin"], list(animals), list(tracks.skeleton.keypoints), list(coords)]
    names = ["scorer", "individuals", "bodyparts", "coords"]
    if len(animals) == 1 and not tracks.animals:
        del levels[1], names[1]
    columns = pd.MultiIndex.from_product(levels, names=names)
    rows = [f"labeled-data/{image.parent.name}/{image.name}" for image in images_of(tracks)] or tracks.frames
    pd.DataFrame(values.reshape(len(tracks), -1), index=rows, columns=columns).to_csv(path)


def load_table(path: Path) -> Tracks | None:
    """Read a table whose rows are frames of a video; None where they are images, or it is no such table.

    Raises:
        InputError: a frame or a value is no number.
    """
    with path.open(errors="replace") as file:
        heads = [line.split(",", 1)[0].strip() for line in (file.readline() for _ in range(5))]
    if "coords" not in heads or not heads[heads.index("coords") + 1].isdecimal():
        return None
    rows = list(range(heads.index("coords") + 1))
    try:
        table = pd.read_csv(path, header=rows, index_col=0)
        values = table.to_numpy(float)
        frames = table.index.to_numpy().astype(int)
    except (ValueError, TypeError, pd.errors.ParserError) as error:
        raise InputError(f"{path}: not a whole table of DeepLabCut ({str(error).splitlines()[0]})") from None
    names = [heads[row] for row in rows]
    columns = {name: table.columns.get_level_values(row) for row, name in enumerate(names)}
    keypoints = tuple(dict.fromkeys(columns["bodyparts"]))
    followed = "individuals" in columns
    animals = tuple(dict.fromkeys(columns["individuals"])) if followed else ("",)
    found = np.full((len(frames), len(animals), len(keypoints), 3), np.nan)
    for index, (keypoint, coord) in enumerate(zip(columns["bodyparts"], columns["coords"], strict=True)):
        animal = animals.index(columns["individuals"][index]) if followed else 0
        if coord in COORDS:
            found[:, animal, keypoints.index(keypoint), COORDS.index(coord)] = values[:, index]
    scores = None if np.isnan(found[..., 2]).all() else found[..., 2]
    order = np.argsort(frames, kind="stable")
    return Tracks(
        path.stem,
        Skeleton(keypoints),
        frames[order],
        found[order][..., :2],
        None if scores is None else scores[order],
        animals if followed else (),
    )
