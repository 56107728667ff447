"""The networks that find key points in images, by name."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from surrogates.pose.augmentation import augment
from surrogates.pose.inputs import labelled_frames, padded_size
from surrogates.pose.maps import MapEntropy, MapError, MapLoss, PixelError
from surrogates.pose.networks import hourglass, leap_cnn, pose_small
from surrogates.training.jax_program import Stopping
from surrogates.training.model_kind import ModelKind, model_table
from surrogates.training.trainer import Objective, Plateau

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
        commands="surrogates.pose.commands",
    )


def _annealed(kind: ModelKind, learning_rate: float) -> ModelKind:
    """The same with a learning rate that follows half a cosine."""
    objective = replace(kind.objective, plateau=None, stopping=Stopping(anneal=True))
    return replace(kind, learning_rate=learning_rate, objective=objective)


POSE_MODELS: dict[str, ModelKind] = model_table(
    {
        "pose_small": _annealed(_pose(pose_small, MapEntropy(2), 16), learning_rate=0.004),
        "leap_cnn": _pose(leap_cnn, MapError(1), 4),
        "hourglass": _pose(hourglass, MapError(4), 32, stacks=1),
        "stacked_hourglass": _pose(hourglass, MapError(4), 32, stacks=2),
    }
)
"""Those that find joints in images; all have one seed and `filters`."""
