"""Calibrates a model on trials that it has not learned, and compares the spread of an ensemble with its error."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from datasets.checksums import trial_checksum
from datasets.dataset import Dataset
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.units import DataUnits, Dimensionless
from surrogates.runs.bands import Bands, calibrate, mean_width
from surrogates.runs.model_file import ModelSignature, load_model, save_model
from surrogates.training.metrics import predict, target


@dataclass(frozen=True, eq=False)
class Calibrated:
    """A model's bands, their mean width on the calibration trials, and how many trials were left out as learned."""

    bands: Bands
    width: DataUnits
    left_out: int


def calibrate_file(path: Path, dataset: Dataset, coverage: float, seed: int = 0) -> Calibrated:
    """Give a model file bands; earlier ones are replaced.

    Raises:
        InputError: the model answers no stimuli, does not say its channels, has others than the data, or has learned
            so many of the trials that too few are left.
        FloatingPointError: a free run is not finite.
    """
    model, signature = load_model(path)
    signature = _require_calibratable(path, model, signature, dataset)
    known = set() if signature.learned is None else set(signature.learned.by_checksum)
    new = [index for index, trial in enumerate(dataset) if trial_checksum(trial) not in known]
    unseen = dataset.select(new)
    answers, measured = _answers(model, unseen), [target(trial)[trial.valid()] for trial in unseen]
    bands = calibrate(answers, measured, _rest(model, dataset), coverage, seed)
    save_model(model, path, replace(signature, bands=bands))
    return Calibrated(bands, mean_width(bands, answers), len(dataset) - len(new))


def _require_calibratable(path: Path, model: Any, signature: ModelSignature | None, dataset: Dataset) -> ModelSignature:
    require(len(model.output_shape) == 3, f"{path} answers no stimuli: only models of responses have bands")
    if signature is None or signature.model:
        raise InputError(f"{path} is no model of responses that `wormtwin train` or `derive` wrote")
    signature.require_same(dataset)
    return signature


def _answers(model: Any, dataset: Dataset) -> list[np.ndarray]:
    """A model's answers to every trial, of the samples that count."""
    answers = [run[trial.valid()] for run, trial in zip(predict(model, dataset), dataset, strict=True)]
    for run, trial in zip(answers, dataset, strict=True):
        if not np.isfinite(run).all():
            raise FloatingPointError(f"trial {trial.name!r}: the free run is not finite")
    return answers


def _rest(model: Any, dataset: Dataset) -> np.ndarray:
    """What a model answers before anything is injected, in the units of the outputs."""
    still = np.zeros((1, 2, len(dataset.x_names)), np.float32)
    return np.asarray(model.predict(still, verbose=0)[0, 0], float)


@dataclass(frozen=True, eq=False)
class EnsembleError:
    """Several models together on some trials: the error of each, of their mean, and how their spread follows it.

    Errors are root mean squares in the units of the outputs; `spearman` is the rank correlation over trials of the
    spread and the error of the mean.
    """

    alone: tuple[float, ...]
    together: DataUnits
    spread: DataUnits
    spearman: Dimensionless


def ensemble_error(models: Sequence[Any], dataset: Dataset) -> EnsembleError:
    """Compare the spread of several models with the error of their mean, trial by trial."""
    from scipy.stats import spearmanr

    runs = [_answers(model, dataset) for model in models]
    measured = [target(trial)[trial.valid()] for trial in dataset]
    means = [np.mean(each, axis=0) for each in zip(*runs, strict=True)]
    errors = np.array([np.sqrt(((a - b) ** 2).mean()) for a, b in zip(means, measured, strict=True)])
    spreads = np.array([np.sqrt(np.var(each, axis=0, ddof=1).mean()) for each in zip(*runs, strict=True)])
    alone = tuple(_rmse(each, measured) for each in runs)
    spread = float(np.sqrt((spreads**2).mean()))
    return EnsembleError(alone, _rmse(means, measured), spread, float(spearmanr(spreads, errors).statistic))


def _rmse(answers: Sequence[np.ndarray], measured: Sequence[np.ndarray]) -> float:
    return float(np.sqrt(np.mean((np.concatenate(answers) - np.concatenate(measured)) ** 2)))
