"""The models that forecast calcium traces, by name."""

import inspect
from collections.abc import Callable
from typing import Any

from surrogates.calcium.forecasts.evaluation import evaluate_forecasts
from surrogates.calcium.forecasts.linear import nothing_to_solve
from surrogates.calcium.forecasts.linear import solver as linear_solver
from surrogates.calcium.forecasts.networks import (
    autoregression,
    persistence,
    trajectory_connectome,
    trajectory_graph,
    trajectory_mlp,
    trajectory_recurrent,
)
from surrogates.calcium.forecasts.training import BATCH_SIZE, EPOCHS, LEARNING_RATE, OBJECTIVE, train_forecasts
from surrogates.calcium.forecasts.windows import forecastable
from surrogates.calcium.held_out import hold_out_blocks
from surrogates.calcium.states.windows import neurons_of
from surrogates.training.model_kind import ModelKind, Solver, model_table


def _trajectories(build: Callable[..., Any], solve: Solver | None = None, **fixed: Any) -> ModelKind:
    """A model that forecasts calcium traces from windows of them."""
    return ModelKind(
        build,
        learning_rate=LEARNING_RATE,
        objective=OBJECTIVE,
        train=train_forecasts,
        solve=solve,
        task="next_step",
        training_defaults={"epochs": EPOCHS, "batch_size": BATCH_SIZE},
        prepare=forecastable,
        from_data={"neurons": neurons_of} if "neurons" in inspect.signature(build).parameters else {},
        fixed=fixed,
        hold_out=hold_out_blocks,
        evaluate=evaluate_forecasts,
        source="Wang et al. 2020",
    )


TRAJECTORY_MODELS: dict[str, ModelKind] = model_table(
    {
        "calcium_trajectory_persistence": _trajectories(persistence, nothing_to_solve),
        "calcium_trajectory_linear": _trajectories(autoregression, linear_solver(varied=False)),
        "calcium_trajectory_linear_varied": _trajectories(autoregression, linear_solver(varied=True)),
        "calcium_trajectory_mlp": _trajectories(trajectory_mlp),
        "calcium_trajectory_gnn": _trajectories(trajectory_graph),
        "calcium_trajectory_connectome": _trajectories(trajectory_connectome, shuffle=False),
        "calcium_trajectory_shuffled": _trajectories(trajectory_connectome, shuffle=True),
        "calcium_trajectory_gru": _trajectories(trajectory_recurrent, graph=False),
        "calcium_trajectory_gnn_gru": _trajectories(trajectory_recurrent, graph=True),
    }
)
"""Those that forecast calcium traces; networks have one seed, and `units` 256 (Wang et al. 2020), of memories 64."""
