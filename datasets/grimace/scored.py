"""Scored images of faces as a dataset: a trial an animal, so that a split never divides one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from datasets.dataset import Dataset, Trial
from datasets.grimace.units import HIGHEST, NOT_ESTABLISHED, OUTPUTS
from neuron_models.foundation.errors import InputError, require


@dataclass(frozen=True, eq=False)
class Scored:
    """The images of one animal and their scores.

    Attributes:
        animal: its name.
        images: red, green and blue, 0 to 255.
        scores: in the order of `OUTPUTS`, means over the raters; NaN where nobody scored.
        names: of the images' files.
        ratings: of each rater, NaN where it did not score.
    """

    animal: str
    images: UInt8[np.ndarray, "image 3 height width"]
    scores: Float[np.ndarray, "image output"]
    names: tuple[str, ...]
    ratings: Mapping[str, Float[np.ndarray, "image output"]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        most = np.array([HIGHEST[name] for name in OUTPUTS])
        known = np.where(np.isfinite(self.scores), self.scores, 0)
        require(bool(((known >= 0) & (known <= most)).all()), f"animal {self.animal!r}: a score is out of range")


def grimace_dataset(name: str, scored: Sequence[Scored], source: str = "") -> Dataset:
    """The dataset of scored images, whose metadata says that accuracy on animals is not established.

    Raises:
        InputError: nothing is given, or images differ in size.
    """
    require(len(scored) > 0, f"{name}: there are no images")
    sizes = sorted({each.images.shape[2:] for each in scored})
    require(len(sizes) == 1, f"{name}: images of several sizes: {', '.join(f'{w} x {h}' for h, w in sizes[:4])}")
    trials = tuple(Trial(each.animal, each.images, each.scores, group=each.animal) for each in scored)
    extra: dict[str, Any] = {
        "grimace": NOT_ESTABLISHED,
        "images": {each.animal: list(each.names) for each in scored},
        "sampled": False,
    }
    ratings = {each.animal: {who: _listed(said) for who, said in each.ratings.items()} for each in scored}
    if any(ratings.values()):
        extra["ratings"] = ratings
    return Dataset(
        name, trials, 1000.0, ("red", "green", "blue"), OUTPUTS, "0..255", "score", "regression", source, extra
    )


def _listed(scores: np.ndarray) -> list[list[float | None]]:
    return [[None if np.isnan(each) else float(each) for each in row] for row in scores]


def require_grimace(dataset: Dataset) -> None:
    """Raise an `InputError` unless a dataset holds scored faces."""
    require(
        "grimace" in dataset.extra and dataset.y_names == OUTPUTS,
        f"dataset {dataset.name!r} holds no scored faces (make one with `wormtwin grimace import` or `make-sample`)",
    )


def names_of(dataset: Dataset, trial: Trial) -> tuple[str, ...]:
    """The names of a trial's images."""
    return tuple(dataset.extra["images"][trial.name])


def ratings_of(dataset: Dataset, trial: Trial) -> dict[str, Float[np.ndarray, "image output"]]:
    """What each rater said of a trial's images; NaN where nothing."""
    stored = dataset.extra.get("ratings", {}).get(trial.name, {})
    return {who: np.array(rows, float) for who, rows in stored.items()}


def scores_of(trial: Trial) -> Float[np.ndarray, "image output"]:
    """The scores of a trial's images.

    Raises:
        InputError: it has none.
    """
    if trial.y is None:
        raise InputError(f"animal {trial.name!r} has no scores")
    return np.asarray(trial.y[:], float)
