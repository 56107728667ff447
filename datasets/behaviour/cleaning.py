"""Tracks made ready for features: doubtful points left out, short gaps bridged, noise smoothed, one frame rate."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from datasets.dataset import PointTracks, contiguous_runs
from neuron_models.foundation.bad_parts import leave_out
from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Fraction, Hertz, Seconds

BODY = "body"
"""The unit of lengths that are given in lengths of the animal's body."""
_FASTEST: Hertz = 1000.0
_SUREST = 2.0
"""SLEAP's scores, the heights of peaks, go somewhat past 1."""


@dataclass(frozen=True)
class Cleaning:
    """How tracks are made ready.

    Attributes:
        likelihood: points that a tracker is less sure of are left out.
        bridge: gaps up to this length are bridged by a straight line.
        smooth: the standard deviation of the Gaussian window that positions are averaged over; none when 0.
        rate: frames a second that all recordings are brought to; as they are when None.
        body_lengths: lengths are given in lengths of the body, the median distance from the first point to the last.
    """

    likelihood: Fraction = 0.0
    bridge: Seconds = 0.0
    smooth: Seconds = 0.0
    rate: Hertz | None = None
    body_lengths: bool = False

    def __post_init__(self) -> None:
        require(0 <= self.likelihood < 1, f"the least likelihood must be 0 to below 1, got {self.likelihood}")
        require(0 <= self.bridge <= 10, f"gaps of 0 to 10 s are bridged, got {self.bridge:g}")
        require(0 <= self.smooth <= 5, f"tracks are smoothed over 0 to 5 s, got {self.smooth:g}")
        fine = self.rate is None or 1 <= self.rate <= _FASTEST
        require(fine, f"recordings are brought to 1 to 1,000 frames a second, got {self.rate}")


def cleaned(tracks: PointTracks, how: Cleaning) -> PointTracks:
    """The tracks made ready; what is left out for its likelihood is reported.

    Raises:
        InputError: a body has no length, or the tracker does not say how sure it is.
    """
    xy = tracks.xy
    if how.likelihood > 0:
        xy = _sure(tracks, how.likelihood)
    if how.bridge > 0:
        xy = _columns(xy, lambda column: bridged(column, round(how.bridge * tracks.fps)))
    if how.smooth > 0:
        xy = _columns(xy, lambda column: smoothed(column, how.smooth * tracks.fps))
    tracks = replace(tracks, xy=xy)
    if how.rate is not None and how.rate != tracks.fps:
        tracks = _at_rate(tracks, how.rate)
    return _in_bodies(tracks) if how.body_lengths else tracks


def bridged(column: Float[np.ndarray, " frame"], longest: int) -> Float[np.ndarray, " frame"]:
    """The column, in any unit; gaps of up to `longest` frames become straight lines, those at its ends stay.

    >>> bridged(np.array([np.nan, 0.0, np.nan, 2.0, np.nan, np.nan, 5.0]), 1).tolist()
    [nan, 0.0, 1.0, 2.0, nan, nan, 5.0]
    """
    known = np.isfinite(column)
    out = column.copy()
    for first, end in contiguous_runs(~known):
        if first > 0 and end < len(column) and end - first <= longest:
            out[first:end] = np.interp(np.arange(first, end), (first - 1, end), (column[first - 1], column[end]))
    return out


def smoothed(column: Float[np.ndarray, " frame"], width: float) -> Float[np.ndarray, " frame"]:
    """The Gaussian mean of the known values around each, of `width` frames, in their units; gaps stay."""
    from scipy.ndimage import gaussian_filter1d

    known = np.isfinite(column)
    sums, numbers = (
        gaussian_filter1d(part, width, mode="constant") for part in (np.where(known, column, 0.0), known.astype(float))
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(known, sums / numbers, np.nan)


def frames_at(frames: int, fps: Hertz, rate: Hertz) -> Int[np.ndarray, " new_frame"]:
    """The nearest of a recording's frames to each one of another rate.

    >>> frames_at(6, 50.0, 25.0).tolist()
    [0, 2, 4]
    """
    number = max(1, int(np.floor((frames - 1) / fps * rate + 1e-9)) + 1)
    return np.minimum(np.round(np.arange(number) / rate * fps).astype(int), frames - 1)


def _sure(tracks: PointTracks, least: Fraction) -> Float[np.ndarray, "frame animal point 2"]:
    require(tracks.scores is not None, f"{tracks.name}: its tracker does not say how sure it is of points")
    scores = np.asarray(tracks.scores, float)
    most = float(np.nanmax(scores, initial=0.0))
    require(most <= _SUREST, f"{tracks.name}: its scores go up to {most:g}, and a likelihood lies from 0 to 1")
    doubtful = scores < least
    known = np.isfinite(tracks.xy).all(axis=3)
    share = float((doubtful & known).sum() / max(1, known.sum()))
    if share > 0:
        leave_out(f"{tracks.name}: {100 * share:.2g} % of the points, of a likelihood below {least:g}")
    return np.where(doubtful[..., None], np.nan, tracks.xy)


def _columns(
    xy: Float[np.ndarray, "frame animal point 2"], change: Callable[[np.ndarray], np.ndarray]
) -> Float[np.ndarray, "frame animal point 2"]:
    flat = xy.reshape(len(xy), -1)
    return np.stack([change(column) for column in flat.T], axis=1).reshape(xy.shape)


def _at_rate(tracks: PointTracks, rate: Hertz) -> PointTracks:
    """Positions between frames lie on the straight line; next to a gap they are not known."""
    times = np.arange(len(frames_at(len(tracks.xy), tracks.fps, rate))) / rate * tracks.fps
    low = np.minimum(np.floor(times + 1e-9).astype(int), len(tracks.xy) - 1)
    high = np.minimum(low + 1, len(tracks.xy) - 1)
    part = np.clip(times - low, 0, 1)[:, None, None, None]
    between = tracks.xy[low] + np.where(part > 0, part * (tracks.xy[high] - tracks.xy[low]), 0.0)
    return replace(tracks, xy=between, fps=rate, scores=None)


def _in_bodies(tracks: PointTracks) -> PointTracks:
    require(len(tracks.points) > 1, f"{tracks.name}: the length of a body needs two points or more")
    length = np.linalg.norm(tracks.xy[:, :, 0] - tracks.xy[:, :, -1], axis=2)
    known = np.isfinite(length)
    require(bool(known.any()) and float(np.median(length[known])) > 0, f"{tracks.name}: its bodies have no length")
    return replace(tracks, xy=tracks.xy / float(np.median(length[known])), units=BODY)
