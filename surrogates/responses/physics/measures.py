"""The questions: each asks a model something, and gives a number that is zero, or bounded, where physics holds."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from datasets.dataset import Dataset
from datasets.parts.splitting import require_training
from neuron_models.foundation.errors import require
from neuron_models.foundation.units import DataUnits, Milliseconds
from surrogates.responses.models.deviations import resting_level
from surrogates.responses.physics.subjects import Subject
from surrogates.steps.running import resting, run_step
from surrogates.steps.step import Step
from surrogates.training.metrics import stimulus

LONG: Milliseconds = 5000.0
"""How long a stimulus is held, or silent."""
_MIXED, _SETTLING, _NUDGE = 20, 2000, 1e-4
_FADED = float(np.exp(-1.0))
"""A pole that leaves less than this after a sample is faster than the sampling can tell."""


@dataclass(frozen=True, eq=False)
class Probes:
    """The stimuli that the models answer, in the data's units.

    `rest` (output,) is the outputs' level before any stimulus, `largest` (input,) the largest size of each input in
    training, `stimuli` (trial, time, input) those of the test, `length` the samples of the longest training trial.
    """

    dt: Milliseconds
    x_names: tuple[str, ...]
    y_names: tuple[str, ...]
    rest: Float[np.ndarray, " output"]
    largest: Float[np.ndarray, " input"]
    stimuli: Float[np.ndarray, "trial time input"]
    length: int

    @property
    def long(self) -> int:
        """The samples of a long stimulus."""
        return self.length + round(LONG / self.dt)


def probes_of(dataset: Dataset) -> Probes:
    """The probes for models of a dataset.

    Raises:
        InputError: it has no training trials, or those do not begin at rest.
    """
    parts = dataset.by_split()
    require_training(dataset)
    require(
        dataset.extra.get("start") != "fit",
        f"the trials of dataset {dataset.name!r} begin anywhere: physics is measured on models that begin at rest",
    )
    training, tested = parts["train"], parts.get("test", parts["train"])
    shortest = min(len(trial) for trial in tested)
    largest = np.max([np.abs(stimulus(trial)).max(0) for trial in training], axis=0).astype(float)
    return Probes(
        dataset.dt,
        dataset.x_names,
        dataset.y_names,
        resting_level(training),
        np.where(largest > 0, largest, 1.0),
        np.stack([stimulus(trial)[:shortest] for trial in tested]).astype(float),
        max(len(trial) for trial in training),
    )


def _ask(subject: Subject, x: Float[np.ndarray, "trial time input"]) -> Float[np.ndarray, "trial time output"]:
    return np.asarray(subject.run(np.asarray(x, np.float32)), float)


def offset_at_rest(subject: Subject, probes: Probes) -> DataUnits:
    """How far the outputs are from rest, at most, while nothing is injected for as long as a training trial lasts."""
    still = _ask(subject, np.zeros((1, probes.length, len(probes.x_names))))
    return float(np.abs(still - probes.rest).max())


def superposition_defect(subject: Subject, probes: Probes, seed: int = 0) -> float:
    """How far the answer to mixed stimuli is from the mixed answers, as a share of these (root mean squares).

    Pairs of test stimuli are mixed with shares that add up to one, so that no mixture is stronger than the stimuli;
    answers are measured from the answer to nothing.
    """
    rng, number = np.random.default_rng(seed), len(probes.stimuli)
    pairs = rng.integers(number, size=(_MIXED, 2))
    share = rng.uniform(0.2, 0.8, size=(_MIXED, 1, 1))
    mixed = share * probes.stimuli[pairs[:, 0]] + (1 - share) * probes.stimuli[pairs[:, 1]]
    still = _ask(subject, np.zeros((1, *probes.stimuli.shape[1:])))
    alone = _ask(subject, probes.stimuli) - still
    wanted = share * alone[pairs[:, 0]] + (1 - share) * alone[pairs[:, 1]]
    size = np.sqrt((wanted**2).mean())
    return float(np.sqrt(((_ask(subject, mixed) - still - wanted) ** 2).mean()) / max(size, 1e-300))


def impulse_responses(subject: Subject, probes: Probes) -> Float[np.ndarray, "input time output"]:
    """Answers to one sample of each input's largest size, measured from the answer to nothing."""
    inputs = len(probes.x_names)
    x = np.zeros((inputs + 1, probes.length, inputs))
    x[np.arange(inputs), 1, np.arange(inputs)] = probes.largest
    answers = _ask(subject, x)
    return answers[:inputs] - answers[inputs:]


