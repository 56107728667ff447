"""How well generated faces are scored: unseen individuals, coats and cameras, pretrained and random weights.

    python benchmarks/grimace.py

All faces are generated: accuracy on animals is not established. Intervals are 95 % of 500 samples of the test animals.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from machine import describe

from datasets.dataset import Dataset
from datasets.grimace.generator.face import COATS, Conditions
from datasets.grimace.generator.sample import SampleSettings, make_sample
from datasets.grimace.scored import scores_of
from datasets.grimace.units import NOT_ESTABLISHED
from surrogates.grimace.evaluation import GrimaceScore, score_faces, shares_of
from surrogates.grimace.head import images_of
from surrogates.grimace.models import GRIMACE_MODELS
from surrogates.training.configuration import TrainingConfig
from surrogates.training.model_kind import fit_model

Shares = list[np.ndarray]
FIGURES: dict[str, Callable[[GrimaceScore], float]] = {
    "pain": lambda score: 100 * score.pain,
    "units": lambda score: 100 * score.every_unit,
    "r": lambda score: score.correlation,
    "ECE": lambda score: score.calibration,
}
TARGETS = "targets: pain >= 94 %, units >= 90 %, r >= .87, ECE <= .03"
CAMERA = Conditions(yaw=0.35, blur=2.0, noise=0.06, bars=0.3)
"""Blurred and noisy as no image that is learned is, and twice as often behind bars."""


@dataclass(frozen=True)
class Size:
    """How many faces train and test."""

    animals: int
    images: int
    tested: int
    side: int

    def faces(self, animals: int, seed: int, coats: Sequence[str] = tuple(COATS), **more: object) -> Dataset:
        """Generated faces."""
        settings = SampleSettings(animals=animals, images=self.images, size=self.side, seed=seed, coats=tuple(coats))
        return make_sample(replace(settings, **more))  # type: ignore[arg-type]


def learned(train: Dataset, weights: str = "imagenet") -> object:
    """A model that has learned all faces of a dataset."""
    part = train.with_split(["train"] * len(train))
    return fit_model(
        GRIMACE_MODELS["grimace_transfer"], part, TrainingConfig(epochs=1), {"weights": weights}, progress=False
    )[0]


def tested(model: object, test: Dataset) -> Shares:
    """The probabilities that a model gives to the faces of a test set, an array an animal."""
    whole = shares_of(model, images_of(test))
    return np.split(whole, np.cumsum([len(trial) for trial in test])[:-1])


def text(shares: Shares, test: Dataset) -> str:
    """All figures with their intervals over the animals."""
    scores = [scores_of(trial) for trial in test]
    rng, drawn = np.random.default_rng(0), []
    for _ in range(500):
        rows = rng.integers(0, len(scores), len(scores))
        drawn.append(score_faces([shares[row] for row in rows], [scores[row] for row in rows]))
    whole, parts = score_faces(shares, scores), []
    for name, figure in FIGURES.items():
        low, high = np.nanpercentile([figure(each) for each in drawn], (2.5, 97.5))
        parts.append(f"{name} {figure(whole):.3g} ({low:.3g} to {high:.3g})")
    units = ", ".join(f"{name[:5]} {100 * share:.1f}" for name, share in whole.units.items())
    return f"{', '.join(parts)}; {units}"


def difference(first: Shares, second: Shares, test: Dataset) -> str:
    """How many more units, %, the first gets right, with its interval over the animals."""
    scores, rng, drawn = [scores_of(trial) for trial in test], np.random.default_rng(0), []
    for _ in range(500):
        rows = rng.integers(0, len(scores), len(scores))
        one, two = (score_faces([each[r] for r in rows], [scores[r] for r in rows]) for each in (first, second))
        drawn.append(100 * (one.every_unit - two.every_unit))
    low, high = np.percentile(drawn, (2.5, 97.5))
    return f"units {np.mean(drawn):+.1f} % ({low:.1f} to {high:.1f})"


def tell(line: str) -> None:
    """Print a line, and the CPU seconds so far."""
    print(f"{line} [{time.process_time():.0f} CPU s]", flush=True)


def individuals_and_cameras(size: Size) -> None:
    """All coats learned: other individuals, and another camera."""
    train, test = size.faces(size.animals, 1), size.faces(size.tested, 2)
    model = learned(train)
    tell(f"{sum(map(len, train))} faces learned, unseen individuals: {text(tested(model, test), test)}; {TARGETS}")
    other = size.faces(size.tested, 5, conditions=CAMERA)
    tell(f"    unseen individuals and an unseen camera: {text(tested(model, other), other)}")
    for few in (50, 200):
        some = train.select(range(max(2, round(few / size.images))))
        found = {weights: tested(learned(some, weights), test) for weights in ("imagenet", "random")}
        for weights, shares in found.items():
            tell(f"{sum(map(len, some))} faces, {weights} weights: {text(shares, test)}")
        tell(f"    pretrained - random: {difference(found['imagenet'], found['random'], test)}")


def coats(size: Size) -> None:
    """Three coats learned, the fourth tests; then white alone trains, white and black test."""
    for left in COATS:
        kept = [coat for coat in COATS if coat != left]
        train, test = size.faces(size.animals * 3 // 4, 1, kept), size.faces(size.tested, 4, [left])
        tell(
            f"{sum(map(len, train))} faces without {left}, tested on {left}: {text(tested(learned(train), test), test)}"
        )
    model = learned(size.faces(size.tested, 3, ["white"]))
    for coat in ("white", "black"):
        test = size.faces(size.tested, 4, [coat])
        tell(f"{size.tested * size.images} white faces learned, tested on {coat}: {text(tested(model, test), test)}")


def main() -> None:
    """Read the command line and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--animals", type=int, default=60, help="that train")
    parser.add_argument("--images", type=int, default=16, help="of each")
    parser.add_argument("--tested", type=int, default=20, help="test animals")
    parser.add_argument("--size", type=int, default=128)
    given = parser.parse_args()
    size = Size(given.animals, given.images, given.tested, given.size)
    print(f"{describe()}\n{NOT_ESTABLISHED}", flush=True)
    individuals_and_cameras(size)
    coats(size)


if __name__ == "__main__":
    main()
