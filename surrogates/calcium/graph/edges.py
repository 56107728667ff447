"""Keras layers of a graph network: neurons as nodes, edges inferred or given, one step of messages.

Nodes are (..., node, feature); edges are (..., pre, post), as adjacency is everywhere in this project. The leading axes
may be a batch, or a batch and time, so that the layers serve states (a window's steps as features) and trajectories (a
step at a time) alike. Importing this module registers the layers, so that saved models find them.
"""

from surrogates.backend import keras
from surrogates.training.seeds import seeds_of

EDGE_MODES = ("soft", "one_hot")


@keras.saving.register_keras_serializable(package="wormtwin")
class NodeFeatures(keras.Layer):
    """Turns (batch, step, kind x neuron) into nodes (batch, neuron, step x kind).

    Args:
        neurons: how many; the channels are all neurons' traces, then all their derivatives, and so on.
    """

    def __init__(self, neurons: int, **options) -> None:
        super().__init__(**options)
        self.neurons = neurons

    def call(self, inputs):
        """Gather what belongs to a neuron."""
        steps, channels = inputs.shape[1:]
        kinds = channels // self.neurons
        apart = keras.ops.reshape(inputs, (-1, steps, kinds, self.neurons))
        return keras.ops.reshape(keras.ops.transpose(apart, (0, 3, 1, 2)), (-1, self.neurons, steps * kinds))

    def compute_output_shape(self, input_shape):
        """The shape (batch, neuron, step x kind)."""
        return (input_shape[0], self.neurons, input_shape[1] * input_shape[2] // self.neurons)

    def get_config(self) -> dict:
        """The settings, for saving."""
        return {**super().get_config(), "neurons": self.neurons}


@keras.saving.register_keras_serializable(package="wormtwin")
class InferredEdges(keras.Layer):
    """Infers the weight of every edge from its two nodes (Wang et al. 2020, after Kipf et al. 2018).

    An encoder makes e_i = relu(W x_i + b); a perceptron on the pair (e_i, e_j) gives two classes, and the weight of the
    edge is the probability of the second, p_2 of a softmax. A neuron may have an edge to itself.

    Args:
        units: of the encoder and of the perceptron.
        mode: "soft" for p_2; "one_hot" for 1 where p_2 > 1/2 and else 0, with the gradient of p_2.
        seed: of the first weights.
    """

    def __init__(self, units: int = 16, mode: str = "soft", seed: int = 0, **options) -> None:
        super().__init__(**options)
        self.units, self.mode, self.seed = units, mode, seed

    def build(self, input_shape) -> None:
        """Make the weights; those of a pair's perceptron are apart for the side before and the side after."""
        start, one, two, three, four = keras.initializers.GlorotUniform, *seeds_of(self.seed, 4)
        features, units = input_shape[-1], self.units
        self.encoder = self.add_weight(shape=(features, units), initializer=start(seed=one), name="encoder")
        self.encoder_bias = self.add_weight(shape=(units,), initializer="zeros", name="encoder_bias")
        self.pre = self.add_weight(shape=(units, units), initializer=start(seed=two), name="pre")
        self.post = self.add_weight(shape=(units, units), initializer=start(seed=three), name="post")
        self.pair_bias = self.add_weight(shape=(units,), initializer="zeros", name="pair_bias")
        self.classes = self.add_weight(shape=(units, 2), initializer=start(seed=four), name="classes")
        self.classes_bias = self.add_weight(shape=(2,), initializer="zeros", name="classes_bias")

    def call(self, inputs):
        """The weights (..., pre, post) of the edges of nodes (..., node, feature)."""
        ops = keras.ops
        nodes = ops.relu(ops.matmul(inputs, self.encoder) + self.encoder_bias)
        before = ops.expand_dims(ops.matmul(nodes, self.pre), -2)
        after = ops.expand_dims(ops.matmul(nodes, self.post), -3)
        pairs = ops.relu(before + after + self.pair_bias)
        # p_2 of a softmax over two classes is the sigmoid of their difference: half the work, the same number.
        difference = self.classes[:, 1] - self.classes[:, 0]
        weights = ops.sigmoid(ops.matmul(pairs, difference) + self.classes_bias[1] - self.classes_bias[0])
        if self.mode == "soft":
            return weights
        hard = ops.cast(weights > 0.5, weights.dtype)
        return weights + ops.stop_gradient(hard - weights)

    def compute_output_shape(self, input_shape):
        """The shape (..., node, node)."""
        return (*input_shape[:-1], input_shape[-2])

    def get_config(self) -> dict:
        """The settings, for saving."""
        return {**super().get_config(), "units": self.units, "mode": self.mode, "seed": self.seed}


@keras.saving.register_keras_serializable(package="wormtwin")
class FixedEdges(keras.Layer):
    """Gives the same edges to every sample: those of a connectome, which `set_weights` brings in.

    They are weights that are not trained, rows before and columns after: (pre, post).
    """

    def build(self, input_shape) -> None:
        """Make room for the edges, zero at first."""
        neurons = input_shape[-2]
        self.edges = self.add_weight(shape=(neurons, neurons), initializer="zeros", trainable=False, name="edges")

    def call(self, inputs):
        """The weights (..., pre, post), as many as there are samples of nodes (..., node, feature)."""
        return keras.ops.zeros_like(inputs[..., :1]) + self.edges

    def compute_output_shape(self, input_shape):
        """The shape (..., node, node)."""
        return (*input_shape[:-1], input_shape[-2])


@keras.saving.register_keras_serializable(package="wormtwin")
class Messages(keras.Layer):
    """One step of messages: H_j = sum over i of w_ij x_i, over the edges that come in."""

    def call(self, inputs):
        """Take nodes (..., node, feature) and edges (..., pre, post); give (..., node, feature)."""
        nodes, edges = inputs
        return keras.ops.matmul(keras.ops.swapaxes(edges, -1, -2), nodes)

    def compute_output_shape(self, input_shape):
        """The shape of the nodes."""
        return input_shape[0]


@keras.saving.register_keras_serializable(package="wormtwin")
class Steps(keras.Layer):
    """Some rows of a window: (batch, step, channel) from `first` up to, not including, `last`; to the end if None."""

    def __init__(self, first: int, last: int | None, **options) -> None:
        super().__init__(**options)
        self.first, self.last = first, last

    def call(self, inputs):
        """Cut them out."""
        return inputs[:, self.first : self.last]

    def get_config(self) -> dict:
        """The settings, for saving."""
        return {**super().get_config(), "first": self.first, "last": self.last}
