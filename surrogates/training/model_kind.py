"""A kind of model: its builder, its settings, and how it is fitted to a dataset."""

import inspect
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from datasets.dataset import Dataset, Task, classes_of
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.units import Dimensionless
from neuron_models.foundation.workers import one_thread
from surrogates.training.compile_time import compile_time
from surrogates.training.configuration import REGRESSION, Objective, Training, TrainingConfig, Transform
from surrogates.training.selection import parameter_grid, select_on_validation
from surrogates.training.trainer import train

Trainer = Callable[[Any, Dataset, TrainingConfig, Objective, bool], Training]
"""Trains a model in place, by gradient."""
Solver = Callable[[Dataset], Callable[[Any], None]]
"""Gives the function that fits a model in place; what is the same for all settings is done once."""

TASKS: Mapping[str, str] = {
    "regression": "regression",
    "classification": "classification",
    "next_step": "predicting the next step",
    "keypoints": "finding key points",
    "detection": "finding where something is",
}
"""What datasets are for, in words."""


def as_stored(dataset: Dataset) -> Dataset:
    """The dataset as it is."""
    return dataset


def whole(dataset: Dataset, seed: int) -> Dataset:
    """The whole dataset, whatever the seed."""
    return dataset


class Evaluation(ABC):
    """How well a model does on a dataset: what is kept, printed and drawn of it."""

    figure_file: ClassVar[str]
    """The name of the figure in the folder of a training."""

    @abstractmethod
    def record(self) -> dict[str, Any]:
        """What `scores.json` says of it: the scores, and what else the topic has to say."""

    @abstractmethod
    def print_scores(self) -> None:
        """Print the scores as tables."""

    @abstractmethod
    def plot(self) -> Any:
        """Draw predicted beside true values, as a figure of matplotlib."""

    def details(self) -> dict[str, Any]:
        """What a model's file keeps of it beside the details of the data, as JSON has it."""
        return {}

    def warnings(self) -> list[str]:
        """Lines to print beside the scores; empty where there is nothing to add."""
        return []

    def doubt(self, training: Training) -> str:
        """What is suspicious about a training whose loss stayed finite; empty when nothing is."""
        return ""


@dataclass(frozen=True)
class ModelKind:
    """A kind of model.

    Attributes:
        build: makes the Keras model from the numbers of inputs and outputs; its keywords are the settings.
        learning_rate: the optimizer's, when none is given.
        objective: what it is trained for.
        train: trains it by gradient; as it is, when not set otherwise.
        solve: fits it in closed form, instead of `train`.
        refine: trains what was solved further, as `train` does, where `polish` asks for it.
        chosen: candidates for the settings that are chosen on the validation trials when they are not given.
        task: what its datasets are for: `regression`, `classification`, `next_step`, `keypoints` or `detection`.
        prepare: makes what it sees of a dataset as it is stored.
        from_data: keywords of the builder that the dataset decides, and how.
        fixed: keywords of the builder that make this kind another than those with the same builder.
        training_defaults: settings of training, beside the learning rate, when none are given.
        presets: numbers of epochs by name.
        select: what of a dataset is learned from: takes the dataset, the seed and the settings of `select_settings`.
        select_settings: the settings of `select`, with their defaults.
        transform: makes what changes its training batches, of the dataset and the settings of `batch_settings`.
        batch_settings: the settings of `transform`, with their defaults.
        evaluate: scores a model on a dataset that is prepared; takes model, kind, dataset and the model's signature.
        hold_out: takes a prepared dataset without validation trials and holds blocks of its training trials out as
            these; such datasets may come undivided, and all of their trials are learned then.
        require_trainable: raises an `InputError` where a prepared dataset cannot teach what it asks.
        plot_history: draws the history of a training, where its losses by epoch are not enough.
        fit_windows: gives the weights of a classifier that is solved at once, from windows and their classes.
        recorded: whether its model files hold its name though its task is regression, since its inputs are no stimuli.
        source: where it was published.
        name: its key in the table of models.
    """

    build: Callable[..., Any]
    learning_rate: Dimensionless = 0.05
    objective: Objective = REGRESSION
    train: Trainer = train
    solve: Solver | None = None
    refine: Trainer | None = None
    chosen: Mapping[str, Sequence[int]] = field(default_factory=dict)
    task: Task = "regression"
    prepare: Callable[[Dataset], Dataset] = as_stored
    from_data: Mapping[str, Callable[[Dataset], Any]] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    training_defaults: Mapping[str, float] = field(default_factory=dict)
    presets: Mapping[str, int] = field(default_factory=dict)
    select: Callable[..., Dataset] = whole
    select_settings: Mapping[str, Any] = field(default_factory=dict)
    transform: Callable[..., Transform] | None = None
    batch_settings: Mapping[str, Any] = field(default_factory=dict)
    evaluate: Callable[..., Evaluation] | None = None
    hold_out: Callable[[Dataset], Dataset] | None = None
    require_trainable: Callable[[Any, Dataset], None] | None = None
    plot_history: Callable[[Mapping[str, Sequence[float]]], Any] | None = None
    fit_windows: Callable[..., list[Any]] | None = None
    recorded: bool = False
    source: str = ""
    name: str = ""

    @property
    def judged_freely(self) -> bool:
        """Whether the loss by epoch is that of the free run, and not of one sample predicted from recorded ones."""
        return self.train is train

    @property
    def recorded_name(self) -> str:
        """The name that its model files hold; models of responses need none, since all are evaluated alike."""
        return "" if self.task == "regression" and not self.recorded else self.name

    @property
    def closed_form(self) -> bool:
        """Whether it is solved at once: no epochs, no learning rate, the same for every seed."""
        return self.solve is not None

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that the builder takes, with their defaults: None for those that are chosen."""
        parameters = inspect.signature(self.build).parameters.values()
        own = [p for p in parameters if p.kind is p.KEYWORD_ONLY and p.name not in {**self.from_data, **self.fixed}]
        return {p.name: None if p.name in self.chosen else p.default for p in own}

    @property
    def all_settings(self) -> dict[str, Any]:
        """The settings of the builder but for the seed, and those of the choice of data and of the batches."""
        own = {name: value for name, value in self.settings.items() if name != "seed"}
        return {**own, **self.select_settings, **self.batch_settings}

    def objective_for(self, dataset: Dataset, settings: Mapping[str, Any]) -> Objective:
        """What it is trained for, with the transform that the dataset and the settings of batches decide."""
        if self.transform is None:
            return self.objective
        changed = {name: value for name, value in settings.items() if name in self.batch_settings}
        return replace(self.objective, transform=self.transform(dataset, **changed))

    def require_task(self, dataset: Dataset) -> None:
        """Check that a dataset is for what this kind of model does.

        Raises:
            InputError: it is for another task; the message says how to list the models that there are for it.
        """
        if dataset.task not in {self.task, "regression"} or (self.task == "keypoints" and dataset.task != "keypoints"):
            raise InputError(
                f"dataset {dataset.name!r} is for {TASKS[dataset.task]}, which model {self.name} does not do: "
                f"`wormtwin models --task {dataset.task}` lists those that do"
            )

    def for_data(self, dataset: Dataset, **settings: Any) -> Any:
        """Build the model for a dataset that is prepared.

        Raises:
            InputError: a setting is out of range, or the dataset is for another task.
        """
        outputs = len(classes_of(dataset)) if self.task == "classification" else len(dataset.y_names)
        read = {name: read_from(dataset) for name, read_from in self.from_data.items()}
        return self.build(len(dataset.x_names), outputs, **read, **self.fixed, **settings)


def model_table(kinds: Mapping[str, ModelKind]) -> dict[str, ModelKind]:
    """A topic's table of models, each of which knows its name."""
    return {name: replace(kind, name=name) for name, kind in kinds.items()}


