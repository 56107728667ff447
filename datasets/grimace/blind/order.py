"""The order in which a rater sees faces: random, and some of them twice."""

import hashlib
from collections.abc import Sequence

import numpy as np

from neuron_models.foundation.units import Fraction

APART = 20
"""So many faces, or half of all if there are fewer, stand at least between a face and its repeat."""
Place = tuple[str, int]
"""An image, and 1 when it is shown first, 2 when again."""


def random_order(images: Sequence[str], repeats: Fraction, rater: str, seed: int) -> tuple[Place, ...]:
    """Put images into the order of one rater.

    Args:
        images: each once.
        repeats: the share of them that comes again, hidden among the others.
        rater: each has an order of its own.
        seed: of all orders.

    Returns:
        Every image with 1, and the chosen ones with 2 later on.
    """
    named = int.from_bytes(hashlib.sha256(rater.encode()).digest()[:8], "big")
    rng = np.random.default_rng((seed, named))
    queue: list[Place] = [(images[index], 1) for index in rng.permutation(len(images))]
    number = min(len(queue), max(1, round(repeats * len(queue)))) if repeats > 0 and queue else 0
    apart = min(APART, len(queue) // 2)
    early = sorted(rng.choice(len(queue), number, replace=False)) if number else []
    again = [queue[index][0] for index in early]
    for image in again:
        first = queue.index((image, 1))
        earliest = min(first + 1 + apart, len(queue))
        queue.insert(int(rng.integers(earliest, len(queue) + 1)), (image, 2))
    return tuple(queue)
