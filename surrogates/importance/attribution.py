"""Saliency and integrated gradients through the recurrent network, resolved in time."""

from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from neuron_models.foundation.errors import require
from surrogates.importance.gradients import Derivatives, derivatives
from surrogates.importance.problem import AttributionProblem, TrialPair
from surrogates.importance.table import Importance
from surrogates.training.metrics import Respond, respond

STEPS = 32
"""Points on the path from the baseline; `docs/importance.md` says how well the attributions then add up."""


def saliency(model: Any, problem: AttributionProblem) -> Importance:
    """Take the gradient of every output at its peak with respect to the stimulus at every time (Simonyan 2013).

    An output's peak is where the response is farthest from that to the baseline. Inputs of a group change together.
    Values are the sum of the gradient's absolute values over the stimulus's samples, mean over trials: the largest
    change of the peak that a change of the input by no more than 1 nA can cause, to first order.
    """
    gradients, run = derivatives(model), respond(model)
    effects = (saliency_at_peak(gradients, run, case, problem) for case in problem.each_case("saliency"))
    units = "/".join(filter(None, (problem.dataset.y_units, problem.dataset.x_units)))
    about = problem.about(baseline=problem.baseline)
    return problem.table("saliency", effects, units, pooling="total", time_axis="stimulus", about=about)


def saliency_at_peak(
    at_peak: Derivatives, run: Respond, case: TrialPair, problem: AttributionProblem
) -> Float[np.ndarray, "time group output"]:
    """The gradient of every output at its peak, in its units over those of the input, by time and group.

    In units of the outputs over those of the inputs (V/nA in a simulated dataset).
    """
    gradients = _peak_gradients(at_peak, case.x, peaks(run, case))
    return np.einsum("gi,oti->tgo", problem.members.astype(float), gradients)


def peaks(run: Respond, case: TrialPair) -> Int[np.ndarray, " output"]:
    """The index of the sample at which each output is farthest from its response to the baseline.

    Samples that do not count are left out.
    """
    present, absent = run(np.stack([case.x, case.absent]))
    return np.argmax(np.where(case.counts[:, None], np.abs(present - absent), -1.0), axis=0)


def _peak_gradients(
    gradients: Derivatives, x: Float[np.ndarray, "time input"], at: Int[np.ndarray, " output"]
) -> Float[np.ndarray, "output time input"]:
    weight = np.zeros((len(at), len(x), len(at)), np.float32)
    weight[np.arange(len(at)), at, np.arange(len(at))] = 1.0
    return gradients.backward(np.broadcast_to(x, (len(at), *x.shape)), weight)


def integrated_gradients(model: Any, problem: AttributionProblem, *, steps: int = STEPS) -> Importance:
    """Integrate the gradient on the straight path from the baseline (Sundararajan, Taly and Yan 2017).

    Every sample of every output is explained: at each time of the response, the attributions of all inputs add up to
    the difference between the response and that to the baseline. Values are the RMS of an attribution over time and
    trials. What is left over is recorded as `completeness` (the largest, in the units of the outputs).

    Raises:
        InputError: fewer than one step.
    """
    check_steps(problem, steps=steps)
    gradients, run = derivatives(model), respond(model)
    left = [0.0]

    def attributed(case: TrialPair) -> Float[np.ndarray, "time group output"]:
        effect = integrated_over_response(gradients, case, problem, steps)
        present, absent = run(np.stack([case.x, case.absent])).astype(float)
        left[0] = max(left[0], float(np.abs(effect.sum(axis=1) - (present - absent)).max()))
        return effect

    table = problem.table(
        "integrated-gradients", map(attributed, problem.each_case("integrated-gradients")), problem.dataset.y_units
    )
    about = problem.about(baseline=problem.baseline, steps=steps, completeness=left[0])
    return replace(table, about=about)


def check_steps(_: AttributionProblem, *, steps: int = STEPS) -> None:
    """Raise an `InputError` if `integrated_gradients` cannot run with these settings, before anything is computed."""
    require(steps >= 1, f"integrated gradients: steps must be >= 1, got {steps}")


def integrated_over_response(
    gradients: Derivatives, case: TrialPair, problem: AttributionProblem, steps: int = STEPS
) -> Float[np.ndarray, "time group output"]:
    """What each group adds to every sample of every output.

    All moments of a group's stimulus count together: one derivative in its direction gives the whole response.
    """
    indices, weights = _path(steps)
    change = case.x - case.absent
    points = case.absent + indices[:, None, None] * change
    total = np.zeros((len(problem.groups), len(change), len(problem.dataset.y_names)))
    for row, members in enumerate(problem.members):
        direction = np.broadcast_to(np.where(members, change, 0.0), points.shape)
        total[row] = np.tensordot(weights, gradients.forward(points, direction).astype(float), 1)
    return np.moveaxis(total, 0, 1)


def integrated_over_stimulus(
    gradients: Derivatives, run: Respond, case: TrialPair, problem: AttributionProblem, steps: int = STEPS
) -> Float[np.ndarray, "time group output"]:
    """What each sample of each group's stimulus adds to every output's peak (see `peaks`)."""
    indices, weights = _path(steps)
    change, at = (case.x - case.absent).astype(float), peaks(run, case)
    total = np.zeros((len(at), *change.shape))
    for index, weight in zip(indices, weights, strict=True):
        total += (
            weight * change * _peak_gradients(gradients, case.absent + np.float32(index) * (case.x - case.absent), at)
        )
    return np.einsum("gi,oti->tgo", problem.members.astype(float), total)


def _path(steps: int) -> tuple[Float[np.ndarray, " step"], Float[np.ndarray, " step"]]:
    """Places on the path from 0 to 1 and their weights, after Gauss and Legendre."""
    indices, weights = np.polynomial.legendre.leggauss(steps)
    return (indices + 1) / 2, weights / 2
