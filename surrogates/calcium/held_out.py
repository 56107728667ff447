"""Blocks of the training worms that choose the epoch where no worm validates."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
from jaxtyping import Bool

from datasets.dataset import Dataset, Trial
from datasets.parts.blocks import followed
from neuron_models.foundation.units import Fraction
from surrogates.calcium.states.folds import shared_reach

HELD_OUT: Fraction = 0.15
"""The share of each training worm's frames."""
BLOCKS = 5
"""At most so many blocks, evenly spread, since states come and go over a recording."""
LEAST = 24
"""Frames of a block: of eight that are seen and sixteen that are forecast."""
_PLACES = (1.0, 0.0, 0.5)
"""Where in its stretch a block may lie, from its first place to its last."""


def hold_out_blocks(dataset: Dataset) -> Dataset:
    """Hold blocks of every training worm out as the validation part, `<worm>-validation`.

    Recordings stay whole, so that scales and correlations are those of all their frames; weights say what counts where.
    No window of one side shares a frame with one of the other, the smoothing of derivatives included.

    Args:
        dataset: prepared for a model of states or forecasts, without validation trials.

    Returns:
        The dataset as it is where its recordings are too short, or a state would be in the held blocks alone.
    """
    for index in _PLACES:
        trials: list[Trial] = []
        origin: dict[str, str] = {}
        for trial in dataset:
            held = _blocks(len(trial), index) if trial.split == "train" else np.zeros(len(trial), dtype=bool)
            sides = _sides(trial, held, shared_reach(int(dataset.extra.get("smoothing", 0))))
            trials += sides
            origin |= {each.name: trial.name for each in sides}
        with_held_out = replace(dataset, trials=tuple(trials), extra=followed(dataset.extra, origin))
        if len(trials) > len(dataset) and _classes(with_held_out, "train") >= _classes(with_held_out, "validation"):
            return with_held_out
    return dataset


def _blocks(frames: int, index: float) -> Bool[np.ndarray, " time"]:
    """Which frames are held out: in each of some stretches of equal length, a share of them."""
    held = np.zeros(frames, dtype=bool)
    number = min(BLOCKS, int(HELD_OUT * frames / LEAST))
    edges: list[int] = np.linspace(0, frames, number + 1).round().astype(int).tolist() if number else []
    for first, last in pairwise(edges):
        size = round(HELD_OUT * (last - first))
        start = first + round(index * (last - first - size))
        held[start : start + size] = True
    return held


def _sides(trial: Trial, held: Bool[np.ndarray, " time"], reach: int) -> list[Trial]:
    """The trial where it is learned and where it validates; frames within reach of the other side count in neither."""
    if not held.any():
        return [trial]
    weight = np.ones(len(trial)) if trial.weight is None else np.asarray(trial.weight[:], dtype=float)
    near = np.convolve(held, np.ones(2 * reach + 1), mode="same") > 0
    return [
        replace(trial, weight=weight * ~near),
        replace(trial, name=f"{trial.name}-validation", weight=weight * held, split="validation"),
    ]


def _classes(dataset: Dataset, split: str) -> set[int]:
    """The classes that count in a part; none where there are none."""
    part = dataset.by_split().get(split)
    if part is None or dataset.task != "classification":
        return set()
    return {int(code) for trial in part if trial.y is not None for code in np.asarray(trial.y[:])[trial.valid(), 0]}
