"""Stimuli as straight pieces between the times at which modes are returned."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from neuron_models.foundation.units import Milliseconds
from neuron_models.stimulus import Waveform

_SAME = 1e-9
"""Times in ms are the same within this."""


@dataclass(frozen=True, eq=False)
class Pieces:
    """Currents that are linear over each of some intervals, which fill every step.

    Attributes:
        lengths: of the intervals in ms.
        ends: of each interval, the step that it ends, counted from 1; 0 within a step.
        before: currents in nA where each interval begins.
        after: currents in nA where each interval ends.
    """

    lengths: Float[np.ndarray, " interval"]
    ends: Int[np.ndarray, " interval"]
    before: Float[np.ndarray, "interval clamp"]
    after: Float[np.ndarray, "interval clamp"]

    @property
    def largest(self) -> Float[np.ndarray, " clamp"]:
        """The largest size of each current in nA."""
        return np.maximum(np.abs(self.before), np.abs(self.after)).max(axis=0, initial=0.0)


def straight_pieces(waveforms: Sequence[Waveform], dt: Milliseconds, steps: int) -> Pieces:
    """Cut stimuli at every step of `dt` and wherever one of them bends or jumps."""
    grid = dt * np.arange(steps + 1)
    pieces = [[_on_grid(piece, dt) for piece in waveform.pieces()] for waveform in waveforms]
    bends = [time for row in pieces for t0, _, t1, _ in row for time in (t0, t1) if 0 < time < grid[-1]]
    times = np.unique(np.concatenate([grid, bends]))
    before = np.zeros((len(times) - 1, len(waveforms)))
    after = np.zeros_like(before)
    for column, row in enumerate(pieces):
        for t0, v0, t1, v1 in row:
            inside = slice(*np.searchsorted(times[:-1], (t0, t1)))
            slope = (v1 - v0) / (t1 - t0)
            before[inside, column] += v0 + slope * (times[:-1][inside] - t0)
            after[inside, column] += v0 + slope * (times[1:][inside] - t0)
    ends = np.zeros(len(times) - 1, dtype=int)
    ends[np.searchsorted(times, grid[1:]) - 1] = np.arange(1, steps + 1)
    return Pieces(np.diff(times), ends, before, after)


def whole_steps(waveforms: Sequence[Waveform], dt: Milliseconds, steps: int) -> Bool[np.ndarray, " step"]:
    """Whether no stimulus bends or jumps within a step."""
    whole = np.ones(steps, dtype=bool)
    for waveform in waveforms:
        for piece in waveform.pieces():
            for time in _on_grid(piece, dt)[::2]:
                step = int(time // dt)
                if 0 <= step < steps and abs(time - dt * round(time / dt)) >= _SAME:
                    whole[step] = False
    return whole


def _on_grid(piece: tuple[float, float, float, float], dt: Milliseconds) -> tuple[float, float, float, float]:
    """The piece with ends that hardly miss a step moved onto it."""
    t0, v0, t1, v1 = piece
    return _snapped(t0, dt), v0, _snapped(t1, dt), v1


def _snapped(time: float, dt: Milliseconds) -> float:
    step = dt * round(time / dt)
    return step if abs(step - time) < _SAME else time
