"""How well generated faces are scored: unseen individuals, a coat that was not learned, pretrained and random weights.

    python benchmarks/grimace.py

All faces are generated: accuracy on animals is not established. Intervals are 95 % of 500 samples of the test animals.
"""

import argparse
from collections.abc import Callable

import numpy as np
from machine import describe

from datasets.dataset import Dataset
from datasets.grimace.generator.sample import SampleSettings, make_sample
from datasets.grimace.scored import scores_of
from datasets.grimace.units import NOT_ESTABLISHED
from surrogates.grimace.evaluation import GrimaceScore, score_faces, shares_of
from surrogates.grimace.models import GRIMACE_MODELS, images_of
from surrogates.training.configuration import TrainingConfig
from surrogates.training.model_kind import fit_model

Shares = list[np.ndarray]
FIGURES: dict[str, Callable[[GrimaceScore], float]] = {
    "pain": lambda score: 100 * score.pain,
    "units": lambda score: 100 * score.every_unit,
    "r": lambda score: score.correlation,
    "ECE": lambda score: score.calibration,
}
ASKED = "asked: pain >= 94 %, units >= 90 %, r >= .87, ECE <= .03"


def asked(train: Dataset, test: Dataset, weights: str = "imagenet", seed: int = 0) -> Shares:
    """The probabilities that a model gives to the faces of a test set, an array an animal."""
    kind, part = GRIMACE_MODELS["grimace_transfer"], train.with_split(["train"] * len(train))
    config = TrainingConfig(epochs=1, seed=seed)
    model, _ = fit_model(kind, part, config, {"weights": weights}, progress=False)
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
    return ", ".join(parts)


def difference(first: Shares, second: Shares, test: Dataset) -> str:
    """How many more units, %, the first gets right, with its interval over the animals."""
    scores, rng, drawn = [scores_of(trial) for trial in test], np.random.default_rng(0), []
    for _ in range(500):
        rows = rng.integers(0, len(scores), len(scores))
        one, two = (score_faces([each[r] for r in rows], [scores[r] for r in rows]) for each in (first, second))
        drawn.append(100 * (one.every_unit - two.every_unit))
    low, high = np.percentile(drawn, (2.5, 97.5))
    return f"units {np.mean(drawn):+.1f} % ({low:.1f} to {high:.1f})"


def main() -> None:
    """Read the command line and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--animals", type=int, default=60, help="that train")
    parser.add_argument("--images", type=int, default=16, help="of each")
    parser.add_argument("--asked", type=int, default=20, help="animals that are asked")
    parser.add_argument("--size", type=int, default=128)
    given = parser.parse_args()
    print(f"{describe()}\n{NOT_ESTABLISHED}", flush=True)
    common = {"images": given.images, "size": given.size}
    train = make_sample(SampleSettings(animals=given.animals, seed=1, **common))
    test = make_sample(SampleSettings(animals=given.asked, seed=2, **common))
    number = given.animals * given.images
    print(f"{number} faces learned, {text(asked(train, test), test)}; {ASKED}", flush=True)
    for few in (50, 200):
        some = train.select(range(max(2, round(few / given.images))))
        found = {weights: asked(some, test, weights) for weights in ("imagenet", "random")}
        for weights, shares in found.items():
            print(f"{sum(map(len, some))} faces, {weights} weights: {text(shares, test)}", flush=True)
        print(f"    pretrained - random: {difference(found['imagenet'], found['random'], test)}", flush=True)
    white = make_sample(SampleSettings(animals=given.asked, coats=("white",), seed=3, **common))
    half = given.asked // 2
    others = {
        coat: make_sample(SampleSettings(animals=half, coats=(coat,), seed=4, **common)) for coat in ("white", "black")
    }
    kind = GRIMACE_MODELS["grimace_transfer"]
    part = white.with_split(["train"] * len(white))
    model, _ = fit_model(kind, part, TrainingConfig(epochs=1), {}, progress=False)
    for coat, faces in others.items():
        whole = shares_of(model, images_of(faces))
        shares = np.split(whole, np.cumsum([len(trial) for trial in faces])[:-1])
        print(f"{sum(map(len, white))} white faces learned, {coat} asked: {text(shares, faces)}", flush=True)


if __name__ == "__main__":
    main()
