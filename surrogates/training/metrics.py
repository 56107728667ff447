"""How close a model's response comes to the simulated one, by split and by output."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from jaxtyping import Float, Shaped

from datasets.dataset import Dataset, Trial
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.units import DataUnits, Dimensionless, Microseconds


@dataclass(frozen=True)
class Score:
    """The error of one split: `rmse` over all outputs in the data's units, and each output's own.

    `relative` is an output's RMSE over its range in the whole dataset (the mean over outputs for the split). `nrmse` is
    its RMSE over its standard deviation in the split, the mean over outputs; NaN where scores of before do not say it.
    """

    rmse: DataUnits
    relative: Dimensionless
    rmse_by_output: Mapping[str, float]
    relative_by_output: Mapping[str, float]
    nrmse: Dimensionless = float("nan")

    @property
    def fit(self) -> float:
        """What of the outputs' variation is explained, in percent: 100 (1 - NRMSE)."""
        return 100 * (1 - self.nrmse)


def predict(model, dataset: Dataset) -> list[Float[np.ndarray, "_time output"]]:
    """Run a model freely on every trial: one array (time, output) a trial, in the data's units.

    It begins at rest, or, where the dataset says so, in the state that answers the warm-up best.

    Raises:
        InputError: the model takes or gives another number of channels than the dataset has.
    """
    require_fitting(model, dataset)
    if dataset.extra.get("start") == "fit":
        from surrogates.training.start import responses_from_fitted_starts

        return responses_from_fitted_starts(model, dataset)
    run = respond(model)
    stimuli = [stimulus(trial) for trial in dataset]
    if len({len(trial) for trial in dataset}) == 1:
        return list(run(np.stack(stimuli)))
    return [run(each[None])[0] for each in stimuli]


def require_fitting(model, dataset: Dataset) -> None:
    """Raise an `InputError` unless a model takes and gives as many channels as a dataset has."""
    wanted = model.input_shape[-1]
    if wanted != len(dataset.x_names):
        raise InputError(
            f"the model takes {wanted} inputs and dataset {dataset.name!r} has {len(dataset.x_names)} "
            f"({', '.join(dataset.x_names)}): use the data it was trained on"
        )
    outputs = model.output_shape[-1]
    if dataset.y_names and outputs != len(dataset.y_names):
        raise InputError(
            f"the model gives {outputs} outputs and dataset {dataset.name!r} has {len(dataset.y_names)} "
            f"({', '.join(dataset.y_names)}): use the data it was trained on"
        )


def stimulus(trial: Trial) -> Shaped[np.ndarray, "time ..."]:
    """What a model sees of a trial, in the dataset's units: zero where a stimulus is unknown and does not count."""
    x = np.asarray(trial.x[:], np.float32)
    if trial.weight is None:
        return x
    return np.where(trial.valid().reshape(-1, *(1,) * (x.ndim - 1)) | np.isfinite(x), x, np.float32(0))


Respond = Callable[[np.ndarray], np.ndarray]
"""Runs a model freely on (trial, time, input): gives (trial, time, output)."""


def respond(model) -> Respond:
    """What runs a model on (trial, time, input) in the data's units: the fast engine where it can, else Keras."""
    from surrogates.training.fast import engine
    from surrogates.training.fast.layout import layout_of

    layout = layout_of(model)
    return partial(_keras_response, model) if layout is None else partial(engine.respond, model, layout)


def _keras_response(model, x: np.ndarray) -> np.ndarray:
    from surrogates.backend import tensorflow_unseen

    with tensorflow_unseen():
        return model.predict(x, verbose=0)


def step_microseconds(model, dataset: Dataset, repeats: int = 3) -> Microseconds:
    """The time of one step of a free run over the first trial alone: the best of a few runs after one that warms up."""
    one = dataset.select([0])
    predict(model, one)
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        predict(model, one)
        seconds.append(time.perf_counter() - started)
    return 1e6 * min(seconds) / len(one.trials[0])


def score(
    dataset: Dataset, predictions: list[Float[np.ndarray, "_time output"]], *, by_test: bool = False
) -> dict[str, Score]:
    """Score predictions by split; trials of no split are scored together as "all".

    With `by_test` each test that the dataset names is scored alone, and nothing else.

    Samples of weight zero do not count. Predictions are in the units of the outputs.

    Raises:
        InputError: a trial has no y, or there is not one prediction a trial.
        FloatingPointError: a prediction that counts is not finite, as of a free run that grew without bound.
    """
    require(len(predictions) == len(dataset), f"{len(predictions)} predictions for {len(dataset)} trials")
    targets = [target(trial)[trial.valid()] for trial in dataset]
    for trial, y, p in zip(dataset, targets, predictions, strict=True):
        require(p.shape == (len(trial), y.shape[1]), f"trial {trial.name!r}: a prediction has the shape {p.shape}")
        _require_finite(trial, p)
    errors = [p[trial.valid()] - y for p, y, trial in zip(predictions, targets, dataset, strict=True)]
    everything = np.concatenate(targets)
    require(len(everything) > 0, f"dataset {dataset.name!r}: no sample counts, all weights are zero")
    ranges = everything.max(0) - everything.min(0)

    def of(indices: Sequence[int]) -> Score:
        wanted = np.concatenate([targets[index] for index in indices])
        return _score(np.concatenate([errors[index] for index in indices]), ranges, wanted.std(0), dataset.y_names)

    tests = dataset.extra.get("tests", ()) if by_test else ()
    parts = {name: [i for i, trial in enumerate(dataset) if trial.group == name] for name in tests} or dataset.by_part()
    return {part: of(indices) for part, indices in parts.items() if indices}


def _require_finite(trial: Trial, prediction: Float[np.ndarray, "time output"]) -> None:
    """Tell a free run that overflowed: its error is no number that a mean could hold."""
    lost = trial.valid() & ~np.isfinite(prediction).all(axis=1)
    if lost.any():
        raise FloatingPointError(f"trial {trial.name!r}: the free run is not finite from sample {lost.argmax()} on")


def rmse_of_mean(dataset: Dataset, split: str) -> float:
    """The RMSE on a split of a model that always answers with each output's mean over the training trials.

    NaN where the split or the training trials have no trial with outputs.
    """
    parts = dataset.by_split()
    if not {"train", split} <= set(parts):
        return float("nan")
    train_data, targets = (
        np.concatenate([target(trial)[trial.valid()] for trial in parts[name]]) for name in ("train", split)
    )
    return float(np.sqrt(((targets - train_data.mean(0)) ** 2).mean()))


def target(trial: Trial) -> Float[np.ndarray, "time output"]:
    """The outputs of a trial, in the units of the dataset.

    Raises:
        InputError: it has none.
    """
    if trial.y is None:
        raise InputError(f"trial {trial.name!r} has no outputs to compare with")
    return np.asarray(trial.y[:], dtype=float)


def _score(errors: np.ndarray, ranges: np.ndarray, spread: np.ndarray, names: tuple[str, ...]) -> Score:
    rmse = np.sqrt((errors**2).mean(0))
    relative = np.divide(rmse, ranges, out=np.full(len(rmse), np.nan), where=ranges > 0)
    normalised = np.divide(rmse, spread, out=np.full(len(rmse), np.nan), where=spread > 0)
    return Score(
        float(np.sqrt((errors**2).mean())),
        _mean_of_finite(relative),
        dict(zip(names, rmse.tolist(), strict=True)),
        dict(zip(names, relative.tolist(), strict=True)),
        _mean_of_finite(normalised),
    )


def _mean_of_finite(values: np.ndarray) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")
