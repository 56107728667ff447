"""The models of behaviours, by name."""

from collections.abc import Callable
from typing import Any

from datasets.dataset import Dataset
from surrogates.behaviour.boosting import boost, fit_boost, fit_forest, forest
from surrogates.behaviour.evaluation import evaluate_behaviours
from surrogates.behaviour.samples import require_taught, samples_of, windowed
from surrogates.behaviour.stumps import fit_stumps, stumps
from surrogates.training.configuration import Objective
from surrogates.training.model_kind import ModelKind, Solver, model_table


def _solver(fit: Callable[..., None]) -> Solver:
    def solve(dataset: Dataset) -> Callable[[Any], None]:
        x, y = samples_of(dataset.by_split()["train"])
        return lambda model: fit(model, x, y)

    return solve


def _behaviours(build: Callable[..., Any], fit: Callable[..., None], source: str) -> ModelKind:
    return ModelKind(
        build,
        objective=Objective("sparse_categorical_crossentropy"),
        task="classification",
        prepare=windowed,
        solve=_solver(fit),
        evaluate=evaluate_behaviours,
        require_trainable=require_taught,
        source=source,
    )


BEHAVIOUR_MODELS: dict[str, ModelKind] = model_table(
    {
        "behaviour_boost": _behaviours(boost, fit_boost, "Ke et al. 2017"),
        "behaviour_stumps": _behaviours(stumps, fit_stumps, "Kabra et al. 2013 (JAABA)"),
        "behaviour_forest": _behaviours(forest, fit_forest, "Breiman 2001"),
    }
)
