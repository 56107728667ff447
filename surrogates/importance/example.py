"""One trial in detail: what each method says at every moment of the response, and of the stimulus."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from datasets.dataset import Dataset, Trial
from neuron_models.foundation.units import Milliseconds
from surrogates.importance.against_simulator import SIMULATOR, silencing_effects
from surrogates.importance.attribution import (
    integrated_over_response,
    integrated_over_stimulus,
    peaks,
    saliency_at_peak,
)
from surrogates.importance.gradients import derivatives
from surrogates.importance.occlusion import occlusion_effects
from surrogates.importance.problem import AttributionProblem
from surrogates.importance.shapley import MOST_EXACT, exact_shapley, response_game
from surrogates.importance.table import Importance
from surrogates.training.metrics import respond

_SHOWN_OUTPUTS = 4
_SAMPLES = 16
"""Points on the path of the integrated gradients over the stimulus, which cost more than those over the response."""


@dataclass(frozen=True, eq=False)
class Example:
    """Signed effects on one trial, (time, group, output) by method, and when each output peaks."""

    trial: Trial
    outputs: tuple[str, ...]
    over_response: dict[str, Float[np.ndarray, "time group output"]]
    over_stimulus: dict[str, Float[np.ndarray, "time group output"]]
    peaks: dict[str, Milliseconds]


def example(
    model: Any, problem: AttributionProblem, table: Importance, silenced: Sequence[Dataset] | None = None
) -> Example:
    """Explain the trial whose inputs differ most from each other, for a few outputs.

    Args:
        model: a Keras model.
        problem: the trials and groups.
        table: chooses the outputs: of every group the one on which it acts most, four at most.
        silenced: the simulator's answer, as `silenced_datasets` gives it.
    """
    kinds = [len(np.unique(case.x, axis=1).T) for case in problem.pairs]
    index = int(np.argmax(kinds))
    case, run, gradients = problem.pairs[index], respond(model), derivatives(model)
    over_response = {
        "occlusion": occlusion_effects(run, case, problem),
        "integrated-gradients": integrated_over_response(gradients, case, problem),
    }
    players = len(problem.groups)
    if players <= MOST_EXACT:
        values = exact_shapley(response_game(run, case, problem), players)
        over_response["shapley"] = np.moveaxis(values, 0, 1)
    if silenced is not None:
        over_response[SIMULATOR] = silencing_effects(problem, silenced, index)
    over_stimulus = {
        "saliency": saliency_at_peak(gradients, run, case, problem),
        "integrated-gradients": integrated_over_stimulus(gradients, run, case, problem, _SAMPLES),
    }
    most = list(dict.fromkeys(np.argmax(table.values, axis=1).tolist()))[:_SHOWN_OUTPUTS]
    names = tuple(table.outputs[index] for index in sorted(most))
    times = {name: float(at) * problem.dataset.dt for name, at in zip(table.outputs, peaks(run, case), strict=True)}
    return Example(problem.dataset.trials[index], names, over_response, over_stimulus, times)
