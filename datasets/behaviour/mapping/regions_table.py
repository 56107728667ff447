"""What is found of regions: bouts, time by animal, transitions, mean poses, spectra and typical clips."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Int

from datasets.behaviour.mapping.bodies import Bodies
from datasets.behaviour.mapping.measures import Measures, Recipe, raw_numbers
from neuron_models.foundation.units import Seconds

OFF = -1
"""The region of frames that are not on the map."""
_CLIPS = 4
_LONGEST: Seconds = 2.0
_SHORTEST: Seconds = 0.4


@dataclass(frozen=True)
class RegionBout:
    """A stretch of frames of one animal in one region: `start` to `end` - 1."""

    body: int
    region: int
    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start


def region_bouts(regions: Sequence[Int[np.ndarray, " _"]]) -> list[RegionBout]:
    """The bouts of every animal in order of time; frames that are not on the map are in none."""
    bouts = []
    for body, each in enumerate(regions):
        edges = [0, *(np.flatnonzero(np.diff(each)) + 1).tolist(), len(each)]
        bouts += [RegionBout(body, int(each[a]), a, b) for a, b in pairwise(edges) if b > a and each[a] != OFF]
    return bouts


def transitions(bouts: Sequence[RegionBout], number: int) -> Int[np.ndarray, "before after"]:
    """How often a bout of one region is followed at once by one of another; never across what is not on the map."""
    counts = np.zeros((number, number), int)
    for one, other in pairwise(bouts):
        if one.body == other.body and one.end == other.start:
            counts[one.region, other.region] += 1
    return counts


def shares(regions: Sequence[Int[np.ndarray, " _"]], number: int) -> Float[np.ndarray, "animal region"]:
    """The share of each animal's frames on the map that lie in each region; NaN for an animal without one."""
    counts = np.stack([np.bincount(each[each != OFF], minlength=number) for each in regions]).astype(float)
    total = counts.sum(axis=1, keepdims=True)
    return np.divide(counts, total, out=np.full(counts.shape, np.nan), where=total > 0)


def mean_poses(
    bodies: Bodies, regions: Sequence[Int[np.ndarray, " _"]], number: int
) -> tuple[Float[np.ndarray, "region channel"], Float[np.ndarray, "region channel"]]:
    """Mean and standard deviation of the channels over each region's frames, in their units; NaN without any."""
    sums, squares = (np.zeros((number, len(bodies.channels))) for _ in range(2))
    counts = np.zeros((number, 1))
    for body, each in zip(bodies.each, regions, strict=True):
        on = each != OFF
        np.add.at(sums, each[on], body.values[on])
        np.add.at(squares, each[on], body.values[on] ** 2)
        counts[:, 0] += np.bincount(each[on], minlength=number)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = sums / counts
        return mean, np.sqrt(np.maximum(squares / counts - mean**2, 0.0))


def mean_spectra(
    bodies: Bodies, regions: Sequence[Int[np.ndarray, " _"]], number: int, measures: Measures, recipe: Recipe
) -> Float[np.ndarray, "region moving scale"]:
    """Geometric mean amplitude of each channel that moves, at each frequency, over each region's frames.

    In standard deviations of the channel, the floor of the weights added; NaN for a region without a frame, no scale
    where rhythm does not count.
    """
    channels = int(measures.moves.sum())
    scales = recipe.wavelets.scales if recipe.weights.rhythm > 0 else 0
    sums, counts = np.zeros((number, channels * scales)), np.zeros(number)
    for body, each in zip(bodies.each, regions, strict=True):
        for at, numbers in raw_numbers(body, measures, recipe):
            for region in np.unique(each[at][each[at] != OFF]):
                mine = each[at] == region
                sums[region] += numbers[mine, : channels * scales].sum(axis=0, dtype=float)
                counts[region] += mine.sum()
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.exp(sums / counts[:, None]).reshape(number, channels, scales)


def standing_out(spectra: Float[np.ndarray, "region moving scale"]) -> Int[np.ndarray, " region"]:
    """The frequency (its index) at which each region moves most, compared with the other regions' mean spectrum."""
    logs = np.log(spectra)
    overall = np.nanmean(logs, axis=0)
    return np.nan_to_num((logs - overall).mean(axis=1), nan=-np.inf).argmax(axis=1)


def typical_clips(
    bouts: Sequence[RegionBout], heights: Sequence[Float[np.ndarray, " _"]], fps: Sequence[float], number: int
) -> list[list[RegionBout]]:
    """For each region up to four bouts, or their middles of two seconds: long, on high ground, of many animals.

    Args:
        bouts: all.
        heights: for each animal the density of the map at each frame.
        fps: frames a second of each animal.
        number: of regions.
    """
    clips: list[list[RegionBout]] = []
    for region in range(number):
        mine = sorted((b for b in bouts if b.region == region), key=lambda b: -_typical(b, heights, fps))
        seen: dict[int, int] = {}
        order = []
        for bout in mine:  # the best of every animal first, then the second best, ...
            seen[bout.body] = seen.get(bout.body, 0) + 1
            order.append(seen[bout.body])
        best = [mine[k] for k in np.argsort(order, kind="stable")[:_CLIPS]]
        clips.append([_cut(bout, len(heights[bout.body]), fps[bout.body]) for bout in best])
    return clips


def _typical(bout: RegionBout, heights: Sequence[Float[np.ndarray, " _"]], fps: Sequence[float]) -> float:
    lasts = min(len(bout) / fps[bout.body], _LONGEST)
    return float(lasts * np.mean(heights[bout.body][bout.start : bout.end]))


def _cut(bout: RegionBout, frames: int, fps: float) -> RegionBout:
    wanted = round(np.clip(len(bout), _SHORTEST * fps, _LONGEST * fps))
    start = max(0, min((bout.start + bout.end - wanted) // 2, frames - wanted))
    return RegionBout(bout.body, bout.region, start, min(start + wanted, frames))


def dwell(bouts: Sequence[RegionBout], fps: Sequence[float], number: int) -> list[tuple[int, Seconds]]:
    """For each region how many bouts there are, and their median length in s (NaN without any)."""
    lengths = [[len(b) / fps[b.body] for b in bouts if b.region == region] for region in range(number)]
    return [(len(each), float(np.median(each)) if each else float("nan")) for each in lengths]


def linked_points(
    mean: Float[np.ndarray, "point 2"], spread: Float[np.ndarray, "point point"]
) -> list[tuple[int, int]]:
    """Lines that join points for drawing: the tree of pairs whose distance varies least for its length.

    Args:
        mean: places.
        spread: standard deviation of each pair's distance, in the unit of the places.
    """
    from scipy.sparse.csgraph import minimum_spanning_tree

    apart = np.linalg.norm(mean[:, None] - mean, axis=2)
    tree = minimum_spanning_tree(np.triu(apart + 4 * spread + 1e-6, 1)).tocoo()
    return sorted(zip(tree.row.tolist(), tree.col.tolist(), strict=True))
