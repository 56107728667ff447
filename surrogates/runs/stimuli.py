"""What the stimuli of a training were like, so that a model can say when its input is unlike them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from datasets.dataset import Dataset
from datasets.parts.splitting import require_training
from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Dimensionless
from surrogates.training.metrics import stimulus

MEMORIES = (0.0, 2.0, 8.0, 32.0, 128.0)
"""Time constants in samples of the filters through which a linear model sees each input; 0 is the input itself."""
MOST_INPUTS = 40
"""Of more inputs, leverage is not kept: its matrix would outgrow the model."""
_BEYOND = {"amplitude": 0.01, "band": 0.2, "leverage": 0.5}
"""How far above the training's largest a stimulus may be before the model reports it, as a share."""
_LEAST = 1e-9

Stimulus = Float[np.ndarray, "time input"]


@dataclass(frozen=True)
class TrainedStimuli:
    """The stimuli of a training, in the units of the inputs.

    Attributes:
        lowest: value of each input.
        highest: value of each input.
        quickest: the largest ratio, of a trial, of the change from sample to sample to the size (root mean squares).
        root: of the inverse of the mean Gram matrix of the filtered inputs, (feature, feature); empty for very many
            inputs.
        leverage: the largest that a training trial has when the others alone are the training; 0 of a single trial.
    """

    lowest: tuple[float, ...]
    highest: tuple[float, ...]
    quickest: tuple[float, ...]
    root: tuple[tuple[float, ...], ...]
    leverage: Dimensionless

    def leverage_of(self, x: Stimulus) -> float:
        """The (dimensionless) mean leverage of a stimulus: the number of features for a typical one of the training."""
        if not self.root:
            return 0.0
        seen = filtered(x) @ np.array(self.root)
        return float((seen**2).sum(1).mean())

    def unlike(self, x: Stimulus, names: Sequence[str], units: str) -> list[str]:
        """In words, in what a stimulus is unlike those of the training; empty where it is like them."""
        x, text = np.asarray(x, float), []
        low, high = np.array(self.lowest), np.array(self.highest)
        room = _BEYOND["amplitude"] * np.maximum(high - low, _LEAST)
        for column in np.flatnonzero((x.max(0) > high + room) | (x.min(0) < low - room)):
            far = x[:, column].max() if x[:, column].max() > high[column] + room[column] else x[:, column].min()
            range_ = f"{low[column]:.3g} to {high[column]:.3g}"
            text.append(f"input {names[column]} is {far:.3g} {units}".rstrip() + f", in training {range_}")
        quick = _quickness(x)
        for column in np.flatnonzero(quick > (1 + _BEYOND["band"]) * np.array(self.quickest)):
            text.append(f"input {names[column]} changes faster than in training")
        if self.leverage > 0 and (here := self.leverage_of(x)) > (1 + _BEYOND["leverage"]) * self.leverage:
            text.append(f"its leverage is {here / self.leverage:.3g} times the largest of training")
        return text


def trained_stimuli(dataset: Dataset) -> TrainedStimuli:
    """What the training trials of a dataset were driven by; they need not be of one length.

    Raises:
        InputError: no trial trains.
    """
    require_training(dataset)
    trials = [np.asarray(stimulus(trial), float) for trial in dataset.by_split()["train"]]
    grams = [_gram(each) for each in trials] if trials[0].shape[1] <= MOST_INPUTS else []
    lengths = np.array([len(each) for each in trials], float)
    total = sum(gram * share for gram, share in zip(grams, lengths / lengths.sum(), strict=True)) if grams else None
    leverages = [0.0]
    for index, gram in enumerate(grams if len(grams) > 1 else []):
        rest = np.delete(lengths, index)
        others = sum(g * n for g, n in zip([*grams[:index], *grams[index + 1 :]], rest / rest.sum(), strict=True))
        leverages.append(float(np.trace(_inverse_root(others).T @ gram @ _inverse_root(others))))
    root = () if total is None else tuple(tuple(map(float, row)) for row in _inverse_root(total))
    every = np.concatenate(trials)
    quickest = np.max([_quickness(each) for each in trials], axis=0)
    low, high, quick = (tuple(map(float, each)) for each in (every.min(0), every.max(0), quickest))
    return TrainedStimuli(low, high, quick, root, max(leverages))


def filtered(x: Stimulus) -> Float[np.ndarray, "time feature"]:
    """What a linear model sees of a stimulus: each input, in its units, through each of the filters of `MEMORIES`."""
    from scipy.signal import lfilter

    kept = [0.0 if memory == 0 else math.exp(-1 / memory) for memory in MEMORIES]
    return np.concatenate([lfilter([1 - each], [1, -each], np.asarray(x, float), axis=0) for each in kept], axis=1)


def _gram(x: Stimulus) -> Float[np.ndarray, "feature feature"]:
    seen = filtered(x)
    return seen.T @ seen / len(seen)


def _inverse_root(gram: Float[np.ndarray, "feature feature"]) -> Float[np.ndarray, "feature feature"]:
    """A root of the inverse: directions that the training never drove count as nearly never."""
    values, vectors = np.linalg.eigh(gram)
    return vectors / np.sqrt(np.maximum(values, 1e-6 * max(float(values[-1]), _LEAST)))


def _quickness(x: Stimulus) -> Float[np.ndarray, " input"]:
    size = np.sqrt((x**2).mean(0))
    change = np.sqrt((np.diff(x, axis=0) ** 2).mean(0)) if len(x) > 1 else np.zeros_like(size)
    return np.divide(change, size, out=np.zeros_like(size), where=size > _LEAST)


def stimuli_from(text: Any, inputs: int) -> TrainedStimuli | None:
    """What a model file says of the stimuli of its training, once it is known to be sound; None where it says nothing.

    Raises:
        InputError: it says something else than `trained_stimuli` gives.
    """
    if text is None:
        return None
    where, names = "the stimuli that the model learned", {"lowest", "highest", "quickest", "root", "leverage"}
    require(isinstance(text, dict) and set(text) == names, f"{where}: {text!r:.60}")
    rows = [text["lowest"], text["highest"], text["quickest"]]
    require(all(isinstance(row, list) and len(row) == inputs for row in rows), f"{where} are of other inputs")
    root, features = text["root"], inputs * len(MEMORIES)
    square = isinstance(root, list) and len(root) in (0, features)
    square = square and all(isinstance(row, list) and len(row) == features for row in root)
    require(square, f"{where}: the Gram matrix has another size")
    numbers = [text["leverage"], *(n for row in (*rows, *root) for n in row)]
    sound = all(isinstance(n, int | float) and not isinstance(n, bool) and math.isfinite(n) for n in numbers)
    require(sound, f"{where} hold something else than numbers")
    low, high, quick = (tuple(map(float, row)) for row in rows)
    return TrainedStimuli(low, high, quick, tuple(tuple(map(float, row)) for row in root), float(text["leverage"]))
