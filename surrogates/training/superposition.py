"""Mixtures of training trials as further training trials: where a network is linear, they are correct."""

import numpy as np

from neuron_models.foundation.errors import require
from surrogates.training.configuration import Arrays

_NEAR = 0.01
"""How far first outputs may be from their mean, as a share of the range, for trials that begin at rest."""


def superposed(arrays: Arrays, number: int, seed: int = 0, squared: bool = True) -> Arrays:
    """Training trials and so many random mixtures of two of them behind.

    A mixture is cos(a) of one trial and sin(a) of another, measured from rest, so that mixtures are as strong as
    trials; a sample counts where it does in both.

    Args:
        arrays: x and y (trial, time, channel) and weight (trial, time) or None.
        number: of mixtures; with none, the arrays are given back.
        seed: of the mixtures.
        squared: whether the loss is a mean squared error.

    Raises:
        InputError: another loss, a single trial, or trials that do not begin at rest.
    """
    if number == 0:
        return arrays
    x, y, weight = arrays
    require(squared and x.ndim == 3, "--superpose is for models of responses to stimuli")
    require(len(x) >= 2, "--superpose mixes two training trials: there is one")
    first = y[:, 0] if weight is None else y[:, 0][weight[:, 0] > 0]
    spread = np.ptp(y if weight is None else y[weight > 0], axis=tuple(range(y.ndim - 1 if weight is None else 1)))
    rest = first.mean(0) if len(first) else np.zeros(y.shape[-1])
    still = len(first) == len(y) and bool((np.abs(first - rest) <= _NEAR * spread).all())
    require(still, "--superpose needs trials that begin at rest: mixtures of these would begin elsewhere")
    rng = np.random.default_rng(seed)
    pairs = np.array([rng.choice(len(x), 2, replace=False) for _ in range(number)])
    angle = rng.uniform(0, 2 * np.pi, (number, 1, 1))
    shares = np.cos(angle), np.sin(angle)
    mixed_x = sum(share * x[pairs[:, side]] for side, share in enumerate(shares))
    mixed_y = rest + sum(share * (y[pairs[:, side]] - rest) for side, share in enumerate(shares))
    whole = tuple(np.concatenate([a, np.asarray(b, a.dtype)]) for a, b in ((x, mixed_x), (y, mixed_y)))
    if weight is None:
        return whole[0], whole[1], None
    both = np.concatenate([weight, np.minimum(weight[pairs[:, 0]], weight[pairs[:, 1]])])
    return whole[0], whole[1], np.asarray(both / both.mean(), np.float32)
