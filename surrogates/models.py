"""Every model by name: its builder, its settings, how it is fitted."""

import inspect
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from datasets.dataset import Dataset, Task
from neuron_models.errors import InputError, require
from neuron_models.units import Dimensionless
from surrogates.calcium.baselines import fit_logistic, fit_svm, logistic, solver, svm
from surrogates.calcium.networks import alternative, connectome_network, graph_network, mlp, recurrent
from surrogates.calcium.trajectories import forecastable
from surrogates.calcium.trajectory_linear import nothing_to_solve
from surrogates.calcium.trajectory_linear import solver as linear_solver
from surrogates.calcium.trajectory_networks import (
    autoregression,
    persistence,
    trajectory_connectome,
    trajectory_graph,
    trajectory_mlp,
    trajectory_recurrent,
)
from surrogates.calcium.trajectory_training import BATCH_SIZE, EPOCHS, LEARNING_RATE, OBJECTIVE, train_forecasts
from surrogates.calcium.windows import arrays, arrays_with_correlations, classes_of, featured, neurons_of
from surrogates.choosing import choose, every_choice
from surrogates.linear import fit_linear, linear
from surrogates.narx import narx, train_open_loop
from surrogates.pose.augmentation import augment
from surrogates.pose.inputs import labelled_frames, padded_size
from surrogates.pose.maps import MapEntropy, MapError, MapLoss, PixelError
from surrogates.pose.networks import hourglass, leap_cnn, pose_small
from surrogates.posture.learning import BY_FRAME, train_on_pieces, train_on_windows
from surrogates.posture.networks import posture_lstm, posture_lstm_paper
from surrogates.posture.stretches import stretches
from surrogates.recurrent import gru, lstm, rnn
from surrogates.state_space import fit_state_space, state_space
from surrogates.tdnn import tdnn
from surrogates.training import REGRESSION, Objective, Plateau, Training, TrainingConfig, Transform, train
from surrogates.whole import Stopping

Trainer = Callable[[Any, Dataset, TrainingConfig, Objective, bool], Training]
"""Trains a model in place, by gradient."""
Solver = Callable[[Dataset], Callable[[Any], None]]
"""Gives the function that fits a model in place; what is the same for all settings is done once."""

RESPONSES = "surrogates.response_commands"
"""The commands of models of responses to stimuli, whose files do not name them."""


def as_stored(dataset: Dataset) -> Dataset:
    """The dataset as it is."""
    return dataset


@dataclass(frozen=True)
class ModelKind:
    """A kind of model.

    Attributes:
        build: makes the Keras model from the numbers of inputs and outputs; its keywords are the settings.
        learning_rate: the optimizer's, when none is given.
        objective: what it is trained for.
        train: trains it by gradient; as it is, when not told otherwise.
        solve: fits it in closed form, instead of `train`.
        chosen: candidates for the settings that are chosen on the validation trials when they are not given.
        task: what its datasets are for: `regression`, `classification`, `next_step` or `keypoints`.
        prepare: makes what it sees of a dataset as it is stored.
        from_data: keywords of the builder that the dataset decides, and how.
        fixed: keywords of the builder that make this kind another than those with the same builder.
        effort: settings of training, beside the learning rate, when none are given.
        presets: numbers of epochs by name.
        transform: makes what changes its training batches, of the dataset.
        fit_windows: gives the weights of a classifier that is solved at once, from windows and their classes.
        commands: the module whose `train` and `evaluate` do what the commands of these names say.
    """

    build: Callable[..., Any]
    learning_rate: Dimensionless = 0.05
    objective: Objective = REGRESSION
    train: Trainer = train
    solve: Solver | None = None
    chosen: Mapping[str, Sequence[int]] = field(default_factory=dict)
    task: Task = "regression"
    prepare: Callable[[Dataset], Dataset] = as_stored
    from_data: Mapping[str, Callable[[Dataset], Any]] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    effort: Mapping[str, int] = field(default_factory=dict)
    presets: Mapping[str, int] = field(default_factory=dict)
    transform: Callable[[Dataset], Transform] | None = None
    fit_windows: Callable[..., list[Any]] | None = None
    commands: str = RESPONSES

    @property
    def judged_freely(self) -> bool:
        """Whether the loss by epoch is that of the free run, and not of one sample predicted from recorded ones."""
        return self.train is train

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

    def objective_for(self, dataset: Dataset) -> Objective:
        """What it is trained for, with the transform that the dataset decides."""
        return self.objective if self.transform is None else replace(self.objective, transform=self.transform(dataset))

    def for_data(self, dataset: Dataset, **settings: Any) -> Any:
        """Build the model for a dataset that is prepared.

        Raises:
            InputError: a setting is out of range, or the dataset is for another task.
        """
        outputs = len(classes_of(dataset)) if self.task == "classification" else len(dataset.y_names)
        read = {name: read_from(dataset) for name, read_from in self.from_data.items()}
        return self.build(len(dataset.x_names), outputs, **read, **self.fixed, **settings)


