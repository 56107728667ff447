"""Stimuli beyond the published ones: diverse draws from the waveform algebra."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float
from scipy.spatial.distance import cdist

from connectome.scenario import Scenario
from neuron_models.foundation.errors import require, require_seed
from neuron_models.foundation.units import Milliseconds
from neuron_models.stimulus import Noise, Pulse, Ramp, RampHold, Scaled, Silence, Train, Triangle, Waveform

_CANDIDATES = 4
"""How many sequences are drawn for each that is kept."""
_BINS = 50
"""Stretches of time in which two sequences are compared."""


def random_scenario(base: Scenario, number: int, seed: int = 0) -> Scenario:
    """Replace the stimuli of a scenario by `number` random ones that differ from each other.

    Four times as many sequences are drawn as are kept: for each input a shape of the algebra (all seven, noise, a sum
    of two, or silence) with log-uniform widths of 5 to 200 ms, a uniform onset and 25 to 100 % of the input's published
    peak; in a quarter of the sequences all inputs share one waveform, as in the published set. Of these, each next one
    kept is the farthest from those kept before (farthest-point sampling, Gonzalez 1985), by the mean current of every
    input in 50 stretches of time.

    Args:
        base: gives inputs, outputs, peaks, duration and sampling.
        number: how many sequences.
        seed: the same seed gives the same stimuli.

    Returns:
        The scenario with sequences `random_0001` ... and every split "train" (see `datasets.parts.splitting`).

    Raises:
        InputError: number < 1, or an invalid seed.
    """
    require(number >= 1, f"the number of random stimuli must be >= 1, got {number}")
    pool = random_pool(base, _CANDIDATES * number, seed)
    peaks = [_peak(base, column) for column in range(len(base.inputs))]
    kept = farthest_points(np.array([_features(row, peaks, base.duration) for row in pool.stimuli]), number)
    return _renamed(base, [pool.stimuli[i] for i in kept], f"{base.name}_random_{seed}", "random")


def random_pool(base: Scenario, number: int, seed: int = 0) -> Scenario:
    """Replace the stimuli of a scenario by `number` random ones as they are drawn; arguments as in `random_scenario`.

    Raises:
        InputError: number < 1, or an invalid seed.
    """
    require(number >= 1, f"the number of random stimuli must be >= 1, got {number}")
    require_seed(seed, "the seed of random stimuli")
    rng = np.random.default_rng(seed)
    peaks = [_peak(base, column) for column in range(len(base.inputs))]
    drawn = [_draw_sequence(rng, peaks, base.duration) for _ in range(number)]
    return _renamed(base, drawn, f"{base.name}_pool_{seed}", "pool")


def chosen_scenario(pool: Scenario, kept: Sequence[int], name: str) -> Scenario:
    """The scenario of some stimuli of a pool, counted from 0, in this order; its sequences are `next_0001` ..."""
    return _renamed(pool, [pool.stimuli[i] for i in kept], name, "next")


def stimulus_features(pool: Scenario) -> Float[np.ndarray, "sequence feature"]:
    """Dimensionless features to compare stimuli by: the mean current of every input in 50 stretches, over its peak."""
    peaks = [_peak(pool, column) for column in range(len(pool.inputs))]
    return np.array([_features(row, peaks, pool.duration) for row in pool.stimuli])


def _renamed(base: Scenario, stimuli: Sequence[tuple[Waveform, ...]], name: str, prefix: str) -> Scenario:
    number = len(stimuli)
    names = tuple(f"{prefix}_{i + 1:04d}" for i in range(number))
    return replace(base, name=name, sequences=names, stimuli=tuple(stimuli), split=("train",) * number)


def farthest_points(points: Float[np.ndarray, "point feature"], number: int) -> list[int]:
    """Choose `number` points, each as far as can be from those chosen before, the most central one first.

    Features are of one unit or dimensionless, for distances are Euclidean.

    Returns:
        The points' indices.
    """
    chosen = [int(np.argmin(cdist(points, points.mean(0)[None])[:, 0]))]
    nearest = cdist(points, points[chosen])[:, 0]
    while len(chosen) < number:
        chosen.append(int(np.argmax(nearest)))
        nearest = np.minimum(nearest, cdist(points, points[chosen[-1:]])[:, 0])
    return chosen


def _peak(base: Scenario, column: int) -> float:
    """The largest scale that the base scenario gives to an input (nA), or its largest value where it scales none."""
    column_of = [row[column] for row in base.stimuli]
    scales = [waveform.factor for waveform in column_of if isinstance(waveform, Scaled)]
    values = [abs(value) for waveform in column_of for _, v0, _, v1 in waveform.pieces() for value in (v0, v1)]
    return max(scales or values, default=1.0) or 1.0


def _draw_sequence(rng: np.random.Generator, peaks: list[float], duration: Milliseconds) -> tuple[Waveform, ...]:
    shared = _draw(rng, duration) if rng.random() < 0.25 else None
    return tuple(peak * (shared or _draw(rng, duration)) for peak in peaks)


def _draw(rng: np.random.Generator, duration: Milliseconds) -> Waveform:
    kind = rng.integers(10)
    if kind == 9:
        return Silence()
    scale = round(float(rng.uniform(0.25, 1.0)), 2)
    if kind == 8:
        return scale * (0.5 * _draw_shape(rng, duration) + 0.5 * _draw_shape(rng, duration))
    return scale * _draw_shape(rng, duration)


def _draw_shape(rng: np.random.Generator, duration: Milliseconds) -> Waveform:
    wide, narrow = (max(1.0, np.round(np.exp(rng.uniform(np.log(5), np.log(200))))) for _ in range(2))
    onset = float(np.round(rng.uniform(0, 0.6 * duration)))
    period = float(np.round(rng.uniform(1.2, 2.5) * (wide + narrow)))
    shapes = (
        lambda: Pulse(float(wide), onset),
        lambda: Ramp(float(wide), onset),
        lambda: RampHold(float(wide), float(narrow), onset),
        lambda: Triangle(float(wide), float(narrow), onset),
        lambda: Train(Pulse(float(wide), onset), period),
        lambda: Train(Ramp(float(wide), onset), period),
        lambda: Train(Triangle(float(wide), float(narrow), onset), period),
        lambda: Noise(0.3, float(wide), int(rng.integers(1, 10**6)), 5.0, onset),
    )
    return shapes[rng.integers(len(shapes))]()


def _features(row: tuple[Waveform, ...], peaks: list[float], duration: Milliseconds) -> Float[np.ndarray, " feature"]:
    means = [waveform.step_means(duration / _BINS, _BINS) / peak for waveform, peak in zip(row, peaks, strict=True)]
    return np.concatenate(means)
