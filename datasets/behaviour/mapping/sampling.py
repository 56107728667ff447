"""Which frames a map is learned from: of each region alike, so that what is rare is not lost among what is common."""

import numpy as np
from jaxtyping import Int

from neuron_models.foundation.errors import require


def even_sample(number: int, wanted: int, rng: np.random.Generator) -> Int[np.ndarray, " chosen"]:
    """Indices from 0 to `number` - 1, ascending, one drawn from each of `wanted` stretches of equal length."""
    if number <= wanted:
        return np.arange(number)
    edges = np.linspace(0, number, wanted + 1)
    return np.minimum((edges[:-1] + rng.uniform(size=wanted) * np.diff(edges)).astype(int), number - 1)


def fair_sample(
    regions: Int[np.ndarray, " frame"], wanted: int, rng: np.random.Generator
) -> Int[np.ndarray, " chosen"]:
    """Indices of frames, ascending, as many of each region as can be (Berman et al. 2014's importance sampling).

    A region with fewer frames than its share gives all; the others share what is left.

    Raises:
        InputError: nothing is wanted.
    """
    require(wanted >= 1, f"a sample has 1 frame or more, got {wanted}")
    members = [rng.permutation(np.flatnonzero(regions == region)) for region in np.unique(regions)]
    chosen, left = [], min(wanted, len(regions))
    for place, member in enumerate(sorted(members, key=len)):
        taken = min(len(member), -(-left // (len(members) - place)))
        chosen.append(member[:taken])
        left -= taken
    return np.sort(np.concatenate(chosen))
