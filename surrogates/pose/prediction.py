"""Key points in images that nobody labelled: networks and the search for peaks in one program, a batch at a time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from datasets.dataset import Dataset
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.progress import progress_bar
from surrogates.backend import keras, tensorflow_unseen
from surrogates.pose.inputs import channels_last
from surrogates.pose.maps import MapLoss

BATCH = 32
_FILLED = 8
"""Images of an import are filled up by fewer rows and columns than this."""


@dataclass(frozen=True, eq=False)
class KeyPoints:
    """Key points that were found: `points` x to the right and y down, in pixels, and `confidence` from 0 to 1."""

    points: Float[np.ndarray, "frame keypoint 2"]
    confidence: Float[np.ndarray, "frame keypoint"]

    def __len__(self) -> int:
        return len(self.points)


Finder = Callable[[UInt8[np.ndarray, "frame colour height width"]], KeyPoints]
"""Finds the key points in images; their number may differ from call to call."""


def keypoint_finder(
    model: keras.Model, loss: MapLoss, size: tuple[int, int], *, refine: bool = True, batch: int = BATCH
) -> Finder:
    """What finds key points with a trained network.

    Args:
        model: gives maps.
        loss: what it was trained for.
        size: height and width of the images that it was trained on. Images that are two, three, ... times as large
            are averaged over squares first, and the key points come back in their own pixels.
        refine: off gives the centre of the highest pixel of a map, as published.
        batch: images at a time; the last ones are filled up, so that there is one program.

    Raises:
        InputError: fewer than one image a batch; and, when called, images of another size or other colours.
    """
    require(batch >= 1, f"a batch must have 1 image or more, got {batch}")
    high, wide, colours = model.input_shape[1:]
    peaks = keras.Model(model.input, loss.peaks(refine)(model.output))

    def found(images: np.ndarray) -> Float[np.ndarray, "frame keypoint 3"]:
        block = np.zeros((batch, high, wide, colours), np.uint8)
        block[: len(images)] = channels_last(images, (high, wide))
        with tensorflow_unseen():
            return np.asarray(peaks.predict_on_batch(block))[: len(images)]

    def find(images: UInt8[np.ndarray, "frame colour height width"]) -> KeyPoints:
        times = shrinking(images.shape, size, colours)
        blocks = range(0, len(images), batch)
        keypoints = [found(shrunk(images[first : first + batch], times)) for first in blocks]
        whole = np.concatenate([np.zeros((0, model.output_shape[-1], 3)), *keypoints]).astype(float)
        return KeyPoints((whole[..., :2] + 0.5) * times - 0.5, whole[..., 2])

    return find


def shrinking(shape: tuple[int, ...], size: tuple[int, int], colours: int) -> int:
    """How many times images are larger than those that a network was trained on.

    Raises:
        InputError: they are not 1, 2, 3, ... times as large, or have other colours.
    """
    names = {1: "grey", 3: "in colour"}
    require(
        shape[1] == colours,
        f"the model was trained on images that are {names.get(colours, colours)}, these are "
        f"{names.get(shape[1], shape[1])}",
    )
    times = max(1, round(shape[3] / size[1]))
    require(
        all(0 <= want - -(-side // times) < _FILLED for side, want in zip(shape[2:], size, strict=True)),
        f"the model was trained on images of {size[1]} x {size[0]} pixels, these have {shape[3]} x {shape[2]}: "
        "use crops or frames of that size, or of a multiple of it",
    )
    return times


def shrunk(
    images: UInt8[np.ndarray, "frame colour height width"], times: int
) -> UInt8[np.ndarray, "frame colour high wide"]:
    """Images averaged over squares of times x times pixels; where a square is not whole, the border is repeated."""
    if times == 1:
        return images
    frames, colours, high, wide = images.shape
    images = np.pad(images, ((0, 0), (0, 0), (0, -high % times), (0, -wide % times)), mode="edge")
    high, wide = images.shape[2] // times, images.shape[3] // times
    blocks = images.reshape(frames, colours, high, times, wide, times)
    return np.rint(blocks.mean(axis=(3, 5), dtype=np.float32)).astype(np.uint8)


def find_in_dataset(
    find: Finder, dataset: Dataset, *, progress: bool = True, at_once: int = 8 * BATCH
) -> list[KeyPoints]:
    """The key points in all images of a dataset, one value a trial; images are read when their turn comes."""
    total = sum(map(len, dataset))
    results = []
    bar = progress_bar(total, "frame") if progress else None
    for trial in dataset:
        parts = []
        for images in blocks_of(trial.x, len(trial), at_once):
            parts.append(find(images))
            if bar is not None:
                bar.update(len(images))
        results.append(joined(parts))
    if bar is not None:
        bar.close()
    return results


def blocks_of(images: Any, number: int, at_once: int) -> Iterator[np.ndarray]:
    """Images (frame, colour, height, width), `at_once` at a time; pixel values as they are."""
    for first in range(0, number, at_once):
        yield np.asarray(images[first : min(first + at_once, number)])


def joined(parts: list[KeyPoints]) -> KeyPoints:
    """Key points of images after one another."""
    if not parts:
        raise InputError("there is no image to look at")
    return KeyPoints(np.concatenate([p.points for p in parts]), np.concatenate([p.confidence for p in parts]))
