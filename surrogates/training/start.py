"""Free runs that do not begin at rest: from the state that answers the first samples best, found by least squares."""

from typing import Any

import numpy as np
from jaxtyping import Float

from datasets.dataset import Dataset, Trial
from surrogates.backend import keras
from surrogates.steps.layers import LAYERS, exported_layers, step_of
from surrogates.steps.running import resting, run_step
from surrogates.steps.step import Step
from surrogates.training.metrics import respond, stimulus, target

_STEPS, _NUDGE, _RIDGE, _TRUST = 12, 1e-3, 1e-6, (1e-3, 0.2, 5.0)
"""Iterations; a finite difference and a penalty, in units of a state's own size; first damping, and its factors."""


def responses_from_fitted_starts(model: keras.Model, dataset: Dataset) -> list[Float[np.ndarray, "_time output"]]:
    """Run a model on every trial from the state that fits its warm-up best: (time, output) each, in the data's units.

    The warm-up is what a trial begins with that does not count, or else the samples that the dataset says. A model
    that is no chain of layers whose step is known begins at rest.
    """
    chain = isinstance(model, keras.Sequential) and all(name in LAYERS for name, _ in exported_layers(model))
    answers: list[Any] = [None] * len(dataset)
    lengths: dict[tuple[int, int], list[int]] = {}
    for index, trial in enumerate(dataset):
        lengths.setdefault((len(trial), _warm_up(trial, dataset)), []).append(index)
    for (_, warm_up), indices in lengths.items():
        trials = [dataset.trials[index] for index in indices]
        x = np.stack([stimulus(trial) for trial in trials])
        if chain and all(trial.y is not None for trial in trials):
            y = np.stack([target(trial)[:warm_up] for trial in trials])
            step = step_of(model)
            runs, _ = run_step(step, x, fitted_starts(step, x, y))
        else:
            runs = respond(model)(x)
        for index, run in zip(indices, runs, strict=True):
            answers[index] = run
    return answers


def fitted_starts(
    step: Step, x: Float[np.ndarray, "trial time input"], y: Float[np.ndarray, "trial warm_up output"]
) -> dict[str, np.ndarray]:
    """The states from which the first samples are answered best (Levenberg-Marquardt, all trials side by side).

    `x` is longer than `y`; both are in the units of the data. States are measured by their size after other stretches
    of the stimuli, and kept near zero by as much as nothing else tells; they are (trial, state) by name.
    """
    number, total, seen = len(x), sum(step.states.values()), x[:, : y.shape[1]]
    if total == 0:
        return {}
    size = _state_sizes(step, x, y.shape[1])
    spread = np.maximum(y.std((0, 1)), 1e-30)
    states, damping = np.zeros((number, total)), np.full(number, _TRUST[0])

    def errors(at: np.ndarray) -> np.ndarray:
        fold = len(at) // number
        run, _ = run_step(step, np.repeat(seen, fold, axis=0), _apart(step, at * size))
        gap = (run - np.repeat(y, fold, axis=0)) / spread
        return np.nan_to_num(gap, nan=1e6, posinf=1e6, neginf=-1e6).reshape(number, fold, -1)

    for _ in range(_STEPS):
        nudged = states[:, None] + _NUDGE * np.concatenate([np.zeros((1, total)), np.eye(total)])
        run = errors(nudged.reshape(-1, total))
        here, slopes = run[:, 0], (run[:, 1:] - run[:, :1]) / _NUDGE
        normal = np.einsum("tis,tir->tsr", slopes.swapaxes(1, 2), slopes.swapaxes(1, 2))
        pull = np.einsum("tsi,ti->ts", slopes, here) + _RIDGE * states
        scale = np.trace(normal, axis1=1, axis2=2)[:, None, None] / total
        held = normal + (_RIDGE + damping[:, None, None] * scale) * np.eye(total)
        moved = states - np.linalg.solve(held, pull[..., None])[..., 0]
        better = (errors(moved)[:, 0] ** 2).sum(1) < (here**2).sum(1)
        states = np.where(better[:, None], moved, states)
        damping *= np.where(better, _TRUST[1], _TRUST[2])
    return _apart(step, states * size)


def _apart(step: Step, states: Float[np.ndarray, "trial state"]) -> dict[str, np.ndarray]:
    """All states of each trial by their names."""
    edges = np.cumsum(list(step.states.values()))[:-1]
    return dict(zip(step.states, np.split(states, edges, axis=1), strict=True))


def _state_sizes(step: Step, x: np.ndarray, warm_up: int) -> Float[np.ndarray, " state"]:
    """How large each state becomes, after stretches of the stimuli from zero."""
    length = min(x.shape[1], max(2 * warm_up, 20))
    firsts = np.linspace(0, x.shape[1] - length, 8).astype(int).tolist()
    stretches = np.concatenate([x[:, first : first + length] for first in dict.fromkeys(firsts)])
    _, last = run_step(step, stretches, resting(step, len(stretches)))
    size = np.sqrt(np.mean(np.concatenate([last[name] for name in step.states], axis=1) ** 2, axis=0))
    return np.maximum(np.nan_to_num(size, nan=1.0, posinf=1.0), 1e-3 * max(float(np.nanmax(size)), 1e-6))


def _warm_up(trial: Trial, dataset: Dataset) -> int:
    """The samples whose outputs may tell where a trial begins."""
    counts = trial.valid()
    leading = int(counts.argmax()) if counts.any() else len(trial)
    return min(leading or int(dataset.extra.get("warm_up", 0)) or 1, len(trial))
