"""`calls_tonal`: calls as ridges of a multitaper spectrogram, without learning.

The noise floor is estimated for each frequency and minute, what lifts whole stretches of a frame (clicks, noise of
the cage) is taken off, and levels are averaged along short lines of several slopes. Where such a mean stands out by
`seed` standard deviations of the noise there is a piece, which reaches as far as the mean stays above `grow`; where a
recording's calls are faint, the seed falls. The rules are those that USVSEG began (Tachibana et al. 2020: tapers, floor
by frequency, thresholds in standard deviations).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from datasets.calls.call import Call
from datasets.calls.recording import Recording
from datasets.calls.spectrogram import Levels, Spectrogram, spectrogram_of
from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Dimensionless, Fraction, Hertz, Seconds
from surrogates.calls.detection.callers import calls_of
from surrogates.calls.detection.pieces import RidgeMap, Rules, pieces_of

_SLOPES = (-2, -1, -0.5, 0, 0.5, 1, 2)
"""Of the lines, in bins a frame: up to 1 kHz/ms at 250 kHz."""


_FAINTEST: Dimensionless = 2.2
"""The lowest seed: in stationary noise no mean along a line reaches 2 within a minute."""
_SHARE: Fraction = 0.55
_LOW: Fraction = 0.2
_FEWEST = 5
"""Pieces that pass, from which on a recording says how faint its calls are."""


@dataclass(frozen=True)
class TonalSettings:
    """Settings of the detector.

    Attributes:
        band: the lowest and the highest frequency; None for 30 to 120 kHz, as far as the recording goes.
        seed: a piece has a mean along a line of so many standard deviations of the noise.
        adapt: let the seed fall where a recording's calls are faint: to 0.55 of what four in five of the pieces that
            pass reach, but not below 2.2.
        grow: and reaches as far as this.
        shortest: calls that are shorter are left out.
        gap: pieces so near are one call.
        separate: tell calls of two callers apart that overlap; a call with two voices may then count twice.
    """

    band: tuple[Hertz, Hertz] | None = None
    seed: Dimensionless = 3.4
    adapt: bool = True
    grow: Dimensionless = 1.2
    shortest: Seconds = 0.005
    gap: Seconds = 0.020
    separate: bool = False

    def __post_init__(self) -> None:
        require(0 < self.grow <= self.seed, f"grow must be > 0 and at most seed, got {self.grow:g} and {self.seed:g}")
        require(0 <= self.gap <= 1, f"gap must be from 0 to 1 s, got {self.gap:g}")
        require(0 < self.shortest <= 1, f"shortest must be from 0 to 1 s, got {self.shortest:g}")


def detect_tonal(recording: Recording, settings: TonalSettings = TonalSettings(), channel: int = 1) -> tuple[Call, ...]:
    """Find the calls of a recording.

    Args:
        recording: of any length; a minute of it is in memory at a time.
        settings: thresholds.
        channel: from 1.

    Raises:
        InputError: the band does not go with the recording, or it cannot be read.
    """
    spectrogram = spectrogram_of(recording, settings.band)
    faintest = min(settings.seed, _FAINTEST) if settings.adapt else settings.seed
    rules = Rules(faintest, settings.grow, round(settings.gap / spectrogram.step))
    shifts = _shifts(spectrogram)
    ridges = RidgeMap(lambda levels: (levels, _means(levels, shifts)), reach=shifts.shape[1] // 2)
    parts = list(pieces_of(recording, spectrogram, rules, channel, ridges))
    seed = adapted_seed(settings.seed, faintest, [piece.best for pieces in parts for piece in pieces])
    loud = [[piece for piece in pieces if piece.best >= seed] for pieces in parts]
    return calls_of(loud, spectrogram, channel, settings.gap, settings.shortest, settings.separate)


def adapted_seed(seed: Dimensionless, faintest: Dimensionless, best: Sequence[Dimensionless]) -> Dimensionless:
    """The seed for a recording: lower where the pieces that pass reach down to it, so that there are fainter ones."""
    passed = [each for each in best if each >= seed]
    return seed if len(passed) < _FEWEST else float(np.clip(_SHARE * np.quantile(passed, _LOW), faintest, seed))


def _shifts(spectrogram: Spectrogram, reach: Seconds = 0.003) -> Int[np.ndarray, "line offset"]:
    """How many bins each line is off, frame by frame."""
    half = max(1, round(reach / spectrogram.step))
    return np.round(np.outer(_SLOPES, np.arange(-half, half + 1))).astype(np.int64)


def _means(levels: Levels, shifts: Int[np.ndarray, "line offset"]) -> Levels:
    from datasets.calls.kernels.ridges import along_lines

    means = np.empty_like(levels)
    along_lines(levels, shifts, means)
    return means
