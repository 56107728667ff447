"""A run of the derived model: nothing is trained, so that its numbers are those of the matrices alone."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from datasets.dataset import Dataset
from datasets.responses.resimulation import connectome_of, scenario_of
from surrogates.responses.derived.derivation import derive
from surrogates.responses.derived.page import derived_model
from surrogates.runs.model_file import ModelSignature, save_model
from surrogates.runs.result import MODEL_FILE, Result, save_history, save_result, versions
from surrogates.training.configuration import Training
from surrogates.training.metrics import predict, score, step_microseconds

DERIVED = "derived"


def save_derived_run(dataset: Dataset, settings: dict[str, Any], data: str, experiment: str, folder: Path) -> None:
    """Derive a model of the scenario that a dataset was simulated from, score it and write a run's files.

    Raises:
        InputError: the dataset was not simulated on a known network.
    """
    started = time.perf_counter()
    scenario = scenario_of(dataset)
    found = derive(scenario, connectome_of(dataset), settings["order"])
    seconds = time.perf_counter() - started
    model = derived_model(found, scenario)
    save_model(model, folder / MODEL_FILE, ModelSignature.of(dataset))
    save_history(Training({}, 0, 0.0), folder)
    scores = score(dataset, predict(model, dataset))
    made = Result(experiment, DERIVED, settings, 0, found.numbers, scores, 0, seconds, data, versions())
    save_result(replace(made, step_microseconds=step_microseconds(model, dataset)), folder)
