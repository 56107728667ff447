"""The models of facial grimace, by name."""

from dataclasses import replace

import numpy as np

from datasets.dataset import Dataset
from datasets.grimace.scored import require_grimace, scores_of
from datasets.grimace.units import OUTPUTS
from neuron_models.foundation.errors import require
from surrogates.grimace.evaluation import evaluate_grimace
from surrogates.grimace.head import images_of, solve_head, train_opened
from surrogates.grimace.losses import OrdinalEntropy, targets_of
from surrogates.grimace.networks import grimace_small, grimace_transfer, grimace_tuned
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


def _arrays(dataset: Dataset) -> Arrays:
    scores = np.concatenate([scores_of(trial) for trial in dataset])
    return images_of(dataset), targets_of(scores), None


def with_animals_held_out(dataset: Dataset) -> Dataset:
    """The dataset with a fifth of its training animals, but one at least, as validation: they choose the epoch.

    Raises:
        InputError: two animals or fewer train.
    """
    rows = [row for row, trial in enumerate(dataset.trials) if trial.split == "train"]
    require(len(rows) >= 3, f"dataset {dataset.name!r}: three animals must train, of which one chooses the epoch")
    left = np.random.default_rng(0).permutation(rows)[: max(1, round(LEFT_OUT * len(rows)))].tolist()
    return dataset.with_split(["validation" if k in left else trial.split for k, trial in enumerate(dataset.trials)])


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
_TUNED = replace(
    _SMALL,
    build=grimace_tuned,
    train=train_opened,
    learning_rate=0.0003,
    hold_out=with_animals_held_out,
    objective=Objective(
        OrdinalEntropy(), arrays=_arrays, stopping=EarlyStopping(cosine_decay=True), batches=20, at_once=32
    ),
    training_defaults={"epochs": 6, "batch_size": 16},
    source="Tan and Le 2019; Langford et al. 2010",
)
GRIMACE_MODELS: dict[str, ModelKind] = model_table(
    {"grimace_transfer": _TRANSFER, "grimace_tuned": _TUNED, "grimace_small": _SMALL}
)
"""Those that score faces; accuracy on animals is not established for any."""
