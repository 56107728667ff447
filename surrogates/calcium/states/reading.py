"""What a trained model looks at: its inferred edges beside the connectome, each neuron hidden in turn, no AVA."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.stats import rankdata

from connectome.wiring import load_connectome
from datasets.calcium.recording import select_neurons
from datasets.dataset import Dataset
from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Dimensionless, Fraction
from surrogates.backend import keras, tensorflow_unseen
from surrogates.calcium.graph.wiring import CONTACTS, signed_counts
from surrogates.calcium.states.folds import folds
from surrogates.calcium.states.inputs import Inputs, prepared
from surrogates.calcium.states.models import STATE_MODELS
from surrogates.calcium.states.protocol import FoldTraining, Learner, evaluate_set, windows_for
from surrogates.calcium.states.windows import LabelledWindows, neurons_of

COMMAND_NEURONS = ("AVAL", "AVAR")
READ = "calcium_gnn"
"""The model whose edges are read."""
_PERMUTATIONS = 10_000


@dataclass(frozen=True)
class Agreement:
    """Spearman's rank correlation of two matrices off their diagonals, and how rarely chance gives as much.

    `p` is two-sided: the share of random orders of the neurons whose correlation is as far from zero.
    """

    rho: Dimensionless
    p: Fraction


def agreement(
    edges: Float[np.ndarray, "pre post"],
    contacts: Float[np.ndarray, "pre post"],
    permutations: int = _PERMUTATIONS,
    seed: int = 0,
) -> Agreement:
    """Compare edges with contacts, neurons permuted together as in the test of Mantel 1967: edges are not independent.

    Args:
        edges: weights; their ranks alone count, and so no unit.
        contacts: numbers of contacts, of the same neurons.
        permutations: random orders of the neurons.
        seed: draws them.

    Raises:
        InputError: one of the two is the same everywhere off the diagonal.
    """
    off = ~np.eye(len(edges), dtype=bool)
    first, second = _ranks(edges, off), _ranks(contacts, off)
    require(
        bool(first[off].any() and second[off].any()), "a matrix that is the same everywhere has no ranks to compare"
    )
    product, rng = float((first * second)[off].sum()), np.random.default_rng(seed)
    orders = (rng.permutation(len(edges)) for _ in range(permutations))
    extreme = sum(abs((first * second[np.ix_(order, order)])[off].sum()) >= abs(product) - 1e-9 for order in orders)
    size = np.sqrt((first[off] ** 2).sum() * (second[off] ** 2).sum())
    return Agreement(float(product / size), (extreme + 1) / (permutations + 1))


def _ranks(matrix: np.ndarray, off: np.ndarray) -> np.ndarray:
    """Ranks off the diagonal, their mean taken away; 0 on it."""
    ranks = np.zeros(matrix.shape)
    ranks[off] = rankdata(matrix[off])
    ranks[off] -= ranks[off].mean()
    return ranks


def read_models(
    dataset: Dataset, chosen: Mapping[tuple[int, ...], Inputs], models: Sequence[str], training: FoldTraining
) -> dict[str, Any]:
    """Read models that were trained on all worms but one, on the worm that was left out; means over these worms.

    Args:
        dataset: all worms, with traces and a state rule applied.
        chosen: the inputs of each combination of training worms.
        models: whose accuracy with a neuron hidden is measured.
        training: how to train.

    Returns:
        `neurons`; `edges` (pre, post) of the graph network; `occlusion` by model and neuron, the accuracy that is lost
        (percentage points).
    """
    neurons, edges = neurons_of(dataset), []
    lost: dict[str, list[list[float]]] = {model: [] for model in models}
    for left_out in range(len(dataset)):
        worms = tuple(i for i in range(len(dataset)) if i != left_out)
        seen, test = (prepared(dataset.select(each), chosen[worms]) for each in (worms, [left_out]))
        for model in dict.fromkeys((*models, READ)):
            kind = STATE_MODELS[model]
            learner, windows = Learner(kind, seen, training), windows_for(kind, seen)
            weights = learner.fit(windows, next(folds(windows, seen, "strict", training.blocks)))
            held = windows_for(kind, test)
            if model == READ:
                edges.append(inferred_edges(learner.model, weights, held.x))
            if model in lost:
                lost[model].append(occlusion(learner, weights, held, len(neurons)))
    occluded = {
        model: dict(zip(neurons, np.mean(values, axis=0).tolist(), strict=True)) for model, values in lost.items()
    }
    return {"neurons": list(neurons), "edges": np.mean(edges, axis=0).tolist(), "occlusion": occluded}


def inferred_edges(
    model: keras.Model, weights: list[np.ndarray], x: Float[np.ndarray, "window step channel"]
) -> Float[np.ndarray, "pre post"]:
    """The mean over some windows of the edges that a graph network infers: weights, dimensionless.

    `x` is as the network was trained on it: traces and derivatives as shares of a recording's range.
    """
    model.set_weights(weights)
    with tensorflow_unseen():
        reader = keras.Model(model.input, model.get_layer("edges").output)
        return np.asarray(reader.predict(x, batch_size=1024, verbose=0), dtype=float).mean(axis=0)


def occlusion(learner: Learner, weights: list[np.ndarray], windows: LabelledWindows, neurons: int) -> list[float]:
    """The accuracy that is lost when a neuron shows its mean all the time, in percentage points: (neuron,)."""
    whole = float((learner.predicted(weights, windows) == windows.y).mean())
    lost = []
    for neuron in range(neurons):
        hidden = windows.x.copy()
        hidden[:, :, neuron::neurons] = windows.x[:, :, neuron::neurons].mean(axis=(0, 1))
        predicted = learner.predicted(weights, replace(windows, x=hidden))
        lost.append(100 * (whole - float((predicted == windows.y).mean())))
    return lost


def without_neurons(
    dataset: Dataset,
    chosen: Mapping[tuple[int, ...], Inputs],
    model: str,
    training: FoldTraining,
    hidden: Sequence[str] = COMMAND_NEURONS,
) -> list[dict[str, Any]]:
    """Train and ask a model that never sees some neurons, on all worms but one: the records of every fold."""
    rest = select_neurons(dataset, [name for name in dataset.x_names if name not in hidden])
    records = []
    for left_out in range(len(dataset)):
        worms = tuple(i for i in range(len(dataset)) if i != left_out)
        records += evaluate_set(rest, model, worms, chosen[worms], training)
    return records


def against_connectome(edges: Float[np.ndarray, "pre post"], neurons: Sequence[str]) -> dict[str, Agreement]:
    """How inferred edges (weights, dimensionless) agree with the number of contacts, by kind.

    Signs do not count, since edges have none.
    """
    connectome = load_connectome()
    known = [index for index, name in enumerate(neurons) if name in connectome.names]
    names = [neurons[index] for index in known]
    agreements = {}
    for kind in CONTACTS:
        counts = np.abs(signed_counts(connectome, names, kind)).astype(float)
        if len(np.unique(counts[~np.eye(len(names), dtype=bool)])) > 1:
            agreements[kind] = agreement(edges[np.ix_(known, known)], counts)
    return agreements
