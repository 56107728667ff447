"""Keras cells that go on from a window: each step adds a change to the last frame, x(t+1) = x(t) + f(window).

A given frame is taken; else the cell continues from its own. So one model is trained with scheduled sampling and
then runs freely, and when no frame is given, none can be peeked at. All take steps (batch, neuron + 1), whose last
channel is 1 where the frame is given, and give the forecast of that very frame (batch, neuron).
"""

from surrogates.backend import keras
from surrogates.calcium.graph.edges import Messages, NodeFeatures
from surrogates.training.seeds import seeds_of


@keras.saving.register_keras_serializable(package="wormtwin")
class SeenFrames(keras.Layer):
    """Some frames of (batch, time, neuron + 1), without the last channel.

    Args:
        first: the first of them; of those before 0, which nobody saw, each is like frame 0.
        number: how many.
    """

    def __init__(self, first: int, number: int, **options) -> None:
        super().__init__(**options)
        self.first, self.number = first, number

    def call(self, inputs):
        """Cut them out."""
        known = inputs[:, max(self.first, 0) : self.first + self.number, :-1]
        if self.first >= 0:
            return known
        before = keras.ops.repeat(known[:, :1], -self.first, axis=1)
        return keras.ops.concatenate([before, known], axis=1)

    def compute_output_shape(self, input_shape):
        """The shape (batch, frame, neuron)."""
        return (input_shape[0], self.number, input_shape[2] - 1)

    def get_config(self) -> dict:
        """The settings, for saving."""
        return {**super().get_config(), "first": self.first, "number": self.number}


@keras.saving.register_keras_serializable(package="wormtwin")
class EmptyMemory(keras.Layer):
    """Zeros (batch, unit), as many as there are samples."""

    def __init__(self, units: int, **options) -> None:
        super().__init__(**options)
        self.units = units

    def call(self, inputs):
        """Make them."""
        return keras.ops.repeat(keras.ops.zeros_like(inputs[:, 0, :1]), self.units, axis=-1)

    def compute_output_shape(self, input_shape):
        """The shape (batch, unit)."""
        return (input_shape[0], self.units)

    def get_config(self) -> dict:
        """The settings, for saving."""
        return {**super().get_config(), "units": self.units}


class _ForecastCell(keras.Layer):
    """What the cells share: the change is linear in the last frames, plus what is learned beside that.

    Weights that make a change are zero at first: the cell begins as persistence.

    Args:
        neurons: of a frame.
        window: frames that it sees.
        units: of the hidden layer; 0 for none, which leaves an autoregression.
        graph: whether messages pass over edges between the neurons, which are the last state (neuron x neuron).
        seed: of the first weights.
    """

    def __init__(
        self, neurons: int, window: int = 8, units: int = 256, graph: bool = False, seed: int = 0, **options
    ) -> None:
        super().__init__(**options)
        self.neurons, self.window, self.units, self.graph, self.seed = neurons, window, units, graph, seed
        self.output_size = neurons
        self.state_size = [window * neurons] + [neurons**2] * graph

    def build(self, input_shape) -> None:
        """Make the weights."""
        shape = (self.window * self.neurons, self.neurons)
        self.direct = self.add_weight(shape=shape, initializer="zeros", name="direct")
        self.offset = self.add_weight(shape=(self.neurons,), initializer="zeros", name="offset")
        if self.graph:
            self.nodes, self.messages = NodeFeatures(self.neurons), Messages()
        if self.units:
            self.out = self.add_weight(shape=(self.units, self.neurons), initializer="zeros", name="out")
            self._build_hidden()

    def call(self, inputs, states):
        """One step: the forecast of this frame, and what the next step continues from."""
        ops = keras.ops
        window = ops.reshape(states[0], (-1, self.window, self.neurons))
        last = window[:, -1]
        seen = ops.concatenate([window[:, :-1] - window[:, -1:], window[:, -1:] - 0.5], axis=1)
        forecast = last + ops.matmul(self._flat(seen), self.direct) + self.offset
        rest = list(states[1:])
        if self.units:
            hidden, rest = self._hidden(seen, rest)
            forecast = forecast + ops.matmul(hidden, self.out)
        predicted = inputs[:, -1:]
        taken = predicted * inputs[:, :-1] + (1.0 - predicted) * forecast
        return forecast, [ops.concatenate([states[0][:, self.neurons :], taken], axis=-1), *rest]

    def get_config(self) -> dict:
        """The settings, for saving."""
        own = {name: getattr(self, name) for name in ("neurons", "window", "units", "graph", "seed")}
        return {**super().get_config(), **own}

    def _flat(self, frames):
        return keras.ops.reshape(frames, (-1, frames.shape[1] * frames.shape[2]))

    def _features(self, frames, edges):
        """Frames in one vector, and, with a graph, what the neurons hear from each other."""
        if not self.graph:
            return self._flat(frames)
        between = keras.ops.reshape(edges, (-1, self.neurons, self.neurons))
        aggregated = self.messages([self.nodes(frames), between]) / self.neurons**0.5
        return keras.ops.concatenate([self._flat(frames), self._flat(aggregated)], axis=-1)

    def _width(self, frames: int) -> int:
        return frames * self.neurons * (2 if self.graph else 1)


@keras.saving.register_keras_serializable(package="wormtwin")
class PerceptronCell(_ForecastCell):
    """What is learned beside the linear part is a perceptron's (ReLU), of the last frames and of messages."""

    def _build_hidden(self) -> None:
        start = keras.initializers.GlorotUniform(seed=self.seed)
        width = self._width(self.window)
        self.kernel = self.add_weight(shape=(width, self.units), initializer=start, name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def _hidden(self, seen, rest):
        features = self._features(seen, rest[-1] if rest else None)
        return keras.ops.relu(keras.ops.matmul(features, self.kernel) + self.bias), rest


@keras.saving.register_keras_serializable(package="wormtwin")
class MemoryCell(_ForecastCell):
    """What is learned beside the linear part is read from a gated recurrent unit's memory, the second state.

    The unit sees the last frame, and messages.
    """

    def __init__(self, neurons: int, **options) -> None:
        super().__init__(neurons, **options)
        self.state_size.insert(1, self.units)

    def _build_hidden(self) -> None:
        one, two = seeds_of(self.seed, 2)
        self.memory = keras.layers.GRUCell(
            self.units,
            kernel_initializer=keras.initializers.GlorotUniform(seed=one),
            recurrent_initializer=keras.initializers.Orthogonal(seed=two),
            name="memory",
        )
        self.memory.build((None, self._width(1)))

    def _hidden(self, seen, rest):
        memory, *edges = rest
        features = self._features(seen[:, -1:], edges[0] if edges else None)
        memory, _ = self.memory(features, [memory])
        return memory, [memory, *edges]
