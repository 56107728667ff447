"""Keras layers of this project; importing this module registers them, so that saved models find them."""

import numpy as np

from surrogates.backend import keras


@keras.saving.register_keras_serializable(package="wormtwin")
class AutoregressiveCell(keras.Layer):
    """One step of y(t) - rest = sum_k A_k (y(t-k) - rest) + sum_k B_k x(t-k) + c, its own past outputs fed back.

    Args:
        inputs: channels of x.
        outputs: channels of y.
        lags: past outputs that count (k = 1 ... lags); inputs count at t and as many times before (k = 0 ... lags).
        intercept: whether there is a c; models of version 0.1 have none.
    """

    def __init__(self, inputs: int, outputs: int, lags: int, intercept: bool = False, **options) -> None:
        super().__init__(**options)
        self.inputs, self.outputs, self.lags, self.intercept = inputs, outputs, lags, intercept
        self.state_size = [outputs] * lags + [inputs] * lags
        self.output_size = outputs

    def build(self, input_shape) -> None:
        """Make the weights: A (lags x outputs, outputs), B ((lags + 1) x inputs, outputs), rest and c (outputs,)."""
        self.past = self.add_weight(shape=(self.lags * self.outputs, self.outputs), name="past")
        self.drive = self.add_weight(shape=((self.lags + 1) * self.inputs, self.outputs), name="drive")
        self.rest = self.add_weight(shape=(self.outputs,), name="rest")
        self.c = self.add_weight(shape=(self.outputs,), initializer="zeros", name="intercept") if self.intercept else 0

    def call(self, inputs, states):
        """Advance one step; the states are past deviations from rest, newest first, then past inputs."""
        deviations, stimuli = list(states[: self.lags]), [inputs, *states[self.lags :]]
        ops = keras.ops
        now = ops.matmul(ops.concatenate(deviations, -1), self.past) + ops.matmul(
            ops.concatenate(stimuli, -1), self.drive
        )
        now = now + self.c if self.intercept else now
        return now + self.rest, [now, *deviations[:-1], *stimuli[:-1]]

    def get_config(self) -> dict:
        """The settings, for saving."""
        names = ("inputs", "outputs", "lags", "intercept")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


@keras.saving.register_keras_serializable(package="wormtwin")
class StateSpaceCell(keras.Layer):
    """One step of y(k) - rest = C x(k) + D u(k), then x(k+1) = A x(k) + B u(k) + e, from x(0) = 0.

    Args:
        inputs: channels of u.
        outputs: channels of y.
        order: size of the state x.
        intercept: whether there is an e; models of version 0.1 have none.
    """

    def __init__(self, inputs: int, outputs: int, order: int, intercept: bool = False, **options) -> None:
        super().__init__(**options)
        self.inputs, self.outputs, self.order, self.intercept = inputs, outputs, order, intercept
        self.state_size, self.output_size = order, outputs

    def build(self, input_shape) -> None:
        """Make the weights A, B, C, D as they stand in the formula, the rest (outputs,) and e (order,)."""
        self.a = self.add_weight(shape=(self.order, self.order), name="a")
        self.b = self.add_weight(shape=(self.order, self.inputs), name="b")
        self.c = self.add_weight(shape=(self.outputs, self.order), name="c")
        self.d = self.add_weight(shape=(self.outputs, self.inputs), name="d")
        self.rest = self.add_weight(shape=(self.outputs,), name="rest")
        self.e = self.add_weight(shape=(self.order,), initializer="zeros", name="intercept") if self.intercept else 0

    def call(self, inputs, states):
        """Advance one step; vectors are rows here, so that the matrices are transposed."""
        (state,), ops = states, keras.ops
        a, b, c, d = (ops.transpose(weight) for weight in (self.a, self.b, self.c, self.d))
        response = ops.matmul(state, c) + ops.matmul(inputs, d) + self.rest
        after = ops.matmul(state, a) + ops.matmul(inputs, b)
        return response, [after + self.e if self.intercept else after]

    def get_config(self) -> dict:
        """The settings, for saving."""
        names = ("inputs", "outputs", "order", "intercept")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


@keras.saving.register_keras_serializable(package="wormtwin")
class NarxCell(keras.Layer):
    """One step of y(t) - rest = W tanh(V z(t) + b) + c, its own past outputs fed back.

    z(t) holds y(t-1) - rest ... y(t-output_lags) - rest, then x(t-1) ... x(t-input_lags); all are zero before t = 0.

    Args:
        inputs: channels of x.
        outputs: channels of y.
        units: hidden units.
        input_lags: past inputs that count.
        output_lags: past outputs that count.
        seed: of the first weights.
    """

    def __init__(
        self, inputs: int, outputs: int, units: int, input_lags: int, output_lags: int, seed: int = 0, **options
    ) -> None:
        super().__init__(**options)
        self.inputs, self.outputs, self.units = inputs, outputs, units
        self.input_lags, self.output_lags, self.seed = input_lags, output_lags, seed
        self.state_size = [outputs] * output_lags + [inputs] * input_lags
        self.output_size = outputs

    def build(self, input_shape) -> None:
        """Make the weights of the two dense layers (kernel, bias, kernel, bias) and the rest (outputs,)."""
        regressors = sum(self.state_size)
        first, second = (int(each) for each in np.random.SeedSequence(self.seed).generate_state(2))
        glorot = keras.initializers.GlorotUniform
        self.hidden = self.add_weight(shape=(regressors, self.units), initializer=glorot(seed=first), name="hidden")
        self.hidden_bias = self.add_weight(shape=(self.units,), initializer="zeros", name="hidden_bias")
        self.response = self.add_weight(
            shape=(self.units, self.outputs), initializer=glorot(seed=second), name="response"
        )
        self.response_bias = self.add_weight(shape=(self.outputs,), initializer="zeros", name="response_bias")
        self.rest = self.add_weight(shape=(self.outputs,), initializer="zeros", name="rest")

    def call(self, inputs, states):
        """Advance one step; the states are past deviations from rest, newest first, then past inputs."""
        ops, fed_back = keras.ops, self.output_lags
        hidden = ops.tanh(ops.matmul(ops.concatenate(states, -1), self.hidden) + self.hidden_bias)
        now = ops.matmul(hidden, self.response) + self.response_bias
        return now + self.rest, [now, *states[: fed_back - 1], inputs, *states[fed_back:-1]]

    def get_config(self) -> dict:
        """The settings, for saving."""
        names = ("inputs", "outputs", "units", "input_lags", "output_lags", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
