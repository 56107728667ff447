"""Recurrent cells with a linear part; importing this module registers them, so that saved models find them.

All of them are affine maps of vectors laid side by side, whose rows stand in the order of the vectors, and a few
activations. `READS` names the maps that see the inputs, each with its bias and the sizes of what stands before them;
`GIVES` the one that makes the outputs: what scales of the data change when they are folded into the weights.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from surrogates.backend import keras


class AffineCell(keras.Layer):
    """What the cells share: settings, weights by name, and how scales of the data are folded into them."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("inputs", "outputs")
    READS: ClassVar[tuple[tuple[str, str, tuple[str, ...]], ...]] = ()
    GIVES: ClassVar[tuple[str, str]] = ("c", "rest")

    def __init__(self, **options) -> None:
        for name in self.SETTINGS:
            setattr(self, name, int(options.pop(name)))
        super().__init__(**options)
        self.output_size = self.outputs
        self.state_size = self.states()

    def states(self) -> Any:
        """The sizes of the states."""
        raise NotImplementedError

    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """The shapes of the weights, by name."""
        raise NotImplementedError

    def build(self, input_shape) -> None:
        """Make the weights; whoever trains the cell says what they begin as."""
        for name, shape in self.shapes().items():
            setattr(self, f"w_{name}", self.add_weight(shape=shape, name=name, initializer="zeros"))

    def affine(self, name: str, bias: str, *vectors):
        """Vectors side by side times a map, and its bias."""
        joined = keras.ops.concatenate(vectors, -1) if len(vectors) > 1 else vectors[0]
        return keras.ops.matmul(joined, getattr(self, f"w_{name}")) + getattr(self, f"w_{bias}")

    def named_weights(self) -> dict[str, np.ndarray]:
        """The (dimensionless) weights by name, in single precision."""
        return dict(zip(self.shapes(), (np.asarray(each, np.float32) for each in self.get_weights()), strict=True))

    def set_named(self, weights: Mapping[str, np.ndarray]) -> None:
        """Set weights by name; those that are not named stay."""
        self.set_weights([{**self.named_weights(), **weights}[name] for name in self.shapes()])

    def rows_before(self, sizes: tuple[str, ...]) -> int:
        """How many rows stand before those of the inputs."""
        return sum(int(getattr(self, name)) for name in sizes)

    def get_config(self) -> dict:
        """The settings, for saving."""
        return {**super().get_config(), **{name: getattr(self, name) for name in self.SETTINGS}}


@keras.saving.register_keras_serializable(package="wormtwin")
class LfrCell(AffineCell):
    """A linear system with a static network in feedback.

    w = tanh([x u] F + f), then y = [x u w] C + rest and x(k+1) = [x u w] A + e, from x(0) = 0; vectors are rows.
    """

    SETTINGS = ("inputs", "outputs", "order", "units")
    READS = (("f", "f_bias", ("order",)), ("a", "e", ("order",)), ("c", "rest", ("order",)))

    def states(self):
        """One state of the order."""
        return self.order

    def shapes(self):
        """A, C and F with their biases."""
        seen = self.order + self.inputs
        return {
            "f": (seen, self.units),
            "f_bias": (self.units,),
            "a": (seen + self.units, self.order),
            "e": (self.order,),
            "c": (seen + self.units, self.outputs),
            "rest": (self.outputs,),
        }

    def call(self, inputs, states):
        """Advance one step."""
        w = keras.ops.tanh(self.affine("f", "f_bias", states[0], inputs))
        response = self.affine("c", "rest", states[0], inputs, w)
        return response, [self.affine("a", "e", states[0], inputs, w)]


