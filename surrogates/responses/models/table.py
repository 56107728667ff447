"""The models of responses to stimuli, by name."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from surrogates.responses.evaluation import evaluate_responses
from surrogates.responses.models.attention import attention
from surrogates.responses.models.linear import fit_linear, linear
from surrogates.responses.models.modal import RIDGES, fit_modal, modal
from surrogates.responses.models.narx import narx, train_open_loop
from surrogates.responses.models.recurrent import gru, lstm, rnn
from surrogates.responses.models.state_space import fit_state_space, state_space
from surrogates.responses.models.tdnn import tdnn
from surrogates.responses.models.with_core import cfc, lfr, lru, refine_free_run, residual_gru, train_with_core
from surrogates.training.model_kind import ModelKind, model_table

_PAPER = "Barbulescu et al. 2023"
_ORDERS = (1, 2, 4, 6, 8, 10, 12, 16, 20, 24, 32)


def _responses(build: Callable[..., Any], **more: Any) -> ModelKind:
    """A model that answers stimuli."""
    return ModelKind(build, evaluate=evaluate_responses, source=_PAPER, **more)


def _with_core(build: Callable[..., Any], source: str) -> ModelKind:
    """A model that begins at its linear part, and is trained on all trials at once."""
    defaults = {"epochs": 300, "polish": 500, "weight_decay": 0.0}
    kind = ModelKind(build, 0.003, train=train_with_core, evaluate=evaluate_responses, training_defaults=defaults)
    return replace(kind, source=source or "this project")


MODELS: dict[str, ModelKind] = model_table(
    {
        "rnn": _responses(rnn, learning_rate=0.001),
        "lstm": _responses(lstm),
        "gru": _responses(gru),
        "linear": _responses(linear, solve=fit_linear, chosen={"lags": range(1, 9)}),
        "state_space": _responses(
            state_space,
            solve=fit_state_space,
            refine=refine_free_run,
            chosen={"order": _ORDERS},
        ),
        "tdnn": _responses(tdnn, learning_rate=0.001),
        "modal": replace(_responses(modal, solve=fit_modal, chosen={"ridge": RIDGES}), source="this project"),
        "lfr": _with_core(lfr, "Schoukens and Toth 2020, On the initialization of nonlinear LFR models"),
        "residual_gru": _with_core(residual_gru, ""),
        "lru": _with_core(lru, "Orvieto et al. 2023, Resurrecting recurrent neural networks"),
        "cfc": _with_core(cfc, "Hasani et al. 2022, Closed-form continuous-time neural networks"),
        "attention": ModelKind(
            attention,
            0.003,
            evaluate=evaluate_responses,
            training_defaults={"epochs": 300, "scale": True, "anneal": True},
            source="Vaswani et al. 2017, Attention is all you need",
        ),
        "narx": _responses(narx, learning_rate=0.01, train=train_open_loop),
    }
)
"""Those that answer stimuli."""
