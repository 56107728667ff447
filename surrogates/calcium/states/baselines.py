"""Logistic regression and a support vector machine, fitted by scikit-learn and kept as Keras models.

A Keras model of the same numbers is saved, loaded and run like every other one; nothing is pickled.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float, Int, Num

from datasets.dataset import Dataset
from datasets.parts.splitting import require_training
from neuron_models.foundation.errors import require
from surrogates.backend import keras
from surrogates.calcium.states.networks import WINDOW
from surrogates.calcium.states.windows import arrays

PENALTY = 1.0
"""scikit-learn's C, of both."""


@keras.saving.register_keras_serializable(package="wormtwin")
class SupportVectors(keras.Layer):
    """Votes of a support vector machine with a Gaussian kernel: the share of its pairs of classes that each class wins.

    The decision of a pair is sum over k of a_k exp(-gamma |x - s_k|^2) + b.

    Args:
        vectors: room for so many s_k; what is not used has a_k = 0.
        classes: how many.
    """

    def __init__(self, vectors: int, classes: int, **options) -> None:
        super().__init__(**options)
        self.vectors, self.classes = vectors, classes

    def build(self, input_shape) -> None:
        """Make room for s, a, b and gamma."""
        pairs = self.classes * (self.classes - 1) // 2
        zeros = {"initializer": "zeros", "trainable": False}
        self.indices = self.add_weight(shape=(self.vectors, input_shape[-1]), name="vectors", **zeros)
        self.duals = self.add_weight(shape=(self.vectors, pairs), name="duals", **zeros)
        self.offsets = self.add_weight(shape=(pairs,), name="offsets", **zeros)
        self.gamma = self.add_weight(shape=(), name="gamma", **zeros)

    def call(self, inputs):
        """The share of the pairs that each class wins, (sample, class)."""
        ops = keras.ops
        squares = ops.sum(inputs**2, -1, keepdims=True) + ops.sum(self.indices**2, -1)
        kernel = ops.exp(-self.gamma * (squares - 2 * ops.matmul(inputs, ops.transpose(self.indices))))
        first = ops.cast(ops.matmul(kernel, self.duals) + self.offsets > 0, inputs.dtype)
        one, other = (ops.convert_to_tensor(each) for each in _sides(self.classes))
        return (ops.matmul(first, one) + ops.matmul(1 - first, other)) / one.shape[0]

    def compute_output_shape(self, input_shape):
        """The shape (sample, class)."""
        return (input_shape[0], self.classes)

    def get_config(self) -> dict:
        """The settings, for saving."""
        return {**super().get_config(), "vectors": self.vectors, "classes": self.classes}


def logistic(inputs: int, outputs: int) -> keras.Model:
    """Softmax regression on all features of a window.

    Raises:
        InputError: fewer than two classes.
    """
    require(outputs >= 2, f"calcium_logistic: there must be two classes or more, got {outputs}")
    window = keras.Input((WINDOW, inputs), name="window")
    flat = keras.layers.Flatten(name="vector")(window)
    return keras.Model(
        window, keras.layers.Dense(outputs, activation="softmax", name="classes")(flat), name="calcium_logistic"
    )


def svm(inputs: int, outputs: int, *, windows: int = 2000) -> keras.Model:
    """A support vector machine with a Gaussian kernel on all features of a window.

    Args:
        inputs: channels of a window.
        outputs: classes.
        windows: it learns from at most so many training windows, drawn at random, since its cost grows with the square.

    Raises:
        InputError: fewer than two classes, or fewer windows than classes.
    """
    require(outputs >= 2, f"calcium_svm: there must be two classes or more, got {outputs}")
    require(windows >= outputs, f"calcium_svm: windows must be >= {outputs}, one a class, got {windows}")
    window = keras.Input((WINDOW, inputs), name="window")
    flat = keras.layers.Flatten(name="vector")(window)
    return keras.Model(window, SupportVectors(windows, outputs, name="votes")(flat), name="calcium_svm")


