"""From probabilities of each frame to bouts: transitions as people labelled them, and a shortest bout."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from datasets.behaviour.labels import UNLABELLED, bouts_of
from datasets.markov.hidden_markov import decode_bouts

_EVIDENCE = 0.5
"""How much of each frame's evidence counts, since neighbouring frames say the same."""
_SHORTEST = 0.05
"""The share of a behaviour's labelled bouts that are shorter than its shortest bout."""


@dataclass(frozen=True, eq=False)
class Smoothing:
    """What is known of bouts: shares of the classes, probabilities of each after each a frame, each one's shortest."""

    shares: Float[np.ndarray, " class"]
    transitions: Float[np.ndarray, "class class"]
    shortest: Int[np.ndarray, " class"]

    def details(self) -> dict[str, Any]:
        """As a model's file keeps it."""
        rows = self.transitions.tolist()
        return {"transitions": rows, "shares": self.shares.tolist(), "shortest_bout": self.shortest.tolist()}

    def bouts(self, probabilities: Float[np.ndarray, "frame class"]) -> Int[np.ndarray, " frame"]:
        """The class of each frame, from the probabilities of a network."""
        likely = np.log(np.maximum(probabilities, 1e-6)) - np.log(self.shares)
        return decode_bouts(_EVIDENCE * likely, self.shares, self.transitions, self.shortest)


def learned_smoothing(labels: Sequence[Int[np.ndarray, " _"]], classes: Sequence[str]) -> Smoothing:
    """What labelled recordings say of bouts; frames without a label are passed over.

    Args:
        labels: the class of each frame, a recording an array.
        classes: names.
    """
    number = len(classes)
    steps, lengths = np.full((number, number), 0.5), [[1] for _ in classes]
    for each in labels:
        both = (each[:-1] != UNLABELLED) & (each[1:] != UNLABELLED)
        np.add.at(steps, (each[:-1][both], each[1:][both]), 1.0)
        for bout in bouts_of(each, classes):
            lengths[classes.index(bout.behaviour)].append(bout.end - bout.start)
    counts = np.bincount(np.concatenate([each[each != UNLABELLED] for each in labels]), minlength=number) + 1.0
    shortest = np.array([max(1, int(np.quantile(each[1:] or each, _SHORTEST))) for each in lengths])
    return Smoothing(counts / counts.sum(), steps / steps.sum(axis=1, keepdims=True), shortest)


def kept_smoothing(details: Mapping[str, Any]) -> Smoothing | None:
    """What a model's file keeps; None where it keeps nothing."""
    if "transitions" not in details:
        return None
    shares = np.array(details["shares"], float)
    shortest = np.broadcast_to(np.array(details["shortest_bout"], int), shares.shape).copy()
    return Smoothing(shares, np.array(details["transitions"], float), shortest)
