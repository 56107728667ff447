"""Every method by name, and the one way to ask any of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from datasets.dataset import Dataset
from neuron_models.errors import InputError, require
from surrogates.importance.attribution import integrated_gradients, saliency
from surrogates.importance.groups import Groups, parse_groups
from surrogates.importance.occlusion import occlusion, permutation
from surrogates.importance.question import ask
from surrogates.importance.retraining import retraining
from surrogates.importance.shapley import shapley
from surrogates.importance.table import Importance
from surrogates.metrics import require_fitting


@dataclass(frozen=True)
class Method:
    """A method: its function, and what its values are, in a sentence for readers of the report.

    The function takes the model and a `Question`; its keywords are the method's settings. `same_measure` says that its
    values are of the kind that silencing inputs in the simulator gives: the RMS change of an output.
    """

    run: Callable[..., Importance]
    what: str
    same_measure: bool = False


METHODS: dict[str, Method] = {
    "occlusion": Method(
        occlusion, "RMS change of the output when the input is replaced by the baseline", same_measure=True
    ),
    "permutation": Method(permutation, "growth of the error (RMSE) when the input is exchanged among the trials"),
    "saliency": Method(
        saliency, "gradient of the output's peak, sum of its absolute values over the stimulus's samples"
    ),
    "integrated-gradients": Method(
        integrated_gradients, "RMS of the part of the output that the path's gradient gives to the input", True
    ),
    "shapley": Method(shapley, "RMS of the input's Shapley value, at every sample of the output", same_measure=True),
    "retraining": Method(retraining, "growth of the error (RMSE) when the model is trained without the input"),
}
"""The methods, the cheapest first."""


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
        model: a Keras model of (trial, time, input), as `surrogates.model_file.load_model` gives it.
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
    require_fitting(model, dataset)
    require(len(dataset.y_names) > 0, f"dataset {dataset.name!r} has no outputs")
    together = parse_groups(groups, dataset.x_names) if isinstance(groups, str) else groups
    question = ask(dataset, together, baseline=baseline, split=split, seed=seed)
    return METHODS[method].run(model, question, **(settings or {}))
