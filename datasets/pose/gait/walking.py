"""When an animal walks, how fast, and which of its legs stand: from its key points, frame by frame."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from datasets.dataset import contiguous_runs
from datasets.pose.tracks import Tracks, extents
from neuron_models.foundation.errors import InputError, require, require_distinct
from neuron_models.foundation.units import Hertz, Seconds
from neuron_models.foundation.wording import counted

SPEEDS = ("track", "legs")
"""Speed of the body in the video; or that of the legs that stand, for videos that follow the animal."""


@dataclass(frozen=True)
class GaitSettings:
    """How walking is measured.

    Attributes:
        legs: key points of the tips, the left ones from front to hind, then the right ones.
        axis: two key points from behind to ahead, such as abdomen and head.
        mm_per_pixel: the scale; speeds are in body lengths a second where it is None.
        slowest: an animal walks when it is faster ahead, in mm/s (or body lengths/s); None: 2 mm/s (0.5).
        shortest: a walk lasts longer, s.
        speed: one of `SPEEDS`.
        highest: the fastest steps that there may be, Hz; the frame rate must be twice as high.
        smoothing: the width of the Gaussian window over positions, frames.
    """

    legs: tuple[str, ...]
    axis: tuple[str, str]
    mm_per_pixel: float | None = None
    slowest: float | None = None
    shortest: Seconds = 0.5
    speed: str = "track"
    highest: Hertz = 15.0
    smoothing: int = 5

    def __post_init__(self) -> None:
        require(len(self.legs) >= 2, f"a gait needs two legs or more, got {counted(len(self.legs), 'leg')}")
        require(len(self.legs) % 2 == 0, f"as many left legs as right ones, got {counted(len(self.legs), 'leg')}")
        require_distinct(self.legs, "the legs name a key point")
        require(self.speed in SPEEDS, f"speed must be one of {', '.join(SPEEDS)}, got {self.speed!r}")
        scale = self.mm_per_pixel
        require(scale is None or 0 < scale < np.inf, f"the scale must be > 0 mm a pixel, got {scale}")
        for name, value in (("shortest walk", self.shortest), ("highest frequency", self.highest)):
            require(value > 0, f"the {name} must be > 0, got {value:g}")
        require(self.smoothing >= 1, f"the smoothing must be 1 frame or more, got {self.smoothing}")

    @property
    def units(self) -> str:
        """The unit of speeds."""
        return "body lengths/s" if self.mm_per_pixel is None else "mm/s"

    @property
    def threshold(self) -> float:
        """The speed above which an animal walks, in `units`."""
        return self.slowest if self.slowest is not None else 0.5 if self.mm_per_pixel is None else 2.0


@dataclass(frozen=True, eq=False)
class Walk:
    """One animal's legs in every frame of its video.

    Attributes:
        animal: its name.
        fps: frames a second.
        legs: names of the tips, as in `GaitSettings`.
        along: (frame, leg) velocity of each tip along the body and relative to it, ahead positive, in `units`.
        stance: (frame, leg) whether a leg stands, that is, its tip goes backward relative to the body.
        known: (frame,) whether all legs and the axis are known.
        speed: (frame,) of the body ahead, in `units`; NaN where it is not known.
        walking: (frame,) whether the animal walks: ahead, fast and long enough, all legs known.
        units: of speeds.
    """

    animal: str
    fps: Hertz
    legs: tuple[str, ...]
    along: Float[np.ndarray, "frame leg"]
    stance: Bool[np.ndarray, "frame leg"]
    known: Bool[np.ndarray, " frame"]
    speed: Float[np.ndarray, " frame"]
    walking: Bool[np.ndarray, " frame"]
    units: str

    def bouts(self) -> list[tuple[int, int]]:
        """The first frame of each walk, and the one after its last."""
        return [(int(first), int(end)) for first, end in contiguous_runs(self.walking)]


def walks_of(tracks: Tracks, settings: GaitSettings) -> tuple[Walk, ...]:
    """Measure the walking of every animal of a video.

    Args:
        tracks: key points; frames that are not described count as unknown.
        settings: legs, axis, scale and thresholds.

    Returns:
        A walk an animal; an animal that never walks has no walking frame.

    Raises:
        InputError: a key point that the tracks lack, too low a frame rate, a single frame, or no animal that ever
            walks (with how much of the time one went backward).
    """
    for name in (*settings.legs, *settings.axis):
        require(name in tracks.skeleton.keypoints, _missing(name, tracks.skeleton.keypoints))
    fastest = f"steps of up to {settings.highest:g} Hz need {2 * settings.highest:g} frames a second"
    require(tracks.fps >= 2 * settings.highest, f"{tracks.video} has {tracks.fps:g} frames a second: {fastest}")
    require(len(tracks) > 1, f"{tracks.video} has {counted(len(tracks), 'frame')}: walking needs many")
    xy = tracks.every_frame(int(tracks.frames[-1]) + 1)
    names = tracks.animals or tuple(f"animal {index + 1}" for index in range(xy.shape[1]))
    walks = tuple(_walk(name, xy[:, index], tracks, settings) for index, name in enumerate(names))
    if not any(walk.walking.any() for walk in walks):
        raise InputError(f"{tracks.video}: {_why_none(walks, settings)}")
    return walks


def _walk(name: str, xy: Float[np.ndarray, "frame keypoint 2"], tracks: Tracks, settings: GaitSettings) -> Walk:
    at = {keypoint: xy[:, index] for index, keypoint in enumerate(tracks.skeleton.keypoints)}
    behind, ahead = (_smoothed(at[point], settings.smoothing) for point in settings.axis)
    direction = ahead - behind
    length = np.hypot(*direction.T)
    with np.errstate(invalid="ignore", divide="ignore"):
        direction = direction / length[:, None]
    centre = (ahead + behind) / 2
    scale = settings.mm_per_pixel or 1 / _body_length(xy)
    tips = np.stack([_smoothed(at[leg], settings.smoothing) for leg in settings.legs], axis=1)
    own = ((tips - centre[:, None]) * direction[:, None]).sum(axis=2)
    along = _rates(own, tracks.fps) * scale
    known: Any = np.isfinite(along).all(axis=1)
    stance = np.where(known[:, None], along < 0, False)
    moved = (_rates(centre, tracks.fps) * direction).sum(axis=1) * scale
    speed = moved if settings.speed == "track" else _of_legs(along, stance, settings.smoothing)
    walking = _long(known & (speed > settings.threshold), settings.shortest * tracks.fps)
    return Walk(name, tracks.fps, settings.legs, along, stance, known, speed, walking, settings.units)


def _body_length(xy: Float[np.ndarray, "frame keypoint 2"]) -> float:
    lengths = extents(xy)
    known = lengths[np.isfinite(lengths)]
    return float(np.median(known)) if len(known) else np.nan


def _smoothed(values: Float[np.ndarray, "frame 2"], width: int) -> Float[np.ndarray, "frame 2"]:
    """A Gaussian window over the known frames around each; what is unknown stays so."""
    if width == 1:
        return values
    steps = np.arange(width) - (width - 1) / 2
    weights = np.exp(-0.5 * (steps / (width / 4)) ** 2)  # the window of LEAP's analysis: 2.5 deviations to its ends
    known = np.isfinite(values).all(axis=1)
    filled = np.where(known[:, None], values, 0.0)
    total = np.convolve(known.astype(float), weights, "same")
    sums = np.stack([np.convolve(filled[:, axis], weights, "same") for axis in (0, 1)], axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(known[:, None], sums / total[:, None], np.nan)


def _rates(values: Float[np.ndarray, "frame axis"], fps: Hertz) -> Float[np.ndarray, "frame axis"]:
    return np.gradient(values, 1 / fps, axis=0)


def _of_legs(
    along: Float[np.ndarray, "frame leg"], stance: Bool[np.ndarray, "frame leg"], width: int
) -> Float[np.ndarray, " frame"]:
    """The speed of the body over the ground on which its standing legs rest, smoothed over three windows."""
    standing = stance.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        speed = -np.where(stance, along, 0.0).sum(axis=1) / np.where(standing > 0, standing, np.nan)
    return _smoothed(np.stack([speed, speed], axis=1), 3 * width)[:, 0]


def _long(mask: Bool[np.ndarray, " frame"], frames: float) -> Bool[np.ndarray, " frame"]:
    kept = np.zeros_like(mask)
    for first, end in contiguous_runs(mask):
        kept[first:end] = end - first > frames
    return kept


def _missing(name: str, keypoints: Sequence[str]) -> str:
    return f"there is no key point {name!r}: the tracks have {', '.join(keypoints)}"


def _why_none(walks: Sequence[Walk], settings: GaitSettings) -> str:
    if not any(walk.known.any() for walk in walks):
        return f"in no frame are all of {', '.join((*settings.legs, *settings.axis))} known"
    speeds = np.concatenate([walk.speed[walk.known] for walk in walks])
    backward = 100 * float(np.mean(speeds < -settings.threshold))
    fast = f"faster than {settings.threshold:g} {settings.units} for more than {settings.shortest:g} s"
    hint = f"; {backward:.0f} % of the time one goes backward: exchange the ends of --axis" if backward > 20 else ""
    still = "; where the video follows the animal, take --speed legs" if settings.speed == "track" and not hint else ""
    return f"no animal ever walks ahead {fast}{hint}{still}"
