"""Which pairs of images the network is trained on: of one fragment, or of two that coexist."""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float, Int

from neuron_models.foundation.errors import InputError

_DECAY = 0.98  # of a pair's score, each time that it is drawn (idtracker.ai 6)
_LEAST = 4  # images of a fragment that gives pairs of one animal


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of fragments and how often each is drawn.

    Attributes:
        members: for each fragment, the places of its images among all.
        different: (pair, 2) two fragments that coexist.
        same: fragments with images enough for pairs of one animal.
        score: recent losses, of the pairs that coexist and then of the fragments; changed as the training goes on.
        size: what the numbers of images add to the score.
    """

    members: tuple[Int[np.ndarray, "..."], ...]
    different: Int[np.ndarray, "pair 2"]
    same: Int[np.ndarray, " fragment"]
    score: tuple[np.ndarray, np.ndarray] = field(repr=False)
    size: tuple[np.ndarray, np.ndarray] = field(repr=False)

    def draw(
        self, number: int, rng: np.random.Generator
    ) -> tuple[Int[np.ndarray, "two image"], tuple[np.ndarray, np.ndarray]]:
        """Images of `number` pairs of two animals and then as many of one, and which pairs they are of."""
        chosen = tuple(
            rng.choice(len(size), number, p=weight / weight.sum())
            for size, score in zip(self.size, self.score, strict=True)
            if len(weight := size + score)
        )
        apart, one = self.different[chosen[0]], self.same[chosen[1]]
        first = [rng.choice(self.members[k]) for k in (*apart[:, 0], *one)]
        second = [rng.choice(self.members[k]) for k in (*apart[:, 1], *one)]
        return np.array([first, second]), (chosen[0], chosen[1])

    def learn(self, chosen: tuple[np.ndarray, np.ndarray], losses: Float[np.ndarray, " pair"]) -> None:
        """Remember the (dimensionless) losses of pairs that were drawn: those still wrong are drawn more often."""
        half = len(chosen[0])
        for score, which, loss in zip(self.score, chosen, (losses[:half], losses[half:]), strict=True):
            score[:] = _DECAY * score
            np.maximum.at(score, which, np.minimum(loss / 100.0, 1.0))  # 100 is the loss of two at one place


def make_pairs(members: tuple[Int[np.ndarray, "..."], ...], coexist: Bool[np.ndarray, "fragment fragment"]) -> Pairs:
    """All pairs of fragments that coexist, and all fragments that have images enough.

    Args:
        members: the images of each fragment, by their places.
        coexist: whether two fragments share a frame.

    Raises:
        InputError: no two coexist, or none has images enough.
    """
    number = np.array([len(each) for each in members])
    first, second = np.nonzero(np.triu(coexist & (number[:, None] > 0) & (number > 0), 1))
    same = np.flatnonzero(number >= _LEAST)
    if not len(first) or not len(same):
        raise InputError("no two animals are seen apart at once for some frames: appearance cannot be learned")
    weights = number[first] + number[second], number[same]
    size = tuple(weight / weight.sum() for weight in weights)
    score = np.zeros(len(first)), np.zeros(len(same))
    return Pairs(members, np.stack([first, second], axis=1), same, score, (size[0], size[1]))
