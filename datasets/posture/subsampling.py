"""Recordings at a lower frame rate, filtered first, so that nothing fast comes back as something slow."""

from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float

from datasets.dataset import contiguous_runs
from datasets.posture.midlines import unwrapped
from datasets.posture.recording import LARGEST_RATE_RATIO, AmplitudeRecording, PostureRecording
from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Decibels, Fraction, Hertz

PASS_EDGE: Fraction = 0.8
"""What is below this part of the new Nyquist frequency passes."""
ATTENUATION: Decibels = 60.0
"""Of what is above the new Nyquist frequency, and the ripple of what passes; a Kaiser window gives it."""


def subsampled(recording: PostureRecording | AmplitudeRecording, fps: Hertz) -> PostureRecording | AmplitudeRecording:
    """A recording at a lower frame rate; it is given back as it is when its own is as low.

    Each stretch between gaps is filtered by itself (`lowpassed`) and read by a spline of degree 5 at the times of the
    new frames, which count from the recording's first frame. A new frame is a gap unless its time lies in a stretch, so
    that only gaps between two new frames vanish.

    Raises:
        InputError: the frame rate is not > 0 Hz, or amplitudes come with turns (which are changes from frame to frame).
    """
    require(bool(np.isfinite(fps)) and fps > 0, f"the frame rate must be > 0 Hz, got {fps}")
    if recording.fps <= LARGEST_RATE_RATIO * fps:
        return recording
    if isinstance(recording, AmplitudeRecording):
        require(recording.turn is None, f"recording {recording.name!r}: subsample angles, then fit amplitudes")
        valid = np.isfinite(recording.amplitudes).all(axis=1)
        return replace(recording, amplitudes=_subsampled(recording.amplitudes, valid, recording.fps, fps), fps=fps)
    valid = recording.valid()
    columns = [recording.angles, recording.mean_angle[:, None]]
    if recording.centroid is not None:
        columns.append(recording.centroid)
    new = _subsampled(np.hstack(columns), valid, recording.fps, fps)
    segments = recording.angles.shape[1]
    return replace(
        recording,
        angles=new[:, :segments],
        mean_angle=unwrapped(new[:, segments]),
        centroid=None if recording.centroid is None else new[:, segments + 1 :],
        fps=fps,
    )


def lowpassed(x: Float[np.ndarray, "frame channel"], fps: Hertz, new: Hertz) -> Float[np.ndarray, "frame channel"]:
    """One stretch without gaps, without what is above half the new frame rate, and without delay.

    A symmetric finite impulse response (Kaiser window), so constants and straight lines stay as they are; beyond its
    ends the stretch goes on as its own point reflection, however short it is.
    """
    from scipy.signal import firwin, kaiserord, oaconvolve

    nyquist = new / 2
    taps, beta = kaiserord(ATTENUATION, (1 - PASS_EDGE) * nyquist / (fps / 2))
    taps |= 1
    window = firwin(taps, (1 + PASS_EDGE) / 2 * nyquist, window=("kaiser", beta), fs=fps)
    if len(x) == 1:
        return x.copy()
    padded = np.pad(x, ((taps // 2, taps // 2), (0, 0)), mode="reflect", reflect_type="odd")
    return oaconvolve(padded, window[:, None], mode="valid", axes=0)


def _times(frames: int, fps: Hertz, new: Hertz) -> Float[np.ndarray, " new"]:
    """Where the new frames lie, counted in old frames."""
    number = int(np.floor((frames - 1) * new / fps + 1e-6)) + 1
    times = np.minimum(np.arange(number) * (fps / new), frames - 1)
    whole = np.round(times)
    return np.where(np.abs(times - whole) < 1e-6, whole, times)  # rounding must not put a frame into a gap


def _subsampled(
    x: Float[np.ndarray, "frame channel"], valid: Bool[np.ndarray, " frame"], fps: Hertz, new: Hertz
) -> Float[np.ndarray, "new channel"]:
    from scipy.interpolate import make_interp_spline

    times = _times(len(x), fps, new)
    values = np.full((len(times), x.shape[1]), np.nan)
    for first, after in contiguous_runs(valid):
        wanted = slice(*np.searchsorted(times, (first, after - 1 + 1e-9)))
        if wanted.start == wanted.stop:
            continue
        smooth = lowpassed(x[first:after], fps, new)
        if len(smooth) == 1:
            values[wanted] = smooth
            continue
        degree = min(5, (len(smooth) - 2) // 2 * 2 + 1)
        spline = make_interp_spline(np.arange(first, after), smooth, k=degree)
        values[wanted] = spline(times[wanted])
    return values
