"""Egocentric alignment: from a video of an arena to crops in which each animal is in the middle and looks ahead."""

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int, UInt8

from datasets.dataset import ArrayLike, Dataset, Trial
from datasets.pose.alignment.crops_file import (
    MEASURED,
    KeptCrops,
    batch_name,
    batches_done,
    crops_of_animal,
    measures_done,
)
from datasets.pose.alignment.following import DOUBTFUL, FOUND, MEASURES, STATUS, Rules, follow
from datasets.pose.crops import Crops
from datasets.segmentation.heading import resolve_heads
from datasets.segmentation.regions import Scene, SegmentSettings, find_blobs, learn_scene
from datasets.store import load_dataset, save_dataset
from datasets.video.background import difference
from datasets.video.cropping import cut_crop, oriented_matrices
from datasets.video.video import Video
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.progress import progress_bar
from neuron_models.foundation.result_forms import array_form
from neuron_models.foundation.resumable import ResumableFolder, Work, partial_folder, remove_leftover, resumable_folder
from neuron_models.foundation.units import Hertz, Pixels

FRAMES_AT_A_TIME = 64
"""How many are read before what is aligned is kept on the disk."""


@dataclass(frozen=True)
class AlignmentSettings:
    """How a video is aligned: crops of `size` px of `animals` animals, none of which moves more than `jump` px a frame.

    Without `jump` it is the length of an animal.
    """

    size: int = 96
    animals: int = 1
    jump: Pixels | None = None
    segment: SegmentSettings = field(default_factory=SegmentSettings)

    def __post_init__(self) -> None:
        require(self.size >= 8, f"the size of crops must be >= 8 px, got {self.size}")
        require(1 <= self.animals <= 1000, f"the number of animals must be 1 to 1000, got {self.animals}")
        require(self.jump is None or self.jump > 0, f"the farthest step of an animal must be > 0 px, got {self.jump}")


@dataclass(frozen=True, eq=False)
class Aligned:
    """Where the animals of a video are: `centre` px and `heading` rad, NaN where flagged in `status` (see `STATUS`).

    `length` is that of an animal, NaN where it is not known.
    """

    centre: Float[np.ndarray, "frame animal 2"]
    heading: Float[np.ndarray, "frame animal"]
    status: Int[np.ndarray, "frame animal"]
    length: Pixels


def require_crop(size: int, shape: tuple[int, ...]) -> None:
    """Raise an `InputError` if a crop is larger than the frame of a video (frame, channel, height, width)."""
    height, width = shape[-2:]
    most = min(height, width)
    require(
        size <= most,
        f"a crop of {size} px is larger than the frame of {width} x {height} px: choose --size {most} or less",
    )


def align_video(
    video: ArrayLike, name: str, out: Path, settings: AlignmentSettings, fps: Hertz, given: Aligned | None = None
) -> tuple[Dataset, Aligned]:
    """Follow the animals of a video and cut their crops, streamed; what was done before a stop is not done again.

    What is done lies in `<out>.partial`, a batch of frames in a file each, until it is joined.

    Args:
        video: (frame, channel, height, width), read a few frames at a time.
        name: of the video, as the dataset will tell it.
        out: the dataset file to be made.
        settings: see `AlignmentSettings`.
        fps: frames a second.
        given: where the animals are, if that is known; else they are followed.

    Returns:
        The dataset, whose crops are read from `out` when they are sliced, and where the animals are.

    Raises:
        InputError: the video is empty or shows no animal, a crop is larger than the frame, `out` is there, or other
            work is in the way.
    """
    require(len(video) > 0, f"{name}: the video has no frames")
    require_crop(settings.size, video.shape)
    work = Work("alignment", {"key": _key(video, settings, given), "batch": FRAMES_AT_A_TIME}, passing=True)
    remove_leftover(out)
    require(not out.exists(), f"{out} exists: delete it or choose another --out")
    with resumable_folder(partial_folder(out), work, array_form(), out) as kept:
        aligned = _measured(video, kept, settings) if given is None else given
        _cut(video, kept, aligned, settings)
        with kept.last_step():
            save_dataset(_dataset(video, name, kept, aligned, settings, fps), out, progress=True)
    return load_dataset(out, lazy=True), aligned


def _key(video: ArrayLike, settings: AlignmentSettings, given: Aligned | None) -> str:
    """A hash of what decides the crops: what the video shows, not its name; the settings; what is given."""
    digest = hashlib.sha256(repr((tuple(video.shape), asdict(settings))).encode())
    if isinstance(video, Video):
        digest.update(f"{video.content} {video.grey}".encode())
    else:
        for _, frames in _batches(video, 0):
            digest.update(np.ascontiguousarray(frames).tobytes())
    if given is not None:
        digest.update(given.centre.tobytes() + given.heading.tobytes() + given.status.tobytes())
    return digest.hexdigest()


def _measured(video: ArrayLike, kept: ResumableFolder, settings: AlignmentSettings) -> Aligned:
    """Where the animals are in every frame; frames that are measured already are not measured again."""
    shape = (settings.animals, len(MEASURES))
    if len(measures_done(kept, shape)) < len(video):
        _measure(video, kept, learn_scene(video, settings.animals, settings.segment), settings)
    return _resolved(measures_done(kept, shape))


