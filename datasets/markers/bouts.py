"""Bouts of grooming: paws near the snout that stroke three to nine times a second."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float

from datasets.dataset import PointTracks, contiguous_runs
from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Fraction, Hertz, Pixels, Seconds

Series = Float[np.ndarray, " frame"]
_STRETCH = 1.5
"""Of the usual distance from body to snout, which no animal exceeds often."""


@dataclass(frozen=True)
class BoutSettings:
    """What grooming is.

    Attributes:
        left: a paw's point.
        right: the other's.
        snout: its point; empty where there is none: then rhythm alone decides.
        near: the paw that is nearer to the snout is within so many px of it; a third of the distance from the body to
            the snout when None, which needs the point `body`.
        slowest: strokes a second.
        fastest: strokes a second.
        begin: share of a paw's movement that has this rhythm where a bout begins.
        hold: share at which it goes on.
        amplitude: px that a stroke goes to each side at least.
        window: of time in which a rhythm is looked for.
        shortest: bouts that are shorter are left out.
        gap: bouts so near are one.
    """

    left: str = "left"
    right: str = "right"
    snout: str = "snout"
    near: Pixels | None = None
    slowest: Hertz = 3.0
    fastest: Hertz = 9.0
    begin: Fraction = 0.6
    hold: Fraction = 0.35
    amplitude: Pixels = 1.0
    window: Seconds = 0.5
    shortest: Seconds = 0.4
    gap: Seconds = 0.3

    def __post_init__(self) -> None:
        require(
            0 < self.slowest < self.fastest, f"strokes are {self.slowest:g} to {self.fastest:g} Hz: from low to high"
        )
        ordered = 0 < self.hold <= self.begin < 1
        require(ordered, f"--hold is at most --begin, both between 0 and 1, got {self.hold:g} and {self.begin:g}")
        require(self.near is None or self.near > 0, f"--near must be > 0 px, got {self.near}")
        for name, value in (("window", self.window), ("shortest", self.shortest), ("amplitude", self.amplitude)):
            require(value > 0, f"--{name} must be > 0, got {value:g}")
        require(self.gap >= 0, f"--gap must be 0 s or more, got {self.gap:g}")


def grooming(tracks: PointTracks, settings: BoutSettings, animal: int = 0) -> Bool[np.ndarray, " frame"]:
    """The frames in which an animal grooms.

    A bout begins where a paw is near the snout and its strokes have the rhythm, and goes on (hysteresis) as long as it
    stays within half as much more of the snout and keeps some of the rhythm. A snout that does not hold
    (`snout_holds`) is not looked at.

    Raises:
        InputError: a point is missing, or the frame rate is too low for the strokes.
    """
    fps = tracks.fps
    require(fps > 2 * settings.fastest, f"strokes of {settings.fastest:g} Hz need more than "
            f"{2 * settings.fastest:g} frames a second, the tracks have {fps:g}")  # fmt: skip
    paws = [filled(_point(tracks, name, animal)) for name in (settings.left, settings.right)]
    shares, sizes = zip(*(_rhythm(paw, fps, settings) for paw in paws), strict=True)
    share = np.max(
        [np.where(size >= settings.amplitude, s, 0.0) for s, size in zip(shares, sizes, strict=True)], axis=0
    )
    begin, hold = share >= settings.begin, share >= settings.hold
    if settings.snout and settings.snout in tracks.points and snout_holds(tracks, settings, animal):
        snout = filled(_point(tracks, settings.snout, animal))
        away = np.min([_smooth(np.hypot(*(paw - snout).T), fps, 0.15) for paw in paws], axis=0)
        near = settings.near or _usual_reach(tracks, snout, animal)
        begin, hold = begin & (away <= near), hold & (away <= 1.5 * near)
    return _joined(hysteresis(begin, hold), fps, settings)


def snout_holds(tracks: PointTracks, settings: BoutSettings, animal: int = 0) -> bool:
    """Whether the snout stays where an animal can have it: animals curl up, but hardly stretch.

    In one frame of twenty or more farther than one and a half times its usual distance from the point `body`, it was
    taken for something else, such as a shadow that touches a dark animal. Not estimated where `near` is given.
    """
    if settings.near is not None or "body" not in tracks.points:
        return True
    away = np.hypot(*(_point(tracks, settings.snout, animal) - _point(tracks, "body", animal)).T)
    away = away[np.isfinite(away)]
    return len(away) == 0 or bool(np.quantile(away, 0.95) <= _STRETCH * np.median(away))


def _point(tracks: PointTracks, name: str, animal: int) -> Float[np.ndarray, "frame 2"]:
    require(name in tracks.points, f"there is no point {name!r}; the tracks have {', '.join(tracks.points)}")
    return tracks.xy[:, animal, tracks.points.index(name)]


def _usual_reach(tracks: PointTracks, snout: Float[np.ndarray, "frame 2"], animal: int) -> Pixels:
    require("body" in tracks.points, "how near a paw is to the snout needs --near, px: there is no point 'body'")
    away = np.hypot(*(snout - filled(_point(tracks, "body", animal))).T)
    require(bool(np.isfinite(away).any()), "the snout is known in no frame: give --snout '' to go by rhythm alone")
    return float(np.nanmedian(away)) / 3


def filled(xy: Float[np.ndarray, "frame 2"]) -> Float[np.ndarray, "frame 2"]:
    """Gaps in places (px) filled along straight lines, the ends by what is nearest; all NaN where nothing is known."""
    known = ~np.isnan(xy[:, 0])
    if not known.any():
        return xy.copy()
    at = np.flatnonzero(known)
    return np.stack([np.interp(np.arange(len(xy)), at, xy[at, axis]) for axis in (0, 1)], axis=1)


def _smooth(values: Series, fps: Hertz, width: Seconds) -> Series:
    from scipy.ndimage import gaussian_filter1d

    return gaussian_filter1d(values, max(width * fps, 0.5), mode="nearest")


def banded(xy: Float[np.ndarray, "frame 2"], fps: Hertz, low: Hertz, high: Hertz) -> Float[np.ndarray, "frame 2"]:
    """Movement between two frequencies, without delay (Butterworth of order 2, there and back)."""
    from scipy.signal import butter, sosfiltfilt

    if len(xy) < 16 or np.isnan(xy).any():
        return np.zeros_like(xy)
    sos = butter(2, [low, min(high, 0.45 * fps)], btype="band", fs=fps, output="sos")
    return sosfiltfilt(sos, xy, axis=0, padlen=min(len(xy) - 1, round(fps)))


def _rhythm(paw: Float[np.ndarray, "frame 2"], fps: Hertz, settings: BoutSettings) -> tuple[Series, Series]:
    """The share of a paw's movement above 0.8 Hz that has the rhythm, and the amplitude of that (px)."""
    from scipy.ndimage import gaussian_filter1d

    width = max(settings.window * fps / 2, 1.0)
    inside = (banded(paw, fps, settings.slowest * 0.9, settings.fastest * 1.1) ** 2).sum(axis=1)
    whole = (banded(paw, fps, 0.8, 0.45 * fps) ** 2).sum(axis=1)
    power, every = (gaussian_filter1d(each, width / 2, mode="nearest") for each in (inside, whole))
    return power / np.maximum(np.maximum(every, power), 1e-9), np.sqrt(2 * power)


