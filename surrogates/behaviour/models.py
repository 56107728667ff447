"""The models of behaviours, by name."""

from collections.abc import Callable
from typing import Any

from datasets.dataset import Dataset
from surrogates.behaviour.boosting import boost, fit_boost, fit_forest, forest
from surrogates.behaviour.evaluation import evaluate_behaviours
from surrogates.behaviour.samples import require_taught, samples_of, windowed
from surrogates.behaviour.stumps import fit_stumps, stumps
from surrogates.behaviour.tcn import filled, standard_of, stretches, tcn
from surrogates.training.configuration import EarlyStopping, Objective
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
        "behaviour_tcn": ModelKind(
            tcn,
            learning_rate=0.003,
            objective=Objective(
                "sparse_categorical_crossentropy",
                ("sparse_categorical_accuracy",),
                arrays=stretches,
                stopping=EarlyStopping(patience=20, cosine_decay=True),
                at_once=64,
            ),
            task="classification",
            prepare=filled,
            from_data={"standard": standard_of},
            training_defaults={"epochs": 40, "batch_size": 16},
            evaluate=evaluate_behaviours,
            require_trainable=require_taught,
            source="Lea et al. 2017",
        ),
    }
)