def _measure(video: ArrayLike, kept: ResumableFolder, scene: Scene, settings: AlignmentSettings) -> None:
    """Find and follow the animals in every frame that is not done yet."""
    done = measures_done(kept, (settings.animals, len(MEASURES)))
    last = np.full((settings.animals, 2), np.nan)
    for rows in done[:, :, 1:3]:
        last = np.where(np.isnan(rows), last, rows)
    jump = settings.jump or 3.5 * np.sqrt(
        scene.area / np.pi
    )  # about the length of an animal three times as long as wide
    rules = Rules(jump, scene.area)
    with progress_bar(len(video), "frame", initial=len(done)) as bar:
        for first, frames in _batches(video, len(done)):
            rows = np.empty((len(frames), settings.animals, len(MEASURES)))
            for k, frame in enumerate(frames):
                rows[k] = follow(last, find_blobs(difference(frame, scene.background), scene), rules)
                last = np.where(np.isnan(rows[k, :, 1:3]), last, rows[k, :, 1:3])
            kept.keep(batch_name(MEASURED, first), rows)
            bar.update(len(frames))


def _batches(video: ArrayLike, start: int) -> Iterator[tuple[int, np.ndarray]]:
    for first in range(start, len(video), FRAMES_AT_A_TIME):
        yield first, np.asarray(video[first : first + FRAMES_AT_A_TIME])


def _resolved(measures: Float[np.ndarray, "frame animal measure"]) -> Aligned:
    """Headings from axes."""
    centre, axis, length = measures[..., 1:3], measures[..., 3], measures[..., 5]
    heading, doubtful = resolve_heads(centre, axis, length, measures[..., 6:8])
    status = measures[..., 0].astype(int)
    status[doubtful & (status == FOUND)] = DOUBTFUL
    if not np.isfinite(length).any():
        raise InputError("no animal was found alone in any frame: is --animals right, do they always touch?")
    return Aligned(centre, heading, status, 4.0 * float(np.nanmedian(length)))  # of an ellipse: 4 standard deviations


def _cut(video: ArrayLike, kept: ResumableFolder, aligned: Aligned, settings: AlignmentSettings) -> None:
    """Cut the crops of every frame that is not done yet; black where an animal is not found."""
    animals, size = aligned.status.shape[1], settings.size
    done = [sum(map(len, batches_done(kept, crops_of_animal(animal)))) for animal in range(animals)]
    with progress_bar(len(video), "frame cut", initial=min(done)) as bar:
        for first, frames in _batches(video, min(done)):
            rows = np.arange(first, first + len(frames))
            for animal in range(animals):
                if first < done[animal]:  # this batch was written before the stop
                    continue
                matrices = oriented_matrices(aligned.centre[rows, animal], (size, size), aligned.heading[rows, animal])
                kept.keep(batch_name(crops_of_animal(animal), first), _crops(frames, matrices, size))
            bar.update(len(frames))


def _crops(
    frames: np.ndarray, matrices: Float[np.ndarray, "frame 2 3"], size: int
) -> UInt8[np.ndarray, "frame channel size size"]:
    crops = np.zeros((len(frames), frames.shape[1], size, size), dtype=np.uint8)
    for k, matrix in enumerate(matrices):
        if np.isfinite(matrix).all():
            crops[k] = cut_crop(frames[k], matrix, (size, size))
    return crops


def flagged_stretches(status: Int[np.ndarray, " frame"]) -> dict[str, list[list[int]]]:
    """Where an animal is not simply found: for each status, stretches [first, after the last] of frames.

    `status` holds the index in `STATUS` of each frame.
    """
    stretches = {}
    for code, name in enumerate(STATUS):
        edges = np.flatnonzero(np.diff(np.concatenate(([0], (status == code).astype(int), [0]))))
        if code != FOUND and len(edges):
            stretches[name] = edges.reshape(-1, 2).tolist()
    return stretches


def _dataset(
    video: ArrayLike, name: str, kept: ResumableFolder, aligned: Aligned, settings: AlignmentSettings, fps: Hertz
) -> Dataset:
    size, number = settings.size, len(video)
    channels = video.shape[1]
    trials, indices, flags = [], {}, {}
    for animal in range(aligned.status.shape[1]):
        trial = f"animal{animal + 1}"
        stored = KeptCrops(kept, animal, FRAMES_AT_A_TIME, (number, channels, size, size))
        status = aligned.status[:, animal]
        trials.append(Trial(trial, stored, None, (status == FOUND).astype(float), group=trial))
        matrices = oriented_matrices(aligned.centre[:, animal], (size, size), aligned.heading[:, animal])
        indices[trial] = Crops(name, np.arange(number), np.full(number, animal), matrices).to_json()
        flags[trial] = flagged_stretches(status)
    extra: dict[str, Any] = {"pose": "crops", "crop": indices, "flagged": flags}
    if np.isfinite(aligned.length):
        extra["body_length"] = aligned.length
    names = ("grey",) if channels == 1 else ("red", "green", "blue")
    text = f"{name}, aligned"
    return Dataset(
        text, tuple(trials), 1000.0 / fps, names, x_units="0..255", task="keypoints", source=name, extra=extra
    )
