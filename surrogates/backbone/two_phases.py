"""Training of a network on a backbone: first what stands behind it, then all of it in smaller steps."""

from dataclasses import replace
from typing import Any

from datasets.dataset import Dataset
from surrogates.backbone.lite0 import backbone_layers, freeze
from surrogates.training.checkpoint import Checkpoints
from surrogates.training.configuration import Objective, Training, TrainingConfig
from surrogates.training.trainer import train

SMALLER = 10.0
"""The learning rate of the second part is so many times smaller."""


def train_in_two_phases(
    model: Any, dataset: Dataset, config: TrainingConfig, objective: Objective, progress: bool = True
) -> Training:
    """Train a network in place, with its backbone frozen in the first half of the epochs, if it comes frozen.

    The statistics of a frozen backbone's normalisation stay as they are throughout. A backbone that is not frozen is
    trained from the beginning, as any other network is. The weights are those of the best epoch of both parts.

    Raises:
        InputError, FloatingPointError: as `train` does.
    """
    frozen = not any(layer.trainable for layer in backbone_layers(model))
    first = max(1, config.epochs // 2)
    if not frozen or first == config.epochs:
        return train(model, dataset, config, objective, progress)
    head = train(model, dataset, _phase(config, first, config.learning_rate, "head"), objective, progress)
    best = model.get_weights()
    freeze(model, frozen=False)
    rate = config.learning_rate / SMALLER
    whole = train(model, dataset, _phase(config, config.epochs - first, rate, "whole"), objective, progress)
    if _lowest(head) <= _lowest(whole):
        model.set_weights(best)
    return _joined(head, whole)


def _phase(config: TrainingConfig, epochs: int, learning_rate: float, name: str) -> TrainingConfig:
    """The configuration of one phase, which keeps its state in a folder of its own."""
    kept = config.checkpoints
    kept = None if kept is None else Checkpoints(kept.folder / name, kept.about)
    return replace(config, epochs=epochs, learning_rate=learning_rate, checkpoints=kept)


def _lowest(training: Training) -> float:
    """The loss of the best epoch, by which it was chosen."""
    return training.history.get("val_loss", training.history["loss"])[training.best_epoch]


def _joined(head: Training, whole: Training) -> Training:
    """One history; the best epoch is that of either phase."""
    history = {name: [*head.history[name], *values] for name, values in whole.history.items()}
    after = len(head.history["loss"])
    return replace(
        whole,
        history=history,
        best_epoch=head.best_epoch if _lowest(head) <= _lowest(whole) else whole.best_epoch + after,
        seconds=head.seconds + whole.seconds,
        compile_seconds=head.compile_seconds + whole.compile_seconds,
    )
