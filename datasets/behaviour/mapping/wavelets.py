"""How strongly every part of a body moves at every frequency, and when: amplitudes of Morlet wavelets."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import fft

from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Dimensionless, Hertz, Seconds

HIGHEST: Hertz = 50.0
RATIO = 50.0
"""Of the highest to the lowest frequency, where none is given: 1 to 50 Hz (Berman et al. 2014; Pereira et al. 2019)."""
_REACH = 4.5
"""Standard deviations of a wavelet beyond which it is left out: e**-10 of its height."""
_BLOCK = 8192
"""Frames whose amplitudes are in memory at once."""


@dataclass(frozen=True)
class Wavelets:
    """Frequencies in dyadic (equal) ratios, and how many radians of its own oscillation one wavelet spans.

    Attributes:
        lowest: frequency.
        highest: frequency; at most half the frame rate.
        scales: how many frequencies (25 in Pereira et al. 2019).
        omega: the wavelet's centre; its envelope has a standard deviation of omega / (2 pi f) (5: Berman et al. 2014).
    """

    lowest: Hertz
    highest: Hertz
    scales: int = 25
    omega: Dimensionless = 5.0

    def __post_init__(self) -> None:
        require(2 <= self.scales <= 100, f"a map has 2 to 100 frequencies, got {self.scales}")
        fine = bool(0 < self.lowest < self.highest < np.inf)
        require(
            fine, f"the lowest frequency must be > 0 Hz and below the highest, got {self.lowest} and {self.highest}"
        )

    @property
    def frequencies(self) -> Float[np.ndarray, " scale"]:
        """Hz, ascending."""
        return self.lowest * (self.highest / self.lowest) ** np.linspace(0, 1, self.scales)

    @property
    def reach(self) -> Seconds:
        """How far the longest wavelet reaches to each side."""
        return _REACH * self.omega / (2 * np.pi * self.lowest)

    def require_rate(self, fps: Hertz, where: str) -> None:
        """Raise an `InputError` that names the highest frequency that there may be, unless a frame rate shows all."""
        require(
            fps >= 2 * self.highest * (1 - 1e-9),
            f"{where} has {fps:g} frames a second, which show no more than {fps / 2:g} Hz: "
            f"give --highest {fps / 2:g} or less, got {self.highest:g} Hz",
        )


def wavelets_for(fps: Hertz, lowest: Hertz | None, highest: Hertz | None, scales: int) -> Wavelets:
    """The frequencies that are asked for; what is not given is 1 to 50 Hz, or lower as the frame rate (Hz) has it."""
    highest = min(HIGHEST, fps / 2) if highest is None else highest
    return Wavelets(highest / RATIO if lowest is None else lowest, highest, scales)


def amplitudes(
    values: Float[np.ndarray, "frame channel"], fps: Hertz, wavelets: Wavelets
) -> Float[np.ndarray, "frame channel scale"]:
    """The amplitude of each channel at each frequency, of one stretch without a gap.

    A sine of amplitude a and frequency f gives a exp(-omega² (f / f_k - 1)² / 2) at the frequency f_k. Beyond its ends
    a stretch goes on mirrored, so that nothing is taken from across a gap.

    Args:
        values: finite, in any unit.
        fps: frames a second.
        wavelets: frequencies.

    Returns:
        Amplitudes in the unit of the values, as 32-bit numbers.
    """
    return np.concatenate([block for _, block in amplitude_blocks(values, fps, wavelets)])


def amplitude_blocks(
    values: Float[np.ndarray, "frame channel"], fps: Hertz, wavelets: Wavelets
) -> Iterator[tuple[slice, Float[np.ndarray, "some channel scale"]]]:
    """The `amplitudes` of a stretch, some frames at a time, with the frames that they are of."""
    reach = int(np.ceil(wavelets.reach * fps))
    for first in range(0, len(values), _BLOCK):
        end = min(first + _BLOCK, len(values))
        low, high = max(first - reach, 0), min(end + reach, len(values))
        beyond = (max(reach - first, 0), max(end + reach - len(values), 0))
        padded = np.pad(values[low:high], (beyond, (0, 0)), mode="reflect" if high - low > 1 else "edge")
        yield slice(first, end), _transformed(padded.astype(np.float32), fps, wavelets)[reach : reach + end - first]


def _transformed(
    values: Float[np.ndarray, "frame channel"], fps: Hertz, wavelets: Wavelets
) -> Float[np.ndarray, "frame channel scale"]:
    length = fft.next_fast_len(len(values))
    spectrum = fft.fft(values - values.mean(axis=0), length, axis=0)
    ratio = fft.fftfreq(length, 1 / fps)[:, None] / wavelets.frequencies
    gains = np.where(ratio > 0, 2 * np.exp(-0.5 * wavelets.omega**2 * (ratio - 1) ** 2), 0.0).astype(np.float32)
    found = np.empty((len(values), values.shape[1], wavelets.scales), np.float32)
    for scale in range(wavelets.scales):
        found[:, :, scale] = np.abs(fft.ifft(spectrum * gains[:, scale, None], axis=0)[: len(values)])
    return found
