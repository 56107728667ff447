"""Faces of many individuals with exact scores, and what simulated raters say of them."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float

from datasets.dataset import Dataset
from datasets.grimace.generator.drawing import draw_face
from datasets.grimace.generator.face import COATS, Conditions, draw_individual, draw_scores, draw_view, drawn_values
from datasets.grimace.scored import Scored, grimace_dataset, names_of, ratings_of, scores_of
from datasets.grimace.units import HIGHEST, OUTPUTS
from neuron_models.foundation.errors import require, require_seed
from neuron_models.foundation.units import Fraction, Pixels


@dataclass(frozen=True)
class SampleSettings:
    """What is generated.

    Attributes:
        animals: individuals, a trial each.
        images: of each, as near as can be half of them in pain.
        coats: which occur, in turn.
        size: of the images.
        conditions: how hard they are.
        raters: who score every image beside the truth.
        slips: the share of a rater's scores that are one too high or too low.
        seed: of everything.
    """

    animals: int = 20
    images: int = 20
    coats: tuple[str, ...] = tuple(COATS)
    size: Pixels = 128
    conditions: Conditions = field(default_factory=Conditions)
    raters: int = 0
    slips: Fraction = 0.15
    seed: int = 0

    def __post_init__(self) -> None:
        for name, most in (("animals", 10_000), ("images", 10_000)):
            require(1 <= getattr(self, name) <= most, f"{name} must be from 1 to {most}, got {getattr(self, name)}")
        require(32 <= self.size <= 1024 and self.size % 32 == 0, f"size must be 32, 64, ... 1024 px, got {self.size}")
        require(0 <= self.raters <= 100, f"raters must be from 0 to 100, got {self.raters}")
        require(0 <= self.slips <= 1, f"slips must be a share from 0 to 1, got {self.slips}")
        require(len(self.coats) > 0, f"give a coat: {', '.join(COATS)}")
        require_seed(self.seed, "seed")


def make_sample(settings: SampleSettings) -> Dataset:
    """Generate faces whose scores are known exactly.

    Raises:
        InputError: there is no such coat.
    """
    trials = []
    for number in range(settings.animals):
        rng = np.random.default_rng((settings.seed, number))
        name = f"animal{number + 1:03d}"
        individual = draw_individual(name, settings.coats[number % len(settings.coats)], rng)
        images = np.empty((settings.images, 3, int(settings.size), int(settings.size)), np.uint8)
        scores = np.empty((settings.images, len(OUTPUTS)))
        for row, pain in enumerate(rng.permutation(settings.images) % 2 == 1):
            units = draw_scores(bool(pain), rng)
            view = draw_view(settings.conditions, rng)
            images[row] = draw_face(individual, drawn_values(units, rng), view, int(settings.size))
            scores[row] = [*units, pain]
        names = tuple(f"{name}_{row + 1:04d}.png" for row in range(settings.images))
        trials.append(Scored(name, images, scores, names, _rated(scores, settings, rng)))
    return grimace_dataset("faces", trials, source=f"generated faces, coats {', '.join(settings.coats)}")


def _rated(
    scores: Float[np.ndarray, "image output"], settings: SampleSettings, rng: np.random.Generator
) -> dict[str, Float[np.ndarray, "image output"]]:
    """What raters say who see the truth but for slips by one."""
    most = np.array([HIGHEST[name] for name in OUTPUTS])
    given = {}
    for rater in range(settings.raters):
        slips = rng.random(scores.shape) < settings.slips
        step = np.where(rng.random(scores.shape) < 0.5, -1, 1)
        step = np.where(scores == 0, 1, np.where(scores == most, -1, step))
        given[f"rater{rater + 1}"] = scores + slips * step
    return given


def write_sample(dataset: Dataset, folder: Path) -> int:
    """Write the images of a dataset and `scores.csv`, as `grimace import` reads them; gives the number of images.

    Where raters scored the images, the table is theirs, and `truth.csv` beside it is exact.
    """
    from PIL import Image

    from neuron_models.foundation.csv_file import write_csv
    from neuron_models.foundation.files import atomic_files

    require(not folder.exists(), f"{folder} exists: delete it or choose another --images-to")
    truth, rated = [], []
    with atomic_files(folder) as inside:
        for trial in dataset:
            for row, name in enumerate(names_of(dataset, trial)):
                Image.fromarray(np.moveaxis(np.asarray(trial.x[row]), 0, -1)).save(inside / name)
                truth.append([name, trial.name, "truth", *(int(each) for each in scores_of(trial)[row])])
            for rater, scores in ratings_of(dataset, trial).items():
                lines = zip(names_of(dataset, trial), scores, strict=True)
                rated += [[name, trial.name, rater, *(int(each) for each in line)] for name, line in lines]
        heads = ("image", "animal", "rater", *OUTPUTS)
        write_csv(pd.DataFrame(rated or truth, columns=heads), inside / "scores.csv", index=False)
        if rated:
            write_csv(pd.DataFrame(truth, columns=heads), inside / "truth.csv", index=False)
    return len(truth)
