"""Divides labelled frames into training, validation and test sets, also those of a single video."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Bool

from datasets.dataset import Dataset, Trial
from datasets.parts.blocks import block_edges
from datasets.pose.crops import crops_of
from datasets.pose.labelled import keypoints_of
from neuron_models.foundation.errors import require, require_seed
from neuron_models.foundation.splits import SPLITS
from neuron_models.foundation.wording import counted

FAST_SHARES = {"train": 0.9, "validation": 0.1}
FULL_SHARES = {"train": 0.765, "validation": 0.135, "test": 0.1}
"""Of fast and full training (Pereira et al. 2019)."""

Pick = tuple[int, str, Sequence[int]]
"""A trial's place, the split that its frames go to, and which frames, ascending."""


def is_labelled(trial: Trial) -> Bool[np.ndarray, " frame"]:
    """Mask of the frames of a trial that count and have a labelled key point."""
    if trial.y is None:
        return np.zeros(len(trial), bool)
    return trial.valid() & np.isfinite(keypoints_of(trial)).all(axis=-1).any(axis=-1)


def labelled_rows(dataset: Dataset) -> list[tuple[int, int]]:
    """The (trial, frame) of every frame that counts and has a labelled key point."""
    rows = []
    for index, trial in enumerate(dataset):
        rows += [(index, int(row)) for row in np.flatnonzero(is_labelled(trial))]
    return rows


def divide_frames(dataset: Dataset, shares: Mapping[str, float], seed: int = 0) -> Dataset:
    """Divide the labelled frames of all trials at random; a trial becomes one for each split that has frames of it.

    Frames that follow one another look alike: divide by animal or video where there are several.

    Args:
        dataset: of labelled images.
        shares: of each split, together 1; every split gets a frame at least.
        seed: of the division.

    Raises:
        InputError: shares that are none, or fewer labelled frames than splits.
    """
    require_seed(seed, "the seed of a split")
    known = all(split in SPLITS and share > 0 for split, share in shares.items())
    require(
        known and abs(sum(shares.values()) - 1) < 1e-6,
        f"shares of {', '.join(SPLITS)} must be > 0 and add up to 1, got {dict(shares)}",
    )
    rows = labelled_rows(dataset)
    require(
        len(rows) >= len(shares),
        f"dataset {dataset.name!r} has {counted(len(rows), 'labelled frame')}: too few for {', '.join(shares)}",
    )
    order = np.random.default_rng(seed).permutation(len(rows))
    picks, first = [], 0
    for split, number in _numbers(len(rows), shares).items():
        picks += picked([rows[index] for index in order[first : first + number]], split)
        first += number
    return choose_frames(dataset, picks)


def divide_blocks(dataset: Dataset, shares: Mapping[str, float]) -> Dataset:
    """Cut the frames of every trial in time, those without a label too: the first share trains, and so on.

    Args:
        dataset: of images of videos.
        shares: of each split, together 1.

    Raises:
        InputError: a trial has fewer frames than splits.
    """
    edges = [block_edges(trial, shares) for trial in dataset]
    picks = [(i, split, range(first, last)) for i, each in enumerate(edges) for split, (first, last) in each.items()]
    return choose_frames(dataset, picks)


def _numbers(frames: int, shares: Mapping[str, float]) -> dict[str, int]:
    """Frames by split, at least one each; the first split takes what rounding leaves."""
    first, *others = shares
    numbers = {split: max(1, round(frames * shares[split])) for split in others}
    return {first: frames - sum(numbers.values()), **numbers}


def picked(rows: Iterable[Sequence[int]], split: str) -> list[Pick]:
    """Frames (trial, frame) for a split, by trial."""
    by_trial: dict[int, list[int]] = {}
    for index, row in sorted((int(index), int(row)) for index, row in rows):
        by_trial.setdefault(index, []).append(row)
    return [(index, split, frames) for index, frames in by_trial.items()]


def choose_frames(dataset: Dataset, picks: Sequence[Pick]) -> Dataset:
    """The dataset with some frames of its trials, in trials called `<trial>-<split>`; crops and lengths go along."""
    crops, lengths = crops_of(dataset), dataset.extra.get("body_length")
    trials, indices, longs = [], {}, {}
    for index, split, rows in picks:
        trial, chosen = dataset.trials[index], list(rows)
        name = f"{trial.name}-{split}" if split else trial.name
        parts = {
            key: None if array is None else np.asarray(array[chosen])
            for key, array in (("x", trial.x), ("y", trial.y), ("weight", trial.weight))
        }
        trials.append(replace(trial, name=name, split=split, group=trial.group or trial.name, **parts))  # type: ignore[arg-type]
        if trial.name in crops:
            indices[name] = crops[trial.name].chosen(chosen).to_json()
        if isinstance(lengths, Mapping) and trial.name in lengths:
            longs[name] = lengths[trial.name]
    extra: dict[str, Any] = {**dataset.extra}
    extra |= {key: value for key, value in (("crop", indices), ("body_length", longs)) if value}
    return replace(dataset, trials=tuple(trials), extra=extra)
