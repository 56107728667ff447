"""What is attributed: the trials of a split, the groups of inputs, and what replaces an input that is taken away."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from datasets.dataset import Dataset
from neuron_models.foundation.errors import InputError, require, require_seed
from neuron_models.foundation.progress import progress_bar
from neuron_models.foundation.splits import SPLITS
from surrogates.importance.groups import Groups, members_matrix, parse_groups
from surrogates.importance.table import Importance, pool_effects
from surrogates.runs.model_file import ModelSignature
from surrogates.training.metrics import require_fitting, stimulus


@dataclass(frozen=True, eq=False)
class TrialPair:
    """One trial: its stimulus, the stimulus that stands in where inputs are taken away, and which samples count."""

    x: Float[np.ndarray, "time input"]
    absent: Float[np.ndarray, "time input"]
    counts: Bool[np.ndarray, " time"]

    def without(self, gone: Bool[np.ndarray, "variant input"]) -> Float[np.ndarray, "variant time input"]:
        """The stimulus, in the units of the dataset, with the inputs of each variant taken away.

        `gone` is the mask of these inputs.
        """
        return np.where(gone[:, None, :], self.absent, self.x)


@dataclass(frozen=True, eq=False)
class AttributionProblem:
    """The question that a method answers.

    `whole` is the dataset with all its splits, `dataset` the trials that are looked at, `pairs` the same as a model
    sees them. `seed` draws the other trials of the baseline `trial`, and what a
    method draws.
    """

    whole: Dataset
    dataset: Dataset
    groups: Groups
    members: Bool[np.ndarray, "group input"]
    pairs: tuple[TrialPair, ...]
    baseline: str
    split: str
    seed: int

    def each_case(self, method: str) -> Iterator[TrialPair]:
        """The cases one after another, under a progress bar."""
        with progress_bar(len(self.pairs), "trial") as bar:
            bar.set_description(method, refresh=False)
            for case in self.pairs:
                yield case
                bar.update()

    def about(self, **more: Any) -> dict[str, Any]:
        """What decides the numbers, for the record."""
        groups = {name: list(members) for name, members in self.groups.items()}
        return {"data": self.dataset.name, "split": self.split, "groups": groups, "seed": self.seed, **more}

    def table(
        self,
        method: str,
        effects: Iterable[np.ndarray],
        units: str,
        *,
        pooling: str = "rms",
        time_axis: str = "response",
        standard_error: Float[np.ndarray, "group output"] | None = None,
        about: Mapping[str, Any] | None = None,
    ) -> Importance:
        """Pool effects in the units of the outputs, an array (time, group, output) for each case, into a table.

        Effects and `standard_error` are in `units`.
        """
        values, by_trial, over_time = pool_effects(effects, [case.counts for case in self.pairs], pooling)
        return Importance(
            method,
            tuple(self.groups),
            self.dataset.y_names,
            units,
            values,
            tuple(trial.name for trial in self.dataset),
            by_trial,
            pooling,
            over_time,
            time_axis,
            self.dataset.dt,
            standard_error,
            dict(about or self.about()),
        )


def question_for(
    model: Any,
    channels: ModelSignature | None,
    dataset: Dataset,
    *,
    groups: Groups | str = "",
    baseline: str = "zero",
    split: str = "test",
    seed: int = 0,
) -> AttributionProblem:
    """Make a question to ask of a model, and check that it can be answered.

    Args:
        model: a Keras model.
        channels: what it was trained on, where its file says so.
        dataset: all trials, with the model's inputs and outputs.
        groups: inputs that go together, as text or as `parse_groups` gives them.
        baseline: see `prepare_attribution`.
        split: see `prepare_attribution`.
        seed: see `AttributionProblem`.

    Raises:
        InputError: data without outputs, a model of other channels, groups that are none, or what
            `prepare_attribution` raises.
    """
    require(len(dataset.y_names) > 0, f"dataset {dataset.name!r} has no outputs")
    if channels is not None:
        channels.require_same(dataset)
    require_fitting(model, dataset)
    together = parse_groups(groups, dataset.x_names) if isinstance(groups, str) else groups
    return prepare_attribution(dataset, together, baseline=baseline, split=split, seed=seed)


def prepare_attribution(
    dataset: Dataset, groups: Groups, *, baseline: str = "zero", split: str = "test", seed: int = 0
) -> AttributionProblem:
    """Choose the trials of a split and what stands in for an input there.

    Args:
        dataset: all trials.
        groups: as `parse_groups` gives them.
        baseline: one of `BASELINES`.
        split: train, validation, test, or all trials with `all`.
        seed: see `AttributionProblem`.

    Raises:
        InputError: an unknown baseline or split, no trial in the split, or too few for the baseline.
    """
    require(baseline in BASELINES, f"--baseline must be one of {', '.join(BASELINES)}, got {baseline!r}")
    require(split in (*SPLITS, "all"), f"--split must be one of {', '.join(SPLITS)} or all, got {split!r}")
    require_seed(seed, "the seed")
    parts = {**dataset.by_split(), "all": dataset}
    if split not in parts:
        there = ", ".join(parts)
        raise InputError(f"dataset {dataset.name!r} has no trial in the split {split!r}; it has trials in {there}")
    chosen = parts[split]
    x = [stimulus(trial) for trial in chosen]
    absent = BASELINES[baseline](dataset, x, seed)
    pairs = tuple(TrialPair(one, other, trial.valid()) for one, other, trial in zip(x, absent, chosen, strict=True))
    return AttributionProblem(
        dataset, chosen, groups, members_matrix(groups, dataset.x_names), pairs, baseline, split, seed
    )


def _zero(_: Dataset, x: Sequence[np.ndarray], __: int) -> list[np.ndarray]:
    return [np.zeros_like(each) for each in x]


def _mean(dataset: Dataset, x: Sequence[np.ndarray], _: int) -> list[np.ndarray]:
    learned = dataset.by_split().get("train", dataset)
    level = np.concatenate([stimulus(trial)[trial.valid()] for trial in learned]).mean(0, dtype=float)
    return [np.broadcast_to(level.astype(np.float32), each.shape).copy() for each in x]


def _trial(_: Dataset, x: Sequence[np.ndarray], seed: int) -> list[np.ndarray]:
    drawn = np.random.default_rng((seed, 0, 1))  # permutation draws from (seed, repeat): another stream
    return [fitted(x[other], len(each)) for each, other in zip(x, another(len(x), drawn), strict=True)]


BASELINES: dict[str, Callable[[Dataset, Sequence[np.ndarray], int], list[np.ndarray]]] = {
    "zero": _zero,
    "mean": _mean,
    "trial": _trial,
}
"""What stands in for an input: no current, its mean over the training trials, or its waveform in another trial."""


def another(number: int, drawn: np.random.Generator) -> Int[np.ndarray, " trial"]:
    """Draw for each of some trials the index of another one: a random order in which each is followed by the next.

    Raises:
        InputError: there is one trial only.
    """
    require(number >= 2, f"the waveforms of another trial need at least 2 trials in the split, got {number}")
    order = drawn.permutation(number)
    partner = np.empty(number, dtype=int)
    partner[order] = np.roll(order, 1)
    return partner


def fitted(x: Float[np.ndarray, "time input"], samples: int) -> Float[np.ndarray, "samples input"]:
    """A stimulus, in the units of the dataset, cut or filled up with zeros to a number of samples."""
    return np.pad(x[:samples], ((0, max(0, samples - len(x))), (0, 0)))