@keras.saving.register_keras_serializable(package="wormtwin")
class ResidualGruCell(AffineCell):
    """A linear system and a small GRU beside it, which sees the inputs and what the linear system answers.

    v = [x u] L + l, then z, r = sigmoid([u v h] G + g), h = z h + (1 - z) tanh([u v (r h)] K + k), y = [v h] C + rest
    and x(k+1) = [x u] A + e; vectors are rows.
    """

    SETTINGS = ("inputs", "outputs", "order", "units")
    READS = (("l", "l_bias", ("order",)), ("a", "e", ("order",)), ("g", "g_bias", ()), ("k", "k_bias", ()))

    def states(self):
        """Those of the linear system and of the GRU."""
        return [self.order, self.units]

    def shapes(self):
        """The linear system, the gates, the candidate and the outputs."""
        driven, seen = self.order + self.inputs, self.inputs + self.outputs + self.units
        return {
            "a": (driven, self.order),
            "e": (self.order,),
            "l": (driven, self.outputs),
            "l_bias": (self.outputs,),
            "g": (seen, 2 * self.units),
            "g_bias": (2 * self.units,),
            "k": (seen, self.units),
            "k_bias": (self.units,),
            "c": (self.outputs + self.units, self.outputs),
            "rest": (self.outputs,),
        }

    def call(self, inputs, states):
        """Advance one step."""
        x, h = states
        v = self.affine("l", "l_bias", x, inputs)
        gates = keras.ops.sigmoid(self.affine("g", "g_bias", inputs, v, h))
        z, r = gates[..., : self.units], gates[..., self.units :]
        new = z * h + (1.0 - z) * keras.ops.tanh(self.affine("k", "k_bias", inputs, v, r * h))
        return self.affine("c", "rest", v, new), [self.affine("a", "e", x, inputs), new]


@keras.saving.register_keras_serializable(package="wormtwin")
class LruCell(AffineCell):
    """A linear recurrent unit (Orvieto et al. 2023): a diagonal complex state, and a nonlinear read-out.

    s = lambda s + u B + e, w = tanh([re s, im s, u] F + f), y = [re s, im s, u, w] C + rest, where the poles are
    lambda = exp(-exp(nu) + i theta): inside the unit circle, whatever is learned; vectors are rows.
    """

    SETTINGS = ("inputs", "outputs", "order", "units")
    READS = (("b", "e", ()), ("f", "f_bias", ("order", "order")), ("c", "rest", ("order", "order")))

    def states(self):
        """Real and imaginary parts."""
        return [self.order, self.order]

    def shapes(self):
        """Poles, inputs, read-out."""
        seen = 2 * self.order + self.inputs
        return {
            "nu": (self.order,),
            "theta": (self.order,),
            "b": (self.inputs, 2 * self.order),
            "e": (2 * self.order,),
            "f": (seen, self.units),
            "f_bias": (self.units,),
            "c": (seen + self.units, self.outputs),
            "rest": (self.outputs,),
        }

    def call(self, inputs, states):
        """Advance one step."""
        ops, (real, imaginary) = keras.ops, states
        size = ops.exp(-ops.exp(self.w_nu))
        p, q = size * ops.cos(self.w_theta), size * ops.sin(self.w_theta)
        driven = self.affine("b", "e", inputs)
        new = p * real - q * imaginary + driven[..., : self.order]
        turned = q * real + p * imaginary + driven[..., self.order :]
        w = ops.tanh(self.affine("f", "f_bias", new, turned, inputs))
        return self.affine("c", "rest", new, turned, inputs, w), [new, turned]


@keras.saving.register_keras_serializable(package="wormtwin")
class CfcCell(AffineCell):
    """A closed-form continuous-time cell (Hasani et al. 2022, Nature Machine Intelligence 4) at even samples.

    b = tanh([u h] B + b), t = sigmoid(b T + t), h = (1 - t) tanh(b F + f) + t tanh(b G + g), y = h C + rest: at even
    samples the elapsed time is part of T; vectors are rows.
    """

    SETTINGS = ("inputs", "outputs", "units", "backbone")
    READS = (("b", "b_bias", ()),)

    def states(self):
        """The hidden state."""
        return self.units

    def shapes(self):
        """The backbone and its three heads."""
        heads = dict.fromkeys("tfg", (self.backbone, self.units))
        biases = {f"{name}_bias": (self.units,) for name in "tfg"}
        before = {"b": (self.inputs + self.units, self.backbone), "b_bias": (self.backbone,)}
        return {**before, **heads, **biases, "c": (self.units, self.outputs), "rest": (self.outputs,)}

    def call(self, inputs, states):
        """Advance one step."""
        ops = keras.ops
        seen = ops.tanh(self.affine("b", "b_bias", inputs, states[0]))
        one, other = (ops.tanh(self.affine(name, f"{name}_bias", seen)) for name in "fg")
        t = ops.sigmoid(self.affine("t", "t_bias", seen))
        new = (1.0 - t) * one + t * other
        return self.affine("c", "rest", new), [new]
