"""The networks that tell behaviour states from a window of traces: perceptron, graph networks, recurrent ones.

Every builder takes windows (batch, step, channel), the channels being the neurons' traces and then their derivatives,
and gives the probabilities (batch, class). Hidden layers have 16 units (Wang et al. 2020).
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from neuron_models.foundation.errors import InputError, require, require_seed
from surrogates.backend import keras
from surrogates.calcium.graph.aggregation import GlobalAttention, GraphAttention, GraphIsomorphism, GraphSage
from surrogates.calcium.graph.edges import FixedEdges, InferredEdges, Messages, NodeFeatures, Steps
from surrogates.calcium.graph.wiring import connectome_weights
from surrogates.training.seeds import seeds_of

WINDOW = 8
"""Steps of a window (Wang et al. 2020)."""
EDGES = ("step", "static", "one_hot")
LAYERS: dict[str, Callable[..., Any]] = {
    "gin": GraphIsomorphism,
    "sage": GraphSage,
    "gat": GraphAttention,
    "attention": GlobalAttention,
}


def mlp(inputs: int, outputs: int, *, units: int = 16, seed: int = 0) -> keras.Model:
    """The perceptron: all features of a window in one vector, two linear layers with ReLU and batch normalisation.

    Args:
        inputs: channels of a window.
        outputs: classes.
        units: of the hidden layer.
        seed: of the first weights.

    Raises:
        InputError: a size below one, or an invalid seed.
    """
    _require_sizes("calcium_mlp", inputs, outputs, units, seed)
    window = keras.Input((WINDOW, inputs), name="window")
    return _classifier(
        window, keras.layers.Flatten(name="vector")(window), outputs, units, seed, f"calcium_mlp_{units}"
    )


def graph_network(
    inputs: int,
    outputs: int,
    *,
    neurons: Sequence[str],
    edges: str = "step",
    own: bool = False,
    units: int = 16,
    seed: int = 0,
) -> keras.Model:
    """The graph network with inferred edges: encoder, edge weights, one step of messages, perceptron.

    Args:
        inputs: channels of a window.
        outputs: classes.
        neurons: their names.
        edges: "step" infers them anew for every window; "one_hot" makes them 0 or 1; "static" infers them once a worm,
            from the correlations of its whole recording, which follow a window's steps as further rows.
        own: let the perceptron see what each neuron does itself beside what it hears, as GraphSAGE does; the network of
            Wang et al. 2020 sees the messages alone.
        units: of every hidden layer.
        seed: of the first weights.

    Raises:
        InputError: unknown edges, a size below one, or an invalid seed.
    """
    _require_sizes("calcium_gnn", inputs, outputs, units, seed)
    require(edges in EDGES, f"calcium_gnn: edges must be one of {', '.join(EDGES)}, got {edges!r}")
    rows = len(neurons) if edges == "static" else 0
    window = keras.Input((WINDOW + rows, inputs), name="window")
    nodes = NodeFeatures(len(neurons), name="nodes")(Steps(0, WINDOW, name="steps")(window) if rows else window)
    seen = Steps(WINDOW, WINDOW + rows, name="correlations")(window) if rows else nodes
    infer = InferredEdges(units, "one_hot" if edges == "one_hot" else "soft", seed, name="edges")
    aggregated = Messages(name="messages")([nodes, infer(seen)])
    aggregated = keras.layers.Concatenate(name="with_own")([nodes, aggregated]) if own else aggregated
    return _classifier(
        window, keras.layers.Flatten(name="vector")(aggregated), outputs, units, seed, f"calcium_gnn_{edges}_{units}"
    )


def alternative(
    inputs: int, outputs: int, *, neurons: Sequence[str], layer: str = "gin", units: int = 16, seed: int = 0
) -> keras.Model:
    """A graph network with another layer on the graph that joins all neurons, then the perceptron.

    Args:
        inputs: channels of a window.
        outputs: classes.
        neurons: their names.
        layer: gin, sage, gat or attention (which pools all neurons into one).
        units: of every hidden layer.
        seed: of the first weights.

    Raises:
        InputError: an unknown layer, a size below one, or an invalid seed.
    """
    if layer not in LAYERS:
        raise InputError(f"layer must be one of {', '.join(LAYERS)}, got {layer!r}")
    _require_sizes(f"calcium_{layer}", inputs, outputs, units, seed)
    window = keras.Input((WINDOW, inputs), name="window")
    aggregated = LAYERS[layer](units, seed, name=layer)(NodeFeatures(len(neurons), name="nodes")(window))
    flat = keras.layers.Flatten(name="vector")(aggregated)
    return _classifier(window, flat, outputs, units, seed, f"calcium_{layer}_{units}")


def connectome_network(
    inputs: int,
    outputs: int,
    *,
    neurons: Sequence[str],
    contacts: str = "both",
    shuffle: bool = False,
    units: int = 16,
    seed: int = 0,
) -> keras.Model:
    """The graph network whose edges are the contacts of the connectome, with their signs.

    Args:
        inputs: channels of a window.
        outputs: classes.
        neurons: their names, which the connectome must know.
        contacts: chemical, gap or both.
        shuffle: rewire the connectome at random, each neuron's numbers of partners kept: the control.
        units: of the hidden layer.
        seed: of the first weights, and of the shuffling.

    Raises:
        InputError: a neuron that the connectome lacks, unknown contacts, a size below one, or an invalid seed.
    """
    _require_sizes("calcium_connectome", inputs, outputs, units, seed)
    weights = connectome_weights(tuple(neurons), contacts, seed if shuffle else None)
    window = keras.Input((WINDOW, inputs), name="window")
    nodes = NodeFeatures(len(neurons), name="nodes")(window)
    edges = FixedEdges(name="edges")
    aggregated = Messages(name="messages")([nodes, edges(nodes)])
    edges.set_weights([np.array(weights)])
    name = f"calcium_connectome_{contacts}{'_shuffled' * shuffle}_{units}"
    return _classifier(window, keras.layers.Flatten(name="vector")(aggregated), outputs, units, seed, name)


def recurrent(
    inputs: int, outputs: int, *, neurons: Sequence[str], graph: bool = False, units: int = 16, seed: int = 0
) -> keras.Model:
    """A GRU over the steps of a window, of the traces themselves or of what the neurons hear from each other.

    Args:
        inputs: channels of a window.
        outputs: classes.
        neurons: their names.
        graph: infer the window's edges and let the GRU see the messages over them, step by step.
        units: of the GRU and of every hidden layer.
        seed: of the first weights.

    Raises:
        InputError: a size below one, or an invalid seed.
    """
    _require_sizes("calcium_gru", inputs, outputs, units, seed)
    one, two = seeds_of(seed, 2)
    window = keras.Input((WINDOW, inputs), name="window")
    steps = window
    if graph:
        nodes = NodeFeatures(len(neurons), name="nodes")(window)
        aggregated = Messages(name="messages")([nodes, InferredEdges(units, "soft", seed, name="edges")(nodes)])
        apart = keras.layers.Reshape((len(neurons), WINDOW, inputs // len(neurons)), name="apart")(aggregated)
        in_time = keras.layers.Permute((2, 1, 3), name="in_time")(apart)
        steps = keras.layers.Reshape((WINDOW, inputs), name="together")(in_time)
    memory = keras.layers.GRU(
        units,
        kernel_initializer=keras.initializers.GlorotUniform(seed=one),
        recurrent_initializer=keras.initializers.Orthogonal(seed=two),
        unroll=True,
        name="gru",
    )(steps)
    return _classifier(window, memory, outputs, units, seed, f"calcium_{'gnn_' * graph}gru_{units}")


def _classifier(window: Any, features: Any, outputs: int, units: int, seed: int, name: str) -> keras.Model:
    """A vector of features to probabilities: linear, batch normalisation, ReLU, linear, softmax."""
    start, (one, two) = keras.initializers.GlorotUniform, seeds_of(seed + 1, 2)
    hidden = keras.layers.Dense(units, kernel_initializer=start(seed=one), name="hidden")(features)
    hidden = keras.layers.ReLU(name="relu")(keras.layers.BatchNormalization(momentum=0.9, name="norm")(hidden))
    predicted = keras.layers.Dense(outputs, kernel_initializer=start(seed=two), activation="softmax", name="classes")(
        hidden
    )
    return keras.Model(window, predicted, name=name)


def _require_sizes(model: str, inputs: int, outputs: int, units: int, seed: int) -> None:
    for name, value in (("inputs", inputs), ("units", units)):
        require(value >= 1, f"{model}: {name} must be >= 1, got {value}")
    require(outputs >= 2, f"{model}: there must be two classes or more, got {outputs}")
    require_seed(seed, f"{model}: seed")
