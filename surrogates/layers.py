"""Keras layers of this project; importing this module registers them, so that saved models find them."""

from surrogates.backend import keras


@keras.saving.register_keras_serializable(package="wormtwin")
class AutoregressiveCell(keras.Layer):
    """One step of y(t) - rest = sum_k A_k (y(t-k) - rest) + sum_k B_k x(t-k), its own past outputs fed back.

    Args:
        inputs: channels of x.
        outputs: channels of y.
        lags: past outputs that count (k = 1 ... lags); inputs count at t and as many times before (k = 0 ... lags).
    """

    def __init__(self, inputs: int, outputs: int, lags: int, **options) -> None:
        super().__init__(**options)
        self.inputs, self.outputs, self.lags = inputs, outputs, lags
        self.state_size = [outputs] * lags + [inputs] * lags
        self.output_size = outputs

    def build(self, input_shape) -> None:
        """Make the weights: A (lags x outputs, outputs), B ((lags + 1) x inputs, outputs) and the rest (outputs,)."""
        self.past = self.add_weight(shape=(self.lags * self.outputs, self.outputs), name="past")
        self.drive = self.add_weight(shape=((self.lags + 1) * self.inputs, self.outputs), name="drive")
        self.rest = self.add_weight(shape=(self.outputs,), name="rest")

    def call(self, inputs, states):
        """Advance one step; the states are past deviations from rest, newest first, then past inputs."""
        deviations, stimuli = list(states[: self.lags]), [inputs, *states[self.lags :]]
        ops = keras.ops
        now = ops.matmul(ops.concatenate(deviations, -1), self.past) + ops.matmul(
            ops.concatenate(stimuli, -1), self.drive
        )
        return now + self.rest, [now, *deviations[:-1], *stimuli[:-1]]

    def get_config(self) -> dict:
        """The settings, for saving."""
        return {**super().get_config(), "inputs": self.inputs, "outputs": self.outputs, "lags": self.lags}
