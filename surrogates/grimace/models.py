"""The models of facial grimace, by name."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Float

from datasets.dataset import Dataset
from datasets.grimace.scored import require_grimace, scores_of
from datasets.grimace.units import HIGHEST, OUTPUTS
from neuron_models.foundation.errors import require
from surrogates.backend import keras, tensorflow_unseen
from surrogates.grimace.evaluation import evaluate_grimace
from surrogates.grimace.losses import OrdinalEntropy, targets_of
from surrogates.grimace.networks import grimace_small, grimace_transfer
from surrogates.grimace.ordinal import fit_ordinal
from surrogates.training.configuration import Arrays, EarlyStopping, Objective
from surrogates.training.model_kind import ModelKind, model_table

LEFT_OUT = 0.2
"""The share of animals that is left out of training where the dataset has no splits."""


def of_faces(dataset: Dataset) -> Dataset:
    """The dataset as it is, once it is known to hold scored faces."""
    require_grimace(dataset)
    return dataset


def with_animals_left_out(dataset: Dataset, seed: int) -> Dataset:
    """The dataset as it is if an animal trains, else with a fifth of its animals, but one at least, as test."""
    if "train" in dataset.by_split():
        return dataset
    require(len(dataset) >= 2, f"dataset {dataset.name!r} has one animal: one must be left out of training")
    left = np.random.default_rng(seed).permutation(len(dataset))[: max(1, round(LEFT_OUT * len(dataset)))]
    return dataset.with_split(["test" if index in left else "train" for index in range(len(dataset))])


def require_taught(kind: ModelKind, dataset: Dataset) -> None:
    """Check that two animals train, and that every output that is scored varies.

    Raises:
        InputError: one animal trains, or all scores of an output are the same.
    """
    train = dataset.by_split().get("train")
    require(
        train is not None and len(train) >= 2,
        f"dataset {dataset.name!r}: two animals must train, one left out each time",
    )
    scores = np.concatenate([scores_of(trial) for trial in train or ()])
    for name, column in zip(OUTPUTS, scores.T, strict=True):
        known = column[np.isfinite(column)]
        varies = len(known) == 0 or np.ptp(known) > 0
        require(
            bool(varies),
            f"dataset {dataset.name!r}: every {name} is {known[0] if len(known) else 0:g}: nothing to learn",
        )
    require(bool(np.isfinite(scores).any()), f"dataset {dataset.name!r}: no training image has a score")


def images_of(dataset: Dataset) -> np.ndarray:
    """All images of a dataset, (image, height, width, colour)."""
    return np.concatenate([np.moveaxis(np.asarray(trial.x[:]), 1, -1) for trial in dataset])


def features_of(model: keras.Model, images: np.ndarray, batch: int = 16) -> Float[np.ndarray, "image feature"]:
    """What the layer `features` gives for images, a batch at a time."""
    part = keras.Model(model.input, model.get_layer("features").output)
    filled = np.concatenate([images, np.zeros((-len(images) % batch, *images.shape[1:]), images.dtype)])
    with tensorflow_unseen():
        found = [np.asarray(part.predict_on_batch(filled[i : i + batch])) for i in range(0, len(filled), batch)]
    return np.concatenate(found)[: len(images)].astype(float)


def solve_head(dataset: Dataset) -> Callable[[Any], None]:
    """What fits the last layer on frozen features, an output after the other."""
    train = dataset.by_split()["train"]
    images, scores = images_of(train), np.concatenate([scores_of(trial) for trial in train])
    animals = [trial.group or trial.name for trial in train for _ in range(len(trial))]

    def fit(model: Any) -> None:
        features = features_of(model, images)
        mean, scale = features.mean(axis=0), features.std(axis=0) + 1e-3
        kernels, offsets = np.zeros((2, features.shape[1], len(OUTPUTS))), np.zeros((2, len(OUTPUTS)))
        for column, name in enumerate(OUTPUTS):
            if np.isfinite(scores[:, column]).any():
                found = fit_ordinal((features - mean) / scale, scores[:, column], animals, HIGHEST[name])
                slopes = found.slopes / scale
                kernels[:, :, column] = slopes
                offsets[:, column] = np.array(found.offsets) - mean @ slopes
        for layer, kernel, offset in zip(("one_or_more", "two"), kernels, offsets, strict=True):
            model.get_layer(layer).set_weights([kernel.astype(np.float32), offset.astype(np.float32)])

    return fit


def _arrays(dataset: Dataset) -> Arrays:
    scores = np.concatenate([scores_of(trial) for trial in dataset])
    return images_of(dataset), targets_of(scores), None


_TRANSFER = ModelKind(
    grimace_transfer,
    solve=solve_head,
    from_data={"size": lambda dataset: tuple(dataset.trials[0].x.shape[2:])},
    prepare=of_faces,
    select=with_animals_left_out,
    require_trainable=require_taught,
    evaluate=evaluate_grimace,
    recorded=True,
    source="Tan and Le 2019; Langford et al. 2010",
)
_SMALL = replace(
    _TRANSFER,
    build=grimace_small,
    solve=None,
    learning_rate=0.003,
    objective=Objective(
        OrdinalEntropy(), arrays=_arrays, stopping=EarlyStopping(cosine_decay=True), batches=20, at_once=32
    ),
    training_defaults={"epochs": 15},
    source="Langford et al. 2010",
)
GRIMACE_MODELS: dict[str, ModelKind] = model_table({"grimace_transfer": _TRANSFER, "grimace_small": _SMALL})
"""Those that score faces; accuracy on animals is not established for any."""
