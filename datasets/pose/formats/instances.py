"""Animals as files list them, frame by frame, brought into arrays: a column for each that was followed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from datasets.pose.tracks import UNTRACKED
from neuron_models.foundation.units import Dimensionless


@dataclass(frozen=True, eq=False)
class Instance:
    """One animal in one frame.

    Attributes:
        xy: (keypoint, 2) its key points, NaN where there is none.
        track: a number that its other frames share, None where nobody followed it.
        scores: (keypoint,) of what a network found, None for the label of a person.
        score: of the whole animal.
    """

    xy: Float[np.ndarray, "keypoint 2"]
    track: int | None = None
    scores: Float[np.ndarray, " keypoint"] | None = None
    score: Dimensionless = float("nan")


@dataclass(frozen=True, eq=False)
class Columns:
    """Instances in arrays, as `datasets.pose.tracks.Tracks` holds them."""

    frames: np.ndarray
    xy: np.ndarray
    scores: np.ndarray | None
    instance_scores: np.ndarray | None
    animals: tuple[str, ...]


def in_columns(by_frame: Mapping[int, Sequence[Instance]], names: Sequence[str], keypoints: int) -> Columns:
    """Give every animal that was followed a column of its own, and the others those behind.

    In a frame in which several have the same track, a person's label keeps it before what a network found; the others
    stand among those that were not followed.

    Args:
        by_frame: the instances of each frame.
        names: of the tracks, by their numbers.
        keypoints: how many an instance has.
    """
    frames = sorted(by_frame)
    indices = [_places(by_frame[frame], len(names)) for frame in frames]
    number = max((index + 1 for row in indices for index in row), default=0)
    xy = np.full((len(frames), max(number, len(names)), keypoints, 2), np.nan)
    scores, whole = np.full(xy.shape[:3], np.nan), np.full(xy.shape[:2], np.nan)
    for row, frame in enumerate(frames):
        for index, each in zip(indices[row], by_frame[frame], strict=True):
            xy[row, index], whole[row, index] = each.xy, each.score
            if each.scores is not None:
                scores[row, index] = np.where(np.isnan(each.xy[:, 0]), np.nan, each.scores)
    shown = ~np.isnan(xy[..., 0]).all(axis=(0, 2))
    text = [*distinct(names), *(f"{UNTRACKED} {index + 1}" for index in range(xy.shape[1] - len(names)))]
    followed = bool(shown[: len(names)].any())
    return Columns(
        np.array(frames, int),
        xy[:, shown],
        None if np.isnan(scores).all() else scores[:, shown],
        None if np.isnan(whole).all() else whole[:, shown],
        tuple(name for name, has in zip(text, shown, strict=True) if has) if followed else (),
    )


def _places(instances: Sequence[Instance], tracks: int) -> list[int]:
    """The column of each instance of a frame."""
    indices = [-1] * len(instances)
    for wanted in (False, True):  # labels of people first
        for order, each in enumerate(instances):
            if (each.scores is not None) == wanted and each.track is not None and each.track not in indices:
                indices[order] = each.track
    free = iter(range(tracks, tracks + len(instances)))
    return [next(free) if index < 0 else index for index in indices]


def distinct(names: Sequence[str]) -> list[str]:
    """Names of which those that come more than once are all numbered.

    >>> distinct(["a", "b", "a", ""])
    ['a 1', 'b', 'a 2', 'track 4']
    """
    given = [name or f"track {index + 1}" for index, name in enumerate(names)]
    number, seen = Counter(given), Counter[str]()
    text = []
    for name in given:
        seen[name] += 1
        text.append(name if number[name] == 1 else f"{name} {seen[name]}")
    return text
