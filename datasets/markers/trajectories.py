"""What paws do: how far and fast they go, how often they stroke, and whether left and right go together."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float

from datasets.dataset import PointTracks
from datasets.markers.bouts import banded, filled
from datasets.markers.clock import Clock, even_index, evened
from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Fraction, Hertz, Radians


def trajectory_table(
    tracks: PointTracks,
    names: Sequence[str],
    spans: Sequence[tuple[int, int]],
    band: tuple[Hertz, Hertz] = (3.0, 9.0),
    clock: Clock | None = None,
) -> pd.DataFrame:
    """Measures of each mark in each span of frames; at even times, where a clock says that frames are not.

    Columns: animal, mark, first_frame, end_frame, seen (share of frames), path (of the seen steps), speed and peak
    (a second; the latter the 99th percentile), strokes (a second), and for the second of two marks its phase behind
    the first (degrees, -180 to 180: 0 is together, 180 in turns), how steady that is (0 to 1) and the correlation of
    both along their main direction. Lengths are in the units of the tracks.

    Raises:
        InputError: a mark that the tracks do not have, a span outside of them, or a rate too low for the band.
    """
    for name in names:
        require(name in tracks.points, f"there is no point {name!r}; the tracks have {', '.join(tracks.points)}")
    require(tracks.fps > 2 * band[0], f"{tracks.fps:g} frames a second are too few for strokes of {band[0]:g} Hz")
    rows = []
    for first, end in spans:
        require(0 <= first < end <= len(tracks.xy), f"frames {first} to {end - 1} are not all in the tracks")
        even = tracks if clock is None else evened(tracks, clock)
        span = (first, end) if clock is None else (even_index(clock, first), even_index(clock, end - 1) + 1)
        for number, animal in enumerate(tracks.animals):
            own = _rows(even, names, span, number, animal, band)
            rows += [{**row, "first_frame": first, "end_frame": end} for row in own]
    return pd.DataFrame(rows)


def _rows(
    tracks: PointTracks, names: Sequence[str], span: tuple[int, int], number: int, animal: str,
    band: tuple[Hertz, Hertz],
) -> list[dict]:  # fmt: skip
    rows = []
    strokes = []
    for name in names:
        xy = tracks.xy[span[0] : span[1], number, tracks.points.index(name)]
        steps = np.hypot(*np.diff(xy, axis=0).T)
        known = steps[~np.isnan(steps)]
        wave = banded(filled(xy), tracks.fps, *band)
        strokes.append(wave)
        row = {"animal": animal, "mark": name, "first_frame": span[0], "end_frame": span[1]}
        row |= {
            "seen": float((~np.isnan(xy[:, 0])).mean()),
            "path": float(known.sum()),
            "speed": float(known.mean() * tracks.fps) if len(known) else np.nan,
            "peak": float(np.quantile(known, 0.99) * tracks.fps) if len(known) else np.nan,
            "strokes": stroke_rate(wave, tracks.fps),
        }
        if len(strokes) == 2:
            phase, steady = phase_of(*strokes)
            row |= {"phase": np.degrees(phase), "steady": steady, "correlation": _correlation(*strokes)}
        rows.append(row)
    return rows


def _along(wave: Float[np.ndarray, "frame 2"], axis: Float[np.ndarray, "2"]) -> Float[np.ndarray, " frame"]:
    return (wave - wave.mean(axis=0)) @ axis


def _axis(wave: Float[np.ndarray, "frame 2"]) -> Float[np.ndarray, "2"]:
    """The main direction of movement; of its two ends the one to the right, or below."""
    direction = np.linalg.eigh(np.cov(wave.T))[1][:, -1]
    return direction * (1 if direction[np.argmax(np.abs(direction))] > 0 else -1)


def stroke_rate(wave: Float[np.ndarray, "frame 2"], fps: Hertz) -> Hertz:
    """Turns of a banded movement a second: how often it passes its middle upwards; 0 where it hardly moves."""
    along = _along(wave, _axis(wave)) if len(wave) > 2 else np.zeros(1)
    size = along.std()
    if size < 0.3:
        return 0.0
    up = np.flatnonzero((along[:-1] < 0) & (along[1:] >= 0))
    if len(up) < 2:
        return 0.0
    exact = up - along[up] / (along[up + 1] - along[up])
    return float(fps / np.median(np.diff(exact)))


def phase_of(one: Float[np.ndarray, "frame 2"], other: Float[np.ndarray, "frame 2"]) -> tuple[Radians, Fraction]:
    """The mean phase of the second behind the first, weighted by both amplitudes, and how steady it is (0 to 1)."""
    from scipy.signal import hilbert

    if len(one) < 3 or one.std() < 1e-9 or other.std() < 1e-9:
        return np.nan, np.nan
    axis = _axis(one + 0.0)
    a, b = hilbert(_along(one, axis)), hilbert(_along(other, axis))
    product = a * np.conj(b)
    mean = product.sum()
    return float(np.angle(mean)), float(abs(mean) / max(np.abs(product).sum(), 1e-12))


def _correlation(one: Float[np.ndarray, "frame 2"], other: Float[np.ndarray, "frame 2"]) -> Fraction:
    axis = _axis(one)
    a, b = _along(one, axis), _along(other, axis)
    return float((a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum())) if a.any() and b.any() else np.nan
