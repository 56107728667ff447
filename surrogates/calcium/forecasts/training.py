"""Trains networks that forecast: they begin as a linear autoregression, with scheduled sampling and varied worms."""

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from datasets.calcium.features import WINDOW
from datasets.dataset import Dataset
from datasets.parts.splitting import require_training
from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Dimensionless, Fraction
from surrogates.calcium.forecasts.linear import VARIATIONS, LinearChoice, Variation, choose_linear, solved_weights
from surrogates.calcium.forecasts.windows import arrays
from surrogates.training.configuration import Arrays, EarlyStopping, Objective, Training, TrainingConfig
from surrogates.training.trainer import train

OBJECTIVE = Objective(arrays=arrays, stopping=EarlyStopping(cosine_decay=True))
EPOCHS = 4
BATCH_SIZE = 128
LEARNING_RATE: Dimensionless = 1e-3
"""At first; it falls to zero. A step counts, not an epoch: three worms make 290 steps, after which more gain little."""
SAMPLED: Fraction = 0.5
"""The share of training over which frames to come are given, less and less often."""


@dataclass(frozen=True)
class Sampling:
    """Scheduled sampling (Bengio et al. 2015): a frame to come is given with a probability that falls to 0.

    It falls in a straight line from `first` to 0 over so many batches.
    """

    first: Fraction = 1.0
    batches: int = 1

    def __post_init__(self) -> None:
        require(0 <= self.first <= 1, f"scheduled sampling: the probability must be from 0 to 1, got {self.first}")
        require(self.batches >= 0, f"scheduled sampling: batches must be >= 0, got {self.batches}")

    def probability(self, batch: int) -> Fraction:
        """That a frame is given in this batch, from 0.

        >>> [Sampling(1.0, 4).probability(batch) for batch in (0, 1, 4, 9)]
        [1.0, 0.75, 0.0, 0.0]
        """
        return self.first * max(0.0, 1.0 - batch / self.batches) if self.batches else 0.0


class LearningBatches:
    """The transform of one training, which counts its batches: neurons are varied, and some frames to come given.

    Args:
        sampling: how often frames to come are given.
        variation: how worms vary.
    """

    def __init__(self, sampling: Sampling, variation: Variation) -> None:
        self._sampling, self._variation, self.batch = sampling, variation, 0

    def __call__(self, x: np.ndarray, y: np.ndarray, weight: np.ndarray | None, rng: np.random.Generator) -> Arrays:
        """Change a batch."""
        frames = self._variation.varied(x[..., :-1], rng)
        shown = x[..., -1:].copy()
        shown[:, WINDOW:] = rng.random(shown[:, WINDOW:].shape) < self._sampling.probability(self.batch)
        self.batch += 1
        return np.concatenate([frames, shown], axis=-1), frames[:, WINDOW:], weight


def train_forecasts(
    model: Any,
    dataset: Dataset,
    config: TrainingConfig,
    objective: Objective = OBJECTIVE,
    progress: bool = True,
    choice: LinearChoice | None = None,
) -> Training:
    """Train a model in place on forecasts of eight steps; it ends with the weights of its best validation epoch.

    It begins as the linear autoregression of the training worms, and learns what that leaves. The loss is that of the
    whole forecast. At first most frames to come are given, later the model continues from its own (scheduled sampling);
    the validation loss is always that of the free run.

    Args:
        model: one of `trajectory_networks`.
        dataset: ready to forecast.
        config: epochs, batch size, learning rate, seed.
        objective: what it is trained for.
        progress: show a bar.
        choice: the autoregression, and how worms are taken to vary; chosen inside the training worms when None.

    Raises:
        InputError: no training trials, or no stretch is long enough.
        FloatingPointError: the loss was never finite.
    """
    parts = dataset.by_split()
    require_training(dataset)
    train_data = parts["train"]
    linear = choice or choose_linear(train_data, VARIATIONS)[0]
    begin_linearly(model, train_data, linear)
    whole = partial(arrays, batch=config.batch_size)
    batches = config.epochs * math.ceil(len(whole(train_data)[0]) / config.batch_size)
    transform = LearningBatches(Sampling(1.0, round(SAMPLED * batches)), linear.variation)
    return train(model, dataset, config, replace(objective, arrays=whole, transform=transform), progress)


def begin_linearly(model: Any, dataset: Dataset, choice: LinearChoice) -> None:
    """Let a network begin as the linear autoregression of these worms."""
    cell = model.get_layer("roll_out").cell
    for weight, value in zip((cell.direct, cell.offset), solved_weights(dataset, choice, cell.window), strict=True):
        weight.assign(value)
