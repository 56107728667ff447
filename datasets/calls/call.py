"""One call: when, between which frequencies, and what was said of it."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Dimensionless, Hertz, Seconds


@dataclass(frozen=True)
class Call:
    """A call in a recording.

    Attributes:
        start: when it begins.
        stop: when it ends, later than `start`.
        low: its lowest frequency; NaN where unknown.
        high: its highest.
        score: how sure the detector was, 0 to 1; NaN where there is none.
        label: its class, or empty.
        channel: of the recording, from 1.
    """

    start: Seconds
    stop: Seconds
    low: Hertz = float("nan")
    high: Hertz = float("nan")
    score: Dimensionless = float("nan")
    label: str = ""
    channel: int = 1

    def __post_init__(self) -> None:
        require(
            math.isfinite(self.start) and self.start >= 0, f"a call must start at 0 s or later, got {self.start:g} s"
        )
        require(
            math.isfinite(self.stop) and self.stop > self.start,
            f"a call must stop after it starts, got {self.start:g} to {self.stop:g} s",
        )

    @property
    def duration(self) -> Seconds:
        return self.stop - self.start


def in_order(calls: Iterable[Call]) -> tuple[Call, ...]:
    """Calls by channel and start."""
    return tuple(sorted(calls, key=lambda each: (each.channel, each.start, each.stop)))


def intervals(calls: Sequence[Call]) -> Float[np.ndarray, "call 2"]:
    """Start and stop of each call, in s."""
    return np.array([(each.start, each.stop) for each in calls], float).reshape(-1, 2)