def hysteresis(begin: Bool[np.ndarray, " frame"], hold: Bool[np.ndarray, " frame"]) -> Bool[np.ndarray, " frame"]:
    """Runs of `hold` in which `begin` is true somewhere.

    >>> b, h = np.array([0, 0, 1, 0, 0, 0]), np.array([0, 1, 1, 1, 0, 1])
    >>> hysteresis(b > 0, h > 0).astype(int).tolist()
    [0, 1, 1, 1, 0, 0]
    """
    kept = np.zeros(len(hold), bool)
    for first, end in contiguous_runs(hold | begin):
        kept[first:end] = begin[first:end].any()
    return kept


def _joined(mask: Bool[np.ndarray, " frame"], fps: Hertz, settings: BoutSettings) -> Bool[np.ndarray, " frame"]:
    """Gaps closed, then bouts that are too short left out."""
    kept = mask.copy()
    for first, end in contiguous_runs(~mask):
        if first > 0 and end < len(mask) and end - first <= settings.gap * fps:
            kept[first:end] = True
    for first, end in contiguous_runs(kept):
        if end - first < settings.shortest * fps:
            kept[first:end] = False
    return kept


BOUT_COLUMNS = ("animal", "behaviour", "first_frame", "end_frame", "start_s", "end_s")


def bout_table(masks: dict[str, Bool[np.ndarray, " frame"]], fps: Hertz, clock: Series | None = None) -> pd.DataFrame:
    """A row a bout of each animal: first frame, the frame after the last, and both in s.

    Args:
        masks: of each animal.
        fps: frames a second.
        clock: when each frame was taken, s, where that is not by the rate.
    """
    length = max((len(mask) for mask in masks.values()), default=0)
    times = np.arange(length + 1) / fps if clock is None else np.append(clock, clock[-1] + np.median(np.diff(clock)))
    rows = [
        (animal, "grooming", int(first), int(end), round(float(times[first]), 4), round(float(times[end]), 4))
        for animal, mask in masks.items()
        for first, end in contiguous_runs(mask)
    ]
    return pd.DataFrame(rows, columns=list(BOUT_COLUMNS))
