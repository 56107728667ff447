"""The table that every method gives: input or group by output, by trial, and over time where that applies."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float

from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Milliseconds


@dataclass(frozen=True)
class Pooling:
    """How signed effects at each time become one number a trial, and those one number for all trials.

    Both functions reduce the first axis.
    """

    over_time: Callable[[np.ndarray], np.ndarray]
    over_trials: Callable[[np.ndarray], np.ndarray]


def rms(values: Float[np.ndarray, "row ..."]) -> Float[np.ndarray, "..."]:
    """The root of the mean square over the first axis, in the units of the values."""
    return np.sqrt(np.mean(np.square(values, dtype=float), axis=0))


def mean(values: Float[np.ndarray, "row ..."]) -> Float[np.ndarray, "..."]:
    """The mean over the first axis, in the units of the values."""
    return np.mean(values, axis=0, dtype=float)


def total(values: Float[np.ndarray, "row ..."]) -> Float[np.ndarray, "..."]:
    """The sum of absolute values over the first axis, in the units of the values."""
    return np.sum(np.abs(values), axis=0, dtype=float)


POOLINGS: dict[str, Pooling] = {"rms": Pooling(rms, rms), "total": Pooling(total, mean), "mean": Pooling(mean, mean)}
"""`rms` for effects on a response, `total` for gradients, `mean` for what is one number a trial from the start."""

CLOCKS = ("", "response", "stimulus")


@dataclass(frozen=True, eq=False)
class Importance:
    """How much each input, or named group of inputs, matters for each output, by one method.

    Attributes:
        method: one of `surrogates.importance.methods.METHODS`, or `simulator`.
        inputs: inputs or groups, by name.
        outputs: the outputs.
        units: of all numbers.
        values: pooled over trials (and over time).
        trials: the trials that were looked at.
        by_trial: the same for each trial.
        pooling: how `by_trial` becomes `values`, one of `POOLINGS`.
        over_time: pooled over trials at each sample, where the method distinguishes times.
        time_axis: whether those are times of the `response` or of the `stimulus`; empty where there are none.
        dt: the sampling interval.
        standard_error: of `values`, where the method draws at random.
        about: what else decides the numbers, as JSON can hold it: split, baseline, groups, seed, ...
    """

    method: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    units: str
    values: Float[np.ndarray, "input output"]
    trials: tuple[str, ...]
    by_trial: Float[np.ndarray, "trial input output"]
    pooling: str
    over_time: Float[np.ndarray, "time input output"] | None = None
    time_axis: str = ""
    dt: Milliseconds = 1.0
    standard_error: Float[np.ndarray, "input output"] | None = None
    about: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        where = f"importance by {self.method}"
        cells = (len(self.inputs), len(self.outputs))
        shapes = {"values": (self.values, cells), "by_trial": (self.by_trial, (len(self.trials), *cells))}
        if self.over_time is not None:
            shapes["over_time"] = (self.over_time, (len(self.over_time), *cells))
        if self.standard_error is not None:
            shapes["standard_error"] = (self.standard_error, cells)
        for name, (array, shape) in shapes.items():
            require(array.shape == shape, f"{where}: {name} has the shape {array.shape}, not {shape}")
        require(self.pooling in POOLINGS, f"{where}: pooling is one of {', '.join(POOLINGS)}, got {self.pooling!r}")
        require(self.time_axis in CLOCKS, f"{where}: clock is one of {', '.join(CLOCKS)}, got {self.time_axis!r}")
        require((self.time_axis != "") == (self.over_time is not None), f"{where}: over_time goes with a clock")

    def ranks(self) -> dict[str, tuple[str, ...]]:
        """For each output the inputs, the most important one first."""
        order = np.argsort(-self.values, axis=0, kind="stable")
        return {name: tuple(self.inputs[i] for i in order[:, index]) for index, name in enumerate(self.outputs)}


def pool_effects(
    effects: Iterable[np.ndarray], counted: Sequence[np.ndarray], pooling: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pool signed effects, one trial after another, so that no more than one is held.

    Samples that do not count are left out; at each time those trials are pooled that have a sample there.

    Args:
        effects: (time, input, output) for each trial.
        counted: (time,) for each trial: which samples count.
        pooling: one of `POOLINGS`.

    Returns:
        values (input, output), by_trial (trial, input, output), over_time (time, input, output; NaN where no trial
        has a sample that counts); all in the units of the effects.
    """
    how, squared = POOLINGS[pooling], pooling == "rms"
    by_trial, numbers = [], np.zeros(max(map(len, counted)))
    sums: Any = None
    for effect, counts in zip(effects, counted, strict=True):
        by_trial.append(how.over_time(effect[counts]))
        if sums is None:
            sums = np.zeros((len(numbers), *effect.shape[1:]))
        size = np.square(effect, dtype=float) if squared else np.abs(effect).astype(float)
        sums[: len(effect)] += np.where(counts[:, None, None], size, 0.0)
        numbers[: len(effect)] += counts
    with np.errstate(invalid="ignore"):
        over_time = sums / numbers[:, None, None]
    stacked = np.stack(by_trial)
    return how.over_trials(stacked), stacked, np.sqrt(over_time) if squared else over_time
