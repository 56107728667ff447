"""What a generated worm does when: roaming and dwelling, and within these runs, reversals, pauses and omega turns."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from datasets.posture.generator.strains import Strain
from neuron_models.foundation.units import Dimensionless, Fraction, Hertz, Seconds

FORWARD, BACKWARD, PAUSE, TURN = range(4)
ACTIONS = ("forward", "backward", "pause", "omega turn")

# Chosen: dwelling worms move at a third of the speed and stop or turn back sooner (Fujiwara et al. 2002; Ben Arous et
# al. 2009); omega turns last 3 to 5 s and bend to the ventral side four times in five (Gray et al. 2005).
DWELLING_PACE: Fraction = 0.35
DWELLING_RUNS: Fraction = 0.4
PAUSE_TIME: Seconds = 2.5
TURN_TIME: Seconds = 4.0
SPREAD: Dimensionless = 0.45
"""Standard deviation of the logarithm of how long reversals, pauses and omega turns last."""
VENTRAL: Fraction = 0.8


@dataclass(frozen=True, eq=False)
class Actions:
    """What a worm does in each frame.

    Attributes:
        action: (frame,) into `ACTIONS`.
        roaming: (frame,) true while it roams, false while it dwells.
        turns: (turn, 3) first frame, frames, and side (1 or -1) of each omega turn.
    """

    action: Int[np.ndarray, " frame"]
    roaming: Bool[np.ndarray, " frame"]
    turns: Float[np.ndarray, "turn 3"]


def draw_actions(worm: Strain, frames: int, fps: Hertz, rng: np.random.Generator) -> Actions:
    """A Markov chain of states, each drawn with how long it lasts, for this many frames."""
    roaming = _modes(worm, frames, fps, rng)
    action = np.full(frames, FORWARD)
    turns, now, doing = [], 0, FORWARD
    ventral = 1.0 if rng.random() < 0.5 else -1.0  # the side on which the worm lies
    while now < frames:
        lasts = max(1, round(_lasts(worm, doing, bool(roaming[now]), rng) * fps))
        action[now : now + lasts] = doing
        if doing == TURN:
            turns.append((now, lasts, ventral if rng.random() < VENTRAL else -ventral))
        now += lasts
        doing = _next(worm, doing, rng)
    return Actions(action, roaming, np.array(turns, dtype=float).reshape(-1, 3))


def _modes(worm: Strain, frames: int, fps: Hertz, rng: np.random.Generator) -> Bool[np.ndarray, " frame"]:
    """Roaming and dwelling in turn, each lasting an exponentially distributed time."""
    roaming = np.zeros(frames, dtype=bool)
    mode, now = bool(rng.random() < worm.roaming_time / (worm.roaming_time + worm.dwelling_time)), 0
    while now < frames:
        lasts = max(1, round(rng.exponential(worm.roaming_time if mode else worm.dwelling_time) * fps))
        roaming[now : now + lasts] = mode
        now, mode = now + lasts, not mode
    return roaming


def _lasts(worm: Strain, doing: int, roaming: bool, rng: np.random.Generator) -> float:
    if doing == FORWARD:
        return float(rng.exponential(worm.forward_time * (1.0 if roaming else DWELLING_RUNS)))
    middle = {BACKWARD: worm.reversal_time, PAUSE: PAUSE_TIME, TURN: TURN_TIME}[doing]
    return float(middle * np.exp((SPREAD if doing != TURN else 0.15) * rng.standard_normal()))


def _next(worm: Strain, doing: int, rng: np.random.Generator) -> int:
    if doing == FORWARD:
        return PAUSE if rng.random() < worm.pausing else BACKWARD
    if doing == BACKWARD and rng.random() < worm.omega:
        return TURN
    return FORWARD
