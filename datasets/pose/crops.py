"""Where crops lie in their video, so that every point returns to video coordinates exactly."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from datasets.dataset import Dataset
from neuron_models.foundation.errors import InputError, require


@dataclass(frozen=True, eq=False)
class Crops:
    """For each sample of a trial, the frame of the video that it was cut from and how its pixels map to that frame's.

    Attributes:
        video: the video's file or folder, as it was named.
        frames: (sample,) places in the video, from 0.
        animals: (sample,) which animal of the frame, from 0; -1 where that is not known.
        matrices: (sample, 2, 3) affine maps from crop pixels (x, y, 1) to video pixels; the centre of the first pixel
            of either is (0, 0).
    """

    video: str
    frames: Int[np.ndarray, " sample"]
    animals: Int[np.ndarray, " sample"]
    matrices: Float[np.ndarray, "sample 2 3"]

    def __post_init__(self) -> None:
        require(
            len(self.frames) == len(self.animals) == len(self.matrices),
            f"crops of {self.video}: {len(self.frames)} frames, {len(self.animals)} animals, "
            f"{len(self.matrices)} matrices: one each",
        )

    def __len__(self) -> int:
        return len(self.frames)

    def to_video(self, points: Float[np.ndarray, "sample keypoint 2"]) -> Float[np.ndarray, "sample keypoint 2"]:
        """Points (x, y) of the crops in pixels of the video."""
        turn, shift = self.matrices[:, :, :2], self.matrices[:, None, :, 2]
        return np.einsum("sij,skj->ski", turn, np.asarray(points, float)) + shift

    def to_crop(self, points: Float[np.ndarray, "sample keypoint 2"]) -> Float[np.ndarray, "sample keypoint 2"]:
        """Points (x, y) of the video in pixels of the crops: the inverse of `to_video`."""
        turn, shift = self.matrices[:, :, :2], self.matrices[:, None, :, 2]
        return np.einsum("sij,skj->ski", np.linalg.inv(turn), np.asarray(points, float) - shift)

    def to_json(self) -> dict[str, Any]:
        """Plain lists, as `Dataset.extra["crop"]` holds them for each trial; doubles keep every digit."""
        return {
            "video": self.video,
            "frames": self.frames.tolist(),
            "animals": self.animals.tolist(),
            "matrices": self.matrices.reshape(-1, 6).tolist(),
        }


def oriented_matrices(
    centre: Float[np.ndarray, "sample 2"],
    size: tuple[int, int],
    angle: Float[np.ndarray, " sample"] | float = 0.0,
    scale: Float[np.ndarray, " sample"] | float = 1.0,
) -> Float[np.ndarray, "sample 2 3"]:
    """The maps of crops that are turned about their middles.

    Args:
        centre: (x, y) of the crop's middle in the video.
        size: (height, width) of the crop in its own pixels; its middle is ((width - 1) / 2, (height - 1) / 2).
        angle: the direction in the video of the crop's x axis, in rad from x towards y (clockwise on the screen).
        scale: video pixels a crop pixel.
    """
    centre = np.asarray(centre, float)
    angles, scales = np.broadcast_to(angle, len(centre)), np.broadcast_to(scale, len(centre))
    cos, sin = np.cos(angles) * scales, np.sin(angles) * scales
    turn = np.stack([np.stack([cos, -sin], -1), np.stack([sin, cos], -1)], -2)
    middle = np.array([(size[1] - 1) / 2, (size[0] - 1) / 2])
    return np.concatenate([turn, (centre - turn @ middle)[:, :, None]], -1)


def crops_from_json(stored: Mapping[str, Any]) -> Crops:
    """Read crops from what `Crops.to_json` gave.

    Raises:
        InputError: they are none.
    """
    try:
        return Crops(
            str(stored["video"]),
            np.array(stored["frames"], int),
            np.array(stored["animals"], int),
            np.array(stored["matrices"], float).reshape(-1, 2, 3),
        )
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"not the places of crops in a video: {str(stored)[:80]}") from None


def crops_of(dataset: Dataset) -> dict[str, Crops]:
    """The crops of a dataset by trial; empty where nothing says where its images come from."""
    return {name: crops_from_json(stored) for name, stored in dataset.extra.get("crop", {}).items()}