def _states(build: Callable[..., Any], *, static: bool = False, **fixed: Any) -> ModelKind:
    """A network that tells behaviour states from windows of calcium traces."""
    known = inspect.signature(build).parameters
    return ModelKind(
        build,
        learning_rate=0.001,
        objective=Objective("sparse_categorical_crossentropy", arrays=arrays_with_correlations if static else arrays),
        task="classification",
        prepare=featured,
        from_data={"neurons": neurons_of} if "neurons" in known else {},
        fixed=fixed,
        commands="surrogates.calcium.state_commands",
    )


STATE_MODELS: dict[str, ModelKind] = {
    "calcium_logistic": replace(_states(logistic), solve=solver(fit_logistic), fit_windows=fit_logistic),
    "calcium_svm": replace(_states(svm), solve=solver(fit_svm), fit_windows=fit_svm),
    "calcium_mlp": _states(mlp),
    "calcium_gnn": _states(graph_network, edges="step"),
    "calcium_gnn_static": _states(graph_network, edges="static", static=True),
    "calcium_gnn_one_hot": _states(graph_network, edges="one_hot"),
    "calcium_gin": _states(alternative, layer="gin"),
    "calcium_sage": _states(alternative, layer="sage"),
    "calcium_gat": _states(alternative, layer="gat"),
    "calcium_attention": _states(alternative, layer="attention"),
    "calcium_connectome": _states(connectome_network, contacts="both", shuffle=False),
    "calcium_chemical": _states(connectome_network, contacts="chemical", shuffle=False),
    "calcium_gap": _states(connectome_network, contacts="gap", shuffle=False),
    "calcium_shuffled": _states(connectome_network, contacts="both", shuffle=True),
    "calcium_gru": _states(recurrent, graph=False),
    "calcium_gnn_gru": _states(recurrent, graph=True),
}
"""Those that tell behaviour states from calcium traces; all have one seed, and `units` 16 (Wang et al. 2020)."""

_POSTURE = ModelKind(
    posture_lstm,
    learning_rate=0.004,
    effort={"epochs": 100, "batch_size": 8},
    objective=BY_FRAME,
    train=train_on_pieces,
    task="next_step",
    prepare=stretches,
    commands="surrogates.posture.frame_commands",
)
POSTURE_MODELS: dict[str, ModelKind] = {
    "posture_lstm": _POSTURE,
    "posture_lstm_paper": replace(
        _POSTURE, build=posture_lstm_paper, learning_rate=0.001, effort={"batch_size": 450}, train=train_on_windows
    ),
}
"""Those that predict and generate postures."""


def _trajectories(build: Callable[..., Any], solve: Solver | None = None, **fixed: Any) -> ModelKind:
    """A model that forecasts calcium traces from windows of them."""
    return ModelKind(
        build,
        learning_rate=LEARNING_RATE,
        objective=OBJECTIVE,
        train=train_forecasts,
        solve=solve,
        task="next_step",
        effort={"epochs": EPOCHS, "batch_size": BATCH_SIZE},
        prepare=forecastable,
        from_data={"neurons": neurons_of} if "neurons" in inspect.signature(build).parameters else {},
        fixed=fixed,
        commands="surrogates.calcium.forecast_commands",
    )


TRAJECTORY_MODELS: dict[str, ModelKind] = {
    "calcium_trajectory_persistence": _trajectories(persistence, nothing_to_solve),
    "calcium_trajectory_linear": _trajectories(autoregression, linear_solver(varied=False)),
    "calcium_trajectory_linear_varied": _trajectories(autoregression, linear_solver(varied=True)),
    "calcium_trajectory_mlp": _trajectories(trajectory_mlp),
    "calcium_trajectory_gnn": _trajectories(trajectory_graph),
    "calcium_trajectory_connectome": _trajectories(trajectory_connectome, shuffle=False),
    "calcium_trajectory_shuffled": _trajectories(trajectory_connectome, shuffle=True),
    "calcium_trajectory_gru": _trajectories(trajectory_recurrent, graph=False),
    "calcium_trajectory_gnn_gru": _trajectories(trajectory_recurrent, graph=True),
}
"""Those that forecast calcium traces; networks have one seed, and `units` 256 (Wang et al. 2020), of memories 64."""

POSE_PRESETS = {"fast": 15, "full": 50}
"""Epochs of 50 batches of 32 images (Pereira et al. 2019)."""


def _pose(build: Callable[..., Any], loss: MapLoss, multiple: int, **fixed: Any) -> ModelKind:
    """A network that gives maps of joints, on images whose sides are filled up to multiples."""
    frames, watched = labelled_frames(multiple), (PixelError(loss),)
    return ModelKind(
        build,
        learning_rate=0.001,
        objective=Objective(loss, watched, arrays=frames, plateau=Plateau(), batches=50, at_once=32),
        task="keypoints",
        from_data={"size": padded_size(multiple)},
        fixed=fixed,
        effort={"epochs": POSE_PRESETS["fast"]},
        presets=POSE_PRESETS,
        transform=augment,
        commands="surrogates.pose.joint_commands",
    )


