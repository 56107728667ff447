"""Gradient-boosted trees and a random forest, grown by scikit-learn and kept as Keras models."""

import numpy as np
from jaxtyping import Float, Int

from neuron_models.foundation.errors import require, require_seed
from surrogates.backend import keras
from surrogates.behaviour.trees import Tree, tree_model

_DEEPEST = 24


def boost(
    inputs: int, outputs: int, *, rounds: int = 100, leaves: int = 31, rate: float = 0.1, seed: int = 0
) -> keras.Model:
    """Histogram gradient boosting (Ke et al. 2017, as scikit-learn grows it), which takes features that are not known.

    Args:
        inputs: features.
        outputs: behaviours.
        rounds: trees of each behaviour.
        leaves: of a tree.
        rate: how much of each tree counts.
        seed: of the draws of features.

    Raises:
        InputError: a setting out of range.
    """
    _require(rounds=rounds, leaves=leaves)
    require(0 < rate <= 1, f"behaviour_boost: the rate must be above 0 and at most 1, got {rate}")
    require_seed(seed, "the seed of behaviour_boost")
    groups = outputs if outputs > 2 else 1
    model = tree_model("behaviour_boost", inputs, outputs, rounds * groups, 2 * leaves - 1, _DEEPEST, softmax=True)
    model.fitting = {"rounds": rounds, "leaves": leaves, "rate": rate, "seed": seed}
    return model


def fit_boost(model: keras.Model, x: Float[np.ndarray, "sample feature"], y: Int[np.ndarray, " sample"]) -> None:
    """Grow trees on samples (features in their units); classes count by number, features never known for nothing."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    how = model.fitting
    grown = HistGradientBoostingClassifier(
        max_iter=how["rounds"], max_leaf_nodes=how["leaves"], learning_rate=how["rate"], max_depth=_DEEPEST,
        min_samples_leaf=20, l2_regularization=1.0, max_features=0.1, early_stopping=False, random_state=how["seed"],
    ).fit(np.where(np.isfinite(x).any(axis=0), x, np.float32(0)), y)  # fmt: skip
    layer = model.get_layer("trees")
    present = grown.classes_.astype(int)
    offset = np.full(layer.classes, -30.0)  # a class that no sample shows has no chance
    base = np.ravel(grown._baseline_prediction)
    if len(present) == 2:
        offset[present] = (0.0, base[0])
    else:
        offset[present] = base
    trees = [
        _boosted(predictor.nodes, int(present[column if len(present) > 2 else 1]), layer.classes)
        for group in grown._predictors
        for column, predictor in enumerate(group)
    ]
    layer.plant(trees, offset)


def _boosted(nodes, column: int, classes: int) -> Tree:
    leaf, own = nodes["is_leaf"].astype(bool), np.arange(len(nodes))
    value = np.zeros((len(nodes), classes))
    value[leaf, column] = nodes["value"][leaf]
    return Tree(
        np.where(leaf, 0, nodes["feature_idx"]).astype(int),
        np.where(leaf, 0.0, nodes["num_threshold"]).astype(float),
        np.where(leaf, own, nodes["left"]).astype(int),
        np.where(leaf, own, nodes["right"]).astype(int),
        nodes["missing_go_to_left"].astype(bool),
        value,
    )


def forest(inputs: int, outputs: int, *, trees: int = 100, leaves: int = 256, seed: int = 0) -> keras.Model:
    """A random forest (Breiman 2001), classes weighted to count alike.

    Args:
        inputs: features.
        outputs: behaviours.
        trees: how many.
        leaves: of a tree.
        seed: of the draws of samples and features.

    Raises:
        InputError: a setting out of range.
    """
    _require(trees=trees, leaves=leaves)
    require_seed(seed, "the seed of behaviour_forest")
    model = tree_model("behaviour_forest", inputs, outputs, trees, 2 * leaves - 1, _DEEPEST, softmax=False)
    model.fitting = {"trees": trees, "leaves": leaves, "seed": seed}
    return model


def fit_forest(model: keras.Model, x: Float[np.ndarray, "sample feature"], y: Int[np.ndarray, " sample"]) -> None:
    """Grow the trees on samples, features in their units."""
    from sklearn.ensemble import RandomForestClassifier

    how = model.fitting
    grown = RandomForestClassifier(
        how["trees"], max_leaf_nodes=how["leaves"], max_depth=_DEEPEST, min_samples_leaf=3, n_jobs=1,
        class_weight="balanced_subsample", random_state=how["seed"],
    ).fit(x, y)  # fmt: skip
    layer = model.get_layer("trees")
    present, number = grown.classes_.astype(int), len(grown.estimators_)
    trees = [_grown(each.tree_, present, layer.classes, number) for each in grown.estimators_]
    layer.plant(trees, np.zeros(layer.classes))


def _grown(tree, present: Int[np.ndarray, " class"], classes: int, trees: int) -> Tree:
    leaf, own = tree.children_left < 0, np.arange(tree.node_count)
    value = np.zeros((tree.node_count, classes))
    shares = tree.value[:, 0] / tree.value[:, 0].sum(axis=1, keepdims=True)
    value[np.ix_(leaf, present)] = shares[leaf] / trees
    missing = getattr(tree, "missing_go_to_left", np.zeros(tree.node_count))
    return Tree(
        np.where(leaf, 0, tree.feature),
        np.where(leaf, 0.0, tree.threshold),
        np.where(leaf, own, tree.children_left),
        np.where(leaf, own, tree.children_right),
        np.asarray(missing, bool),
        value,
    )


def _require(**counts: int) -> None:
    for name, value in counts.items():
        require(2 <= value <= 10_000, f"{name} must be 2 to 10,000, got {value}")
