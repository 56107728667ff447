"""What a model has learned, kept in its file: the names and checksums of its trials, and how they were divided."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from datasets.checksums import trial_checksum
from datasets.dataset import UNSEEN, Dataset
from neuron_models.foundation.errors import require
from neuron_models.foundation.splits import SPLITS
from surrogates.training.model_kind import ModelKind

ROLE = "learned"
"""In `extra` while a model is evaluated: how many of the trials that it learned are there, one of the four below."""
ALL, SOME, NONE, UNKNOWN = "all", "some", "none", "unknown"


@dataclass(frozen=True)
class LearnedTrial:
    """A trial as it was stored when a model learned it, or chose its epoch by it: name, split, and checksum."""

    name: str
    split: str
    checksum: str


@dataclass(frozen=True)
class Learned:
    """The trials that a model has learned, in their order, and how they were divided where their splits did not say.

    `chosen` says that frames were drawn from them by the `seed` with the settings `select`; `held_out` that blocks of
    the training trials chose the epoch.
    """

    trials: tuple[LearnedTrial, ...]
    seed: int = 0
    chosen: bool = False
    held_out: bool = False
    select: Mapping[str, Any] = field(default_factory=dict)

    @property
    def by_checksum(self) -> dict[str, LearnedTrial]:
        """The trials by what distinguishes them from all others."""
        return {trial.checksum: trial for trial in self.trials}


def learned_of(stored: Dataset, selected: Dataset, held_out: bool, seed: int, select: Mapping[str, Any]) -> Learned:
    """What is learned of a dataset.

    Args:
        stored: as its file has it.
        selected: what the kind of model chose of it.
        held_out: whether blocks of the training trials validate.
        seed: of the choice.
        select: the settings of the choice.
    """
    names = {trial.name for trial in selected}
    chosen = not names <= {trial.name for trial in stored}
    source = stored if chosen else selected
    trials = [trial for trial in source if trial.split in ("", "train", "validation")]
    kept = tuple(LearnedTrial(_line(trial.name), trial.split, trial_checksum(trial)) for trial in trials)
    return Learned(kept, seed, chosen, held_out, dict(select))


def _line(name: str) -> str:
    """A name as a line that a model file may hold."""
    return name if name.isprintable() else repr(name)


def learned_from(text: Any) -> Learned | None:
    """What a model file says that was learned, once it is known to be sound; None where it says nothing.

    Raises:
        InputError: it is not what `learned_of` gives.
    """
    if text is None:
        return None
    where = "what the model learned"
    require(isinstance(text, Mapping) and isinstance(text.get("trials"), list), f"{where} must be a table of trials")
    trials = []
    for each in text["trials"]:
        sound = isinstance(each, Mapping) and {"name", "split", "checksum"} == set(each)
        require(sound and all(isinstance(value, str) for value in each.values()), f"{where}: a trial is {each!r:.60}")
        require(each["name"].isprintable() and each["split"] in ("", *SPLITS), f"{where}: a trial is {each!r:.60}")
        require(
            bool(re.fullmatch(r"[0-9a-f]{64}", each["checksum"])), f"{where}: a checksum is {each['checksum']!r:.60}"
        )
        trials.append(LearnedTrial(**each))
    seed, flags = text.get("seed", 0), (text.get("chosen", False), text.get("held_out", False))
    select = text.get("select", {})
    require(type(seed) is int and all(type(each) is bool for each in flags), f"{where}: the choice is {text!r:.60}")
    require(isinstance(select, Mapping), f"{where}: the settings of the choice are {select!r:.60}")
    return Learned(tuple(trials), seed, flags[0], flags[1], dict(select))


def as_learned(kind: ModelKind, learned: Learned | None, dataset: Dataset) -> Dataset:
    """The dataset, prepared for a kind of model, with its trials in the parts that they were for the model.

    Trials that the model learned are in the part in which it learned them, whatever the file says now; the others are
    "test" where the file says so, if it holds learned trials too or nothing but a test, and else "unseen". Where
    nothing is known, the parts are the file's. `extra["learned"]` says how many of the learned trials are there.
    """
    if learned is None:
        prepared = kind.prepare(dataset)
        return replace(prepared, extra={**prepared.extra, ROLE: UNKNOWN})
    known = learned.by_checksum
    known_trials = {i: known[sum_] for i, sum_ in enumerate(map(trial_checksum, dataset)) if sum_ in known}
    role = (
        ALL if len({each.checksum for each in known_trials.values()}) == len(known) else SOME if known_trials else NONE
    )
    tested = "test" if known_trials or {trial.split for trial in dataset} == {"test"} else UNSEEN
    splits = [known_trials[i].split if i in known_trials else tested if trial.split == "test" else UNSEEN
              for i, trial in enumerate(dataset)]  # fmt: skip
    marked = dataset.with_split(splits)
    marked = _chosen_again(kind, learned, marked, known_trials) if learned.chosen and known_trials else marked
    prepared = kind.prepare(marked)
    if learned.held_out and known_trials and kind.hold_out is not None:
        prepared = kind.hold_out(prepared)
    return replace(prepared, extra={**prepared.extra, ROLE: role})


def _chosen_again(
    kind: ModelKind, learned: Learned, dataset: Dataset, known_trials: Mapping[int, LearnedTrial]
) -> Dataset:
    """The dataset with the frames that were drawn from its trials; without all of them, they are learned as a whole."""
    order = [trial.checksum for trial in learned.trials]
    indices = sorted(known_trials, key=lambda index: order.index(known_trials[index].checksum))
    if len(indices) < len(order):
        return dataset.with_split([("train" if i in known_trials else trial.split) for i, trial in enumerate(dataset)])
    others = tuple(trial for index, trial in enumerate(dataset) if index not in known_trials)
    again = kind.select(dataset.select(indices), learned.seed, **learned.select)
    return replace(again, trials=(*again.trials, *others))


def told_parts(learned: Learned | None, dataset: Dataset) -> str:
    """What a reader of scores has to know of their parts, in a line; empty where nothing is to be said.

    Args:
        learned: by the model; None where its file does not say.
        dataset: as it is stored.
    """
    if learned is None:
        return (
            "what the model learned is unknown (its file does not say, as those of version 0.1): the parts are those "
            "of the data's file, and the model may have learned any of them"
        )
    known, names = learned.by_checksum, {trial.name for trial in learned.trials}
    others = [trial.name for trial in dataset if trial_checksum(trial) not in known]
    text = []
    if len(others) == len(dataset):
        text.append("the model has learned none of these trials")
    elif learned.held_out:
        text.append("validation: blocks of the training trials that were held out while it learned")
    if same := [name for name in others if name in names]:
        few = ", ".join(same[:5]) + (", ..." if len(same) > 5 else "")
        text.append(f"{few}: named as trials that it learned, but their values are others")
    return "; ".join(text)
