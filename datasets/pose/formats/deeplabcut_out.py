"""A DeepLabCut project out of a dataset of labelled images: configuration, images, tables of labels, the split."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from datasets.dataset import Dataset, Trial
from datasets.pose.crops import Crops, crops_of
from datasets.pose.formats.deeplabcut_split import save_shuffle
from datasets.pose.formats.deeplabcut_table import save_label_table
from datasets.pose.labelled import keypoints_of, skeleton_of
from datasets.pose.sampling.splits import is_labelled
from neuron_models.foundation.errors import require
from neuron_models.foundation.files import atomic_files

DATE = "Jan01"
"""DeepLabCut asks for a date in names of folders; a constant keeps the same dataset the same bytes."""


@dataclass(frozen=True, eq=False)
class LabelledImage:
    """One image of a project: its folder and name, its pixels, its key points in px, and its part of the split."""

    folder: str
    name: str
    pixels: UInt8[np.ndarray, "height width colour"]
    keypoints: Float[np.ndarray, "keypoint 2"]
    part: str

    @property
    def row(self) -> tuple[str, str, str]:
        """What names it in tables."""
        return "labeled-data", self.folder, self.name


def save_project(dataset: Dataset, out: Path, scorer: str = "wormtwin") -> int:
    """Write a dataset of labelled images as a project that DeepLabCut opens.

    Images are those of the dataset, crops or frames; validation frames go to the training part, since DeepLabCut has no
    third one.

    Args:
        dataset: of labelled images.
        out: the folder to make.
        scorer: whose labels they are.

    Returns:
        How many images were written.

    Raises:
        InputError: the folder is there, the scorer is no plain word, or there is no label.
    """
    require(not out.exists(), f"{out} exists: delete it or choose another --out")
    require(re.fullmatch(r"\w+", scorer) is not None, f"--scorer must be a word, got {scorer!r}")
    images = list(_images(dataset))
    require(len(images) > 0, f"dataset {dataset.name!r}: no key point is labelled")
    with atomic_files(out) as folder:
        _save_images(images, folder)
        config = _config(dataset, images, out, scorer)
        (folder / "config.yaml").write_text(_yaml(config), encoding="utf-8")
        keypoints = tuple(config["bodyparts"])
        for name in dict.fromkeys(image.folder for image in images):
            own = [image for image in images if image.folder == name]
            _save_labels(own, keypoints, scorer, folder / "labeled-data" / name)
        if any(image.part for image in images):
            task, whole = config["Task"], folder / "training-datasets" / "iteration-0"
            whole = whole / f"UnaugmentedDataSet_{task}{DATE}"
            whole.mkdir(parents=True)
            _save_labels(images, keypoints, scorer, whole)
            rows = ["/".join(image.row) for image in images]
            save_shuffle(whole, task, [image.part for image in images], rows, {"date": DATE})
    return len(images)


def _images(dataset: Dataset) -> list[LabelledImage]:
    crops = crops_of(dataset)
    images = [each for trial in dataset for each in _of_trial(trial, crops.get(trial.name))]
    names = [(each.folder, each.name) for each in images]
    twice = len(set(names)) < len(names)
    return sorted(images, key=lambda each: (each.folder, each.name)) if not twice else _numbered(images)


def _of_trial(trial: Trial, crops: Crops | None) -> list[LabelledImage]:
    rows, keypoints = np.flatnonzero(is_labelled(trial)), keypoints_of(trial)
    folder = re.sub(r"\W+", "_", trial.group or trial.name).strip("_") or "images"
    frames = rows if crops is None else crops.frames[rows]
    pixels = (np.moveaxis(np.asarray(trial.x[row : row + 1])[0], 0, -1) for row in rows.tolist())
    return [
        LabelledImage(folder, f"img{frame:06d}.png", image, points, trial.split)
        for frame, image, points in zip(frames, pixels, keypoints[rows], strict=True)
    ]


def _numbered(images: Sequence[LabelledImage]) -> list[LabelledImage]:
    """The images under running numbers, where several of a folder are of one frame."""
    from dataclasses import replace

    return [replace(each, name=f"img{number:06d}.png") for number, each in enumerate(images)]


def _save_images(images: Sequence[LabelledImage], folder: Path) -> None:
    import imageio.v3 as iio

    for each in images:
        path = folder.joinpath(*each.row)
        path.parent.mkdir(parents=True, exist_ok=True)
        iio.imwrite(path, each.pixels[..., 0] if each.pixels.shape[-1] == 1 else each.pixels)


def _save_labels(images: Sequence[LabelledImage], keypoints: tuple[str, ...], scorer: str, folder: Path) -> None:
    """The table of labels, in both of its forms."""
    xy = np.stack([image.keypoints for image in images])
    for kind in (".csv", ".h5"):
        save_label_table(
            [image.row for image in images], keypoints, xy, scorer, folder / f"CollectedData_{scorer}{kind}"
        )


def _config(dataset: Dataset, images: Sequence[LabelledImage], out: Path, scorer: str) -> dict[str, Any]:
    skeleton, size = skeleton_of(dataset), images[0].pixels.shape
    task = re.sub(r"\W+", "", dataset.name) or "wormtwin"
    trains = sum(image.part in ("train", "validation") for image in images)
    tests = sum(image.part == "test" for image in images)
    videos = dict.fromkeys(f"videos/{image.folder}.mp4" for image in images)
    return {
        "Task": task,
        "scorer": scorer,
        "date": DATE,
        "multianimalproject": False,
        "identity": None,
        "project_path": str(out.absolute()),
        "engine": "pytorch",
        "video_sets": {video: {"crop": f"0, {size[1]}, 0, {size[0]}"} for video in videos},
        "bodyparts": list(skeleton.keypoints),
        "start": 0,
        "stop": 1,
        "numframes2pick": 20,
        "skeleton": [list(edge) for edge in skeleton.edges],
        "skeleton_color": "black",
        "pcutoff": 0.6,
        "dotsize": 8,
        "alphavalue": 0.7,
        "colormap": "rainbow",
        "TrainingFraction": [round(trains / (trains + tests), 2) if tests else 0.95],
        "iteration": 0,
        "default_net_type": "resnet_50",
        "default_augmenter": "default",
        "snapshotindex": -1,
        "batch_size": 8,
        "cropping": False,
        "x1": 0,
        "x2": size[1],
        "y1": 0,
        "y2": size[0],
        "corner2move2": [50, 50],
        "move2corner": True,
    }


def _yaml(config: Mapping[str, Any]) -> str:
    import yaml

    return str(yaml.safe_dump(dict(config), sort_keys=False))
