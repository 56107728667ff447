"""Which images of a DeepLabCut project train and which test: the shuffles of its training datasets, in and out.

A shuffle is a pickle, `Documentation_data-<task>_<percent>shuffle<number>.pickle`, of [images, training rows, test
rows, share]; the rows are those of the table of labels beside it. It is read as data: nothing in it is run.
"""

import pickle
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from datasets.dataset import Dataset
from datasets.pose.crops import crops_of
from datasets.pose.formats.deeplabcut_table import read_table
from datasets.pose.sampling.splits import Pick, choose_frames, labelled_rows, picked
from datasets.pose.tracks import Tracks
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.plain_pickle import Call, read_plain
from neuron_models.foundation.wording import counted

_NUMPY = ("numpy.core", "numpy._core")
_KNOWN = (
    *("numpy dtype", "numpy ndarray", "_codecs encode"),
    *(f"{package}.multiarray {name}" for package in _NUMPY for name in ("_reconstruct", "scalar")),
    *(f"{package}.numeric _frombuffer" for package in _NUMPY),
)
_WHOLE = re.compile(r"[iu][1248]")


@dataclass(frozen=True)
class Shuffle:
    """The images of both parts, each as `folder/name`."""

    train: tuple[str, ...]
    test: tuple[str, ...]


def short_name(image: str) -> str:
    """The folder and the name of an image, by which tables of one project name it alike.

    >>> short_name("labeled-data/m1/img01.png")
    'm1/img01.png'
    """
    return "/".join(PurePosixPath(image).parts[-2:])


def load_shuffle(project: Path, number: int) -> Shuffle:
    """Read a shuffle of a project: its folder or its `config.yaml`.

    Raises:
        InputError: there is none of this number or several, it is damaged, or the table beside it is missing.
    """
    folder = (project if project.is_dir() else project.parent) / "training-datasets"
    files = sorted(folder.glob(f"iteration-*/UnaugmentedDataSet_*/Documentation_data-*shuffle{number}.pickle"))
    if len(files) != 1:
        there = sorted(path.name for path in folder.glob("*/*/Documentation_data-*.pickle"))
        some = f"; there are {', '.join(there[:5])}" if there else ": the project has no training dataset"
        raise InputError(f"{folder}: {counted(len(files), 'shuffle')} of the number {number}{some}")
    tables = [*files[0].parent.glob("CollectedData_*.h5"), *files[0].parent.glob("CollectedData_*.csv")]
    require(len(tables) > 0, f"{files[0].parent}: there is no CollectedData_*.h5 or .csv beside {files[0].name}")
    names = [short_name(row) for row in read_table(tables[0]).rows]
    return _read(files[0], names)


def _read(path: Path, names: Sequence[str]) -> Shuffle:
    try:
        with path.open("rb") as file:
            _, train, test, _ = read_plain(file, _KNOWN)
        parts = [_numbers(rows) for rows in (train, test)]
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: no shuffle can be read from it ({str(error)[:120]})") from None
    rows = [row for part in parts for row in part]
    require(len(set(rows)) == len(rows), f"{path}: an image is in both parts, or twice in one")
    require(all(0 <= row < len(names) for row in rows), f"{path}: it names rows beyond the {len(names)} of its table")
    return Shuffle(*(tuple(names[row] for row in part) for part in parts))


def _numbers(stored: Any) -> list[int]:
    """Whole numbers that stand in a pickle as a list or an array of NumPy."""
    if isinstance(stored, list | tuple):
        return [_number(each) for each in stored]
    require(isinstance(stored, Call), "its rows are no list")
    if stored.name.endswith("_frombuffer"):
        raw, kind = stored.arguments[:2]
    else:
        require(stored.name.endswith("_reconstruct") and len(stored.states) == 1, "its rows are no list")
        kind, raw = stored.states[0][2], stored.states[0][4]
    return [int(each) for each in np.frombuffer(_bytes(raw), _kind(kind))]


def _number(stored: Any) -> int:
    if isinstance(stored, Call):
        require(stored.name.endswith("scalar"), "a row is no number")
        kind, raw = stored.arguments
        return int(np.frombuffer(_bytes(raw), _kind(kind))[0])
    require(type(stored) is int, "a row is no whole number")
    return int(stored)


def _kind(stored: Any) -> str:
    """The type of NumPy that a pickle names, if it is one of whole numbers."""
    require(isinstance(stored, Call) and stored.name == "numpy dtype", "its rows have no type")
    text, order = str(stored.arguments[0]), str(stored.states[0][1])
    require(_WHOLE.fullmatch(text) is not None and order in ("<", ">", "|"), "its rows are no whole numbers")
    return order + text


def _bytes(stored: Any) -> bytes:
    """Bytes, which old forms of pickle write as a text."""
    if isinstance(stored, Call):
        require(stored.name == "_codecs encode" and stored.arguments[1] == "latin1", "its rows are no bytes")
        return str(stored.arguments[0]).encode("latin1")
    require(isinstance(stored, bytes | bytearray), "its rows are no bytes")
    return bytes(stored)


def divided_as(dataset: Dataset, labelled: Sequence[Tracks], shuffle: Shuffle) -> tuple[Dataset, int]:
    """A dataset divided as a shuffle says, image by image, by their names.

    Args:
        dataset: of the labels.
        labelled: where it was made from.
        shuffle: of the project.

    Returns:
        The dataset, and how many of its images are in neither part; they keep no split.

    Raises:
        InputError: none of its images is in the shuffle.
    """
    parts = {name: part for part in ("train", "test") for name in getattr(shuffle, part)}
    names = {each.video: dict(zip(each.frames.tolist(), each.images, strict=True)) for each in labelled if each.images}
    crops = crops_of(dataset)
    rows: dict[str, list[tuple[int, int]]] = {"train": [], "test": [], "": []}
    for trial, row in labelled_rows(dataset):
        place = crops[dataset.trials[trial].name]
        image = names.get(place.video, {}).get(int(place.frames[row]), "")
        rows[parts.get(short_name(image), "")].append((trial, row))
    require(bool(rows["train"] or rows["test"]), f"dataset {dataset.name!r}: none of its images is in the shuffle")
    picks: list[Pick] = [pick for part, chosen in rows.items() for pick in picked(chosen, part)]
    return choose_frames(dataset, picks), len(rows[""])


def save_shuffle(folder: Path, task: str, parts: Sequence[str], names: Sequence[str], facts: Mapping[str, Any]) -> None:
    """Write a shuffle of number 1 into the folder of a training dataset, whose table has these rows.

    Args:
        folder: `UnaugmentedDataSet_<task><date>`.
        task: of the project.
        parts: of each row: train, validation (which trains, since DeepLabCut has none) or test; others are in neither.
        names: of the rows' images.
        facts: what `metadata.yaml` says beside: the project's `date`.
    """
    import yaml

    train, test = (
        [row for row, part in enumerate(parts) if part in own] for own in (("train", "validation"), ("test",))
    )
    share = round(len(train) / max(1, len(train) + len(test)), 2)
    percent = int(100 * share)
    images = [{"image": tuple(PurePosixPath(names[row]).parts)} for row in train]
    path = folder / f"Documentation_data-{task}_{percent}shuffle1.pickle"
    path.write_bytes(pickle.dumps([images, train, test, share], protocol=4))
    one = {"train_fraction": share, "index": 1, "split": 1, "engine": "pytorch"}
    text = yaml.safe_dump({"shuffles": {f"{task}{facts['date']}-trainset{percent}shuffle1": one}}, sort_keys=False)
    (folder / "metadata.yaml").write_text(text, encoding="utf-8")
