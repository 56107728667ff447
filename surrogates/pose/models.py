"""The networks that find key points in images, by name."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from datasets.dataset import Dataset
from datasets.pose.labelled import require_pose
from datasets.pose.sampling.splits import FAST_SHARES, divide_frames
from surrogates.backbone.two_phases import train_in_two_phases
from surrogates.pose.augmentation import Augmentation, augment
from surrogates.pose.evaluation import evaluate_keypoints
from surrogates.pose.inputs import labelled_frames, padded_size
from surrogates.pose.maps import MapEntropy, MapError, MapLoss, PixelError
from surrogates.pose.networks import hourglass, leap_cnn, pose_small
from surrogates.pose.plots import plot_pose_history
from surrogates.pose.refined_maps import RefinedEntropy
from surrogates.pose.transfer import pose_transfer
from surrogates.training.configuration import EarlyStopping, Objective, ReduceLROnPlateau, Transform
from surrogates.training.model_kind import ModelKind, model_table

POSE_PRESETS = {"fast": 15, "full": 50}
"""Epochs of 50 batches of 32 images (Pereira et al. 2019)."""


def with_splits(dataset: Dataset, seed: int) -> Dataset:
    """The dataset as it is if a trial trains, else the labelled frames of trials of no split: 10 % validate."""
    free = [index for index, trial in enumerate(dataset) if not trial.split]
    if "train" in dataset.by_split() or not free:
        return dataset
    divided = divide_frames(dataset.select(free), FAST_SHARES, seed)
    others = tuple(trial for trial in dataset if trial.split)
    both = {key: {**value, **divided.extra[key]} if isinstance(value, Mapping) else divided.extra[key]
            for key, value in dataset.extra.items()}  # fmt: skip
    return replace(divided, trials=(*divided.trials, *others), extra=both)


def of_images(dataset: Dataset) -> Dataset:
    """The dataset as it is, once it is known to be of labelled images."""
    require_pose(dataset, f"dataset {dataset.name!r}")
    return dataset


def augmented(dataset: Dataset, **changes: Any) -> Transform:
    """The batch-time transform of a dataset, with these fields of `Augmentation`."""
    return augment(dataset, Augmentation(**changes))


def _pose(build: Callable[..., Any], loss: MapLoss, multiple: int, **fixed: Any) -> ModelKind:
    """A network that gives maps of key points, on images whose sides are filled up to multiples."""
    frames, watched = labelled_frames(multiple), (PixelError(loss),)
    return ModelKind(
        build,
        learning_rate=0.001,
        objective=Objective(loss, watched, arrays=frames, plateau=ReduceLROnPlateau(), batches=50, at_once=32),
        task="keypoints",
        from_data={"size": padded_size(multiple)},
        fixed=fixed,
        training_defaults={"epochs": POSE_PRESETS["fast"]},
        presets=POSE_PRESETS,
        transform=augmented,
        batch_settings={"rotation": 15.0, "bend": 0.0},
        select=with_splits,
        prepare=of_images,
        evaluate=evaluate_keypoints,
        plot_history=plot_pose_history,
        source="Pereira et al. 2019",
    )


def _annealed(kind: ModelKind, learning_rate: float) -> ModelKind:
    """The same with a learning rate that follows half a cosine."""
    objective = replace(kind.objective, plateau=None, stopping=EarlyStopping(cosine_decay=True))
    return replace(kind, learning_rate=learning_rate, objective=objective)


def _transferred() -> ModelKind:
    """The network on a backbone: small batches and few of them, since its images are large."""
    kind = _annealed(_pose(pose_transfer, RefinedEntropy(), 32), learning_rate=0.002)
    return replace(
        kind,
        train=train_in_two_phases,
        objective=replace(kind.objective, batches=20, at_once=8),
        training_defaults={"epochs": 20, "batch_size": 8},
        presets={"fast": 20, "full": 60},
        source="Mathis et al. 2018",
    )


POSE_MODELS: dict[str, ModelKind] = model_table(
    {
        "pose_small": _annealed(_pose(pose_small, MapEntropy(2), 16), learning_rate=0.004),
        "leap_cnn": _pose(leap_cnn, MapError(1), 4),
        "hourglass": _pose(hourglass, MapError(4), 32, stacks=1),
        "stacked_hourglass": _pose(hourglass, MapError(4), 32, stacks=2),
        "pose_transfer": _transferred(),
    }
)
"""Those that find key points in images; all have one seed and `filters`."""
