"""Causal attention over a window of past inputs: its layer, its builder, and its first weights."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np

from neuron_models.foundation.errors import require, require_seed
from surrogates.backend import keras

CAP = 8.0
"""Scores lie within plus and minus this, so that no exponential overflows in any program that runs them."""


def blocks(window: int, tokens: int) -> list[int]:
    """The first lag of each token, and the window's end: fine near the present, wider further back."""
    edges = {0, *np.round(np.geomspace(1, window, tokens)).astype(int).tolist()}
    return sorted(edges)


@keras.saving.register_keras_serializable(package="wormtwin")
class WindowedAttention(keras.Layer):
    """Attention of the present input to means of past ones over blocks of lags, all zero before the first sample.

    m_k is the mean input over block k. q = x Q + q0, keys m_k K + P_k, values m_k V + v0; for each head the shares are
    the softmax over k of c tanh((q key_k / sqrt(d) + B_k) / c), o is their mean of the values, and
    y = [o, tanh(o F + f)] C + rest; vectors are rows.

    Args:
        inputs: channels of x.
        outputs: channels of y.
        units: of queries, keys and values, all heads together.
        heads: that divide the units.
        window: past samples that are seen, the present one among them.
        tokens: blocks at most; the first is the present sample.
    """

    SETTINGS: ClassVar[tuple[str, ...]] = ("inputs", "outputs", "units", "heads", "window", "tokens")
    READS: ClassVar[tuple[tuple[str, str, tuple[str, ...]], ...]] = (("q", "q0", ()), ("k", "k0", ()), ("v", "v0", ()))
    GIVES: ClassVar[tuple[str, str]] = ("c", "rest")
    PADDED: ClassVar[bool] = True

    def __init__(self, **options) -> None:
        for name in self.SETTINGS:
            setattr(self, name, int(options.pop(name)))
        super().__init__(**options)
        self.edges = blocks(self.window, self.tokens)

    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """The shapes of the weights, by name."""
        inner, places = (self.inputs, self.units), len(self.edges) - 1
        maps = {"q": inner, "q0": inner[1:], "k": inner, "k0": inner[1:], "v": inner, "v0": inner[1:]}
        places_ = {"p": (places, self.units), "b": (places, self.heads)}
        last = {"f": (self.units, self.units), "f0": (self.units,), "c": (2 * self.units, self.outputs)}
        return {**maps, **places_, **last, "rest": (self.outputs,)}

    def build(self, input_shape) -> None:
        """Make the weights; the builder says what they begin as."""
        for name, shape in self.shapes().items():
            setattr(self, f"w_{name}", self.add_weight(shape=shape, name=name, initializer="zeros"))

    def named_weights(self) -> dict[str, np.ndarray]:
        """The (dimensionless) weights by name, in single precision."""
        return dict(zip(self.shapes(), (np.asarray(each, np.float32) for each in self.get_weights()), strict=True))

    def set_named(self, weights: Mapping[str, np.ndarray]) -> None:
        """Set weights by name; those that are not named stay."""
        self.set_weights([{**self.named_weights(), **weights}[name] for name in self.shapes()])

    def rows_before(self, sizes: tuple[str, ...]) -> int:
        """How many rows stand before those of the inputs: none."""
        return 0

    def call(self, inputs):
        """Answer (trial, time, input)."""
        ops, d = keras.ops, self.units // self.heads
        means = self._means(inputs)
        query = ops.matmul(inputs, self.w_q) + self.w_q0
        keys = ops.matmul(means, self.w_k) + self.w_k0 + self.w_p
        values = ops.matmul(means, self.w_v) + self.w_v0
        split = (*keys.shape[2:3], self.heads, d)
        time = ops.shape(inputs)[1]
        products = ops.reshape(ops.expand_dims(query, 2) * keys, (-1, time, *split))
        scores = CAP * ops.tanh((ops.sum(products, -1) / d**0.5 + self.w_b) / CAP)
        shares = ops.expand_dims(ops.softmax(scores, axis=2), -1)
        seen = ops.sum(shares * ops.reshape(values, (-1, time, *split)), axis=2)
        o = ops.reshape(seen, (-1, time, self.units))
        w = ops.tanh(ops.matmul(o, self.w_f) + self.w_f0)
        return ops.matmul(ops.concatenate([o, w], -1), self.w_c) + self.w_rest

    def _means(self, x):
        """The mean input of each block: (trial, time, block, input)."""
        ops, found = keras.ops, []
        time = ops.shape(x)[1]
        for first, end in pairwise(self.edges):
            padded = ops.pad(x, ((0, 0), (end - 1, 0), (0, 0)))
            pooled = ops.average_pool(padded, end - first, 1, "valid") if end - first > 1 else padded
            found.append(pooled[:, :time])
        return ops.stack(found, axis=2)

    def compute_output_shape(self, input_shape):
        """(trial, time, output)."""
        return (*input_shape[:-1], self.outputs)

    def get_config(self) -> dict[str, Any]:
        """The settings, for saving."""
        return {**super().get_config(), **{name: getattr(self, name) for name in self.SETTINGS}}


def attention(
    inputs: int, outputs: int, *, units: int = 16, heads: int = 4, window: int = 320, tokens: int = 16, seed: int = 0
) -> keras.Model:
    """Causal attention over a window of past inputs, read in blocks that widen with the lag; no recurrence.

    Args:
        inputs: channels of x; the model takes (trial, time, inputs).
        outputs: channels of y; the model gives (trial, time, outputs).
        units: of queries, keys and values.
        heads: that divide the units.
        window: samples that are seen (320 of 0.5 ms are 160 ms).
        tokens: blocks into which the window is divided at most.
        seed: of the first weights.

    Raises:
        InputError: a size below one, heads that do not divide the units, or an invalid seed.
    """
    sizes = {"units": units, "heads": heads, "window": window, "tokens": tokens}
    for name, value in {"inputs": inputs, "outputs": outputs, **sizes}.items():
        require(value >= 1, f"attention: {name} must be >= 1, got {value}")
    require(units % heads == 0, f"attention: heads must divide the {units} units, got {heads}")
    require(window >= 2, f"attention: window must be >= 2 samples, got {window}")
    require_seed(seed, "attention: seed")
    layer = WindowedAttention(inputs=inputs, outputs=outputs, **sizes, name="attention")
    stimulus = keras.Input((None, inputs), name="stimulus")
    model = keras.Sequential([stimulus, layer], name=f"attention_{units}_{window}")
    rng = np.random.default_rng(seed)
    drawn = {name: s for name, s in layer.shapes().items() if len(s) == 2 and name != "b"}
    first = {name: rng.uniform(-1, 1, s) * np.sqrt(6 / sum(s)) for name, s in drawn.items()}
    layer.set_named({**first, "b": rng.normal(0, 1.0, layer.shapes()["b"])})
    return model