def look_up(name: str, table: Mapping[str, ModelKind]) -> ModelKind:
    """The model of this name.

    Raises:
        InputError: there is no such model; the message lists those that there are.
    """
    if name not in table:
        raise InputError(f"there is no model {name!r}; there are {', '.join(table)}")
    return table[name]


def full_names(given: Sequence[str], known: Mapping[str, ModelKind], prefix: str, what: str) -> tuple[str, ...]:
    """Names of models of one table, given with or without the prefix that all of them share; all when none are given.

    Raises:
        InputError: there is no such model, or one is named twice.
    """
    names = [name if name in known else f"{prefix}{name}" for name in given] or list(known)
    for name, short in zip(names, given, strict=False):
        if name not in known:
            there = ", ".join(each.removeprefix(prefix) for each in known)
            raise InputError(f"there is no model of {what} {short!r}; there are {there}")
    require(len(set(names)) == len(names), "a model is named twice")
    return tuple(names)


def complete_settings(kind: ModelKind, settings: Mapping[str, Any]) -> dict[str, Any]:
    """All settings of a model, with its defaults for those not given; the seed is none of them.

    A setting that is to be chosen on the validation trials is None.

    Raises:
        InputError: a setting that it does not have.
    """
    known = kind.all_settings
    strange = sorted(set(settings) - set(known))
    if strange:
        raise InputError(f"model {kind.name} has no setting {strange[0]!r}; it has {', '.join(known)}")
    return {**known, **settings}


def fit_model(
    kind: ModelKind, dataset: Dataset, config: TrainingConfig, settings: Mapping[str, Any], progress: bool = True
) -> tuple[Any, Training]:
    """Build a model for a dataset and fit it.

    Args:
        kind: what is built.
        dataset: prepared for this kind; gives the numbers of inputs and outputs, and what is learned.
        config: epochs, batch size, learning rate, seed (a model in closed form needs none of them).
        settings: such as `units` or `lags`; for those not given the defaults, or what the validation trials choose.
        progress: show a bar.

    Returns:
        The model, and how its training went, with the settings that it has; the seconds include the choice, but not
        what compilers took.

    Raises:
        InputError: a setting that it does not have, or a dataset for another task.
        FloatingPointError: the loss, or every candidate's free run, was not finite.
    """
    started = time.perf_counter()
    kind.require_task(dataset)
    candidates = list(parameter_grid(complete_settings(kind, settings), kind.chosen))
    with compile_time() as compiling:
        fit = _fitter(kind, dataset, config, progress)
        (model, training), chosen = select_on_validation(fit, dataset, candidates)
    seconds = time.perf_counter() - started - compiling.seconds
    return model, replace(training, settings=dict(chosen), seconds=seconds, compile_seconds=compiling.seconds)


def _fitter(
    kind: ModelKind, dataset: Dataset, config: TrainingConfig, progress: bool
) -> Callable[[Mapping[str, Any]], tuple[Any, Training]]:
    """The function that builds a model with given settings and fits it."""
    seed = {"seed": config.seed} if "seed" in kind.settings else {}
    with one_thread():
        solve = kind.solve(dataset) if kind.solve is not None else None

    def fit(settings: Mapping[str, Any]) -> tuple[Any, Training]:
        own = {name: value for name, value in settings.items() if name in kind.settings}
        model = kind.for_data(dataset, **own, **seed)
        if solve is None:
            return model, kind.train(model, dataset, config, kind.objective_for(dataset, settings), progress)
        with one_thread():
            solve(model)
        if config.polish and kind.refine is not None:
            return model, kind.refine(model, dataset, config, kind.objective, progress)
        return model, Training({}, 0, 0.0, engine="closed form")

    return fit
