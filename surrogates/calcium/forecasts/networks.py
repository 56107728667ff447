"""The models that forecast traces: persistence, linear ones, perceptron, graph networks, recurrent ones.

Every builder's model takes (batch, time, neuron + 1) as `windows.inputs_of` makes it, eight frames given, and
gives the forecast of the frames after them (batch, time - 8, neuron). Hidden layers have 256 units
(Wang et al. 2020), memories 64.
"""

from collections.abc import Sequence

import numpy as np

from datasets.calcium.features import WINDOW
from neuron_models.foundation.errors import require, require_seed
from surrogates.backend import keras
from surrogates.calcium.forecasts.layers import (
    EmptyMemory,
    MemoryCell,
    PerceptronCell,
    SeenFrames,
)
from surrogates.calcium.graph.edges import FixedEdges, InferredEdges, NodeFeatures, Steps
from surrogates.calcium.graph.wiring import connectome_weights
from surrogates.training.seeds import seeds_of

BURN_IN = 4
"""Given frames that a recurrent model sees before its forecast begins (Wang et al. 2020)."""
EDGE_UNITS = 16
"""Of the encoder that infers edges, as for states."""


def persistence(inputs: int, outputs: int) -> keras.Model:
    """The forecast that nothing changes."""
    cell = PerceptronCell(inputs, window=1, units=0, trainable=False, name="persistence")
    return _rolled_out(cell, inputs, "calcium_trajectory_persistence")


def autoregression(inputs: int, outputs: int) -> keras.Model:
    """A linear autoregression of every neuron on the last eight frames of all, or fewer of them, run freely."""
    cell = PerceptronCell(inputs, window=WINDOW, units=0, name="autoregression")
    return _rolled_out(cell, inputs, "calcium_trajectory_linear")


def trajectory_mlp(inputs: int, outputs: int, *, units: int = 256, seed: int = 0) -> keras.Model:
    """The perceptron: x(t+1) = x(t) + f of the last eight frames.

    Raises:
        InputError: units below one, or an invalid seed.
    """
    _require_network("calcium_trajectory_mlp", units, seed)
    cell = PerceptronCell(inputs, window=WINDOW, units=units, seed=seed, name="perceptron")
    return _rolled_out(cell, inputs, f"calcium_trajectory_mlp_{units}")


def trajectory_graph(inputs: int, outputs: int, *, units: int = 256, seed: int = 0) -> keras.Model:
    """The graph network: edges are inferred from the given window, and f sees the messages over them too.

    Raises:
        InputError: units below one, or an invalid seed.
    """
    _require_network("calcium_trajectory_gnn", units, seed)
    one, two = seeds_of(seed, 2)
    cell = PerceptronCell(inputs, window=WINDOW, units=units, graph=True, seed=one, name="perceptron")
    infer = InferredEdges(EDGE_UNITS, seed=two, name="edges")
    return _rolled_out(cell, inputs, f"calcium_trajectory_gnn_{units}", infer)


def trajectory_connectome(
    inputs: int, outputs: int, *, neurons: Sequence[str], shuffle: bool = False, units: int = 256, seed: int = 0
) -> keras.Model:
    """The graph network whose edges are the contacts of the connectome, or those shuffled: the control.

    Raises:
        InputError: a neuron that the connectome lacks, units below one, or an invalid seed.
    """
    _require_network("calcium_trajectory_connectome", units, seed)
    weights = connectome_weights(tuple(neurons), "both", seed if shuffle else None)
    cell = PerceptronCell(inputs, window=WINDOW, units=units, graph=True, seed=seeds_of(seed, 2)[0], name="perceptron")
    name = f"calcium_trajectory_connectome{'_shuffled' * shuffle}_{units}"
    model = _rolled_out(cell, inputs, name, FixedEdges(name="edges"))
    model.get_layer("edges").set_weights([np.array(weights)])
    return model


def trajectory_recurrent(
    inputs: int, outputs: int, *, graph: bool = False, units: int = 64, seed: int = 0
) -> keras.Model:
    """A gated recurrent unit that takes the last four given frames, one a step, then continues from its own forecasts.

    The linear part sees the eight frames before each, the unit's memory the last one.

    Args:
        inputs: neurons of a frame.
        outputs: none; every model's builder takes it.
        graph: infer edges from the given window, and let the unit see the messages over them too.
        units: of the memory.
        seed: of the first weights.

    Raises:
        InputError: units below one, or an invalid seed.
    """
    name = f"calcium_trajectory_{'gnn_' * graph}gru"
    _require_network(name, units, seed)
    one, two = seeds_of(seed, 2)
    cell = MemoryCell(inputs, window=WINDOW, units=units, graph=graph, seed=one, name="memory")
    infer = InferredEdges(EDGE_UNITS, seed=two, name="edges") if graph else None
    return _rolled_out(cell, inputs, f"{name}_{units}", infer)


def _rolled_out(
    cell: PerceptronCell | MemoryCell, inputs: int, name: str, edges: keras.Layer | None = None
) -> keras.Model:
    """A model that begins with the given frames and lets a cell go on from them.

    A cell with a memory begins before the last of them, and what it gives for those is dropped.
    """
    frames = keras.Input((None, inputs + 1), name="frames")
    burnt = BURN_IN if isinstance(cell, MemoryCell) else 0
    predicted = WINDOW - burnt
    start = SeenFrames(predicted - cell.window, cell.window, name="start")(frames)
    state = [keras.layers.Flatten(name="first")(start)]
    if burnt:
        state.append(EmptyMemory(cell.units, name="empty")(frames))
    if edges is not None:
        seen = SeenFrames(0, WINDOW, name="seen")(frames)
        between = edges(NodeFeatures(cell.neurons, name="nodes")(seen))
        state.append(keras.layers.Flatten(name="between")(between))
    roll_out = keras.layers.RNN(cell, return_sequences=True, name="roll_out")
    every = roll_out(Steps(predicted, None, name="steps")(frames), initial_state=state)
    return keras.Model(frames, Steps(burnt, None, name="forecast")(every) if burnt else every, name=name)


def _require_network(model: str, units: int, seed: int) -> None:
    require(units >= 1, f"{model}: units must be >= 1, got {units}")
    require_seed(seed, f"{model}: seed")
