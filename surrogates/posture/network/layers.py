"""Keras layers of the posture network: the scale of its inputs, and the linear prediction that it corrects."""

from surrogates.backend import keras

LOG_SCALES = (-4.0, 3.0)
"""Where the logarithm of a standard deviation stays."""


@keras.saving.register_keras_serializable(package="wormtwin")
class Standardise(keras.Layer):
    """Channels without the mean and over the standard deviation of what was learned from.

    Args:
        changes: give also each channel's change since the frame before, over its own standard deviation; 0 at first.
    """

    def __init__(self, changes: bool = False, **options) -> None:
        super().__init__(**options)
        self.changes = changes

    def build(self, input_shape) -> None:
        """Make room for mean, scale and scale of the change."""
        size = {"shape": (input_shape[-1],), "trainable": False}
        self.mean = self.add_weight(name="mean", initializer="zeros", **size)
        self.scale = self.add_weight(name="scale", initializer="ones", **size)
        self.change = self.add_weight(name="change", initializer="ones", **size)

    def call(self, inputs):
        """(batch, time, channel) to (batch, time, channel), or twice the channels."""
        ops = keras.ops
        standard = (inputs - self.mean) / self.scale
        if not self.changes:
            return standard
        before = ops.concatenate([inputs[:, :1], inputs[:, :-1]], 1)
        return ops.concatenate([standard, (inputs - before) / self.change], -1)

    def compute_output_shape(self, input_shape):
        """The shape (batch, time, channel), or twice the channels."""
        return (*input_shape[:-1], (1 + self.changes) * input_shape[-1])

    def get_config(self) -> dict:
        """The settings, for saving."""
        return {**super().get_config(), "changes": self.changes}


@keras.saving.register_keras_serializable(package="wormtwin")
class Forecast(keras.Layer):
    """The next frame: rest + sum over k of x(t-k) A_k + u(t) S, where the network gives u.

    Before the first frame there are copies of it. With no lags it is rest + u(t) S.

    Args:
        lags: past frames that the linear prediction takes, from x(t) on.
    """

    def __init__(self, lags: int, **options) -> None:
        super().__init__(**options)
        self.lags = lags

    def build(self, input_shape) -> None:
        """Make room for A (lags x channel, channel), rest (channel,), S (channel, channel) and the noise of u."""
        channels = input_shape[0][-1]
        fixed = {"trainable": False, "initializer": "zeros"}
        self.past = self.add_weight(shape=(self.lags * channels, channels), name="past", **fixed)
        self.rest = self.add_weight(shape=(channels,), name="rest", **fixed)
        self.spread = self.add_weight(
            shape=(channels, channels), name="spread", trainable=False, initializer=keras.initializers.Identity()
        )
        self.noise = self.add_weight(shape=(channels, channels), name="noise", **fixed)

    def call(self, inputs):
        """The next frame of each frame, (batch, time, channel), from frames and u of this shape."""
        frames, predicted = inputs
        ops = keras.ops
        forecast = self.rest + ops.matmul(predicted, self.spread)
        if not self.lags:
            return forecast
        first = ops.repeat(frames[:, :1], self.lags - 1, axis=1)
        padded = ops.concatenate([first, frames], 1)
        steps = ops.shape(frames)[1]
        past = [padded[:, self.lags - 1 - k : self.lags - 1 - k + steps] for k in range(self.lags)]
        return forecast + ops.matmul(ops.concatenate(past, -1), self.past)

    def compute_output_shape(self, input_shape):
        """The shape of the frames."""
        return input_shape[0]

    def get_config(self) -> dict:
        """The settings, for saving."""
        return {**super().get_config(), "lags": self.lags}


@keras.saving.register_keras_serializable(package="wormtwin")
class MixtureMean(keras.Layer):
    """The mean of a mixture of Gaussians whose parameters a layer gives: see `mixture_parts`.

    Args:
        components: of the mixture.
    """

    def __init__(self, components: int, **options) -> None:
        super().__init__(**options)
        self.components = components

    def call(self, inputs):
        """(..., parameter) to (..., channel)."""
        ops = keras.ops
        weights, means, _ = mixture_parts(inputs, self.components)
        return ops.sum(ops.softmax(weights, -1)[..., None] * means, -2)

    def compute_output_shape(self, input_shape):
        """The shape (..., channel)."""
        return (*input_shape[:-1], (input_shape[-1] // self.components - 1) // 2)

    def get_config(self) -> dict:
        """The settings, for saving."""
        return {**super().get_config(), "components": self.components}


def mixture_parts(predicted, components: int, ops=keras.ops):
    """The logits (..., component), means and logarithms of standard deviations (..., component, channel) in a vector.

    Standard deviations stay between e^-4 and e^3 of what a linear autoregression leaves, so that no single frame can
    draw a Gaussian onto itself. `ops` is `keras.ops` or what has the same functions, as `jax.numpy` does.
    """
    apart = ops.stack(ops.split(predicted[..., components:], components, -1), -2)
    means, scales = ops.split(apart, 2, -1)
    return predicted[..., :components], means, ops.clip(scales, *LOG_SCALES)
