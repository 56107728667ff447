"""The description of an experiment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from neuron_models.foundation.errors import require
from neuron_models.foundation.splits import SPLITS
from neuron_models.foundation.units import DataUnits, Milliseconds

INPUT_GROUPS = {"AVB": ("AVBL", "AVBR"), "PLM": ("PLML", "PLMR")}
"""Inputs that are left out together, by the name of their class of neurons."""

_NETWORKS = ("rnn", "lstm", "gru")
_WORDS = ("linear", "state_space", "derived")
"""Models whose names are words; the others are written in capitals."""
USUAL_SAMPLING: Milliseconds = 0.5
"""The sampling that needs no word."""


@dataclass(frozen=True)
class Entry:
    """A model of an experiment, its settings, and what it learns.

    `published` holds the published RMSE (V) of those splits of which there is one. `sampling` is that of the data;
    `without` names the groups of inputs (of `INPUT_GROUPS`) that the model does not see; `most_runs` limits the seeds
    of a protocol. `training` holds steps of training, by the names of `TrainingConfig`, that are not the published
    recipe's: such a row is called "well".
    """

    model: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    published: Mapping[str, DataUnits] = field(default_factory=dict)
    sampling: Milliseconds = USUAL_SAMPLING
    without: tuple[str, ...] = ()
    most_runs: int = 100
    training: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for what, names, known in (("split", self.published, SPLITS), ("group of inputs", self.without, INPUT_GROUPS)):
            strange = [name for name in names if name not in known]
            require(not strange, f"{self.model}: there is no {what} {strange}; there are {', '.join(known)}")

    @property
    def model_label(self) -> str:
        """The model and its settings alone, such as GRU-8 or linear."""
        name = self.model.replace("_", "-") if self.model in _WORDS else self.model.upper()
        return "-".join([name, *(str(value) for value in self.settings.values())]) + (" well" if self.training else "")

    @property
    def series(self) -> str:
        """What figures draw as one line or one kind of marker."""
        return f"{self.model} well" if self.training else self.model

    @property
    def kind(self) -> str:
        """Its name in the table of models; a derived model is a state space."""
        return "state_space" if self.model == "derived" else self.model

    @property
    def label(self) -> str:
        """The model, and its data where they are not the usual ones: GRU-8, GRU-8 0.1 ms, GRU-8 without AVB."""
        sampling = "" if self.sampling == USUAL_SAMPLING else f" {self.sampling:g} ms"
        return f"{self.model_label}{sampling}" + "".join(f" without {name}" for name in self.without)

    @property
    def baseline(self) -> bool:
        """Whether this is not one of the paper's networks but something to compare them with."""
        return self.model not in _NETWORKS

    @property
    def unseen_inputs(self) -> tuple[str, ...]:
        """The inputs that the model does not see."""
        return members(self.without)


def members(groups: Sequence[str]) -> tuple[str, ...]:
    """The inputs of some groups of `INPUT_GROUPS`."""
    return tuple(name for group in groups for name in INPUT_GROUPS[group])


@dataclass(frozen=True)
class Experiment:
    """What is trained on a scenario; `note` says more of its data, where they are not the paper's.

    `floors` holds by sampling what the network loses on the test trials when it is linearised about rest.
    """

    name: str
    title: str
    scenario: str
    entries: tuple[Entry, ...]
    note: str = ""
    floors: Mapping[float, DataUnits] = field(default_factory=dict)


@dataclass(frozen=True)
class Protocol:
    """How often and how long each model is trained."""

    runs: int = 10
    epochs: int = 1000

    def __post_init__(self) -> None:
        for name in ("runs", "epochs"):
            require(getattr(self, name) >= 1, f"{name} must be >= 1, got {getattr(self, name)}")


def with_baselines(experiment: Experiment, baselines: Sequence[Entry]) -> Experiment:
    """The experiment with every baseline added for each sampling and each set of inputs that its entries learn."""
    kinds = dict.fromkeys((entry.sampling, entry.without) for entry in experiment.entries)
    added = (replace(each, sampling=sampling, without=without) for sampling, without in kinds for each in baselines)
    return replace(experiment, entries=(*experiment.entries, *added))


def with_derived(experiment: Experiment, orders: Sequence[int]) -> Experiment:
    """The experiment with models derived from the network's matrices, for each sampling where all inputs are seen."""
    samplings = dict.fromkeys(entry.sampling for entry in experiment.entries if not entry.without)
    added = (Entry("derived", {"order": order}, sampling=sampling) for sampling in samplings for order in orders)
    return replace(experiment, entries=(*experiment.entries, *added))


def with_trained_well(experiment: Experiment, training: Mapping[str, Any]) -> Experiment:
    """The experiment with its gated networks of eight units once more, trained in other steps (five seeds at most)."""
    small = [e for e in experiment.entries if e.model in ("gru", "lstm") and e.settings == {"units": 8}]
    added = (replace(e, published={}, training=training, most_runs=5) for e in small if not e.without)
    return replace(experiment, entries=(*experiment.entries, *added))
