"""How trials are divided into training, validation and test parts as a user asks for it, and what is kept of that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

import numpy as np

from datasets.dataset import Dataset
from datasets.parts.blocks import cut_in_time
from datasets.parts.splitting import split_diverse
from datasets.topics import topics_of
from neuron_models.foundation.errors import InputError, require, require_seed
from neuron_models.foundation.splits import SPLITS

DIVISION = "division"
"""In `extra`: what the last division was."""
BY = ("diverse", "trial", "group", "block", "frame")
DIVERSE_SHARES = (0.5, 0.25, 0.25)


@dataclass(frozen=True)
class Shares:
    """Parts by size: the `fractions` of training, validation and test (or of training and test), and what is divided.

    Attributes:
        fractions: three, of which validation or test may be 0, or two; together 1.
        by: `diverse` makes the parts alike and keeps groups together; `group` and `trial` draw whole groups (animals)
            or trials; `block` cuts every trial in time; `frame` draws labelled frames, where none follows another.
        seed: of what is drawn.
    """

    fractions: tuple[float, ...] = DIVERSE_SHARES
    by: str = "diverse"
    seed: int = 0

    def __post_init__(self) -> None:
        require(self.by in BY, f"--by must be one of {', '.join(BY)}, got {self.by!r}")
        require_seed(self.seed, "the seed of a split")
        text = ",".join(f"{value:g}" for value in self.fractions)
        sound = len(self.fractions) in (2, 3) and min(self.fractions) >= 0 and abs(sum(self.fractions) - 1) < 1e-6
        require(
            sound and self.fractions[0] > 0 and max(self.fractions) < 1,
            f"fractions must be of training, validation and test (or of training and test) and add up to 1, such as "
            f"0.7,0.15,0.15, got {text}",
        )

    @property
    def by_split(self) -> dict[str, float]:
        """The share of each split that has one."""
        names = SPLITS if len(self.fractions) == 3 else (SPLITS[0], SPLITS[2])
        return {name: share for name, share in zip(names, self.fractions, strict=True) if share > 0}


@dataclass(frozen=True)
class Named:
    """Parts by name: the trials, or the groups (animals), of the test and of the validation part; the rest trains.

    `apart` allows trials of one group in several parts.
    """

    test: tuple[str, ...] = ()
    validation: tuple[str, ...] = ()
    apart: bool = False

    def __post_init__(self) -> None:
        require(bool(self.test or self.validation), "a split by name names no trial: give --test or --validation")


def divided(dataset: Dataset, division: Shares | Named) -> Dataset:
    """Divide a dataset; `extra["division"]` says how.

    Args:
        dataset: of any topic.
        division: what is asked for.

    Raises:
        InputError: a name that there is not, a trial or a group in two parts, nothing left to train on, too few trials
            or samples, or frames that follow one another divided frame by frame.
    """
    if isinstance(division, Named):
        with_splits = _by_name(dataset, division)
        kept: dict[str, Any] = {"test": list(division.test), "validation": list(division.validation), "by": "name"}
    else:
        with_splits = _by_share(dataset, division)
        kept = {"fractions": division.by_split, "by": division.by, "seed": division.seed}
    return replace(with_splits, extra={**with_splits.extra, DIVISION: kept})


def divided_groups(dataset: Dataset) -> list[str]:
    """The groups with trials in several parts, such as an animal of which one recording trains and another tests."""
    parts: dict[str, set[str]] = {}
    for trial in dataset:
        parts.setdefault(trial.group or trial.name, set()).add(trial.split)
    return [group for group, found in parts.items() if len(found) > 1]


def _by_name(dataset: Dataset, division: Named) -> Dataset:
    """Whole trials, each in one part."""
    chosen: dict[int, str] = {}
    for split, names in (("test", division.test), ("validation", division.validation)):
        for name in names:
            for index in _named(dataset, name):
                require(
                    chosen.get(index, split) == split,
                    f"trial {dataset.trials[index].name!r} cannot be in both {chosen.get(index)} and {split}",
                )
                chosen[index] = split
    require(len(chosen) < len(dataset), f"dataset {dataset.name!r} has no trial left to train on")
    with_splits = dataset.with_split([chosen.get(index, "train") for index in range(len(dataset))])
    split_up = [] if division.apart else divided_groups(with_splits)
    if split_up:
        mine = [trial for trial in with_splits if (trial.group or trial.name) == split_up[0]]
        text = ", ".join(f"{trial.name} ({trial.split})" for trial in mine[:4])
        raise InputError(f"{split_up[0]!r} is in several parts: {text}: name all of it, or allow this with --by trial")
    return with_splits


def _named(dataset: Dataset, name: str) -> list[int]:
    """The trial of this name, else those of the group of this name.

    Raises:
        InputError: there is none; the message gives the nearest names.
    """
    for names in ([trial.name for trial in dataset], [trial.group for trial in dataset]):
        if indices := [index for index, each in enumerate(names) if each == name]:
            return indices
    known = list(dict.fromkeys([*(t.name for t in dataset), *(t.group for t in dataset if t.group)]))
    near = get_close_matches(name, known, n=3, cutoff=0.5)
    listed = ", ".join(known[:8]) + (", ..." if len(known) > 8 else "")
    text = f"the nearest is {', '.join(near)}" if near else f"there are {listed}"
    raise InputError(f"dataset {dataset.name!r} has no trial or group {name!r}: {text}")


def _by_share(dataset: Dataset, division: Shares) -> Dataset:
    shares = division.by_split
    if division.by == "diverse":
        return split_diverse(dataset, [shares.get(split, 0.0) for split in SPLITS], division.seed)
    if division.by == "frame":
        return _by_frame(dataset, shares, division.seed)
    if division.by == "block":
        return _by_block(dataset, shares)
    owners = [trial.name if division.by == "trial" else trial.group or trial.name for trial in dataset]
    part = _drawn(list(dict.fromkeys(owners)), shares, division)
    return dataset.with_split([part[owner] for owner in owners])


def _drawn(names: Sequence[str], shares: Mapping[str, float], division: Shares) -> dict[str, str]:
    """The split of each name: whole numbers by share, at least one each, the training part taking the rest."""
    require(
        len(names) >= len(shares),
        f"{len(names)} {division.by}(s) cannot be divided into {', '.join(shares)}: divide in time with --by block",
    )
    numbers = {split: max(1, round(len(names) * share)) for split, share in shares.items() if split != "train"}
    order = np.random.default_rng(division.seed).permutation(len(names))
    part, first = dict.fromkeys(names, "train"), 0
    for split, number in numbers.items():
        part |= {names[index]: split for index in order[first : first + number]}
        first += number
    require(
        first < len(names), f"{len(names)} {division.by}(s) leave none to train on: give training a larger fraction"
    )
    return part


def _by_frame(dataset: Dataset, shares: Mapping[str, float], seed: int) -> Dataset:
    for topic in topics_of(dataset):
        if topic.divide_frames is not None:
            return topic.divide_frames(dataset, shares, seed)
    raise InputError(f"the frames of dataset {dataset.name!r} follow one another: divide in time with --by block")


def _by_block(dataset: Dataset, shares: Mapping[str, float]) -> Dataset:
    """In time; a topic whose frames know where they are from cuts them itself."""
    for topic in topics_of(dataset):
        if topic.divide_blocks is not None:
            return topic.divide_blocks(dataset, shares)
    return cut_in_time(dataset, shares)
