"""Every method by name, and the one way to ask any of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from datasets.dataset import Dataset
from neuron_models.foundation.errors import InputError
from surrogates.importance.attribution import check_steps, integrated_gradients, saliency
from surrogates.importance.groups import Groups
from surrogates.importance.occlusion import check_permutation, occlusion, permutation
from surrogates.importance.problem import AttributionProblem, question_for
from surrogates.importance.retraining import check_retraining, retraining
from surrogates.importance.shapley import check_permutations, shapley
from surrogates.importance.table import Importance


def _nothing_to_check(_: AttributionProblem, **__: Any) -> None:
    """A method that can attribute every problem."""


@dataclass(frozen=True)
class Method:
    """A method: its function, and what its values are, in a sentence for readers of the report.

    The function takes the model and an `AttributionProblem`; its keywords are the method's settings. `check` takes the
    same but the model, and raises what the function would, before anything is computed. `measure` says how its values
    compare with what silencing inputs does to the simulator, the RMS change of an output: they are the `same` measure;
    or `shares` of the response, which equal that change where effects add up, and differ by definition elsewhere; or,
    when empty, something else.
    """

    run: Callable[..., Importance]
    what: str
    measure: str = ""
    check: Callable[..., None] = _nothing_to_check


METHODS: dict[str, Method] = {
    "occlusion": Method(occlusion, "RMS change of the output when the input is replaced by the baseline", "same"),
    "permutation": Method(
        permutation, "growth of the error (RMSE) when the input is exchanged among the trials", check=check_permutation
    ),
    "saliency": Method(
        saliency, "gradient of the output's peak, sum of its absolute values over the stimulus's samples"
    ),
    "integrated-gradients": Method(
        integrated_gradients,
        "RMS of the part of the output that the path's gradient gives to the input",
        "shares",
        check_steps,
    ),
    "shapley": Method(
        shapley, "RMS of the input's Shapley value, at every sample of the output", "shares", check_permutations
    ),
    "retraining": Method(
        retraining, "growth of the error (RMSE) when the model is trained without the input", check=check_retraining
    ),
}
"""The methods, the cheapest first."""


def measure_of(table: Importance) -> str:
    """How a table's values compare with silencing: its method's `measure`, or none with another baseline than zero.

    Silencing takes the stimulus away; the mean, or another trial's waveform, in its place is another question.
    """
    return METHODS[table.method].measure if table.about.get("baseline") == "zero" else ""


def importance(
    model: Any,
    dataset: Dataset,
    method: str,
    *,
    groups: Groups | str = "",
    baseline: str = "zero",
    split: str = "test",
    seed: int = 0,
    settings: Mapping[str, Any] | None = None,
) -> Importance:
    """Ask how much each input, or group of inputs, matters for each output of a model.

    Args:
        model: a Keras model of (trial, time, input), as `surrogates.runs.model_file.load_model` gives it.
        dataset: with the model's inputs and outputs.
        method: one of `METHODS`.
        groups: inputs that go together, such as `AVB=AVBL+AVBR`; the others stand alone.
        baseline: what stands in for an input that is taken away: `zero`, `mean`, or its waveform in another `trial`.
        split: the trials to look at: `train`, `validation`, `test` or `all`.
        seed: of what is drawn at random.
        settings: the method's own, such as `steps`, `permutations` or `repeats`.

    Returns:
        The table; `docs/importance.md` says what each method measures.

    Raises:
        InputError: an unknown method, groups that are none, no trial in the split, or a model whose channels are not
            the data's.
        TypeError: a setting that the method does not have.
    """
    if method not in METHODS:
        raise InputError(f"there is no method {method!r}; there are {', '.join(METHODS)}")
    problem = question_for(model, None, dataset, groups=groups, baseline=baseline, split=split, seed=seed)
    return METHODS[method].run(model, problem, **(settings or {}))
