"""USVSEG's rules written anew, and real recordings with more of their own noise, for `benchmarks/calls.py`.

The rules are those of USVSEG 0.9r2 (Tachibana et al. 2020): six DPSS tapers of 512 samples (NW 3) every 0.5 ms, mean
amplitude in dB without its first three cepstral coefficients and without the median of each frequency, the median of
five frequencies; frames with five bins or more above a multiple of the noise's standard deviation are a call.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float

from datasets.calls.call import Call
from datasets.calls.recording import Recording

_WINDOW, _STEP, _GAP = 512, 0.0005, 0.030
_DURATIONS = (0.005, 0.3)
_FREQUENCIES = (30_000.0, 120_000.0)


def find_by_usvseg(recording: Recording, deviations: float = 4.5) -> tuple[Call, ...]:
    """The calls of a short recording by USVSEG's rules."""
    import scipy.ndimage

    flat = _flattened(recording.read(), round(_STEP * recording.rate))
    flat -= np.median(flat, axis=0)
    flat = scipy.ndimage.median_filter(flat, (1, 5))
    at = np.arange(flat.shape[1]) * recording.rate / _WINDOW
    inside = (at >= _FREQUENCIES[0]) & (at <= _FREQUENCIES[1])
    number, edges = np.histogram(flat, np.arange(-50, 50, 0.1))
    spread = np.ptp(edges[:-1][number >= number.max() / 2]) / 2.355  # of the half width of a normal distribution
    on = (flat[:, inside] > deviations * spread).sum(axis=1) >= 5
    runs = np.flatnonzero(np.diff(np.r_[0, on.astype(np.int8), 0])).reshape(-1, 2)
    return _joined(runs * _STEP + (_WINDOW / 2 / recording.rate - _STEP / 2))


def _flattened(sound: Float[np.ndarray, " sample"], step: int) -> Float[np.ndarray, "frame bin"]:
    import scipy.fft
    from scipy.signal.windows import dpss

    framed = np.lib.stride_tricks.sliding_window_view(sound, _WINDOW)[::step]
    tapers = dpss(_WINDOW, 3, 6).astype(np.float32)
    levels = 20 * np.log10(sum(np.abs(scipy.fft.rfft(framed * taper, axis=1)) for taper in tapers) / 6 + 1e-12)
    cepstrum = scipy.fft.ifft(np.concatenate([levels, levels[:, -2:0:-1]], axis=1), axis=1).real
    cepstrum[:, :3], cepstrum[:, -2:] = 0, 0
    return scipy.fft.fft(cepstrum, axis=1).real[:, : _WINDOW // 2 + 1]


def _joined(times: Float[np.ndarray, "run 2"]) -> tuple[Call, ...]:
    joined: list[list[float]] = []
    for start, stop in times.tolist():
        if joined and start - joined[-1][1] < _GAP:
            joined[-1][1] = stop
        else:
            joined.append([start, stop])
    return tuple(Call(start, stop) for start, stop in joined if _DURATIONS[0] <= stop - start <= _DURATIONS[1])


def write_noisier(recording: Recording, calls: Sequence[Call], louder: float, seed: int, path: Path) -> None:
    """Write a recording with noise of its own spectrum where no call is, so many dB louder and swelling by 3 dB."""
    import soundfile
    from scipy.signal import fftconvolve

    rng, size, rate = np.random.default_rng([seed, len(calls)]), 4096, recording.rate
    sound = recording.read().astype(float)
    quiet = np.ones(len(sound), bool)
    for call in calls:
        quiet[max(0, round((call.start - 0.01) * rate)) : round((call.stop + 0.01) * rate)] = False
    starts = [start for start in range(0, len(sound) - size, size // 2) if quiet[start : start + size].all()]
    window = np.hanning(size)
    power = np.median([np.abs(np.fft.rfft(sound[at : at + size] * window)) ** 2 for at in starts], axis=0)
    shape = np.fft.fftshift(np.fft.irfft(np.sqrt(power / np.log(2) / (window**2).sum()))) * window
    noise = fftconvolve(rng.normal(size=len(sound)), shape, "same")
    swell = 3 * np.sin(2 * np.pi * (0.3 * np.arange(len(sound)) / rate + rng.uniform()))
    mixed = sound + noise * 10 ** ((louder + swell) / 20)
    soundfile.write(path, 0.9 * mixed / np.abs(mixed).max(), rate, "PCM_16")
