"""Where crops lie in their video, so that every point returns to video coordinates exactly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

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
        predicted: (sample,) whether a network made the labels, not a person; None where it made none.
        makers: (sample, keypoint) who made each label, as `datasets.pose.tracks.Tracks` has it; None where nobody
            keeps it.
    """

    video: str
    frames: Int[np.ndarray, " sample"]
    animals: Int[np.ndarray, " sample"]
    matrices: Float[np.ndarray, "sample 2 3"]
    predicted: Bool[np.ndarray, " sample"] | None = None
    makers: Int[np.ndarray, "sample keypoint"] | None = None

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
            **({} if self.predicted is None else {"predicted": self.predicted.tolist()}),
            **({} if self.makers is None else {"makers": self.makers.tolist()}),
        }

    def chosen(self, rows: Sequence[int] | Int[np.ndarray, " row"]) -> "Crops":
        """The crops of some samples; `rows` are the indices of these."""
        indices = np.asarray(rows, int)
        predicted = None if self.predicted is None else self.predicted[indices]
        makers = None if self.makers is None else self.makers[indices]
        return Crops(self.video, self.frames[indices], self.animals[indices], self.matrices[indices], predicted, makers)


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
            np.array(stored["predicted"], bool) if "predicted" in stored else None,
            np.array(stored["makers"], int) if "makers" in stored else None,
        )
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"not the places of crops in a video: {str(stored)[:80]}") from None


def crops_of(dataset: Dataset) -> dict[str, Crops]:
    """The crops of a dataset by trial; empty where nothing says where its images come from."""
    return {name: crops_from_json(stored) for name, stored in dataset.extra.get("crop", {}).items()}
