"""Recordings as forecasts: eight frames of all neurons that are seen, the frames that follow, and the error by step.

Models forecast the traces alone. Of derivatives, those for classifying states know later frames, and those that do
not are sums and differences of the frames that are seen.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from datasets.calcium.features import WINDOW, scaled_by_recording
from datasets.dataset import Dataset, Trial, longest_stretch
from datasets.parts.blocks import BLOCK_OF
from neuron_models.foundation.errors import require
from surrogates.backend import keras, tensorflow_unseen
from surrogates.training.configuration import Arrays

TRAINED = 8
"""Steps of a forecast in training (Wang et al. 2020)."""
HORIZON = 16
"""Steps of a forecast that is judged (Wang et al. 2020)."""
_UNITS = "of the range"
_BATCH = 256
"""Windows that are forecast at a time; the last ones are filled up, so that a model meets one size."""


@dataclass(frozen=True, eq=False)
class Forecasts:
    """What was seen (window, 8, neuron) and what followed; the recording each is from and its first frame."""

    seen: Float[np.ndarray, "window context neuron"]
    future: Float[np.ndarray, "window step neuron"]
    trial: Int[np.ndarray, " window"]
    start: Int[np.ndarray, " window"]

    def __len__(self) -> int:
        return len(self.seen)


def forecastable(dataset: Dataset) -> Dataset:
    """The dataset to forecast: traces scaled to [0, 1], and no states.

    Each neuron of a recording is scaled by its range over the whole recording, as published. Frames that were not
    measured get weight 0; frames that a state rule masks count.

    Args:
        dataset: traces, as `as_dataset` makes it; a dataset that is ready comes back as it is.

    Raises:
        InputError: it has derivatives already, or a recording has too few measured frames in a row.
    """
    if dataset.task == "next_step" and dataset.x_units == _UNITS:
        return dataset
    require(
        "smoothing" not in dataset.extra,
        f"dataset {dataset.name!r} holds derivatives that know later frames: forecast the traces themselves",
    )
    kept = {key: value for key, value in dataset.extra.items() if key in ("fps", "neurons", BLOCK_OF)}
    traces = [np.asarray(trial.x[:], dtype=float) for trial in dataset]
    measured = [np.isfinite(each).all(axis=1) for each in traces]
    for trial, each in zip(dataset, measured, strict=True):
        _require_long(trial, each)
    scaled = scaled_by_recording(dataset, traces, measured)
    trials = tuple(
        replace(trial, x=x, y=None, weight=each.astype(float))
        for trial, x, each in zip(dataset, scaled, measured, strict=True)
    )
    plain = {"y_names": (), "x_units": _UNITS, "y_units": "", "task": "next_step", "extra": kept}
    return replace(dataset, trials=trials, **plain)  # type: ignore[arg-type]


def _require_long(trial: Trial, measured: Bool[np.ndarray, " time"]) -> None:
    require(
        longest_stretch(measured) >= WINDOW + HORIZON,
        f"recording {trial.name!r} is too short to forecast: it has no {WINDOW + HORIZON} measured frames in a row "
        f"({WINDOW} to see, {HORIZON} to forecast)",
    )


def forecasts(dataset: Dataset, steps: int = HORIZON, stride: int = 1) -> Forecasts:
    """Every window of a dataset that is ready, and the `steps` frames after it, none of which crosses a gap.

    Raises:
        InputError: no stretch is long enough.
    """
    cut = dataset.windows(WINDOW, steps, stride)
    return Forecasts(cut.x.astype(np.float32), cut.y.astype(np.float32), cut.trial, cut.start)


def inputs_of(seen: Float[np.ndarray, "window context neuron"], steps: int) -> Float[np.ndarray, "window time channel"]:
    """Inputs of a free forecast: the frames seen, in units of the range, so many empty ones, and which are given.

    The last channel is 1 where a frame is given and 0 where the model has to go on from its own.
    """
    windows, context, neurons = seen.shape
    frames = np.zeros((windows, context + steps, neurons + 1), np.float32)
    frames[:, :context, :-1] = seen
    frames[:, :context, -1] = 1.0
    return frames


def arrays(dataset: Dataset, batch: int = 1) -> Arrays:
    """Windows and the eight frames to come, none of them given, (window, 16, neuron + 1); these frames again as y.

    Where there are more, the last windows that do not fill a batch are left out: they would be compiled for anew.
    """
    cut = forecasts(dataset, TRAINED)
    number = max(len(cut) // batch * batch, min(len(cut), batch))
    x = inputs_of(cut.seen[:number], TRAINED)
    x[:, WINDOW:, :-1] = cut.future[:number]
    return x, cut.future[:number], None


def forecast(
    model: keras.Model, seen: Float[np.ndarray, "window context neuron"], steps: int = HORIZON
) -> Float[np.ndarray, "window step neuron"]:
    """Run a model freely from windows; both are in the units of the dataset.

    Raises:
        InputError: the model takes another number of neurons.
    """
    wanted = model.input_shape[-1] - 1
    require(wanted == seen.shape[-1], f"the model forecasts {wanted} neurons, the windows have {seen.shape[-1]}")
    room = np.zeros((-len(seen) % _BATCH, *seen.shape[1:]), np.float32)
    with tensorflow_unseen():
        predicted = model.predict(inputs_of(np.concatenate([seen, room]), steps), batch_size=_BATCH, verbose=0)
    return np.asarray(predicted)[: len(seen)]


def errors_by_step(
    predicted: Float[np.ndarray, "window step neuron"], true: Float[np.ndarray, "window step neuron"]
) -> Float[np.ndarray, " step"]:
    """The RMSE of each step over windows and neurons, as a share of the range."""
    return np.sqrt(((predicted.astype(float) - true) ** 2).mean(axis=(0, 2)))