def fit_logistic(
    model: keras.Model, x: Num[np.ndarray, "window step channel"], y: Int[np.ndarray, " window"]
) -> list[np.ndarray]:
    """The weights of a `logistic` model, as scikit-learn finds them (L2 penalty, C = 1).

    A class that does not come gets a probability of nearly zero.
    """
    from sklearn.linear_model import LogisticRegression

    classifier = LogisticRegression(C=PENALTY, max_iter=1000, tol=1e-3).fit(x.reshape(len(x), -1), y)
    slopes, offsets = classifier.coef_, classifier.intercept_
    if len(classifier.classes_) == 2:  # one row for the log odds of the second class
        slopes, offsets = np.vstack([np.zeros_like(slopes), slopes]), np.concatenate([[0.0], offsets])
    classes = model.output_shape[-1]
    kernel, bias = np.zeros((slopes.shape[1], classes), np.float32), np.full(classes, -100.0, np.float32)
    kernel[:, classifier.classes_], bias[classifier.classes_] = slopes.T, offsets
    return [kernel, bias]


def fit_svm(
    model: keras.Model, x: Num[np.ndarray, "window step channel"], y: Int[np.ndarray, " window"], seed: int = 0
) -> list[np.ndarray]:
    """The weights of an `svm` model, as scikit-learn finds them (C = 1, gamma = 1 / (features x variance)).

    Args:
        model: made for these windows.
        x: traces and derivatives, as shares of a recording's range.
        y: class numbers.
        seed: of scikit-learn.
    """
    from sklearn.svm import SVC

    layer = model.layers[-1]
    _, firsts = np.unique(y, return_index=True)  # every class comes
    others = np.setdiff1d(np.arange(len(x)), firsts)
    rows = np.concatenate([firsts, np.random.default_rng(seed).permutation(others)])[: layer.vectors]
    rows.sort()
    flat = x.reshape(len(x), -1)[rows].astype(np.float64)
    gamma = 1.0 / (flat.shape[1] * flat.var())
    classifier = SVC(C=PENALTY, gamma=gamma).fit(flat, y[rows])
    return [*_expansion(classifier, layer.vectors, layer.classes), np.array(gamma, np.float32)]


def _expansion(classifier: Any, room: int, classes: int) -> list[np.ndarray]:
    """scikit-learn's coefficients as the weights of `SupportVectors`; a class that never came loses all its pairs."""
    indices = np.zeros((room, classifier.support_vectors_.shape[1]), np.float32)
    indices[: len(classifier.support_vectors_)] = classifier.support_vectors_
    pairs = [(i, j) for i in range(classes) for j in range(i + 1, classes)]
    duals, offsets = np.zeros((room, len(pairs)), np.float32), np.zeros(len(pairs), np.float32)
    known, edges = classifier.classes_.tolist(), np.concatenate([[0], np.cumsum(classifier.n_support_)])
    sign = -1.0 if len(known) == 2 else 1.0  # of two classes scikit-learn turns the decision round
    column = 0
    for i, first in enumerate(known):
        for j in range(i + 1, len(known)):
            pair = pairs.index((first, known[j]))
            for of, row in ((i, j - 1), (j, i)):  # dual_coef_ holds, by class, the rows of its opponents in order
                part = slice(edges[of], edges[of + 1])
                duals[part, pair] = sign * classifier.dual_coef_[row, part]
            offsets[pair] = sign * classifier.intercept_[column]
            column += 1
    for pair, (first, second) in enumerate(pairs):
        if first not in known or second not in known:
            offsets[pair] = -1.0 if first not in known else 1.0
    return [indices, duals, offsets]


def _sides(classes: int) -> tuple[Float[np.ndarray, "pair class"], Float[np.ndarray, "pair class"]]:
    """Which class wins a pair when its decision is positive, and which when it is not."""
    pairs = [(i, j) for i in range(classes) for j in range(i + 1, classes)]
    one, other = np.zeros((len(pairs), classes), np.float32), np.zeros((len(pairs), classes), np.float32)
    for row, (first, second) in enumerate(pairs):
        one[row, first] = other[row, second] = 1.0
    return one, other


def solver(fit: Callable[..., list[np.ndarray]]) -> Callable[[Dataset], Callable[[keras.Model], None]]:
    """How `fit_model` fits a baseline: on the windows (window, step, channel) of the training trials.

    `fit` takes the model, these windows and their class numbers, and gives the model's weights.
    """

    def solve(dataset: Dataset) -> Callable[[keras.Model], None]:
        parts = dataset.by_split()
        require_training(dataset)
        x, y, _ = arrays(parts["train"])
        return lambda model: model.set_weights(fit(model, x, y))

    return solve
