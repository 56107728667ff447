"""Behaviour states of datasets: classes made of them by a rule, and the share of each class."""

from dataclasses import replace

import numpy as np

from datasets.calcium.state_rules import StateRule, state_rule
from datasets.dataset import Dataset, Trial
from neuron_models.foundation.errors import InputError, require


def apply_rule(dataset: Dataset, rule: StateRule | str) -> Dataset:
    """The dataset with classes for states: y (time, 1) counts into `extra["classes"]`.

    Frames of a state that the rule does not name get weight 0 and class 0; frames that had weight 0 keep it.

    Raises:
        InputError: the dataset has no states or already has had a rule, or a class has no state of the data.
    """
    rule = state_rule(rule) if isinstance(rule, str) else rule
    states = dataset.extra.get("states")
    require(bool(states), f"dataset {dataset.name!r} has no behaviour states: no rule can be applied")
    require("rule" not in dataset.extra, f"dataset {dataset.name!r} already has the rule {dataset.extra.get('rule')!r}")
    for name, members in rule.classes.items():
        if not set(members) & set(states or ()):
            raise InputError(
                f"state rule {rule.name!r}: the class {name!r} ({', '.join(members)}) has no state of "
                f"dataset {dataset.name!r}, which has {', '.join(states or ())}"
            )
    owner = {state: index for index, members in enumerate(rule.classes.values()) for state in members}
    table = np.array([owner.get(state, -1) for state in states or ()])
    trials = []
    for trial in dataset:
        label = table[np.asarray(trial.y[:])[:, 0]]  # type: ignore[index]
        weight = np.ones(len(trial)) if trial.weight is None else np.asarray(trial.weight[:], dtype=float)
        trials.append(replace(trial, y=np.maximum(label, 0)[:, None], weight=weight * (label >= 0)))
    extra = {**dataset.extra, "classes": list(rule.classes), "rule": rule.name}
    return replace(dataset, trials=tuple(trials), extra=extra)


def class_shares(dataset: Dataset, trial: Trial) -> list[float]:
    """The share of each class of `extra["classes"]` among the frames of a trial that count; empty without states."""
    if trial.y is None:
        return []
    labels = np.asarray(trial.y[:])[trial.valid(), 0]
    return (np.bincount(labels, minlength=len(dataset.extra["classes"])) / max(1, len(labels))).tolist()
