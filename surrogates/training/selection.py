"""Chooses the settings of a model that were left open, by the free run on the validation trials."""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from datasets.dataset import Dataset
from neuron_models.foundation.errors import InputError
from surrogates.training.metrics import predict, score

Fitted = tuple[Any, Any]
"""A model, and what is known about its training."""


def select_on_validation(
    fit: Callable[[Mapping[str, Any]], Fitted], dataset: Dataset, candidates: Sequence[Mapping[str, Any]]
) -> tuple[Fitted, Mapping[str, Any]]:
    """Fit with every candidate and keep the one whose free run is closest on the validation trials.

    Without validation trials, the training trials decide; a single candidate is not compared. One that does not fit
    the data (more lags than samples, say), or whose free run is not finite, cannot win; of equals, the first wins.

    Args:
        fit: gives a trained model for settings.
        dataset: gives the trials that decide.
        candidates: settings to try, at least one.

    Returns:
        What `fit` gave for the best settings, and those.

    Raises:
        InputError, FloatingPointError: what the first candidate raised, if none can win.
    """
    if len(candidates) == 1:
        return fit(candidates[0]), candidates[0]
    parts = dataset.by_split()
    judge = parts.get("validation", parts.get("train", dataset))
    best: tuple[float, Fitted, Mapping[str, Any]] | None = None
    failures: list[Exception] = []
    for settings in candidates:
        try:
            fitted = fit(settings)
            (scores,) = score(judge, predict(fitted[0], judge)).values()
        except (InputError, FloatingPointError) as error:
            failures.append(error)
            continue
        if scores.rmse < (best[0] if best else math.inf):
            best = (scores.rmse, fitted, settings)
    if best is None:
        raise failures[0]
    return best[1], best[2]


def parameter_grid(settings: Mapping[str, Any], open_to: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    """The settings with every combination of candidates in place of those that are None.

    >>> list(parameter_grid({"lags": None, "seed": 1}, {"lags": (1, 2)}))
    [{'lags': 1, 'seed': 1}, {'lags': 2, 'seed': 1}]
    """
    names = [name for name in open_to if settings.get(name) is None]
    for values in itertools.product(*(open_to[name] for name in names)):
        yield {**settings, **dict(zip(names, values, strict=True))}
