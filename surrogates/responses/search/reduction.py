"""Looks for the smallest model that stays under an error: the automatic reduction that the paper leaves to the future.

Each kind of model is searched by `size_search`; sizes with as many parameters as the best found so far are not trained.
The choice is made on validation, as the mean over several seeds.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from datasets.dataset import Dataset
from datasets.store import file_content_checksum
from neuron_models.foundation.errors import InputError, require, require_seed
from neuron_models.foundation.resumable import Planned, ResumableFolder, finished_results
from neuron_models.foundation.units import DataUnits
from neuron_models.foundation.workers import Call, WorkerLostError
from surrogates.responses.experiments.experiment_runs import RUN_FORM, train_run
from surrogates.responses.models.table import MODELS
from surrogates.responses.search.search import load_without_test, search_folder
from surrogates.responses.search.size_search import ladder_to, smallest_size
from surrogates.runs.result import Result, versions
from surrogates.training.model_kind import ModelKind, look_up

SIZE_SETTINGS = ("units", "order", "lags")
"""What the size of a model is called; a kind's size is the first of these that it has."""


def size_setting(kind: ModelKind) -> str | None:
    """The setting that is a kind's size, such as `units`; None for a kind that has no size."""
    return next((name for name in SIZE_SETTINGS if name in kind.settings), None)


def kinds_with_size() -> tuple[str, ...]:
    """The models that can be reduced."""
    return tuple(name for name, kind in MODELS.items() if size_setting(kind) and kind.objective.squared)


@dataclass(frozen=True)
class Reduction:
    """What is looked for, among which models, and how each is trained: seeds seed, seed + 1, ..."""

    max_rmse: DataUnits
    models: tuple[str, ...] = ()
    max_units: int = 64
    runs: int = 3
    epochs: int = 500
    seed: int = 0

    def __post_init__(self) -> None:
        bound = self.max_rmse
        require(math.isfinite(bound) and bound > 0, f"the bound of the RMSE must be > 0, got {bound}")
        for name in ("max_units", "runs", "epochs"):
            value = getattr(self, name)
            require(value >= 1, f"{name.replace('_', ' ')} must be >= 1, got {value}")
        require_seed(self.seed, "seed")
        require_seed(self.seed + self.runs - 1, "the last run's seed")
        for name in self.models:
            look_up(name, MODELS)
            known = kinds_with_size()
            require(name in known, f"model {name} has no size that could be reduced; {', '.join(known)} have")
        require(len(set(self.models)) == len(self.models), f"a model is named twice: {', '.join(self.models)}")

    @property
    def searched(self) -> tuple[str, ...]:
        """The models in the order of the search: those in closed form first, since they cost little."""
        return tuple(sorted(self.models or kinds_with_size(), key=lambda name: not look_up(name, MODELS).closed_form))


@dataclass(frozen=True)
class Candidate:
    """One size of a model and its runs; `note` says why there are none."""

    model: str
    size: int
    parameters: int
    results: tuple[Result, ...] = ()
    note: str = ""

    @property
    def settings(self) -> dict[str, Any]:
        """Such as {"units": 8}."""
        return {str(size_setting(look_up(self.model, MODELS))): self.size}

    @property
    def errors(self) -> list[DataUnits]:
        """Every run's validation RMSE: infinite where it diverged."""
        errors_by_run = [math.inf if r.diverged else r.rmse("validation") for r in self.results]
        return [error if math.isfinite(error) else math.inf for error in errors_by_run]

    @property
    def rmse(self) -> DataUnits:
        """The mean validation RMSE: infinite if a run diverged, since such a model cannot be relied on."""
        return float(np.mean(self.errors)) if self.results else math.inf

    @property
    def line(self) -> str:
        """What is said about it when it has been tried."""
        text = self.note or f"validation RMSE {self.rmse:.4g}" + (", a run diverged" if self.rmse == math.inf else "")
        setting = size_setting(look_up(self.model, MODELS))
        return f"{self.model}, {setting} {self.size}, {self.parameters} parameters: {text}"

    @property
    def best(self) -> Result:
        """The run with the smallest validation RMSE."""
        return self.results[int(np.argmin(self.errors))]


