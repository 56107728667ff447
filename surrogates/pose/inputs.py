"""Labelled images as what a network sees: (frame, height, width, colour), and key points as (x, y, 1)."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, UInt8

from datasets.dataset import Dataset
from datasets.pose.labelled import absence_is_told, keypoints_of
from datasets.pose.sampling.splits import is_labelled
from neuron_models.foundation.errors import require
from surrogates.training.configuration import Arrays


def image_size(dataset: Dataset) -> tuple[int, int]:
    """Height and width of a dataset's images."""
    return tuple(dataset.trials[0].x.shape[2:])  # type: ignore[return-value]


def padded_size(multiple: int) -> Callable[[Dataset], tuple[int, int]]:
    """What gives the size of a network's images: the next multiples."""

    def size(dataset: Dataset) -> tuple[int, int]:
        high, wide = (-(-side // multiple) * multiple for side in image_size(dataset))
        return high, wide

    return size


def channels_last(
    images: UInt8[np.ndarray, "frame colour height width"], size: tuple[int, int]
) -> UInt8[np.ndarray, "frame high wide colour"]:
    """Images with their colours behind and their last rows and columns repeated up to a size (height and width, px).

    Pixel values stay as they are, from 0 to 255.
    """
    high, wide = (want - has for want, has in zip(size, images.shape[2:], strict=True))
    turned = np.moveaxis(images, 1, -1)
    if high == wide == 0:
        return np.ascontiguousarray(turned)
    return np.pad(turned, ((0, 0), (0, high), (0, wide), (0, 0)), mode="edge")


def labels_of(
    keypoints: Float[np.ndarray, "frame keypoint 2"], absent: bool = False
) -> Float[np.ndarray, "frame keypoint 3"]:
    """Key points as (x, y, 1), in px; NaN as (0, 0, -1) if that means that they are absent, else as (0, 0, 0)."""
    marked = np.isfinite(keypoints).all(axis=-1, keepdims=True)
    known = np.where(marked, 1.0, -1.0 if absent else 0.0)
    return np.concatenate([np.where(marked, keypoints, 0.0), known], axis=-1).astype(np.float32)


def labelled_frames(multiple: int) -> Callable[[Dataset], Arrays]:
    """What gives the images and labels of all frames that count and have a labelled key point; no weights."""
    size = padded_size(multiple)

    def arrays(dataset: Dataset) -> Arrays:
        images, labels = [], []
        for trial in dataset:
            keypoints, rows = keypoints_of(trial), np.flatnonzero(is_labelled(trial))
            x = np.asarray(trial.x[:]) if len(rows) == len(trial) else np.asarray(trial.x[:])[rows]
            images.append(channels_last(x, size(dataset)))
            labels.append(labels_of(keypoints[rows], absence_is_told(dataset)))
        x, y = np.concatenate(images), np.concatenate(labels)
        split = dataset.trials[0].split
        require(len(x) > 0, f"dataset {dataset.name!r}: no key point is labelled in its {split or 'only'} split")
        return x, y, None

    return arrays
