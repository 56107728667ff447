"""The arrays of a training, and their batches in shuffled order."""

import json
import math
from collections.abc import Iterator

import numpy as np

from datasets.dataset import Dataset
from neuron_models.foundation.errors import InputError, require
from surrogates.backend import keras
from surrogates.training.configuration import Arrays, Objective, TrainingConfig


def padded(arrays: Arrays, multiple: int) -> Arrays:
    """Arrays with samples of weight zero behind, so that all batches are equally large: one size, one program."""
    x, y, weight = arrays
    more = -len(x) % multiple
    if more == 0:
        return arrays
    weight = np.ones(len(x), np.float32) if weight is None else weight
    x, y, weight = (np.concatenate([a, np.zeros((more, *a.shape[1:]), a.dtype)]) for a in (x, y, weight))
    return x, y, np.asarray(weight / weight.mean(), np.float32)


def training_arrays(dataset: Dataset, objective: Objective) -> Arrays:
    """x, y and weights ready for Keras: what does not count is zero, and the weights have mean one.

    Stimuli (`regression`) are seen wherever they are known: a state goes on through samples that do not count.

    Keras divides a weighted loss by the number of samples; with mean one, that is the mean over those that count.
    """
    x, y, weight = (objective.arrays or Dataset.stacked)(dataset)
    if y is None:
        raise InputError(f"dataset {dataset.name!r} has no targets to learn")
    if weight is not None:
        require(bool((weight > 0).any()), f"dataset {dataset.name!r}: no sample counts, all weights are zero")
        known = np.isfinite(x) if dataset.task == "regression" else np.zeros(x.shape, bool)
        x = np.where(_spread(weight, x) | known, x, 0)
        y = np.where(_spread(weight, y), y, 0)
        weight = np.asarray(weight / weight.mean(), np.float32)
    for what, array in (("x", x), ("y", y)):
        require(bool(np.isfinite(array).all()), f"dataset {dataset.name!r}: NaN in {what}: give such samples weight 0")
    integers = np.issubdtype(np.asarray(y).dtype, np.integer)
    x = np.asarray(x, np.uint8 if np.asarray(x).dtype == np.uint8 else np.float32)  # images stay small
    return x, np.asarray(y) if integers else np.asarray(y, np.float32), weight


def _spread(weight: np.ndarray, array: np.ndarray) -> np.ndarray:
    """Which samples count, in as many axes as an array has."""
    return weight.reshape(weight.shape + (1,) * (array.ndim - weight.ndim)) > 0


class Batches(keras.utils.PyDataset):
    """Batches in an order shuffled anew in every epoch by the config's seed, transformed when they are used."""

    def __init__(self, arrays: Arrays, config: TrainingConfig, objective: Objective) -> None:
        super().__init__()
        self._arrays, self._size, self._transform = arrays, config.batch_size, objective.transform
        self._number = objective.batches
        self._seed, self._rng = config.seed, np.random.default_rng(config.seed)
        self._orders = shuffled_orders(len(arrays[0]), config.seed)
        self._order = np.resize(np.arange(len(arrays[0])), objective.batches * self._size or len(arrays[0]))
        self._whole = len(self._order) <= self._size and not self._number

    def __len__(self) -> int:
        return self._number or math.ceil(len(self._order) / self._size)

    def __getitem__(self, index: int) -> tuple:
        if self._whole:
            x, y, weight = self._arrays
        else:
            rows = self._order[index * self._size : (index + 1) * self._size]
            x, y, weight = self._arrays
            x, y, weight = x[rows], y[rows], None if weight is None else weight[rows]
        if self._transform is not None:
            x, y, weight = self._transform(x, y, weight, self._rng)
        return (x, y) if weight is None else (x, y, weight)

    @property
    def state(self) -> str:
        """Where its random numbers are, and which batch its transform is at, as JSON has it."""
        return json.dumps([self._rng.bit_generator.state, getattr(self._transform, "batch", 0)])

    def go_on(self, state: str, epoch: int) -> None:
        """Go on before an epoch: with these random numbers, the orders of earlier epochs passed over."""
        self._rng.bit_generator.state, batch = json.loads(state)
        self._orders = shuffled_orders(len(self._arrays[0]), self._seed)
        for _ in range(epoch * -(-len(self._order) // len(self._arrays[0]))):
            next(self._orders)
        if self._transform is not None and hasattr(self._transform, "batch"):
            self._transform.batch = batch

    def shuffle(self) -> None:
        """Begin another epoch; Keras's own `on_epoch_begin` would also come once before the first, on some backends."""
        rounds = -(-len(self._order) // len(self._arrays[0]))
        self._order = np.concatenate([next(self._orders) for _ in range(rounds)])[: len(self._order)]


def shuffled_orders(number: int, seed: int) -> Iterator[np.ndarray]:
    """The order of the trials in each epoch, as their indices (trial,), shuffled anew by a seed."""
    rng, order = np.random.default_rng(seed), np.arange(number)
    while True:
        rng.shuffle(order)
        yield order.copy()
