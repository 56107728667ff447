"""How far the next frame is from what was predicted of it, beside what needs no network."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from datasets.dataset import Dataset, Trial
from neuron_models.foundation.units import DataUnits
from surrogates.backend import keras, tensorflow_unseen
from surrogates.posture.network.autoregression import Autoregression, choose_lags, fit_autoregression
from surrogates.posture.network.segments import CONTEXT, segments
from surrogates.runs.learned import ALL, NONE, ROLE, SOME
from surrogates.training.metrics import Score, require_fitting, score

NETWORK, LINEAR = "network", "linear autoregression"
_AT_ONCE = 2**16
"""Frames that the network reads at once, about."""


def forecasts(model: keras.Model, dataset: Dataset) -> list[Float[np.ndarray, "_frame channel"]]:
    """The frame after each of a segment, in the units of the data, from the recorded ones before it.

    In the units of the dataset.

    Raises:
        InputError: the model takes another number of channels.
    """
    require_fitting(model, dataset)
    order = np.argsort([len(trial) for trial in dataset], kind="stable")
    errors: list[np.ndarray] = [np.zeros(0)] * len(dataset)
    while len(order):
        length = 2 ** int(np.ceil(np.log2(len(dataset.trials[order[0]]))))  # few lengths, since each is compiled
        some = [index for index in order[: max(1, _AT_ONCE // length)] if len(dataset.trials[index]) <= length]
        x = np.zeros((2 ** int(np.ceil(np.log2(len(some)))), length, len(dataset.x_names)), np.float32)
        for row, index in enumerate(some):
            x[row, : len(dataset.trials[index])] = dataset.trials[index].x[:]
        with tensorflow_unseen():
            predicted = np.asarray(model.predict(x, batch_size=len(x), verbose=0))
        for row, index in enumerate(some):
            errors[index] = predicted[row, : len(dataset.trials[index])]
        order = order[len(some) :]
    return errors


@dataclass(frozen=True, eq=False)
class NextFrame:
    """How well the next frame is predicted: scores by method and split; `lags` are the linear autoregression's."""

    scores: Mapping[str, Mapping[str, Score]]
    lags: int

    def rmse(self, method: str, split: str) -> DataUnits:
        """Over all channels."""
        return self.scores[method][split].rmse


def score_next_frame(model: keras.Model, dataset: Dataset, context: int = CONTEXT) -> NextFrame:
    """Score the next frame as the network predicts it, beside the last frame repeated and a linear autoregression.

    The autoregression is fitted to the training segments of these data, with as many lags as are best on the
    validation segments (on the training segments, if there are none). Where these data are not those that the network
    learned, the autoregression is the network's own, which was fitted to its training segments; where nobody knows,
    it is called that of these data. All methods are judged on the same frames.

    Args:
        model: a `posture_lstm`.
        dataset: of amplitudes.
        context: frames that a predicted one must have before it in its segment.

    Raises:
        InputError: no segment is long enough, or the model takes other channels.
    """
    dataset = segments(dataset)
    name, linear = _linear(model, dataset)
    judged = replace(dataset, trials=tuple(_counted(trial, context) for trial in dataset if len(trial) >= context))
    frames = [np.asarray(trial.x[:]) for trial in judged]
    methods = {
        NETWORK: forecasts(model, judged),
        name: [linear.predict(each) for each in frames],
        "last frame repeated": frames,
    }
    return NextFrame({name: score(judged, predicted) for name, predicted in methods.items()}, linear.lags)


def _linear(model: keras.Model, dataset: Dataset) -> tuple[str, Autoregression]:
    """The autoregression that a network is held against, and what it is called."""
    role = dataset.extra.get(ROLE, ALL)
    if role in (SOME, NONE):
        past, rest, spread, _ = model.get_layer("forecast").get_weights()
        return LINEAR, Autoregression(past, rest, spread)
    parts = dataset.by_split()
    train_data = parts.get("train", dataset)
    linear = fit_autoregression(train_data, choose_lags(train_data, parts.get("validation", train_data)))
    return LINEAR if role == ALL else f"{LINEAR} of these data", linear


def _counted(trial: Trial, context: int) -> Trial:
    """The segment with weight zero where too few frames are before the predicted one."""
    return replace(trial, weight=(np.arange(len(trial)) >= context - 1).astype(float))
