"""Trains a small Keras model on a CPU with the kernels of this folder, as `fit` would, many times faster."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int

from surrogates.backend import keras
from surrogates.training.checkpoint import Checkpoint
from surrogates.training.fast.algebra import compiled
from surrogates.training.fast.cells import BLOCK, GRU, backward, forward, losses
from surrogates.training.fast.layout import Layout
from surrogates.training.fast.simd import WIDTH

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray | None]
_BETA_1, _BETA_2, _EPSILON = np.float32(0.9), np.float32(0.999), np.float32(1e-7)
_REST_1, _REST_2 = np.float32(1 - 0.9), np.float32(1 - 0.999)  # as Keras has them, not 1 less the rounded ones
_TOGETHER = 64  # trials of a prediction that run side by side


@dataclass(frozen=True, eq=False)
class Work:
    """The arrays of one pass over some trials: `lanes` side by side, the first of them a batch, then validation."""

    layout: Layout
    steps: int
    lanes: int
    keep: bool = True
    arrays: dict[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        plan, area = self.layout, self.layout.units * self.lanes
        kept = self.steps if self.keep else 1
        sizes = {
            "v": (self.steps + 1) * plan.rows * self.lanes + WIDTH * self.lanes,
            "gates": kept * plan.gates * self.lanes,
            "memory": kept * 2 * area,
            "y": self.steps * plan.outputs * self.lanes,
        }
        if self.keep:
            sizes |= {
                "targets": sizes["y"],
                "errors": sizes["y"],
                "scales": 2 * self.steps * self.lanes,
                "carried": 2 * area,
                "turned": (BLOCK + 1) * self.lanes * (plan.wide + WIDTH),
            }
        self.arrays.update({name: aligned(size) for name, size in sizes.items()})
        sources = self.sources
        sources[:, plan.units] = 1.0
        if plan.kind == GRU:
            sources[:, -1] = 1.0

    @property
    def sizes(self) -> tuple[int, int, int, int, int]:
        """As the kernels take them."""
        return self.steps, self.lanes, self.layout.inputs, self.layout.units, self.layout.outputs

    @property
    def sources(self) -> Float[np.ndarray, "steps_and_one row lane"]:
        """The source rows of every step: state, ones, and inputs in the units of the dataset."""
        shape = (self.steps + 1, self.layout.rows, self.lanes)
        return self.arrays["v"][: np.prod(shape)].reshape(shape)

    def put(self, x: np.ndarray, trials: np.ndarray, first: int = 0) -> None:
        """Give the inputs (time, input, trial) of some trials to the lanes from `first` on.

        `trials` (lane,) holds their indices; inputs are in the units of the dataset.
        """
        start = self.layout.units + 1
        _gather(self.sources[:-1, start : start + self.layout.inputs, first:], x, trials, np.float32(1))

    def expect(self, y: np.ndarray, weight: np.ndarray, trials: np.ndarray, row: int, first: int = 0) -> None:
        """Give the targets (time, output, trial) of some trials, and their shares in the loss, to those lanes.

        The row of `scales` is 0 for a batch, 1 for validation. Targets are in the units of the dataset, `weight`
        (time, trial) is dimensionless, `trials` (lane,) holds indices.
        """
        share = np.float32(1 / (len(trials) * y.shape[0] * y.shape[1]))
        _gather(self.arrays["targets"].reshape(self.steps, -1, self.lanes)[..., first:], y, trials, np.float32(1))
        scales = self.arrays["scales"].reshape(2, self.steps, 1, self.lanes)[row]
        _gather(scales[..., first:], weight[:, None], trials, share)

    def run(self, w: np.ndarray, d: np.ndarray) -> None:
        """Forward: the responses are in `y`, in the units of the targets.

        `w` and `d` (weight,) are the weights as `Layout.pack` gives them, laid flat.
        """
        a, plan = self.arrays, self.layout
        forward(plan.kind, plan.activation, w, d, a["v"], a["gates"], a["memory"], a["y"], self.sizes, self.keep)

    def measure_losses(self) -> tuple[float, float]:
        """The losses of the batch and of validation; their errors are kept for the way back."""
        a = self.arrays
        return losses(a["y"], a["targets"], a["scales"], a["errors"], self.sizes)

    def learn(self, parameters: np.ndarray, gradients: np.ndarray, used: int) -> None:
        """Backward: the gradient of the batch's loss, for its `used` lanes, in `gradients`.

        Parameters and gradients are (parameter,); gradients are in the units of the loss over those of the parameters.
        """
        a, plan = self.arrays, self.layout
        w, d = _halves(parameters, plan)
        dw, dd = _halves(gradients, plan)
        gradients[:] = 0.0
        seeing = (3 if plan.kind == GRU else plan.gates // plan.units) * plan.units
        wt = aligned(plan.units * seeing)
        wt[:] = w.reshape(plan.gates, plan.wide)[:seeing, : plan.units].T.ravel()
        dt = aligned(plan.units * plan.outputs)
        dt[:] = d.reshape(plan.outputs, plan.wide)[:, : plan.units].T.ravel()
        backward(
            plan.kind, plan.activation, wt, dt, a["v"], a["gates"], a["memory"], a["errors"], dw, dd, a["carried"],
            a["turned"], self.sizes, used,
        )  # fmt: skip


class Trainer:
    """Adam on the mean squared error, batch by batch; validation runs in spare lanes of an epoch's first batch."""

    def __init__(
        self, model: keras.Model, layout: Layout, train_data: Arrays, validation_data: Arrays, rate: float, batch: int
    ) -> None:
        self.layout, self._rate, self._size = layout, np.float32(rate), batch
        self._learned, self._checked = _by_lane(train_data, layout), _by_lane(validation_data, layout)
        w, d = layout.pack(model.get_weights())
        self.parameters = aligned(w.size + d.size + WIDTH)
        self.parameters[: w.size], self.parameters[w.size : w.size + d.size] = w.ravel(), d.ravel()
        self._gradients, self._m, self._v = (aligned(self.parameters.size) for _ in range(3))
        self._step = 0
        self._works: dict[tuple[int, bool], Work] = {}
        self._number = len(train_data[0])

    @property
    def whole(self) -> bool:
        """Whether all trials are one batch."""
        return self._number <= self._size

    def epoch(self, order: Int[np.ndarray, " trial"], share: float = 1.0) -> tuple[float, float]:
        """Learn every trial once; gives the mean training loss, and the validation loss before the first step.

        The learning rate is that of the training times `share`.

        `order` holds the indices of the trials; losses are in the units of the targets, squared.
        """
        summed, validation = 0.0, float("nan")
        for start in range(0, self._number, self._size):
            rows = order[start : start + self._size]
            work = self._prepared(rows, first=start == 0)
            work.run(*_halves(self.parameters, self.layout))
            loss, validation_loss = work.measure_losses()
            validation = validation_loss if start == 0 else validation
            work.learn(self.parameters, self._gradients, len(rows))
            self._advance(share)
            summed += loss * len(rows)
        return summed / self._number, validation

    @property
    def state(self) -> dict[str, np.ndarray | int]:
        """Where it is: the weights and what Adam remembers of them, (parameter,) each, and the number of steps."""
        return {"parameters": self.parameters, "m": self._m, "v": self._v, "step": self._step}

    def go_on(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from such a state: arrays (parameter,) and the number of steps."""
        for own, kept in ((self.parameters, "parameters"), (self._m, "m"), (self._v, "v")):
            own[:] = state[kept]
        self._step = int(state["step"])

    def validate(self) -> float:
        """The validation loss with the weights of now."""
        work = self._prepared(np.arange(self._number)[: self._size], first=True)
        work.run(*_halves(self.parameters, self.layout))
        return work.measure_losses()[1]

    def gradients(self) -> list[np.ndarray]:
        """The gradient of the loss of all training trials, in the order and the shapes of Keras's weights."""
        return self.weights(np.asarray(self.ask(self.parameters.copy())[1], np.float32))

    def ask(self, at: Float[np.ndarray, " parameter"]) -> tuple[float, np.ndarray, float]:
        """The loss of all training trials, its gradient, and the validation loss, at parameters.

        `at` and the gradient are (parameter,); losses are in the units of the targets, squared.
        """
        self.parameters[:] = at
        work = self._prepared(np.arange(self._number), first=True)
        work.run(*_halves(self.parameters, self.layout))
        loss, validation = work.measure_losses()
        work.learn(self.parameters, self._gradients, self._number)
        return loss, self._gradients.astype(float), validation

    def weights(self, parameters: np.ndarray | None = None) -> list[np.ndarray]:
        """Parameters (parameter,) (those of now when None) as Keras's list of weights."""
        w, d = _halves(self.parameters if parameters is None else parameters, self.layout)
        wide = self.layout.wide
        return self.layout.unpack(w.reshape(-1, wide), d.reshape(-1, wide))

    def _prepared(self, rows: np.ndarray, first: bool) -> Work:
        """The arrays for a batch, filled anew unless it is always the same."""
        key = (len(rows), first)
        if key in self._works and self.whole:
            return self._works[key]
        x, y, weight = self._learned
        number, others = len(rows), np.arange(self._checked[0].shape[-1] if first else 0)
        fresh = key not in self._works
        if fresh:
            self._works[key] = Work(self.layout, len(x), -(-(number + len(others)) // WIDTH) * WIDTH)
        work = self._works[key]
        work.put(x, rows)
        work.expect(y, weight, rows, 0)
        if first and fresh:
            x, y, weight = self._checked
            work.put(x, others, number)
            work.expect(y, weight, others, 1, number)
        return work

    def _advance(self, share: float) -> None:
        self._step += 1
        t = np.float32(self._step)
        one = np.float32(1.0)
        rate = self._rate * np.float32(share) * np.sqrt(one - np.power(_BETA_2, t)) / (one - np.power(_BETA_1, t))
        _adam(self.parameters, self._gradients, self._m, self._v, np.float32(rate))


def respond(
    model: keras.Model, layout: Layout, x: Float[np.ndarray, "trial time input"]
) -> Float[np.ndarray, "trial time output"]:
    """Run a model freely from zero state; inputs and responses are in the units that it was trained on."""
    w, d = layout.pack(model.get_weights())
    flat_w, flat_d = aligned(w.size), aligned(d.size)
    flat_w[:], flat_d[:] = w.ravel(), d.ravel()
    transposed_inputs = np.ascontiguousarray(np.moveaxis(layout.sources(x), 0, -1), np.float32)
    parts = []
    for first in range(0, len(x), _TOGETHER):
        trials = np.arange(first, min(first + _TOGETHER, len(x)))
        work = Work(layout, x.shape[1], -(-len(trials) // WIDTH) * WIDTH, keep=False)
        work.put(transposed_inputs, trials)
        work.run(flat_w, flat_d)
        y = work.arrays["y"].reshape(x.shape[1], layout.outputs, work.lanes)[..., : len(trials)]
        parts.append(np.moveaxis(y, -1, 0))
    return np.ascontiguousarray(np.concatenate(parts))


def fit(
    model: keras.Model,
    layout: Layout,
    train_data: Arrays,
    validation_data: Arrays,
    *,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    orders: Iterator[Int[np.ndarray, " trial"]],
    on_epoch: Callable[..., None],
    kept: Checkpoint | None = None,
    anneal: bool = False,
) -> tuple[list[float], list[float], int]:
    """Train a model in place; it ends with the weights of its best validation epoch.

    Args:
        model: of this layout.
        layout: see `layout_of`.
        train_data: x, y (trial, time, channel) and weight (trial, time) or None.
        validation_data: the same of validation.
        epochs: passes over the training trials.
        batch_size: trials in a batch.
        learning_rate: Adam's.
        orders: the order of the trials in each epoch.
        on_epoch: called with training and validation loss after every epoch (and how many epochs, where it goes on).
        kept: where the training keeps its state, from which it goes on.
        anneal: let the learning rate fall along half a cosine, from epoch to epoch.

    Returns:
        Training and validation loss by epoch, and the best epoch (from 0; -1 if no validation loss was finite).
    """
    trainer = Trainer(model, layout, train_data, validation_data, learning_rate, batch_size)
    kept = kept or Checkpoint()
    best_parameters, best, lowest = trainer.parameters.copy(), -1, np.inf
    history: tuple[list[float], list[float]] = ([], [])
    first = 0
    if state := kept.load():
        history = state["loss"].tolist(), state["validation"].tolist()
        best_parameters, best, lowest = state["best_parameters"], int(state["best"]), float(state["lowest"])
        trainer.go_on(state)
        first = len(history[0])
        for _ in range(first):
            next(orders)
        if history[1]:
            on_epoch(history[0][-1], history[1][-1], len(history[1]))
    for epoch in range(first, epochs + 1):
        # The validation loss of an epoch is found in the first batch of the next one, before its weights move.
        before = trainer.parameters.copy()
        share = (1 + math.cos(math.pi * epoch / epochs)) / 2 if anneal else 1.0
        loss, validation = trainer.epoch(next(orders), share) if epoch < epochs else (np.nan, trainer.validate())
        if epoch > 0:
            history[1].append(float(np.float32(validation)))
            on_epoch(history[0][-1], history[1][-1])
            if validation < lowest:
                lowest, best, best_parameters = validation, epoch - 1, before
        if epoch < epochs:
            history[0].append(float(np.float32(loss)))
        if kept.due() and epoch < epochs:
            judged = {"best_parameters": best_parameters, "best": best, "lowest": lowest}
            kept.save({"loss": history[0], "validation": history[1], **judged, **trainer.state})
    if best >= 0:
        model.set_weights(trainer.weights(best_parameters))
    return history[0], history[1], best


def aligned(number: int) -> Float[np.ndarray, " number"]:
    """A number of zeros that begin where a cache line does, so that no vector lies across two."""
    raw = np.zeros(number + 16, np.float32)
    first = -raw.ctypes.data % 64 // 4
    return raw[first : first + number]


def _by_lane(arrays: Arrays, layout: Layout) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The layer's inputs and y as (time, channel, trial) and weights (time, trial), float32."""
    x, y, weight = arrays
    ones = np.ones(y.shape[:2]) if weight is None else weight
    return (
        np.ascontiguousarray(np.moveaxis(layout.sources(x), 0, -1), np.float32),
        np.ascontiguousarray(np.moveaxis(y, 0, -1), np.float32),
        np.ascontiguousarray(ones.T, np.float32),
    )


def _halves(parameters: np.ndarray, layout: Layout) -> tuple[np.ndarray, np.ndarray]:
    """The two matrices in a flat array of parameters."""
    edge = layout.gates * layout.wide
    return parameters[:edge], parameters[edge : edge + layout.outputs * layout.wide]


@compiled
def _gather(out, values, trials, factor):
    """out[time, channel, lane] = factor values[time, channel, trials[lane]]."""
    for t in range(values.shape[0]):
        for channel in range(values.shape[1]):
            for lane in range(len(trials)):
                out[t, channel, lane] = factor * values[t, channel, trials[lane]]


@compiled
def _adam(parameters, gradients, m, v, rate):
    """One step of Adam (Kingma and Ba 2015) in float32, in Keras's order of operations."""
    for i in range(len(parameters)):
        g = gradients[i]
        m[i] += (g - m[i]) * _REST_1
        v[i] += (g * g - v[i]) * _REST_2
        parameters[i] -= m[i] * rate / (np.sqrt(v[i]) + _EPSILON)
