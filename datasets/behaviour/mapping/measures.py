"""The numbers that frames are compared by: rhythm, posture and motion, each block with a weight, in few components."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from datasets.behaviour.mapping.bodies import Bodies, Body
from datasets.behaviour.mapping.wavelets import Wavelets, amplitude_blocks
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.units import Dimensionless, Seconds

COMPONENTS = 40
"""Principal components that are kept."""
_STILL = 0.01
"""A channel that moves less than this share of the median channel is left out: the point that is the origin."""


@dataclass(frozen=True)
class Weights:
    """How much each block counts: amplitudes of wavelets, the posture itself, and motion over the ground.

    Attributes:
        rhythm: of the amplitudes; the published method has this block alone.
        posture: of the coordinates.
        motion: of speeds, turning and distance; taken as 0 where places were not recorded.
        floor: added to amplitudes (in standard deviations of the channel) before their logarithm is taken.
    """

    rhythm: Dimensionless = 1.0
    posture: Dimensionless = 1.5
    motion: Dimensionless = 0.0
    floor: Dimensionless = 0.05

    def __post_init__(self) -> None:
        fine = all(0 <= each < np.inf for each in (self.rhythm, self.posture, self.motion))
        require(fine, f"weights must be 0 or more, got {self.rhythm}, {self.posture} and {self.motion}")
        require(self.rhythm + self.posture + self.motion > 0, "one of rhythm, posture and motion must count")
        require(0 < self.floor < np.inf, f"the floor of amplitudes must be > 0, got {self.floor}")


@dataclass(frozen=True, eq=False)
class Measures:
    """How frames become components; fitted once, then the same for every animal.

    Attributes:
        middle: (channel,) mean of each channel over all animals.
        spread: (channel,) its standard deviation.
        moves: (channel,) mask of those that are used.
        motion: (2, measure) mean and standard deviation.
        mean: (number,) of the weighted numbers.
        axes: (number, component) principal axes, the weights taken in.
    """

    middle: Float[np.ndarray, " channel"]
    spread: Float[np.ndarray, " channel"]
    moves: Bool[np.ndarray, " channel"]
    motion: Float[np.ndarray, "2 measure"]
    mean: Float[np.ndarray, " number"]
    axes: Float[np.ndarray, "number component"]

    def components(self, numbers: Float[np.ndarray, "frame number"]) -> Float[np.ndarray, "frame component"]:
        """The principal components of some frames' `raw_numbers`, dimensionless."""
        return (numbers - self.mean) @ self.axes


@dataclass(frozen=True)
class Recipe:
    """Frequencies, weights, and the shortest stretch that is used."""

    wavelets: Wavelets
    weights: Weights
    shortest: Seconds


def spread_of(bodies: Bodies, recipe: Recipe) -> Measures:
    """The scales of channels and motion; `fit_axes` adds the rest.

    Raises:
        InputError: no stretch is long enough, or nothing moves.
    """
    used = [_used(body, recipe) for body in bodies.each]
    if not any(mask.any() for mask in used):
        raise InputError(
            f"no animal is known for {recipe.shortest:g} s without a gap: give --fill, or a lower --shortest"
        )
    values, moved = (
        np.concatenate([getattr(body, of)[mask] for body, mask in zip(bodies.each, used, strict=True)])
        for of in ("values", "motion")
    )
    spread = values.std(axis=0)
    require(bool(spread.max() > 0), "no point moves in the animals' own coordinates")
    moves = spread > _STILL * np.median(spread[spread > 0])
    motion = np.stack([moved.mean(axis=0), np.maximum(moved.std(axis=0), 1e-9)])
    return Measures(values.mean(axis=0), spread, moves, motion, np.zeros(0), np.zeros((0, 0)))


def _used(body: Body, recipe: Recipe) -> Bool[np.ndarray, " frame"]:
    mask = np.zeros(len(body.values), bool)
    for first, end in body.stretches(recipe.shortest):
        mask[first:end] = True
    return mask


def raw_numbers(
    body: Body, scales: Measures, recipe: Recipe
) -> Iterator[tuple[Int[np.ndarray, " some"], Float[np.ndarray, "some number"]]]:
    """The unweighted numbers of an animal's frames, a block at a time, with the frames that they are of.

    Log amplitudes of each channel and frequency, then the channels in standard deviations about their mean,
    then the motion. Frames of stretches that are too short are left out.
    """
    rhythm, weights = recipe.weights.rhythm > 0, recipe.weights
    for first, end in body.stretches(recipe.shortest):
        values = (body.values[first:end] - scales.middle)[:, scales.moves] / scales.spread[scales.moves]
        moved = (body.motion[first:end] - scales.motion[0]) / scales.motion[1]
        for part, found in _blocks(values, body, recipe, rhythm):
            logs = np.log(found.reshape(len(found), -1) + np.float32(weights.floor))
            yield (
                first + np.arange(part.start, part.stop),
                np.concatenate([logs, values[part].astype(np.float32), moved[part].astype(np.float32)], axis=1),
            )


def _blocks(values, body: Body, recipe: Recipe, rhythm: bool) -> Iterator[tuple[slice, np.ndarray]]:
    if rhythm:
        yield from amplitude_blocks(values, body.fps, recipe.wavelets)
    else:
        yield slice(0, len(values)), np.zeros((len(values), 0), np.float32)


def fit_axes(numbers: Sequence[Float[np.ndarray, "_ number"]], scales: Measures, weights: Weights) -> Measures:
    """Principal axes (dimensionless) of some frames' `raw_numbers`, once each block's total variance is its weight.

    Raises:
        InputError: the frames do not differ.
    """
    rows = np.concatenate(numbers)
    channels, measures = int(scales.moves.sum()), scales.motion.shape[1]
    edges = (rows.shape[1] - channels - measures, rows.shape[1] - measures)
    mean = rows.mean(axis=0)
    factor = np.zeros(rows.shape[1], np.float32)
    blocks = (slice(0, edges[0]), slice(edges[0], edges[1]), slice(edges[1], None))
    for block, weight in zip(blocks, (weights.rhythm, weights.posture, weights.motion), strict=True):
        total = float(rows[:, block].var(axis=0).sum())
        factor[block] = weight / np.sqrt(total) if total > 0 else 0.0
    centred = (rows - mean) * factor
    values, vectors = np.linalg.eigh((centred.T @ centred).astype(np.float64))
    require(bool(values[-1] > 0), "the frames do not differ: there is nothing to map")
    kept = np.argsort(-values, kind="stable")[: min(COMPONENTS, int((values > 1e-9 * values[-1]).sum()))]
    axes = vectors[:, kept]
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(len(kept))])
    weighted = (axes * factor[:, None]).astype(np.float32)
    return replace(scales, mean=mean.astype(np.float32), axes=weighted)
