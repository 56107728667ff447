"""What networks of grimace learn by gradient: the cross-entropy of both thresholds of each output."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from datasets.grimace.units import HIGHEST, OUTPUTS
from surrogates.backend import keras

ops = keras.ops


def targets_of(scores: Float[np.ndarray, "image output"]) -> Float[np.ndarray, "image 2 output"]:
    """The share of each score that is 1 or more, and 2 or more; -1 where there is no score or no such threshold."""
    one, two = np.clip(scores, 0, 1), np.clip(scores - 1, 0, 1)
    two[:, [HIGHEST[name] < 2 for name in OUTPUTS]] = np.nan
    return np.nan_to_num(np.stack([one, two], axis=1), nan=-1.0).astype(np.float32)


@dataclass(frozen=True)
class OrdinalEntropy:
    """The mean cross-entropy over the thresholds whose truth is known; for Keras."""

    def __call__(self, y: Any, odds: Any) -> Any:
        """The loss of each image, of targets (image, 2, output) and log-odds of the same shape."""
        known = ops.cast(y >= 0, odds.dtype)
        loss = (ops.logaddexp(ops.zeros_like(odds), odds) - y * odds) * known
        return ops.sum(loss, axis=(1, 2)) / ops.maximum(ops.sum(known, axis=(1, 2)), 1.0)
