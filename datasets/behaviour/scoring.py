"""How two labellings of the same frames agree: by frame, by bout, and beyond chance."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from datasets.behaviour.labels import UNLABELLED, Bout, bouts_of
from neuron_models.foundation.units import Dimensionless, Fraction

OVERLAP = 0.5
"""The intersection over union from which two bouts are one."""


@dataclass(frozen=True)
class BehaviourScore:
    """One behaviour: precision, recall and F1 of its frames, and of its bouts (one to one, IoU of `OVERLAP`)."""

    behaviour: str
    precision: Fraction
    recall: Fraction
    f1: Fraction
    bout_precision: Fraction
    bout_recall: Fraction
    bout_f1: Fraction
    frames: int
    bouts: int


@dataclass(frozen=True)
class Agreement:
    """All behaviours together: accuracy, Cohen's kappa, the mean F1 over behaviours, and each of them."""

    accuracy: Fraction
    kappa: Dimensionless
    macro_f1: Fraction
    macro_bout_f1: Fraction
    frames: int
    by_behaviour: tuple[BehaviourScore, ...]


def agreement(
    true: Sequence[Int[np.ndarray, " _"]], given: Sequence[Int[np.ndarray, " _"]], classes: Sequence[str]
) -> Agreement:
    """Compare labellings of some recordings; frames that nobody labelled in the first do not count.

    Args:
        true: the class of each frame, a recording an array.
        given: the same of the other rater.
        classes: names.
    """
    both = [(t[t != UNLABELLED], g[t != UNLABELLED]) for t, g in zip(true, given, strict=True)]
    first, second = (np.concatenate([each[side] for each in both]) for side in (0, 1))
    scores = tuple(_one(index, true, given, first, second, classes) for index in range(len(classes)))
    shown = [score for score in scores if score.frames]
    observed = float((first == second).mean()) if len(first) else np.nan
    numbers = [np.bincount(side[side >= 0], minlength=len(classes)) / max(1, len(side)) for side in (first, second)]
    expected = float((numbers[0] * numbers[1]).sum())
    kappa = (observed - expected) / (1 - expected) if expected < 1 else np.nan
    frames, bouts = (float(np.mean([getattr(s, of) for s in shown])) if shown else np.nan for of in ("f1", "bout_f1"))
    return Agreement(observed, kappa, frames, bouts, len(first), scores)


def match_bouts(true: Sequence[Bout], given: Sequence[Bout]) -> int:
    """The number of bouts that are one with a bout of the other side, each at most once, the best overlaps first."""
    pairs = []
    for i, one in enumerate(true):
        for j, other in enumerate(given):
            inside = min(one.end, other.end) - max(one.start, other.start)
            if inside > 0:
                union = max(one.end, other.end) - min(one.start, other.start)
                if inside / union >= OVERLAP:
                    pairs.append((inside / union, i, j))
    taken: tuple[set[int], set[int]] = (set(), set())
    for _, i, j in sorted(pairs, reverse=True):
        if i not in taken[0] and j not in taken[1]:
            taken[0].add(i)
            taken[1].add(j)
    return len(taken[0])


def _one(index, true, given, first, second, classes: Sequence[str]) -> BehaviourScore:
    hits = int(((first == index) & (second == index)).sum())
    said, there = int((second == index).sum()), int((first == index).sum())
    matched = bouts_there = bouts_said = 0
    for t, g in zip(true, given, strict=True):
        seen = np.where(t == UNLABELLED, UNLABELLED, g)
        mine, others = (bouts_of(np.where(each == index, each, UNLABELLED), classes) for each in (t, seen))
        matched += match_bouts(mine, others)
        bouts_there, bouts_said = bouts_there + len(mine), bouts_said + len(others)
    frames, bouts = _rates(hits, said, there), _rates(matched, bouts_said, bouts_there)
    return BehaviourScore(classes[index], *frames, *bouts, there, bouts_there)


def _rates(hits: int, said: int, there: int) -> tuple[Fraction, Fraction, Fraction]:
    return hits / max(1, said), hits / max(1, there), 2 * hits / max(1, said + there)
