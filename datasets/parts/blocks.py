"""Cuts recordings into blocks of time, one after the other, as trials of their own."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from datasets.dataset import Dataset, Trial
from neuron_models.foundation.errors import require

BLOCK_OF = "block_of"
"""In `extra`: by block, the trial that it was cut from."""


def cut_in_time(dataset: Dataset, shares: Mapping[str, float]) -> Dataset:
    """Cut every trial into one block for each split, in this order; blocks are called `<trial>-<split>`.

    Nothing that is cut by trial (windows, smoothing, free runs) reaches from one block into another. What `extra` says
    by trial is said of its blocks too, and `extra["block_of"]` names the trial of each.

    Args:
        dataset: of trials over time.
        shares: of each trial's samples, by split, together 1.

    Raises:
        InputError: a trial has fewer samples than there are blocks, or a block's name is taken.
    """
    trials, origin = [], {}
    for trial in dataset:
        for split, (first, last) in block_edges(trial, shares).items():
            trials.append(_block(trial, f"{trial.name}-{split}", split, slice(first, last)))
            origin[trials[-1].name] = trial.name
    return replace(dataset, trials=tuple(trials), extra=followed(dataset.extra, origin))


def block_edges(trial: Trial, shares: Mapping[str, float]) -> dict[str, tuple[int, int]]:
    """The first sample of each split's block of a trial, and the sample after its last.

    Raises:
        InputError: the trial has fewer samples than there are blocks.
    """
    edges = np.round(len(trial) * np.cumsum([0.0, *shares.values()])).astype(int).tolist()
    require(
        all(last > first for first, last in pairwise(edges)),
        f"trial {trial.name!r} has {len(trial)} samples: too few for blocks of {_text(shares.values())}",
    )
    return dict(zip(shares, pairwise(edges), strict=False))


def followed(extra: Mapping[str, Any], origin: Mapping[str, str]) -> dict[str, Any]:
    """What `extra` says by trial, said of the trials that were cut from them; all else as it is.

    Args:
        extra: of the dataset.
        origin: by new trial, the one that it was cut from.
    """
    earlier = extra.get(BLOCK_OF, {})
    origins: dict[str, Any] = {}
    for key, value in extra.items():
        by_trial = isinstance(value, Mapping) and bool(set(value) & set(origin.values()))
        kept = {name: value[old] for name, old in origin.items() if old in value} if by_trial else value
        origins[key] = kept
    return {**origins, BLOCK_OF: {name: earlier.get(old, old) for name, old in origin.items()}}


def recording_of(dataset: Dataset, trial: Trial) -> str:
    """The name of the recording that a trial is, or was cut from."""
    return str(dataset.extra.get(BLOCK_OF, {}).get(trial.name, trial.name))


def _block(trial: Trial, name: str, split: str, some: slice) -> Trial:
    parts = {key: None if array is None else np.asarray(array[some])
             for key, array in (("x", trial.x), ("y", trial.y), ("weight", trial.weight))}  # fmt: skip
    return replace(trial, name=name, split=split, group=trial.group or trial.name, **parts)  # type: ignore[arg-type]


def _text(shares: Any) -> str:
    values: Sequence[float] = list(shares)
    return ", ".join(f"{100 * value:g} %" for value in values)
