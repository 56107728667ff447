"""How the finder learns: generated faces over grounds of many kinds, and half of the pictures without any."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from datasets.dataset import Dataset, Trial
from datasets.grimace.generator.scene import Scene, SceneSettings, make_scene
from neuron_models.foundation.files import atomic_write
from surrogates.backend import keras
from surrogates.grimace.finder.network import GRID, SIDE, FinderLoss, begin, face_finder, targets_of
from surrogates.training.configuration import Arrays, EarlyStopping, Objective, Training, TrainingConfig
from surrogates.training.trainer import train

SHAPES = ((128, 128), (128, 96), (128, 72), (96, 128))
"""Width and height of the pictures."""


def make_scenes(number: int, seed: int, photographs: Sequence[UInt8[np.ndarray, "_ _ 3"]] = ()) -> list[Scene]:
    """Pictures of several shapes: a quarter without any mouse, and a quarter each with no face, one and two.

    Args:
        number: of pictures.
        seed: of them.
        photographs: without mice; half of the grounds are cut out of them.
    """
    scenes = []
    for k in range(number):
        wide, high = SHAPES[k // 4 % len(SHAPES)]
        settings = replace(SceneSettings(width=wide, height=high), behind=0.0 if k % 4 == 0 else 0.3)
        scenes.append(make_scene(max(0, k % 4 - 1), settings, np.random.default_rng((seed, k)), photographs))
    return scenes


def train_finder(
    scenes: Sequence[Scene], config: TrainingConfig, progress: bool = True, start: keras.Model | None = None
) -> tuple[keras.Model, Training]:
    """Train a finder on pictures, of which a tenth chooses the epoch; a trained one goes on, in place."""
    last = len(scenes) - max(1, len(scenes) // 10)
    trials = [_trial("train", scenes[:last], "train"), _trial("validation", scenes[last:], "validation")]
    names = tuple(f"t{number}" for number in range(int(np.prod(trials[0].y.shape[1:]))))  # type: ignore[union-attr]
    dataset = Dataset("scenes", tuple(trials), 1000.0, ("red", "green", "blue"), names, "0..255", "", "regression")
    objective = Objective(FinderLoss(), arrays=_arrays, stopping=EarlyStopping(cosine_decay=True), at_once=32)
    model = start or face_finder()
    if start is None:
        begin(model, np.random.default_rng(config.seed))
    return model, train(model, dataset, config, objective, progress)


def _trial(name: str, scenes: Sequence[Scene], split: str) -> Trial:
    images = np.full((len(scenes), 3, SIDE, SIDE), 127, np.uint8)
    for image, scene in zip(images, scenes, strict=True):
        image[:, : scene.image.shape[1], : scene.image.shape[2]] = scene.image
    y = np.stack([targets_of(scene.boxes).ravel() for scene in scenes])
    return Trial(name, images, y, group=name, split=split)


def _arrays(dataset: Dataset) -> Arrays:
    x = np.concatenate([np.moveaxis(np.asarray(trial.x[:]), 1, -1) for trial in dataset])
    y = np.concatenate([np.asarray(trial.y[:], np.float32) for trial in dataset])  # type: ignore[index]
    return x, y.reshape(-1, GRID, GRID, 5), None


def save_finder(model: keras.Model, path: Path) -> None:
    """Write the weights of a finder, in half the digits."""
    arrays = {f"a{number}": array.astype(np.float16) for number, array in enumerate(model.get_weights())}
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)
