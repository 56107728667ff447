"""Labelled images as a `Dataset`: trials of images and of the key points that were marked in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from datasets.dataset import ArrayLike, Dataset, Trial
from datasets.pose.crops import Crops
from datasets.pose.skeleton import Skeleton, skeleton_from_json
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.units import Hertz, Pixels

COLOURS = {1: ("grey",), 3: ("red", "green", "blue")}
Kind = Literal["crops", "frames"]


@dataclass(frozen=True, eq=False)
class Labelled:
    """Images of one animal, and its key points in them.

    Attributes:
        name: of the trial.
        images: (frame, channel, height, width) uint8, of 1 (grey) or 3 (red, green, blue) channels; may be lazy.
        keypoints: (frame, keypoint, 2) x to the right and y down, in pixels of the images, the centre of the first
            pixel at (0, 0); NaN where a key point is not labelled. None for images without labels.
        crops: where the images lie in their video, or None when they are from none.
        group: the video or animal, which a split must not divide; the name when empty.
        split: train, validation, test or empty.
        body_length: pixels, or None where it is not known.
    """

    name: str
    images: ArrayLike
    keypoints: Float[np.ndarray, "frame keypoint 2"] | None
    crops: Crops | None = None
    group: str = ""
    split: str = ""
    body_length: Pixels | None = None

    def __post_init__(self) -> None:
        where = f"images {self.name!r}"
        shape = tuple(self.images.shape)
        require(
            len(shape) == 4 and shape[1] in COLOURS,
            f"{where} must be (frame, 1 or 3 channels, height, width), got the shape {shape}",
        )
        require(self.images.dtype == np.uint8, f"{where} must have 8 bits, got {self.images.dtype}")
        if self.keypoints is not None:
            require(
                self.keypoints.ndim == 3 and self.keypoints.shape[2] == 2 and len(self.keypoints) == len(self.images),
                f"{where}: key points must be ({len(self.images)}, keypoint, 2), got the shape {self.keypoints.shape}",
            )
            infinite = np.isinf(self.keypoints).any()
            require(not infinite, f"{where}: a key point at infinity: write NaN for one that is not labelled")
        if self.crops is not None:
            require(len(self.crops) == len(self.images), f"{where}: {len(self.crops)} places of crops")


def keypoints_dataset(
    name: str,
    labelled: Sequence[Labelled],
    skeleton: Skeleton,
    *,
    kind: Kind,
    fps: Hertz | None = None,
    source: str = "",
    extra: Mapping[str, Any] | None = None,
) -> Dataset:
    """The dataset of labelled images: task `keypoints`, a trial for each of `labelled`.

    Frames without a labelled key point get weight zero. `extra` of the dataset holds the skeleton, the kind, the
    places of crops and the body lengths by trial, and `sampled` is false there where images do not follow one another.

    Raises:
        InputError: nothing is given, the images' sizes or channels differ, or the key points are not the skeleton's.
    """
    require(len(labelled) > 0, f"{name}: there are no images")
    sizes = sorted({tuple(each.images.shape[1:]) for each in labelled})
    if len(sizes) > 1:
        text = ", ".join(f"{c} x {h} x {w}" for c, h, w in sizes[:4])
        raise InputError(f"{name}: images of several sizes (channel x height x width: {text}): crop them to one size")
    trials = tuple(_trial(each, skeleton) for each in labelled)
    lengths = {each.name: each.body_length for each in labelled if each.body_length is not None}
    indices = {each.name: each.crops.to_json() for each in labelled if each.crops is not None}
    known: dict[str, Any] = {"pose": kind, "skeleton": skeleton.to_json()}
    known |= {} if fps is not None and all(_in_a_row(each.crops) for each in labelled) else {"sampled": False}
    known |= {key: value for key, value in (("crop", indices), ("body_length", lengths)) if value}
    return Dataset(
        name=name,
        trials=trials,
        dt=1000.0 / (fps or 1.0),
        x_names=COLOURS[sizes[0][0]],
        y_names=skeleton.keypoints,
        x_units="0..255",
        y_units="px",
        task="keypoints",
        source=source,
        extra={**(extra or {}), **known},
    )


def _in_a_row(crops: Crops | None) -> bool:
    """Whether images are frames that follow one another, as far as is known."""
    return crops is None or bool((np.diff(np.unique(crops.frames)) == 1).all())


def _trial(each: Labelled, skeleton: Skeleton) -> Trial:
    keypoints = each.keypoints
    if keypoints is None:
        keypoints = np.full((len(each.images), len(skeleton), 2), np.nan)
    points = keypoints.shape[1]
    require(
        points == len(skeleton),
        f"images {each.name!r}: {points} key points are labelled and the skeleton has {len(skeleton)}",
    )
    half = np.isnan(keypoints[..., 0]) != np.isnan(keypoints[..., 1])
    keypoints = np.where(half[..., None], np.nan, keypoints)
    weight = (~np.isnan(keypoints[..., 0])).any(axis=1).astype(float)
    return Trial(
        each.name,
        each.images,
        keypoints.astype(np.float32),
        None if weight.all() else weight,
        group=each.group or each.name,
        split=each.split,
    )


def require_pose(dataset: Dataset, where: str) -> None:
    """Raise an `InputError` that begins with `where` unless a dataset holds labelled images."""
    require(
        dataset.task == "keypoints" and "skeleton" in dataset.extra,
        f"{where}: not a dataset of labelled images (make one with `wormtwin pose import` or `pose make-sample`)",
    )


def skeleton_of(dataset: Dataset) -> Skeleton:
    """The skeleton of a dataset of labelled images.

    Raises:
        InputError: it holds none.
    """
    require_pose(dataset, f"dataset {dataset.name!r}")
    return skeleton_from_json(dataset.extra["skeleton"])


def keypoints_of(trial: Trial) -> Float[np.ndarray, "frame keypoint 2"]:
    """The labelled key points of a trial in px of its images, NaN where there are none.

    Raises:
        InputError: the trial has no labels at all.
    """
    if trial.y is None:
        raise InputError(f"trial {trial.name!r} has no labelled key points")
    return np.asarray(trial.y[:], dtype=float)


ABSENT, UNKNOWN = "absent", "unknown"
"""What a missing label in a labelled frame means: that the key point is not visible, or nothing."""


def absence_is_told(dataset: Dataset) -> bool:
    """Whether a label that is missing in a labelled frame says that the key point is not visible."""
    return dataset.extra.get("missing") == ABSENT


def labelled_share(dataset: Dataset) -> Float[np.ndarray, " keypoint"]:
    """The share of counting frames in which each key point is labelled."""
    marked = np.concatenate([~np.isnan(keypoints_of(trial)[trial.valid(), :, 0]) for trial in dataset])
    return marked.mean(axis=0) if len(marked) else np.zeros(len(dataset.y_names))


def network_details(dataset: Dataset) -> dict[str, Any]:
    """What a network on these images has to know: their height and width in px, and the skeleton's edges and pairs."""
    skeleton, size = skeleton_of(dataset), dataset.trials[0].x.shape[2:]
    lists = {"edges": skeleton.edges, "pairs": skeleton.pairs}
    return {"size": list(size), **{what: [list(pair) for pair in pairs] for what, pairs in lists.items()}}
