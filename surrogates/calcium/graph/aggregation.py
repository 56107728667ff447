"""The graph layers that Wang et al. 2020 tried as alternatives, on the graph that joins every neuron with every other.

Importing this module registers the layers, so that saved models find them. Nodes are (..., node, feature).
"""

from surrogates.backend import keras
from surrogates.training.seeds import seeds_of


class _NodeLayer(keras.Layer):
    """A layer that gives `units` features a node.

    Args:
        units: features of a node after it.
        seed: of the first weights.
    """

    def __init__(self, units: int = 16, seed: int = 0, **options) -> None:
        super().__init__(**options)
        self.units, self.seed = units, seed

    def compute_output_shape(self, input_shape):
        """The shape (..., node, unit)."""
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict:
        """The settings, for saving."""
        return {**super().get_config(), "units": self.units, "seed": self.seed}

    def _weight(self, name: str, shape: tuple[int, ...], seed: int):
        return self.add_weight(shape=shape, initializer=keras.initializers.GlorotUniform(seed=seed), name=name)

    def _zeros(self, name: str, shape: tuple[int, ...] = ()):
        return self.add_weight(shape=shape, initializer="zeros", name=name)


@keras.saving.register_keras_serializable(package="wormtwin")
class GraphIsomorphism(_NodeLayer):
    """GIN (Xu et al. 2019): h_i = MLP((1 + eps) x_i + sum over j != i of x_j), the perceptron of two layers."""

    def build(self, input_shape) -> None:
        """Make the weights of the perceptron, and eps."""
        one, two = seeds_of(self.seed, 2)
        self.first = self._weight("first", (input_shape[-1], self.units), one)
        self.first_bias = self._zeros("first_bias", (self.units,))
        self.second = self._weight("second", (self.units, self.units), two)
        self.second_bias = self._zeros("second_bias", (self.units,))
        self.eps = self._zeros("eps")

    def call(self, inputs):
        """Add up the others, then the perceptron."""
        ops = keras.ops
        total = ops.sum(inputs, axis=-2, keepdims=True)
        hidden = ops.relu(ops.matmul(self.eps * inputs + total, self.first) + self.first_bias)
        return ops.relu(ops.matmul(hidden, self.second) + self.second_bias)


@keras.saving.register_keras_serializable(package="wormtwin")
class GraphSage(_NodeLayer):
    """GraphSAGE (Hamilton et al. 2017), mean aggregator: h_i = relu(W_1 x_i + W_2 mean over j != i of x_j + b)."""

    def build(self, input_shape) -> None:
        """Make W_1, W_2 and b."""
        one, two = seeds_of(self.seed, 2)
        self.own = self._weight("own", (input_shape[-1], self.units), one)
        self.others = self._weight("others", (input_shape[-1], self.units), two)
        self.bias = self._zeros("bias", (self.units,))

    def call(self, inputs):
        """A node beside the mean of the others."""
        ops = keras.ops
        total = ops.sum(inputs, axis=-2, keepdims=True)
        mean = (total - inputs) / max(inputs.shape[-2] - 1, 1)
        return ops.relu(ops.matmul(inputs, self.own) + ops.matmul(mean, self.others) + self.bias)


@keras.saving.register_keras_serializable(package="wormtwin")
class GraphAttention(_NodeLayer):
    """GAT (Velickovic et al. 2018), one head: h_i = elu(sum over j of a_ij W x_j), i itself included.

    a_ij is the softmax over j of leakyrelu(u . W x_i + v . W x_j), with a slope of 0.2.
    """

    def build(self, input_shape) -> None:
        """Make W, u and v."""
        one, two, three = seeds_of(self.seed, 3)
        self.kernel = self._weight("kernel", (input_shape[-1], self.units), one)
        self.receiver = self._weight("receiver", (self.units, 1), two)
        self.sender = self._weight("sender", (self.units, 1), three)

    def call(self, inputs):
        """Weigh the nodes by attention and add them up."""
        ops = keras.ops
        nodes = ops.matmul(inputs, self.kernel)
        scores = ops.matmul(nodes, self.receiver) + ops.swapaxes(ops.matmul(nodes, self.sender), -1, -2)
        attention = ops.softmax(ops.leaky_relu(scores, negative_slope=0.2), axis=-1)
        return ops.elu(ops.matmul(attention, nodes))


@keras.saving.register_keras_serializable(package="wormtwin")
class GlobalAttention(_NodeLayer):
    """Global attention (Li et al. 2016): all nodes in one, sum over i of softmax_i(g . x_i) tanh(W x_i + b)."""

    def build(self, input_shape) -> None:
        """Make g, W and b."""
        one, two = seeds_of(self.seed, 2)
        self.gate = self._weight("gate", (input_shape[-1], 1), one)
        self.kernel = self._weight("kernel", (input_shape[-1], self.units), two)
        self.bias = self._zeros("bias", (self.units,))

    def call(self, inputs):
        """Pool the nodes by attention."""
        ops = keras.ops
        attention = ops.softmax(ops.matmul(inputs, self.gate), axis=-2)
        return ops.sum(attention * ops.tanh(ops.matmul(inputs, self.kernel) + self.bias), axis=-2)

    def compute_output_shape(self, input_shape):
        """The shape (..., unit)."""
        return (*input_shape[:-2], self.units)
