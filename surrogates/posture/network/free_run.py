"""Postures from the network alone: its own frames fed back, the state of every cell kept from frame to frame.

The network does not read a window anew at each frame. It runs here as a JAX program of its own whatever backend Keras
has, many worms side by side; each next frame is drawn from the distribution that the network gives. The mean instead
(`noise` 0) soon settles on a cycle or on one posture, as a network that minimises squared errors does.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from neuron_models.foundation.errors import require, require_seed
from neuron_models.foundation.units import Dimensionless
from surrogates.backend import keras
from surrogates.posture.network.layers import mixture_parts
from surrogates.posture.network.networks import WINDOW, components_of, lstm_layers, require_posture_lstm

_FRAMES = 250
"""Frames of one call of the program: how often it says how far it is."""


@dataclass(frozen=True)
class Drawing:
    """How frames are drawn: `noise` times the deviations that the network gives, from a `seed`."""

    noise: Dimensionless = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        require(bool(np.isfinite(self.noise)) and self.noise >= 0, f"noise must be >= 0, got {self.noise}")
        require_seed(self.seed, "the seed of a free run")


class State(NamedTuple):
    """What is kept from frame to frame: (worm, unit) of each layer, and the last frames, the newest first."""

    hidden: Any
    cells: Any
    past: Any


def generate(
    model: keras.Model,
    seeds: Float[np.ndarray, "worm window channel"],
    frames: int,
    drawing: Drawing = Drawing(),
    done: Callable[[int], object] = lambda number: None,
) -> Float[np.ndarray, "worm frame channel"]:
    """Let the network go on from recorded frames, feeding back what it draws.

    Args:
        model: a `posture_lstm`.
        seeds: frames to begin with, at least 50 of each worm; all of them are read.
        frames: how many to generate after them.
        drawing: noise and seed; a worm's frames do not depend on the others beside it.
        done: called now and then with how many frames more there are.

    Raises:
        InputError: the model is no `posture_lstm`, seeds are shorter than the window, of another number of channels or
            not finite, or there are no frames to generate.
        FloatingPointError: a worm's frames grew without bound.
    """
    require_posture_lstm(model)
    channels = model.input_shape[-1]
    require(seeds.shape[1] >= WINDOW, f"a seed must have {WINDOW} frames or more, got {seeds.shape[1]}")
    require(seeds.shape[2] == channels, f"{model.name} takes {channels} channels, the seeds have {seeds.shape[2]}")
    require(bool(np.isfinite(seeds).all()), "a seed holds frames without a midline: take one from a segment without")
    require(frames >= 1, f"frames must be >= 1, got {frames}")
    return _run(model, seeds, frames, drawing, done)


def _run(model: keras.Model, seeds: np.ndarray, frames: int, drawing: Drawing, done: Callable) -> np.ndarray:
    import jax
    import jax.numpy as jnp

    weights, components = weights_of(model), components_of(model)
    read, go_on = _programs(len(weights["lstm"]), components)
    first = jnp.asarray(seeds, jnp.float32)
    state, predicted = read(weights, first)
    keys = jax.vmap(lambda worm: jax.random.fold_in(jax.random.key(drawing.seed), worm))(jnp.arange(len(seeds)))
    noise = jnp.float32(drawing.noise)
    parts = []
    for start in range(0, frames, _FRAMES):
        numbers = jnp.arange(start, start + _FRAMES)
        (state, predicted), drawn = go_on(weights, (state, predicted), keys, numbers, noise)
        part = np.asarray(drawn).swapaxes(0, 1)[:, : frames - start]
        if not np.isfinite(part).all():
            raise FloatingPointError(f"{model.name}: the free run is not finite within frame {start + len(part[0])}")
        parts.append(part)
        done(part.shape[1])
    return np.concatenate(parts, axis=1)


def weights_of(model: keras.Model) -> dict[str, Any]:
    """The numbers of a `posture_lstm`, as `step` takes them."""
    forecast = model.get_layer("forecast").get_weights()
    return {
        "standard": model.get_layer("standard").get_weights(),
        "changes": np.float32(model.get_layer("standard").changes),
        "lstm": [layer.get_weights() for layer in lstm_layers(model)],
        "innovation": model.get_layer("innovation").get_weights(),
        "forecast": forecast,
    }


@functools.cache
def _programs(layers: int, components: int) -> tuple[Callable, Callable]:
    """What reads seeds, and what continues from there, for networks of this depth and kind of distribution."""
    import jax
    import jax.numpy as jnp

    def read(weights, frames):
        worms, units = len(frames), [kernel.shape[0] for _, kernel, _ in weights["lstm"]]
        lags = max(1, len(weights["forecast"][0]) // frames.shape[-1])
        zeros = [jnp.zeros((worms, size)) for size in units]
        past = jnp.repeat(frames[:, :1], max(2, lags), axis=1)
        start = State(zeros, zeros, past)
        state, predicted = jax.lax.scan(lambda s, frame: step(weights, s, frame), start, frames.swapaxes(0, 1))
        return state, predicted[-1]

    def go_on(weights, carried, keys, numbers, noise):
        def one(carried, number):
            state, predicted = carried
            frame = draw(weights, state, predicted, components, keys, number, noise)
            return step(weights, state, frame), frame

        return jax.lax.scan(one, carried, numbers)

    return jax.jit(read), jax.jit(go_on)


def step(weights: dict[str, Any], state: State, frame):
    """Read a frame (worm, channel): the state after it, and the parameters of what the next one is drawn from."""
    import jax
    import jax.numpy as jnp

    mean, scale, change = weights["standard"]
    predicted = (frame - mean) / scale
    if weights["lstm"][0][0].shape[0] > frame.shape[-1]:
        predicted = jnp.concatenate([predicted, (frame - state.past[:, 0]) / change], -1)
    hidden, cells = [], []
    for (kernel, recurrent, bias), before, cell in zip(weights["lstm"], state.hidden, state.cells, strict=True):
        gates = predicted @ kernel + before @ recurrent + bias
        into, forget, candidate, out = jnp.split(gates, 4, -1)
        kept = jax.nn.sigmoid(forget) * cell + jax.nn.sigmoid(into) * jnp.tanh(candidate)
        predicted = jax.nn.sigmoid(out) * jnp.tanh(kept)
        hidden.append(predicted)
        cells.append(kept)
    past = jnp.concatenate([frame[:, None], state.past[:, :-1]], 1)
    kernel, bias = weights["innovation"]
    return State(hidden, cells, past), predicted @ kernel + bias


def draw(weights: dict[str, Any], state: State, predicted, components: int, keys, number, noise):
    """The next frame (worm, channel), drawn from what `step` gave; with no noise the mean."""
    import jax
    import jax.numpy as jnp

    past, rest, spread, left = weights["forecast"]
    lags, channels = past.shape[0] // rest.shape[0], rest.shape[0]
    keys = jax.vmap(jax.random.fold_in, (0, None))(keys, number)
    gauss = jax.vmap(lambda key: jax.random.normal(jax.random.fold_in(key, 0), (channels,)))(keys)
    if components:
        logits, means, scales = mixture_parts(predicted, components, jnp)
        mean = (jax.nn.softmax(logits, -1)[..., None] * means).sum(-2)
        chosen = jax.vmap(lambda key, each: jax.random.categorical(jax.random.fold_in(key, 1), each))(keys, logits)
        one = [jnp.take_along_axis(each, chosen[:, None, None], 1)[:, 0] for each in (means, scales)]
        predicted = mean + noise * (one[0] + jnp.exp(one[1]) * gauss - mean)
    else:
        predicted = predicted + noise * gauss @ left
    linear = state.past[:, :lags].reshape(len(predicted), -1) @ past if lags else 0.0
    return rest + predicted @ spread + linear
