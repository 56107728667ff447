"""Forecasts of worms that were never seen, by every model; every run is on disk as soon as it is finished."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from datasets.checksums import content_checksum
from datasets.dataset import Dataset
from neuron_models.foundation.errors import require
from neuron_models.foundation.result_forms import JSON_FORM
from neuron_models.foundation.resumable import Planned, ResumableFolder, Work, finished_results, resumable_folder
from neuron_models.foundation.units import Dimensionless
from neuron_models.foundation.workers import Call, require_workers
from surrogates.calcium.forecasts.linear import (
    VARIATIONS,
    LinearChoice,
    Variation,
    choose_linear,
    solved_weights,
)
from surrogates.calcium.forecasts.models import TRAJECTORY_MODELS
from surrogates.calcium.forecasts.training import BATCH_SIZE, EPOCHS, LEARNING_RATE, OBJECTIVE, train_forecasts
from surrogates.calcium.forecasts.windows import errors_by_step, forecast, forecastable, forecasts
from surrogates.calcium.states.protocol import training_sets
from surrogates.runs.result import versions
from surrogates.training.configuration import TrainingConfig
from surrogates.training.model_kind import full_names

PREFIX = "calcium_trajectory_"
PERSISTENCE, LINEAR, VARIED = (f"{PREFIX}{name}" for name in ("persistence", "linear", "linear_varied"))
RIVALS = (PERSISTENCE, LINEAR, VARIED)
"""Models that are no network."""
_DEAREST = tuple(f"{PREFIX}{name}" for name in ("gnn_gru", "gnn", "gru", "connectome", "shuffled", "mlp"))
"""Models that take longest, which begin first."""


@dataclass(frozen=True)
class ForecastEffort:
    """How networks are trained, the same for all of them."""

    epochs: int = EPOCHS
    batch_size: int = BATCH_SIZE
    learning_rate: Dimensionless = LEARNING_RATE
    seed: int = 0


@dataclass(frozen=True, eq=False)
class TrajectoryBenchmark:
    """What was measured: by model and training worms the errors by step of every unseen worm, and what was chosen.

    `choices` holds, by training worms, the autoregression of worms as they are and of worms that vary.
    """

    dataset: Dataset
    models: tuple[str, ...]
    training: ForecastEffort
    runs: Mapping[tuple[str, tuple[int, ...]], Mapping[str, list[float]]]
    choices: Mapping[tuple[int, ...], Mapping[str, LinearChoice]]


def benchmark_trajectories(
    dataset: Dataset,
    out: Path,
    *,
    models: Sequence[str] = (),
    sizes: Sequence[int] = (),
    jobs: int = 1,
    training: ForecastEffort | None = None,
) -> TrajectoryBenchmark:
    """Forecast unseen worms with every model; what is on disk already is not repeated.

    Nothing is chosen on a test worm: lags, penalties and variation are chosen by leaving training worms out in
    turn, and networks learn for a fixed number of epochs.

    Args:
        dataset: recordings of two worms or more, with their traces.
        out: the folder; a run lies in `trajectories/<model>/<worms>.json`.
        models: of `TRAJECTORY_MODELS`, with or without `calcium_trajectory_`; all when empty.
        sizes: numbers of training worms; all but one worm when empty.
        jobs: processes.
        training: how to train.

    Raises:
        InputError: an unknown model, a single worm, a number of worms that leaves none unseen, a recording that is too
            short, or a folder of other data.
    """
    require_workers(jobs)
    require(len(dataset) >= 2, f"to leave a worm out takes two worms or more, dataset {dataset.name!r} has one")
    names, training, ready = chosen_trajectories(models), training or ForecastEffort(), forecastable(dataset)
    for size in sizes:
        require(1 <= size < len(dataset), f"training worms must be from 1 to {len(dataset) - 1}, got {size}")
    sets = [worms for worms in training_sets(len(dataset)) if len(worms) in (sizes or (len(dataset) - 1,))]
    work = Work("runs", {"data": content_checksum(dataset), **asdict(training), **versions()})
    with resumable_folder(out / "trajectories", work, JSON_FORM, out) as kept:
        choices = _choices(ready, sets, kept, jobs)
        ordered = sorted(names, key=lambda name: _DEAREST.index(name) if name in _DEAREST else len(_DEAREST))
        plan = {
            (name, worms): _plan(name, worms, kept, Call(_run, ready, (name, worms, choices[worms], training)))
            for name in ordered
            for worms in sets
        }
        runs = finished_results(plan, unit="forecast", jobs=jobs)
    return TrajectoryBenchmark(ready, names, training, runs, choices)


def _choices(
    dataset: Dataset, sets: Sequence[tuple[int, ...]], kept: ResumableFolder, jobs: int
) -> dict[tuple[int, ...], dict[str, LinearChoice]]:
    """What every combination of training worms chooses for the linear models."""
    plan = {worms: _plan("choices", worms, kept, Call(_choose, dataset, (worms,))) for worms in sets}
    choices = finished_results(plan, unit="choice", jobs=jobs)
    return {worms: {name: _linear(each) for name, each in chosen.items()} for worms, chosen in choices.items()}


def chosen_trajectories(models: Sequence[str]) -> tuple[str, ...]:
    """Full names of some models of trajectories; all when none are named (see `full_names`)."""
    return full_names(models, TRAJECTORY_MODELS, PREFIX, "trajectories")


def _plan(name: str, worms: tuple[int, ...], kept: ResumableFolder, call: Call) -> Planned:
    return Planned(kept, f"{name}/{'-'.join(str(worm + 1) for worm in worms)}", call, name.removeprefix(PREFIX))


def _choose(dataset: Dataset, worms: tuple[int, ...]) -> dict[str, Any]:
    """What some training worms choose for the linear models."""
    tried = {LINEAR: VARIATIONS[:1], VARIED: VARIATIONS}
    return {name: asdict(choose_linear(dataset.select(worms), each)[0]) for name, each in tried.items()}


def _linear(choice: Mapping[str, Any]) -> LinearChoice:
    return LinearChoice(choice["lags"], choice["penalty"], Variation(**choice["variation"]))


def _run(
    dataset: Dataset, model: str, worms: tuple[int, ...], choices: Mapping[str, LinearChoice], training: ForecastEffort
) -> dict[str, list[float]]:
    """One model of some worms, in whatever process this is: its errors by step on every other worm."""
    kind, seen = TRAJECTORY_MODELS[model], dataset.select(worms)
    if kind.closed_form:
        trained = kind.for_data(seen)
        if model in choices:
            trained.set_weights(solved_weights(seen, choices[model]))
    else:
        trained = kind.for_data(seen, seed=training.seed)
        config = TrainingConfig(**asdict(training))
        train_forecasts(trained, seen.with_split(["train"] * len(seen)), config, OBJECTIVE, False, choices[VARIED])
    unseen = {}
    for index in set(range(len(dataset))) - set(worms):
        cut = forecasts(dataset.select([index]))
        unseen[dataset.trials[index].name] = errors_by_step(forecast(trained, cut.seen), cut.future).tolist()
    return unseen
