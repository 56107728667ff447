"""Clips: stretches of recordings as midlines in the plane, all in one form, to be looked at."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from datasets.dataset import Dataset
from datasets.posture.eigenworms import amplitudes_of, eigenworms_of, postures_of
from datasets.posture.locomotion.path import midlines, with_path
from datasets.posture.recording import (
    AMPLITUDES,
    ANGLES,
    CENTROID,
    MEAN_ANGLE,
    angles_dataset,
    recordings_of,
    require_form,
)
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.units import Degrees, Hertz, Seconds

POINTS = 49
"""Points of a drawn midline, as in the recordings of the paper (Li et al. 2017)."""


@dataclass(frozen=True, eq=False)
class Clip:
    """A worm over a stretch of time.

    Attributes:
        recording: the name of the recording it was cut from.
        start: its first frame in that recording.
        fps: frames a second.
        midlines: (frame, point, xy) from head to tail in body lengths, y up, around the middle of all it covers.
    """

    recording: str
    start: int
    fps: Hertz
    midlines: Float[np.ndarray, "frame point 2"]

    @property
    def reach(self) -> float:
        """How far from the middle it comes along x or y, in body lengths."""
        return float(np.abs(self.midlines).max())

    def turned(self, angle: Degrees) -> "Clip":
        """The clip, turned to the left as a whole."""
        a = np.radians(angle)
        turn = np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]])
        return replace(self, midlines=centred(self.midlines @ turn))


def cut_clips(dataset: Dataset, seconds: Seconds, *, points: int = POINTS, recorded: bool = True) -> tuple[Clip, ...]:
    """Cut recordings into as many clips of one length as they give, none with a gap and none overlapping another.

    Args:
        dataset: of midlines.
        seconds: the length of a clip.
        points: of each midline.
        recorded: take the recorded places where there are some; otherwise the worm crawls by resistive force theory.

    Raises:
        InputError: the dataset holds no midlines, or no stretch is long enough.
    """
    length, starts = clip_starts(dataset, seconds)
    clips = []
    for index, recording in enumerate(recordings_of(dataset)):
        if not starts[index]:
            continue
        if not recorded or recording.centroid is None:
            recording = with_path(recording)  # noqa: PLW2901
        lines = midlines(recording, points) / (recording.length or 1.0)
        for start in starts[index]:
            cut = centred(lines[start : start + length])
            clips.append(Clip(recording.name, start, recording.fps, cut))
    return tuple(clips)


def clip_starts(dataset: Dataset, seconds: Seconds) -> tuple[int, list[list[int]]]:
    """The frames of a clip, and the first frames of all clips of each recording.

    Raises:
        InputError: the dataset holds no midlines, or no stretch is long enough.
    """
    require_form(dataset, ANGLES)
    require_seconds(seconds)
    length = max(2, round(seconds * 1000 / dataset.dt))
    try:
        cut = dataset.windows(length, step=length)
    except InputError:
        raise InputError(f"dataset {dataset.name!r} has no {seconds:g} s without a gap: give fewer --seconds") from None
    return length, [cut.start[cut.trial == index].tolist() for index in range(len(dataset))]


def require_seconds(seconds: Seconds) -> None:
    """Raise an `InputError` unless a clip has a length."""
    require(bool(np.isfinite(seconds)) and seconds > 0, f"--seconds must be > 0, got {seconds:g}")


def one_clip(dataset: Dataset, trial: int, start: Seconds, seconds: Seconds) -> Clip:
    """The clip of one recording, counted from 1, that begins so many seconds after its first frame.

    Raises:
        InputError: there is no such recording or time, or a gap in it; the message names the next time without one.
    """
    require_form(dataset, ANGLES)
    require(1 <= trial <= len(dataset), f"{dataset.name!r} has the trials 1 to {len(dataset)}, not {trial}")
    chosen = dataset.select([trial - 1])
    require_seconds(seconds)
    require(bool(np.isfinite(start)), f"--start must be a number of seconds, got {start:g}")
    length, first = max(2, round(seconds * 1000 / dataset.dt)), round(start * 1000 / dataset.dt)
    total = len(chosen.trials[0])
    whole = total * dataset.dt / 1000
    require(0 <= first <= total - length, f"--start {start:g} and --seconds {seconds:g} leave the {whole:g} s of it")
    gap = np.flatnonzero(~chosen.trials[0].valid()[first : first + length])
    if len(gap):
        at = (first + gap[-1] + 1) * dataset.dt / 1000
        raise InputError(f"there is a gap in this clip: give fewer --seconds, or --start {at:g} or later")
    (recording,) = recordings_of(chosen)
    if recording.centroid is None:
        recording = with_path(recording)
    lines = midlines(recording, POINTS)[first : first + length] / (recording.length or 1.0)
    return Clip(recording.name, first, recording.fps, centred(lines))


def as_midlines(dataset: Dataset) -> Dataset:
    """A dataset of midlines as it is; of amplitudes the midlines that they tell of.

    Raises:
        InputError: midlines cannot be rebuilt.
    """
    if dataset.extra.get("posture") != AMPLITUDES:
        return dataset
    return angles_dataset(postures_of(dataset), dataset.name)


def in_one_form(real: Dataset, simulated: Dataset) -> tuple[Dataset, Dataset]:
    """Both as midlines; where one comes from eigenworms, the other does too, so that smoothness does not give it away.

    Raises:
        InputError: midlines cannot be rebuilt.
    """
    text = [each for each in (real, simulated) if each.extra.get("posture") == AMPLITUDES]
    shapes = eigenworms_of(text[-1]) if len(text) == 1 else None

    def formed(dataset: Dataset) -> Dataset:
        midlines = as_midlines(dataset)
        return midlines if shapes is None or dataset in text else as_midlines(amplitudes_of(midlines, shapes))

    return formed(real), formed(simulated)


def has_places(dataset: Dataset) -> bool:
    """Whether recordings of midlines tell where the worms were."""
    return dataset.x_names[-len(CENTROID) :] == CENTROID


def centred(lines: Float[np.ndarray, "frame point 2"]) -> Float[np.ndarray, "frame point 2"]:
    """Midlines moved together so that the box around all of them has its middle at zero; x and y in body lengths."""
    flat = lines.reshape(-1, 2)
    return lines - (flat.min(axis=0) + flat.max(axis=0)) / 2


def fewest_points(data: Sequence[Dataset]) -> int:
    """The points of the midlines that can be drawn of all of some datasets alike."""
    return min(POINTS, *(dataset.x_names.index(MEAN_ANGLE) + 1 for dataset in data))
