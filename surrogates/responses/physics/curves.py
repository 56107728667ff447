"""Errors against the size of the stimuli, and against the number of training trials."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from connectome.contact import Connectome
from datasets.checksums import trial_checksum
from datasets.dataset import Dataset
from datasets.responses.resimulation import scenario_of, settings_of
from datasets.responses.simulation import simulate_dataset
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.result_forms import JSON_FORM
from neuron_models.foundation.resumable import Planned, Work, resumable_folder, run_missing
from neuron_models.foundation.units import DataUnits, Dimensionless
from neuron_models.foundation.workers import Call
from surrogates.responses.physics.subjects import Recipe, Subject
from surrogates.runs.result import versions
from surrogates.training.metrics import predict, score
from surrogates.training.model_kind import fit_model

AMPLITUDES: tuple[Dimensionless, ...] = (0.25, 0.5, 1.0, 2.0, 4.0)


def scaled_tests(
    dataset: Dataset, connectome: Connectome, amplitudes: Sequence[float], out: Path, jobs: int = 1
) -> dict[float, Dataset]:
    """The test trials of a simulated dataset with their stimuli multiplied, simulated as the dataset was, by factor.

    Raises:
        InputError: the dataset was not simulated, or has no test trials.
    """
    scenario = scenario_of(dataset)
    numbers = [number for number, trial in enumerate(dataset, 1) if trial.split == "test"]
    require(len(numbers) > 0, f"dataset {dataset.name!r} has no test trials")
    found = {}
    for factor in amplitudes:
        scaled, path = scenario.select(numbers).scaled(factor), out / f"times-{factor:g}.h5"
        found[factor] = simulate_dataset(scaled, connectome, path, settings=settings_of(dataset), jobs=jobs)
    return found


def error_by_amplitude(subject: Subject, tests: dict[float, Dataset]) -> dict[float, DataUnits]:
    """The RMSE of a model on each dataset over the factor of its stimuli; NaN where its free run is not finite."""
    return {factor: _rmse(subject.model, dataset) / factor for factor, dataset in tests.items()}


def _rmse(model, dataset: Dataset) -> float:
    try:
        (found,) = score(dataset, predict(model, dataset)).values()
    except FloatingPointError:
        return float("nan")
    return found.rmse


def error_by_trials(
    subjects: Sequence[Subject], dataset: Dataset, numbers: Sequence[int], draws: int, out: Path, jobs: int = 1
) -> dict[str, dict[int, list[float]]]:
    """The test RMSE of each model that says how it was trained, trained anew on fewer trials, by name and number.

    Args:
        subjects: the models.
        dataset: its training trials are drawn from, all others stay.
        numbers: of training trials; those that there are not are left out.
        draws: how often trials are drawn, the same for all models; all of them once.
        out: the folder that keeps finished trainings.
        jobs: processes.
    """
    known = {subject.name: subject.recipe for subject in subjects if subject.recipe is not None}
    train = [index for index, trial in enumerate(dataset) if trial.split == "train"]
    sizes = [number for number in numbers if number <= len(train)]
    plan: list[Planned] = []
    named: dict[str, tuple[str, int]] = {}
    data = hashlib.sha256("".join(trial_checksum(trial) for trial in dataset).encode()).hexdigest()
    facts = {"data": data, "trials": list(sizes), "draws": draws, "models": _told(known), **versions()}
    with resumable_folder(out, Work("trainings", facts), JSON_FORM) as folder:
        for name, recipe in known.items():
            for number in sizes:
                for draw in range(draws if number < len(train) else 1):
                    kept = f"{len(named):05d}"
                    named[kept] = name, number
                    call = Call(train_on_fewer, dataset, (recipe, _drawn(train, number, draw)))
                    plan.append(Planned(folder, kept, call, f"{name}, {number} trials"))
        run_missing(plan, unit="training", jobs=jobs)
        found: dict[str, dict[int, list[float]]] = {name: {number: [] for number in sizes} for name in known}
        for kept, (name, number) in named.items():
            found[name][number].append(_number(folder.load(kept)))
    return found


def _told(known: dict) -> list:
    return [[name, each.kind.name, dict(each.settings), repr(each.config)] for name, each in known.items()]


def _number(result) -> float:
    return float("nan") if result["rmse"] is None else float(result["rmse"])


def _drawn(train: list[int], number: int, draw: int) -> list[int]:
    """So many of the training trials: the same for every model, and the smaller draws are part of the larger."""
    order = np.random.default_rng(draw).permutation(len(train))
    return sorted(train[place] for place in order[:number])


def train_on_fewer(dataset: Dataset, recipe: Recipe, kept: list[int]) -> dict[str, float | None]:
    """The test RMSE of a model that learns these training trials alone; None where they teach it nothing."""
    left = [index for index, trial in enumerate(dataset) if trial.split != "train" or index in kept]
    try:
        model, _ = fit_model(recipe.kind, dataset.select(left), recipe.config, recipe.settings, progress=False)
        scores = score(dataset, predict(model, dataset))
    except (InputError, FloatingPointError):
        return {"rmse": None}
    return {"rmse": scores["test" if "test" in scores else "train"].rmse}