def lowest_impulse_response(subject: Subject, probes: Probes) -> float:
    """The lowest value of all impulse responses, as a share of each input's largest one: below zero is against physics.

    Current that depolarises one place of a passive network depolarises every other.
    """
    answers = impulse_responses(subject, probes)
    peaks = np.maximum(np.abs(answers).max(axis=(1, 2)), 1e-300)
    return float((answers.min(axis=(1, 2)) / peaks).min())


def reciprocity_defect(subject: Subject, probes: Probes) -> float:
    """How far the answer of j to i is from that of i to j, as a share of the larger one; NaN without such a pair.

    Only neurons that are inputs and outputs tell it.
    """
    both = [name for name in probes.x_names if name in probes.y_names]
    answers = impulse_responses(subject, probes) / probes.largest[:, None, None]
    place = [(probes.x_names.index(name), probes.y_names.index(name)) for name in both]
    defects = []
    for first, (i, own) in enumerate(place):
        for j, other in place[first + 1 :]:
            forth, back = answers[i, :, other], answers[j, :, own]
            defects.append(np.abs(forth - back).max() / max(np.abs(forth).max(), np.abs(back).max(), 1e-300))
    return float(max(defects, default=np.nan))


def poles_at_rest(step: Step) -> np.ndarray:
    """The dimensionless eigenvalues (pole,) of a step about the states that it settles in when nothing is injected."""
    still = np.zeros((1, _SETTLING, step.inputs))
    _, settled = run_step(step, still, resting(step, 1))
    names, sizes = list(step.states), list(step.states.values())
    if not names:
        return np.zeros(0)
    at = np.concatenate([settled[name] for name in names], axis=1)
    scale = _NUDGE * max(float(np.abs(at).max()), 1.0)
    nudged = np.concatenate([at + scale * np.eye(at.shape[1]), at - scale * np.eye(at.shape[1])])
    states = dict(zip(names, np.split(nudged, np.cumsum(sizes)[:-1], axis=1), strict=True))
    _, after = run_step(step, np.zeros((len(nudged), 1, step.inputs)), states)
    moved = np.concatenate([after[name] for name in names], axis=1)
    slopes = (moved[: at.shape[1]] - moved[at.shape[1] :]) / (2 * scale)
    return np.linalg.eigvals(slopes) if np.isfinite(slopes).all() else np.full(1, np.inf)


def slowest_time_constant(poles: np.ndarray, dt: Milliseconds) -> Milliseconds:
    """The time constant of the slowest of poles (pole,), in ms; infinite where something stays or grows."""
    size = float(np.abs(poles).max(initial=0.0))
    if size >= 1 or not np.isfinite(size):
        return float("inf")
    return -dt / float(np.log(size)) if size > 0 else 0.0


def turning_poles(poles: np.ndarray) -> int:
    """How many dimensionless poles (pole,) slower than a sample turn: a passive network has none that oscillates."""
    slow = np.abs(poles) > _FADED
    return int((slow & (np.abs(poles.imag) > 1e-6 * np.abs(poles))).sum())


def held_and_silent(
    subject: Subject, probes: Probes
) -> tuple[Float[np.ndarray, "time output"], Float[np.ndarray, "time output"]]:
    """Answers, in their units, to all inputs held at half their largest, and to the strongest stimulus and silence.

    Both go on for `LONG` after the length of a training trial.
    """
    strongest = probes.stimuli[np.argmax((probes.stimuli**2).sum(axis=(1, 2)))][: probes.length]
    x = np.zeros((2, probes.long, len(probes.x_names)))
    x[0, 1:] = probes.largest / 2
    x[1, : len(strongest)] = strongest
    held, silent = _ask(subject, x)
    return held, silent


def drift_when_held(held: Float[np.ndarray, "time output"], probes: Probes) -> DataUnits:
    """How far outputs under a held stimulus go from where they were when a training trial would have ended."""
    return float(np.abs(held[probes.length :] - held[probes.length - 1]).max())


def left_in_silence(silent: Float[np.ndarray, "time output"], probes: Probes) -> DataUnits:
    """How far outputs are from rest, at most, once silence has lasted as long as a training trial.

    With a slowest time constant tau, exp(-length / tau) of the stimulus's answer can be left.
    """
    return float(np.abs(silent[min(2 * probes.length, len(silent) - 1) :] - probes.rest).max())
