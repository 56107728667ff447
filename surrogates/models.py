"""Every model by name: its builder, how it is trained, and its default learning rate."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from datasets.dataset import Dataset
from neuron_models.errors import InputError
from neuron_models.units import Dimensionless
from surrogates.linear import fit_linear, linear
from surrogates.recurrent import gru, lstm, rnn
from surrogates.training import REGRESSION, Objective, Training, TrainingConfig, fit_closed, train


@dataclass(frozen=True)
class ModelKind:
    """A kind of model: builder, objective, learning rate; `solve` fits it in closed form instead of by gradient."""

    build: Callable[..., Any]
    learning_rate: Dimensionless = 0.05
    objective: Objective = REGRESSION
    solve: Callable[[Any, Dataset], None] | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that the builder takes, with their defaults."""
        parameters = inspect.signature(self.build).parameters.values()
        return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}


MODELS: dict[str, ModelKind] = {
    "rnn": ModelKind(rnn, learning_rate=0.001),
    "lstm": ModelKind(lstm),
    "gru": ModelKind(gru),
    "linear": ModelKind(linear, solve=fit_linear),
}


def model_kind(name: str) -> ModelKind:
    """Look a model up.

    Raises:
        InputError: there is no such model; the message lists those that there are.
    """
    if name not in MODELS:
        raise InputError(f"there is no model {name!r}; there are {', '.join(MODELS)}")
    return MODELS[name]


def complete_settings(name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a model, with its defaults for those not given; the seed is none of them.

    Raises:
        InputError: an unknown model or a setting that it does not have.
    """
    known = {key: value for key, value in model_kind(name).settings.items() if key != "seed"}
    strange = sorted(set(settings) - set(known))
    if strange:
        raise InputError(f"model {name} has no setting {strange[0]!r}; it has {', '.join(known)}")
    return {**known, **settings}


def train_model(
    name: str, dataset: Dataset, config: TrainingConfig, settings: Mapping[str, Any], progress: bool = True
) -> tuple[Any, Training]:
    """Build a model for a dataset and train it.

    Args:
        name: one of `MODELS`.
        dataset: gives the numbers of inputs and outputs, and what is learned.
        config: epochs, batch size, learning rate, seed (a model in closed form needs none of them).
        settings: the builder's own, such as `units` or `lags`; the defaults for those not given.
        progress: show a bar.

    Raises:
        InputError: an unknown model or a setting that it does not have.
    """
    kind = model_kind(name)
    seed = {"seed": config.seed} if "seed" in kind.settings else {}
    model = kind.build(len(dataset.x_names), len(dataset.y_names), **complete_settings(name, settings), **seed)
    if kind.solve is not None:
        return model, fit_closed(model, dataset, kind.solve)
    return model, train(model, dataset, config, kind.objective, progress)
