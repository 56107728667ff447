"""The models that tell behaviour states from calcium traces, by name."""

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from surrogates.calcium.held_out import hold_out_blocks
from surrogates.calcium.states.baselines import fit_logistic, fit_svm, logistic, solver, svm
from surrogates.calcium.states.classification import require_taught
from surrogates.calcium.states.evaluation import evaluate_states
from surrogates.calcium.states.networks import alternative, connectome_network, graph_network, mlp, recurrent
from surrogates.calcium.states.windows import arrays, arrays_with_correlations, featured, neurons_of
from surrogates.training.configuration import Objective
from surrogates.training.model_kind import ModelKind, model_table


def _states(build: Callable[..., Any], *, static: bool = False, **fixed: Any) -> ModelKind:
    """A network that classifies behaviour states from windows of calcium traces."""
    known = inspect.signature(build).parameters
    return ModelKind(
        build,
        learning_rate=0.001,
        objective=Objective("sparse_categorical_crossentropy", arrays=arrays_with_correlations if static else arrays),
        task="classification",
        prepare=featured,
        from_data={"neurons": neurons_of} if "neurons" in known else {},
        fixed=fixed,
        hold_out=hold_out_blocks,
        evaluate=evaluate_states,
        require_trainable=require_taught,
        source="Wang et al. 2020",
    )


STATE_MODELS: dict[str, ModelKind] = model_table(
    {
        "calcium_logistic": replace(_states(logistic), solve=solver(fit_logistic), fit_windows=fit_logistic),
        "calcium_svm": replace(_states(svm), solve=solver(fit_svm), fit_windows=fit_svm),
        "calcium_mlp": _states(mlp),
        "calcium_gnn": _states(graph_network, edges="step"),
        "calcium_gnn_static": _states(graph_network, edges="static", static=True),
        "calcium_gnn_one_hot": _states(graph_network, edges="one_hot"),
        "calcium_gin": _states(alternative, layer="gin"),
        "calcium_sage": _states(alternative, layer="sage"),
        "calcium_gat": _states(alternative, layer="gat"),
        "calcium_attention": _states(alternative, layer="attention"),
        "calcium_connectome": _states(connectome_network, contacts="both", shuffle=False),
        "calcium_chemical": _states(connectome_network, contacts="chemical", shuffle=False),
        "calcium_gap": _states(connectome_network, contacts="gap", shuffle=False),
        "calcium_shuffled": _states(connectome_network, contacts="both", shuffle=True),
        "calcium_gru": _states(recurrent, graph=False),
        "calcium_gnn_gru": _states(recurrent, graph=True),
    }
)
"""Those that tell behaviour states from calcium traces; all have one seed, and `units` 16 (Wang et al. 2020)."""
