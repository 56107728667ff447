"""Divides windows into training, validation and test: shuffled, as published, or in blocks of time."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int

from datasets.dataset import Dataset
from neuron_models.foundation.errors import require
from surrogates.calcium.states.networks import WINDOW
from surrogates.calcium.states.windows import LabelledWindows

PROTOCOLS = ("paper", "strict")
_PARTS = 5
"""Of a block of time; one of them chooses the epoch."""


@dataclass(frozen=True, eq=False)
class Fold:
    """Which windows are learned, which choose the epoch, and which test."""

    train: Bool[np.ndarray, " window"]
    validation: Bool[np.ndarray, " window"]
    test: Bool[np.ndarray, " window"]


def folds(windows: LabelledWindows, dataset: Dataset, protocol: str, number: int = 10, seed: int = 0) -> Iterator[Fold]:
    """The folds of a protocol.

    Of the windows that do not test, those of the next fold choose the epoch; of the strict protocol, which needs all
    behaviour in them, a fifth of every remaining block.

    Args:
        windows: of the dataset.
        dataset: the recordings, with features.
        protocol: "paper" shuffles the windows (Wang et al. 2020), so that windows which share frames stand on both
            sides; "strict" divides every recording into blocks of time, and drops the windows that share a frame with a
            window of another part, the smoothing of the derivatives included.
        number: how many folds, at least three.
        seed: of the shuffling.

    Raises:
        InputError: an unknown protocol, or fewer than three folds.
    """
    require(protocol in PROTOCOLS, f"protocol must be one of {', '.join(PROTOCOLS)}, got {protocol!r}")
    require(number >= 3, f"there must be three folds or more, got {number}")
    if protocol == "paper":
        member, part = np.random.default_rng(seed).permutation(len(windows)) % number, None
    else:
        block = _blocks(windows, dataset, number * _PARTS)
        member, part = block // _PARTS, block % _PARTS
    reach = 0 if part is None else shared_reach(int(dataset.extra["smoothing"]))
    for fold in range(number):
        test = member == fold
        chooses = ~test & ((member == (fold + 1) % number) if part is None else (part == fold % _PARTS))
        train = ~(test | chooses) & ~_near(windows, test | chooses, reach)
        yield Fold(train, chooses & ~_near(windows, test, reach), test)


def shared_reach(smoothing: int) -> int:
    """Labelled frames that are so far apart, or closer, have windows that share a frame of the recording.

    A window holds derivatives of the mean over `smoothing` frames, each from the frames beside it.
    """
    return WINDOW - 1 + 2 * (smoothing // 2 + 1)


def _blocks(windows: LabelledWindows, dataset: Dataset, number: int) -> Int[np.ndarray, " window"]:
    """The block of time in which each window's labelled frame lies."""
    member = np.zeros(len(windows), dtype=int)
    for block, (_, held) in enumerate(dataset.folds(number, by="block")):
        for index, trial in enumerate(held):
            mine = windows.trial == index
            member[mine] = np.where(trial.valid()[windows.at[mine]], block, member[mine])
    return member


def _near(windows: LabelledWindows, side: Bool[np.ndarray, " window"], reach: int) -> Bool[np.ndarray, " window"]:
    """Which windows share a frame with one of those on a side; with a reach of 0, none."""
    near = np.zeros(len(windows), dtype=bool)
    if reach == 0:
        return near
    for trial in np.unique(windows.trial):
        mine = windows.trial == trial
        frames = np.zeros(windows.at[mine].max() + reach + 1, dtype=int)
        frames[windows.at[mine & side]] = 1
        taken = np.convolve(frames, np.ones(2 * reach + 1, dtype=int), mode="same") > 0
        near[mine] = taken[windows.at[mine]]
    return near
