"""What the posture network minimises: squared errors, or the surprise at the next frame under a mixture."""

import math
from dataclasses import dataclass

from surrogates.backend import keras
from surrogates.posture.network.layers import mixture_parts


@dataclass(frozen=True)
class SquaredError:
    """The squared error of each frame, mean over its channels."""

    def __call__(self, y, predicted):
        """(..., channel) twice to (...)."""
        return keras.ops.mean((predicted - y) ** 2, -1)


@dataclass(frozen=True)
class MixtureNLL:
    """The negative log likelihood of each frame under a mixture of Gaussians, over the number of channels, in nats.

    `components` is the number of Gaussians; their axes are those of the channels.
    """

    components: int

    def __call__(self, y, predicted):
        """(..., channel) and (..., parameter) to (...)."""
        ops = keras.ops
        logits, means, scales = mixture_parts(predicted, self.components)
        deviations = (y[..., None, :] - means) * ops.exp(-scales)
        each = -ops.sum(0.5 * deviations**2 + scales, -1) - 0.5 * math.log(2 * math.pi) * y.shape[-1]
        return -ops.logsumexp(ops.log_softmax(logits, -1) + each, -1) / y.shape[-1]


def loss_of(components: int) -> SquaredError | MixtureNLL:
    """What a network with so many components minimises."""
    return MixtureNLL(components) if components else SquaredError()
