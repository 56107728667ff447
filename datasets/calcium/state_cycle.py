"""The cycle of behaviour as a chain of states with dwell times: what a worm does, before any neuron is looked at."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from datasets.calcium.state_rules import STATES
from neuron_models.foundation.units import Dimensionless, Hertz, Seconds


@dataclass(frozen=True)
class Stage:
    """One state of the cycle: how long it lasts, what follows, and where it is in the space of the brain's activity.

    A dwell time is log-normal: `dwell` is its median, `spread` the standard deviation of its logarithm. `follows` gives
    the probability of each next state. `place` is (reversal, turn to the ventral side, forward drive).
    """

    dwell: Seconds
    spread: Dimensionless
    follows: Mapping[str, float]
    place: tuple[float, float, float]


# Dwell times and what follows what: counted over four worms of Kato et al. 2015 (374 stretches), rounded; forward and
# slowing, which alternate within a second there, are given fewer and longer stretches. Places: chosen so that the
# command axis separates forward from reversal and the others are seen in fewer neurons.
CYCLE: dict[str, Stage] = {
    "forward": Stage(5.3, 0.9, {"slowing": 0.87, "reverse_1": 0.03, "reverse_2": 0.10}, (0.0, 0.0, 1.0)),
    "slowing": Stage(5.0, 1.3, {"forward": 0.16, "reverse_1": 0.43, "reverse_2": 0.41}, (0.0, 0.0, 0.5)),
    "reverse_1": Stage(3.1, 0.3, {"sustained_reverse": 1.0}, (0.9, 0.5, 0.0)),
    "reverse_2": Stage(3.4, 0.3, {"sustained_reverse": 1.0}, (0.9, -0.3, 0.0)),
    "sustained_reverse": Stage(12.6, 0.4, {"dorsal_turn": 0.27, "ventral_turn": 0.73}, (1.0, 0.0, 0.0)),
    "dorsal_turn": Stage(7.3, 0.2, {"forward": 0.54, "slowing": 0.46}, (0.3, -0.8, 0.2)),
    "ventral_turn": Stage(6.5, 0.3, {"forward": 0.15, "slowing": 0.85}, (0.3, 1.0, 0.2)),
}


def draw_states(frames: int, fps: Hertz, rng: np.random.Generator) -> Int[np.ndarray, " time"]:
    """A sequence of states, counting into `STATES`, that begins with forward and lasts this many frames."""
    state, states, total = "forward", [], 0
    while total < frames:
        stage = CYCLE[state]
        number = max(1, round(stage.dwell * np.exp(stage.spread * rng.standard_normal()) * fps))
        states.append(np.full(number, STATES.index(state)))
        total += number
        state = str(rng.choice(list(stage.follows), p=list(stage.follows.values())))
    return np.concatenate(states)[:frames]


def places(states: Int[np.ndarray, " time"]) -> Float[np.ndarray, "time axis"]:
    """Where each frame's state draws the activity to: (reversal, ventral turn, forward drive)."""
    table = np.array([CYCLE[name].place if name in CYCLE else (0.0, 0.0, 0.0) for name in STATES])
    return table[states]
