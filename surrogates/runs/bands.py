"""Simultaneous bands about a model's answers, by split conformal prediction over trials.

Trials are exchangeable where samples are not, so one number a trial is judged: the largest error over time and outputs,
in units of a scale (Vovk et al. 2005; Lei et al. 2018, section 5.2, for the scale).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from neuron_models.foundation.errors import require
from neuron_models.foundation.units import DataUnits, Dimensionless, Fraction

SHAPING = 5
"""One of so many calibration trials, and two at least, says how the band's width follows the answer."""


@dataclass(frozen=True)
class Bands:
    """How wide the band about an answer y is: factor (floor + slope |y - rest|) to both sides, by output.

    Attributes:
        coverage: the share of new trials that lie in the band whole, all times and outputs.
        trials: how many gave the factor.
        factor: the quantile of their scores.
        floor: width at rest before the factor, in the units of the outputs.
        slope: how it grows with the distance from rest.
        rest: in the units of the outputs.
    """

    coverage: Fraction
    trials: int
    factor: Dimensionless
    floor: tuple[float, ...]
    slope: tuple[float, ...]
    rest: tuple[float, ...]

    def half_width(self, y: Float[np.ndarray, "*time output"]) -> Float[np.ndarray, "*time output"]:
        """Half the width about answers, in their units."""
        away = np.abs(np.asarray(y, float) - np.array(self.rest))
        return self.factor * (np.array(self.floor) + np.array(self.slope) * away)


def trials_needed(coverage: float) -> int:
    """The fewest calibration trials with which bands of a coverage are finite, those that shape them among them."""
    number = 1
    while _judging(number) < math.ceil((_judging(number) + 1) * coverage - 1e-9):
        number += 1
    return number


def _judging(number: int) -> int:
    """How many of so many trials give the factor."""
    return number - max(2, number // SHAPING)


def calibrate(
    predicted: Sequence[Float[np.ndarray, "_time output"]],
    measured: Sequence[Float[np.ndarray, "_time output"]],
    rest: Float[np.ndarray, " output"],
    coverage: float,
    seed: int = 0,
) -> Bands:
    """The bands of a model from trials that it has not learned.

    Args:
        predicted: the model's answers, of the samples that count.
        measured: what was recorded at these samples, in the same units.
        rest: the outputs at rest.
        coverage: above 0 and below 1.
        seed: of the choice of the trials that shape the band.

    Raises:
        InputError: a coverage out of range, or fewer trials than it needs; the message says how many do.
    """
    require(0 < coverage < 1, f"--coverage must lie between 0 and 1, got {coverage:g}")
    require(coverage <= 0.9999, f"--coverage must be at most 0.9999, got {coverage:g}")
    number, needed = len(predicted), trials_needed(coverage)
    require(
        number >= needed,
        f"bands of {100 * coverage:g} % coverage need {needed} trials that the model has not learned, got {number}",
    )
    order = np.random.default_rng(seed).permutation(number)
    judging, shaping = order[: _judging(number)], order[_judging(number) :]
    floor, slope = _shape([predicted[i] for i in shaping], [measured[i] for i in shaping], rest)
    unit = Bands(coverage, len(judging), 1.0, floor, slope, tuple(map(float, rest)))
    scores = np.sort([trial_score(unit, predicted[i], measured[i]) for i in judging])
    factor = float(scores[math.ceil((len(scores) + 1) * coverage - 1e-9) - 1])
    return Bands(coverage, len(judging), factor, floor, slope, unit.rest)


def trial_score(
    bands: Bands, predicted: Float[np.ndarray, "time output"], measured: Float[np.ndarray, "time output"]
) -> float:
    """The largest error of a trial over half the band's width (dimensionless): at most one where all lies inside."""
    return float((np.abs(predicted - measured) / bands.half_width(predicted)).max(initial=0.0))


def _shape(
    predicted: Sequence[np.ndarray], measured: Sequence[np.ndarray], rest: np.ndarray
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Floor and slope of each output: what the size of the error is, by least squares without negative shares."""
    from scipy.optimize import nnls

    y = np.concatenate([np.asarray(each, float) for each in predicted])
    errors = np.abs(y - np.concatenate([np.asarray(each, float) for each in measured]))
    away, least = np.abs(y - rest), max(float(errors.max(initial=0.0)) * 1e-3, 1e-12)
    found = []
    for output in range(y.shape[1]):
        spread = max(float(away[:, output].max(initial=0.0)), 1e-300)
        design = np.stack([np.ones(len(y)), away[:, output] / spread], axis=1)
        (floor, slope), _ = nnls(design, errors[:, output])
        found.append((max(float(floor), least), float(slope) / spread))
    return tuple(floor for floor, _ in found), tuple(slope for _, slope in found)


def bands_from(text: Any, outputs: int) -> Bands | None:
    """The bands that a model file holds, once they are known to be sound; None where it holds none.

    Raises:
        InputError: it holds something else than `calibrate` gives.
    """
    if text is None:
        return None
    where = "the bands of the model"
    names = {"coverage", "trials", "factor", "floor", "slope", "rest"}
    require(isinstance(text, dict) and set(text) == names, f"{where} are {text!r:.60}")
    single = [text[name] for name in ("coverage", "trials", "factor")]
    lists = [text[name] for name in ("floor", "slope", "rest")]
    require(all(isinstance(each, list) and len(each) == outputs for each in lists), f"{where} are of other outputs")
    numbers = [*single, *(number for each in lists for number in each)]
    sound = all(isinstance(n, int | float) and not isinstance(n, bool) and math.isfinite(n) for n in numbers)
    require(sound, f"{where} hold something else than numbers")
    positive = 0 < text["coverage"] < 1 and min(text["factor"], *text["floor"], *text["slope"], text["trials"]) >= 0
    require(positive and type(text["trials"]) is int, f"{where} hold a number that is out of range")
    return Bands(*single, *(tuple(float(number) for number in each) for each in lists))


def half_widths(bands: Bands, answers: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Half the width about each of some answers (time, output), in their units."""
    return [bands.half_width(each) for each in answers]


def mean_width(bands: Bands, answers: Sequence[np.ndarray]) -> DataUnits:
    """The mean width of the band, both sides together, over all samples and outputs of answers (time, output)."""
    return 2 * float(np.mean(np.concatenate([bands.half_width(each) for each in answers])))
