"""Occlusion and permutation: what happens to a surrogate's response, or to its error, when an input is replaced."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from neuron_models.foundation.errors import require
from surrogates.importance.problem import AttributionProblem, TrialPair, another, fitted
from surrogates.importance.table import Importance, mean
from surrogates.training.metrics import Respond, respond, target


def occlusion(model: Any, problem: AttributionProblem) -> Importance:
    """Replace each input or group by the baseline; the effect is the change of every output, RMS over time and trials.

    With the baseline `zero`, this is what silencing the neurons' stimulus does to the surrogate: the same measure as
    the simulator's own answer.
    """
    run = respond(model)
    effects = (occlusion_effects(run, case, problem) for case in problem.each_case("occlusion"))
    about = problem.about(baseline=problem.baseline)
    return problem.table("occlusion", effects, problem.dataset.y_units, about=about)


def occlusion_effects(
    run: Respond, case: TrialPair, problem: AttributionProblem
) -> Float[np.ndarray, "time group output"]:
    """The response minus the responses without each group, in the units of the outputs."""
    responses = run(np.concatenate([case.x[None], case.without(problem.members)]))
    return np.moveaxis(responses[:1].astype(float) - responses[1:], 0, 1)


def permutation(model: Any, problem: AttributionProblem, *, repeats: int = 10) -> Importance:
    """Exchange each input or group among the trials; the effect is the growth of the error (Breiman 2001).

    Every trial gets the waveforms of another one, drawn anew in each repeat. Values are the growth of a trial's RMSE,
    mean over trials and repeats; they are about zero, and may fall below, where the surrogate uses an input in vain.

    Raises:
        InputError: fewer than one repeat, fewer than two trials, or trials without outputs.
    """
    check_permutation(problem, repeats=repeats)
    growth = np.stack(list(_growth(respond(model), problem, repeats)))
    spread = mean(growth).std(axis=0, ddof=1) / np.sqrt(repeats) if repeats > 1 else None
    by_trial = growth.mean(axis=1)
    dataset = problem.dataset
    return Importance(
        "permutation",
        tuple(problem.groups),
        dataset.y_names,
        dataset.y_units,
        mean(by_trial),
        tuple(trial.name for trial in dataset),
        by_trial,
        "mean",
        standard_error=spread,
        about=problem.about(repeats=repeats),
    )


def check_permutation(problem: AttributionProblem, *, repeats: int = 10) -> None:
    """Raise an `InputError` if `permutation` cannot run with these settings, before anything is computed."""
    require(repeats >= 1, f"permutation: repeats must be >= 1, got {repeats}")
    require(
        len(problem.pairs) >= 2,
        f"permutation exchanges inputs among trials and needs at least 2 trials in the split {problem.split!r}, got "
        f"{len(problem.pairs)}: choose --split all, or leave it out of --method",
    )


def _growth(
    run: Respond, problem: AttributionProblem, repeats: int
) -> Iterator[Float[np.ndarray, "repeat group output"]]:
    """For each trial, how much its error grows."""
    partners = partners_drawn(len(problem.pairs), problem.seed, repeats)
    for index, (case, trial) in enumerate(zip(problem.each_case("permutation"), problem.dataset, strict=True)):
        others = [fitted(problem.pairs[partner[index]].x, len(case.x)) for partner in partners]
        swapped = [np.where(problem.members[:, None, :], other, case.x) for other in others]
        responses = run(np.concatenate([case.x[None], *swapped]))[:, case.counts]
        errors = np.sqrt(np.mean((responses - target(trial)[case.counts]) ** 2, axis=1))
        yield (errors[1:] - errors[0]).reshape(repeats, len(problem.groups), -1)


def partners_drawn(trials: int, seed: int, repeats: int) -> list[Int[np.ndarray, " trial"]]:
    """The index of the trial that lends its waveforms to each, in every repeat.

    No other seed or repeat has the same draws.
    """
    return [another(trials, np.random.default_rng((seed, repeat))) for repeat in range(repeats)]
