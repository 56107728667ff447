"""Occlusion and permutation: what happens to a surrogate's response, or to its error, when an input is replaced."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from neuron_models.foundation.errors import require
from surrogates.importance.question import Case, Question, another, fitted
from surrogates.importance.table import Importance, mean
from surrogates.training.metrics import Respond, respond, target


def occlusion(model: Any, question: Question) -> Importance:
    """Replace each input or group by the baseline; the effect is the change of every output, RMS over time and trials.

    With the baseline `zero`, this is what silencing the neurons' stimulus does to the surrogate: the same measure as
    the simulator's own answer.
    """
    run = respond(model)
    effects = (occlusion_effects(run, case, question) for case in question.each_case("occlusion"))
    about = question.about(baseline=question.baseline)
    return question.table("occlusion", effects, question.dataset.y_units, about=about)


def occlusion_effects(run: Respond, case: Case, question: Question) -> Float[np.ndarray, "time group output"]:
    """The response minus the responses without each group."""
    responses = run(np.concatenate([case.x[None], case.without(question.members)]))
    return np.moveaxis(responses[:1].astype(float) - responses[1:], 0, 1)


def permutation(model: Any, question: Question, *, repeats: int = 10) -> Importance:
    """Exchange each input or group among the trials; the effect is the growth of the error (Breiman 2001).

    Every trial gets the waveforms of another one, drawn anew in each repeat. Values are the growth of a trial's RMSE,
    mean over trials and repeats; they are about zero, and may fall below, where the surrogate uses an input in vain.

    Raises:
        InputError: fewer than one repeat, fewer than two trials, or trials without outputs.
    """
    check_permutation(question, repeats=repeats)
    growth = np.stack(list(_growth(respond(model), question, repeats)))
    spread = mean(growth).std(axis=0, ddof=1) / np.sqrt(repeats) if repeats > 1 else None
    by_trial = growth.mean(axis=1)
    dataset = question.dataset
    return Importance(
        "permutation",
        tuple(question.groups),
        dataset.y_names,
        dataset.y_units,
        mean(by_trial),
        tuple(trial.name for trial in dataset),
        by_trial,
        "mean",
        standard_error=spread,
        about=question.about(repeats=repeats),
    )


def check_permutation(question: Question, *, repeats: int = 10) -> None:
    """Raise an `InputError` if `permutation` could not be asked so, before anything is computed."""
    require(repeats >= 1, f"permutation: repeats must be >= 1, got {repeats}")
    require(
        len(question.cases) >= 2,
        f"permutation exchanges inputs among trials and needs at least 2 trials in the split {question.split!r}, got "
        f"{len(question.cases)}: choose --split all, or leave it out of --method",
    )


def _growth(run: Respond, question: Question, repeats: int) -> Iterator[Float[np.ndarray, "repeat group output"]]:
    """For each trial, how much its error grows."""
    partners = partners_drawn(len(question.cases), question.seed, repeats)
    for place, (case, trial) in enumerate(zip(question.each_case("permutation"), question.dataset, strict=True)):
        others = [fitted(question.cases[partner[place]].x, len(case.x)) for partner in partners]
        swapped = [np.where(question.members[:, None, :], other, case.x) for other in others]
        responses = run(np.concatenate([case.x[None], *swapped]))[:, case.counts]
        errors = np.sqrt(np.mean((responses - target(trial)[case.counts]) ** 2, axis=1))
        yield (errors[1:] - errors[0]).reshape(repeats, len(question.groups), -1)


def partners_drawn(trials: int, seed: int, repeats: int) -> list[Int[np.ndarray, " trial"]]:
    """The trial that lends its waveforms to each, in every repeat; no other seed or repeat has the same draws."""
    return [another(trials, np.random.default_rng((seed, repeat))) for repeat in range(repeats)]