@dataclass(frozen=True)
class Outcome:
    """What was tried, in order, and the smallest candidate under the bound (None when there is none)."""

    tried: tuple[Candidate, ...]
    winner: Candidate | None

    @property
    def closest(self) -> Candidate:
        """The candidate with the smallest validation RMSE, of those that could be trained."""
        return min((each for each in self.tried if each.results), key=lambda each: (each.rmse, each.parameters))


def reduce_model(
    data: Path, reduction: Reduction, out: Path, jobs: int = 1, on_progress: Callable[[str], None] | None = None
) -> Outcome:
    """Search for the smallest model, by parameters, whose mean validation RMSE is not above the bound.

    Args:
        data: the dataset file; its test trials are dropped before anything else.
        reduction: the bound, the models, how they are trained.
        out: the folder; each run gets `runs/<model>-<size>/seed-<n>` in it, and runs that are there are not repeated.
        jobs: the number of processes, which share the seeds of a size.
        on_progress: called with a line about every candidate.

    Raises:
        InputError: the data have no validation trials, `out` holds another search, a worker process died, or no size
            of any model can be trained on these data.
    """
    require(jobs >= 1, f"jobs must be >= 1, got {jobs}")
    dataset = load_without_test(data)
    channels = len(dataset.x_names), len(dataset.y_names)
    tried: list[Candidate] = []
    impossible: list[str] = []

    def enough(name: str, size: int) -> bool:
        """Whether nothing larger is needed: under the bound, or with too many parameters to win."""
        try:
            candidate = Candidate(name, size, count_parameters(name, size, *channels))
        except InputError as error:  # such as an odd number of units for several heads
            impossible.append(str(error))
            return False
        winner = _winner(tried, reduction)
        if winner is not None and candidate.parameters >= winner.parameters:
            return True
        tried.append(_train(candidate, dataset, data.name, reduction, kept, jobs))
        if on_progress is not None:
            on_progress(tried[-1].line)
        return tried[-1].rmse <= reduction.max_rmse

    with search_folder(out, _fixed(data, reduction), RUN_FORM) as kept:
        for name in reduction.searched:
            climb = look_up(name, MODELS).closed_form
            smallest_size(partial(enough, name), ladder_to(reduction.max_units), climb)
    if not any(each.results for each in tried):
        raise InputError(tried[0].note if tried else impossible[0])
    return Outcome(tuple(tried), _winner(tried, reduction))


def _fixed(data: Path, reduction: Reduction) -> dict[str, Any]:
    """What must not change in a folder; other bounds, models, sizes and numbers of runs share its runs."""
    return {
        "kind of search": "reduce",
        "data": file_content_checksum(data),
        "epochs": reduction.epochs,
        "seed": reduction.seed,
        **versions(),
    }


def _winner(tried: Sequence[Candidate], reduction: Reduction) -> Candidate | None:
    """The smallest candidate under the bound."""
    fitting = [each for each in tried if each.rmse <= reduction.max_rmse]
    return min(fitting, key=lambda each: (each.parameters, each.rmse), default=None)


def count_parameters(name: str, size: int, inputs: int, outputs: int) -> int:
    """The number of parameters of a model of this size."""
    kind = look_up(name, MODELS)
    return kind.build(inputs, outputs, **{str(size_setting(kind)): size}).count_params()


def _train(
    candidate: Candidate, dataset: Dataset, data: str, reduction: Reduction, kept: ResumableFolder, jobs: int
) -> Candidate:
    """Train a candidate from every seed that has no run on disk; one that the data do not allow is noted."""
    runs = 1 if look_up(candidate.model, MODELS).closed_form else reduction.runs
    plan = {}
    for seed in range(reduction.seed, reduction.seed + runs):
        details = (candidate.model, candidate.settings, reduction.epochs, seed, data, "reduce")
        plan[seed] = Planned(kept, run_name(candidate, seed), Call(train_run, dataset, details))
    try:
        results = finished_results(plan, unit="run", jobs=jobs, quiet=True)
    except WorkerLostError:
        raise
    except InputError as error:
        return replace(candidate, note=str(error))
    return replace(candidate, results=tuple(results.values()))


def run_name(candidate: Candidate, seed: int) -> str:
    """Where in the folder the run of a candidate from a seed is."""
    return f"runs/{candidate.model}-{candidate.size}/seed-{seed}"
