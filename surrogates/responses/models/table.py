"""The models of responses to stimuli, by name."""

from collections.abc import Callable
from typing import Any

from surrogates.responses.evaluation import evaluate_responses
from surrogates.responses.models.linear import fit_linear, linear
from surrogates.responses.models.narx import narx, train_open_loop
from surrogates.responses.models.recurrent import gru, lstm, rnn
from surrogates.responses.models.state_space import fit_state_space, state_space
from surrogates.responses.models.tdnn import tdnn
from surrogates.training.model_kind import ModelKind, model_table

_PAPER = "Barbulescu et al. 2023"
_ORDERS = (1, 2, 4, 6, 8, 10, 12, 16, 20, 24, 32)


def _responses(build: Callable[..., Any], **more: Any) -> ModelKind:
    """A model that answers stimuli."""
    return ModelKind(build, evaluate=evaluate_responses, source=_PAPER, **more)


MODELS: dict[str, ModelKind] = model_table(
    {
        "rnn": _responses(rnn, learning_rate=0.001),
        "lstm": _responses(lstm),
        "gru": _responses(gru),
        "linear": _responses(linear, solve=fit_linear, chosen={"lags": range(1, 9)}),
        "state_space": _responses(
            state_space,
            solve=fit_state_space,
            chosen={"order": _ORDERS},
        ),
        "tdnn": _responses(tdnn, learning_rate=0.001),
        "narx": _responses(narx, learning_rate=0.01, train=train_open_loop),
    }
)
"""Those that answer stimuli."""
