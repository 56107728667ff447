"""From labelled images to a folder with a network that finds joints, and how well it does."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from datasets.dataset import Dataset
from datasets.pose.labelled import require_pose
from datasets.pose.sampling.splits import FAST_SHARES, divide_frames
from neuron_models.foundation.errors import InputError, require
from surrogates.backend import keras
from surrogates.pose.augmentation import Augmentation, augment
from surrogates.pose.evaluation import PoseScore, score_joints
from surrogates.pose.models import POSE_MODELS
from surrogates.pose.plots import plot_circles, plot_pose_history
from surrogates.pose.prediction import BATCH, Finder, Joints, find_in_dataset, joint_finder
from surrogates.runs.model_file import Channels
from surrogates.runs.result import HISTORY_PLOT
from surrogates.runs.run_folder import leave_model, leave_scores
from surrogates.training.model_kind import complete_settings, look_up
from surrogates.training.trainer import Training, TrainingConfig, train

CIRCLES_PLOT = "circles.png"


@dataclass(frozen=True, eq=False)
class Fit:
    """A trained network, how its training went, what it finds in the dataset that it was scored on, and the score."""

    model: keras.Model
    training: Training
    dataset: Dataset
    found: list[Joints]
    scores: Mapping[str, PoseScore]


def with_splits(dataset: Dataset, seed: int) -> Dataset:
    """The dataset as it is if any trial has a split, else its labelled frames divided: 90 % and 10 % for validation."""
    return dataset if dataset.by_split() else divide_frames(dataset, FAST_SHARES, seed)


def fit_network(
    dataset: Dataset,
    model: str,
    settings: Mapping[str, Any],
    config: TrainingConfig,
    augmentation: Augmentation | None = None,
    progress: bool = True,
) -> Fit:
    """Train a network on the training frames of a dataset and score it on all.

    Args:
        dataset: of labelled images; without splits its frames are divided.
        model: one of `surrogates.pose.models.POSE_MODELS`.
        settings: the builder's own, such as `filters`.
        config: epochs, batch size, learning rate, seed.
        augmentation: how training images are changed; as published when None.
        progress: show bars.

    Raises:
        InputError: not a dataset of labelled images, no joint labelled in a split, an unknown model or setting.
        FloatingPointError: the loss was never finite.
    """
    require_pose(dataset, f"dataset {dataset.name!r}")
    kind = look_up(model, POSE_MODELS)
    require(kind.task == "keypoints", f"model {model} finds no joints")
    dataset = with_splits(dataset, config.seed)
    require("train" in dataset.by_split(), f"dataset {dataset.name!r} has no training trials")
    settings = complete_settings(kind, settings)
    network = kind.for_data(dataset, **settings, seed=config.seed)
    objective = replace(kind.objective, transform=augment(dataset, augmentation or Augmentation()))
    training = replace(train(network, dataset, config, objective, progress), settings=dict(settings))
    found = find_joints(network, Channels.of(dataset, model), dataset, progress=progress)
    return Fit(network, training, dataset, found, score_joints(dataset, found))


def find_joints(
    network: keras.Model, channels: Channels, dataset: Dataset, *, refine: bool = True, progress: bool = True
) -> list[Joints]:
    """The joints that a network finds in every image of a dataset, one value a trial."""
    return find_in_dataset(finder_of(network, channels, refine=refine), dataset, progress=progress)


def finder_of(network: keras.Model, channels: Channels, *, refine: bool = True, batch: int = BATCH) -> Finder:
    """What finds joints with a network that was read from a model file.

    Raises:
        InputError: the file does not tell what the network was trained for.
    """
    kind = POSE_MODELS.get(channels.model)
    if kind is None or not channels.size:
        raise InputError(f"model {channels.model or network.name!r} finds no joints")
    size = channels.size[0], channels.size[1]
    return joint_finder(network, kind.objective.loss, size, refine=refine, batch=batch)


def fit_pose(
    dataset: Dataset,
    model: str,
    settings: Mapping[str, Any],
    config: TrainingConfig,
    out: Path,
    *,
    augmentation: Augmentation | None = None,
    data: str = "",
) -> Fit:
    """Train a network, score it, and write model, history, plots and last the scores into `out`.

    Args:
        dataset: of labelled images; without splits its frames are divided.
        model: one of `surrogates.pose.models.POSE_MODELS`.
        settings: the builder's own.
        config: epochs, batch size, learning rate, seed.
        out: the folder; `scores.json` in it is written last.
        augmentation: how training images are changed; as published when None.
        data: the name of the data, for the record.

    Raises:
        InputError: as `fit_network` says.
        FloatingPointError: the loss was never finite.
    """
    done = fit_network(dataset, model, settings, config, augmentation)
    figures = {
        HISTORY_PLOT: plot_pose_history(done.training.history),
        CIRCLES_PLOT: plot_circles(done.dataset, done.found),
    }
    channels = Channels.of(done.dataset, model)
    leave_model(done.model, done.training, channels, out, figures, history=False)
    told = {
        "augmentation": asdict(augmentation or Augmentation()),
        "scores": {split: asdict(score) for split, score in done.scores.items()},
    }
    leave_scores(done.model, done.training, config, dataset, out, told, model=model, data=data)
    return done
