"""When frames were taken, where a camera did not keep its rate."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float

from datasets.dataset import PointTracks
from datasets.video.movie_index import index_movie
from datasets.video.video import MOVIES
from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Fraction

UNEVEN: Fraction = 0.2
"""A rate varies where a step of time differs by so much from the usual one; less is the rounding of the file."""
Clock = Float[np.ndarray, " frame"]


def clock_of(tracks: PointTracks, video: Path | None = None) -> Clock | None:
    """When each frame of some tracks was taken, s after the first; None where they are even.

    Args:
        tracks: of a video.
        video: the movie; the one that the tracks name where it is there, when None.

    Raises:
        InputError: the movie cannot be read, or has another number of frames.
    """
    path = video or Path(tracks.video)
    if video is None and not (tracks.video and path.is_file() and path.suffix.lower() in MOVIES):
        return None
    require(path.is_file(), f"{path}: there is no such video")
    seconds = index_movie(path).seconds
    fits = len(seconds) == len(tracks.xy)
    require(fits or video is None, f"{path} has {len(seconds)} frames, the tracks have {len(tracks.xy)}")
    if not fits or len(seconds) < 3:
        return None
    steps = np.diff(seconds)
    usual = float(np.median(steps))
    return seconds if usual > 0 and bool((np.abs(steps - usual) > UNEVEN * usual).any()) else None


def rate_text(clock: Clock) -> str:
    """How far the rate of frames at times in seconds varies, in words."""
    steps = np.diff(clock)
    rates = 1 / max(float(steps.max()), 1e-9), 1 / max(float(steps.min()), 1e-9)
    return f"the frame rate varies ({rates[0]:.3g} to {rates[1]:.3g} frames a second): times are those of the video"


def evened(tracks: PointTracks, clock: Clock) -> PointTracks:
    """The tracks (px) at even times in seconds, along straight lines; not known where either neighbour is not."""
    step = float(np.median(np.diff(clock)))
    grid = np.arange(_last(clock, step) + 1) * step
    right = np.clip(np.searchsorted(clock, grid, side="left"), 1, len(clock) - 1)
    share = np.clip((grid - clock[right - 1]) / np.maximum(clock[right] - clock[right - 1], 1e-12), 0, 1)
    share = share[:, None, None, None]
    before, after = tracks.xy[right - 1], tracks.xy[right]
    xy = np.where(share == 0, before, np.where(share == 1, after, (1 - share) * before + share * after))
    return replace(tracks, xy=xy, fps=1 / step, scores=None)


def _last(clock: Clock, step: float) -> int:
    return int(clock[-1] / step + 1e-6)


def even_index(clock: Clock, frame: int) -> int:
    """The index of a frame among even times; the clock is in seconds."""
    step = float(np.median(np.diff(clock)))
    return min(round(clock[frame] / step), _last(clock, step))


def of_frames(mask: Bool[np.ndarray, " even"], clock: Clock) -> Bool[np.ndarray, " frame"]:
    """A mask of even times as one of frames; the clock is in seconds."""
    return mask[[even_index(clock, frame) for frame in range(len(clock))]]