def _annealed(kind: ModelKind, learning_rate: float) -> ModelKind:
    """The same with a learning rate that follows half a cosine."""
    objective = replace(kind.objective, plateau=None, stopping=Stopping(anneal=True))
    return replace(kind, learning_rate=learning_rate, objective=objective)


POSE_MODELS: dict[str, ModelKind] = {
    "pose_small": _annealed(_pose(pose_small, MapEntropy(2), 16), learning_rate=0.004),
    "leap_cnn": _pose(leap_cnn, MapError(1), 4),
    "hourglass": _pose(hourglass, MapError(4), 32, stacks=1),
    "stacked_hourglass": _pose(hourglass, MapError(4), 32, stacks=2),
}
"""Those that find joints in images; all have one seed and `filters`."""

MODELS: dict[str, ModelKind] = {
    "rnn": ModelKind(rnn, learning_rate=0.001),
    "lstm": ModelKind(lstm),
    "gru": ModelKind(gru),
    "linear": ModelKind(linear, solve=fit_linear, chosen={"lags": range(1, 9)}),
    "state_space": ModelKind(
        state_space, solve=fit_state_space, chosen={"order": (1, 2, 4, 6, 8, 10, 12, 16, 20, 24, 32)}
    ),
    "tdnn": ModelKind(tdnn, learning_rate=0.001),
    "narx": ModelKind(narx, learning_rate=0.01, train=train_open_loop),
    **STATE_MODELS,
    **POSTURE_MODELS,
    **TRAJECTORY_MODELS,
    **POSE_MODELS,
}


def model_kind(name: str) -> ModelKind:
    """Look a model up.

    Raises:
        InputError: there is no such model; the message lists those that there are.
    """
    if name not in MODELS:
        raise InputError(f"there is no model {name!r}; there are {', '.join(MODELS)}")
    return MODELS[name]


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


def complete_settings(name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a model, with its defaults for those not given; the seed is none of them.

    A setting that is to be chosen on the validation trials is None.

    Raises:
        InputError: an unknown model or a setting that it does not have.
    """
    known = {key: value for key, value in model_kind(name).settings.items() if key != "seed"}
    strange = sorted(set(settings) - set(known))
    if strange:
        raise InputError(f"model {name} has no setting {strange[0]!r}; it has {', '.join(known)}")
    return {**known, **settings}


def train_model(
    name: str, dataset: Dataset, config: TrainingConfig, settings: Mapping[str, Any], progress: bool = True
) -> tuple[Any, Training]:
    """Build a model for a dataset and train it.

    Args:
        name: one of `MODELS`.
        dataset: gives the numbers of inputs and outputs, and what is learned.
        config: epochs, batch size, learning rate, seed (a model in closed form needs none of them).
        settings: the builder's own, such as `units` or `lags`; for those not given the defaults, or what the
            validation trials choose.
        progress: show a bar.

    Returns:
        The model, and how its training went, with the settings that it has; the seconds include the choice.

    Raises:
        InputError: an unknown model or a setting that it does not have.
        FloatingPointError: the loss, or every candidate's free run, was not finite.
    """
    kind, started = model_kind(name), time.perf_counter()
    if dataset.task not in {kind.task, "regression"} or (kind.task == "keypoints" and dataset.task != "keypoints"):
        able = ", ".join(each for each, other in MODELS.items() if other.task == dataset.task) or "none"
        what = dataset.task.replace("next_step", "predicting the next step").replace("keypoints", "finding joints")
        raise InputError(f"dataset {dataset.name!r} is for {what}, which model {name} does not do; these do: {able}")
    candidates = list(every_choice(complete_settings(name, settings), kind.chosen))
    dataset = kind.prepare(dataset)
    fit = _fitter(kind, dataset, config, progress)
    (model, training), chosen = choose(fit, dataset, candidates)
    return model, replace(training, settings=dict(chosen), seconds=time.perf_counter() - started)


def _fitter(
    kind: ModelKind, dataset: Dataset, config: TrainingConfig, progress: bool
) -> Callable[[Mapping[str, Any]], tuple[Any, Training]]:
    """The function that builds a model with given settings and fits it."""
    seed = {"seed": config.seed} if "seed" in kind.settings else {}
    solve = kind.solve(dataset) if kind.solve is not None else None

    def fit(settings: Mapping[str, Any]) -> tuple[Any, Training]:
        model = kind.for_data(dataset, **settings, **seed)
        if solve is None:
            return model, kind.train(model, dataset, config, kind.objective_for(dataset), progress)
        solve(model)
        return model, Training({}, 0, 0.0, engine="closed form")

    return fit
