"""Decision trees as a Keras layer, so that a model file holds arrays alone and nothing is ever unpickled."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from neuron_models.foundation.errors import require
from surrogates.backend import keras


@dataclass(frozen=True, eq=False)
class Tree:
    """One tree by nodes: a sample goes left where its feature is at most the threshold, or `missing_left` where NaN.

    Leaves are their own children. `value` (node, class) is what a leaf gives.
    """

    feature: Int[np.ndarray, " node"]
    threshold: Float[np.ndarray, " node"]
    left: Int[np.ndarray, " node"]
    right: Int[np.ndarray, " node"]
    missing_left: Bool[np.ndarray, " node"]
    value: Float[np.ndarray, "node class"]


@keras.saving.register_keras_serializable(package="wormtwin")
class DecisionTrees(keras.Layer):
    """The sum of what trees give, plus an offset: (sample, feature) to (sample, class).

    Args:
        trees: room for so many; those that are not used give 0.
        nodes: room for so many nodes a tree.
        classes: how many.
        depth: the longest way from a root to a leaf.
    """

    def __init__(self, trees: int, nodes: int, classes: int, depth: int, **options: Any) -> None:
        super().__init__(**options)
        self.trees, self.nodes, self.classes, self.depth = trees, nodes, classes, depth

    def build(self, input_shape: Sequence[int]) -> None:
        """Make room for the trees."""
        shape = (self.trees * self.nodes,)
        zeros = {"initializer": "zeros", "trainable": False}
        self.feature = self.add_weight(shape=shape, name="feature", dtype="int32", **zeros)
        self.threshold = self.add_weight(shape=shape, name="threshold", **zeros)
        self.left = self.add_weight(shape=shape, name="left", dtype="int32", **zeros)
        self.right = self.add_weight(shape=shape, name="right", dtype="int32", **zeros)
        self.missing_left = self.add_weight(shape=shape, name="missing_left", dtype="int32", **zeros)
        self.value = self.add_weight(shape=(*shape, self.classes), name="value", **zeros)
        self.offset = self.add_weight(shape=(self.classes,), name="offset", **zeros)

    def call(self, inputs: Any) -> Any:
        """Follow each sample through every tree."""
        ops = keras.ops
        roots = ops.reshape(ops.arange(self.trees, dtype="int32") * self.nodes, (1, -1))

        def deeper(_: Any, here: Any) -> Any:
            seen = ops.take_along_axis(inputs, ops.take(self.feature, here), axis=1)
            known = seen <= ops.take(self.threshold, here)
            low = ops.where(ops.isnan(seen), ops.take(self.missing_left, here) > 0, known)
            return roots + ops.where(low, ops.take(self.left, here), ops.take(self.right, here))

        here = ops.fori_loop(0, self.depth, deeper, ops.zeros_like(inputs[:, :1], dtype="int32") + roots)
        return ops.sum(ops.take(self.value, here, axis=0), axis=1) + self.offset

    def compute_output_shape(self, input_shape: Sequence[int]) -> tuple:
        """The shape (sample, class)."""
        return (input_shape[0], self.classes)

    def get_config(self) -> dict:
        """The settings, for saving."""
        sizes = {name: getattr(self, name) for name in ("trees", "nodes", "classes", "depth")}
        return {**super().get_config(), **sizes}

    def plant(self, trees: Sequence[Tree], offset: Float[np.ndarray, " class"]) -> None:
        """Put trees in, and the offset (log odds) that is added to their sum.

        Raises:
            InputError: there is no room for them.
        """
        most = max((len(tree.feature) for tree in trees), default=0)
        require(len(trees) <= self.trees and most <= self.nodes, f"no room for {len(trees)} trees of {most} nodes")
        shape = (self.trees, self.nodes)
        whole = {name: np.zeros(shape, np.int32) for name in ("feature", "left", "right", "missing_left")}
        whole["threshold"] = np.zeros(shape, np.float32)
        value = np.zeros((*shape, self.classes), np.float32)
        for row, tree in enumerate(trees):
            for name, array in whole.items():
                array[row, : len(tree.feature)] = getattr(tree, name)
            whole["threshold"][row, : len(tree.feature)] = as_float32(tree.threshold)
            value[row, : len(tree.feature)] = tree.value
        for name, array in whole.items():
            getattr(self, name).assign(array.ravel())
        self.value.assign(value.reshape(-1, self.classes))
        self.offset.assign(np.asarray(offset, np.float32))


def as_float32(thresholds: Float[np.ndarray, " node"]) -> Float[np.ndarray, " node"]:
    """Thresholds, in the units of their features, that part the same single-precision numbers."""
    near = np.asarray(thresholds).astype(np.float32)
    return np.where(near > thresholds, np.nextafter(near, np.float32(-np.inf)), near)


def tree_model(
    name: str, inputs: int, classes: int, trees: int, nodes: int, depth: int, *, softmax: bool
) -> keras.Model:
    """A model of trees: their sum as it is, or through a softmax."""
    x = keras.Input((inputs,), name="features")
    y = DecisionTrees(trees, nodes, classes, depth, name="trees")(x)
    if softmax:
        y = keras.layers.Activation("softmax", name="probability")(y)
    return keras.Model(x, y, name=name)
