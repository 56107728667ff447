"""Classifiers of behaviours on real recordings: rats by whole videos and by frames, and freezing mice.

`python benchmarks/behaviour.py rats FOLDER [--folds 7] [--models boost,stumps,forest]` leaves two of the 14 videos out
at a time. `frames` divides single frames at random instead, which leaks, since frames of one bout are on both sides;
the authors' own figure (.7436, LightGBM) was measured that way. `freezing` learns from one mouse and asks the other.
Reads data/behaviour beside the reference files.
"""

import argparse
import gzip
import time
from pathlib import Path

import numpy as np
from machine import shared_folder

from datasets.behaviour.cleaning import Cleaning
from datasets.behaviour.importing import ImportSettings, import_recordings
from datasets.behaviour.scoring import Agreement
from datasets.dataset import Dataset
from surrogates.behaviour.boosting import fit_boost
from surrogates.behaviour.samples import samples_of, windowed
from surrogates.registry import model_kind
from surrogates.runs.fitting import fit
from surrogates.training.configuration import TrainingConfig

CLASSES = ("aggression", "social", "nonsocial")


def rats(folder: Path) -> Dataset:
    """The 14 videos; their tables are unpacked into a folder."""
    source = shared_folder() / "data" / "behaviour" / "rats"
    tracks, labels = [], []
    for packed in sorted((source / "tracks").glob("*.csv.gz")):
        name = packed.name.split("DLC")[0]
        tracks.append(folder / f"{name}.csv")
        tracks[-1].write_bytes(gzip.decompress(packed.read_bytes()))
        labels.append(source / "annotations" / f"{name}_annot.txt")
    return import_recordings(tracks, labels, ImportSettings(30.0, classes=CLASSES), "rats")


def row(name: str, score: Agreement, seconds: float) -> str:
    """A line of scores."""
    each = " ".join(f"{behaviour.behaviour} {behaviour.f1:.3f}" for behaviour in score.by_behaviour)
    return (
        f"{name}: accuracy {score.accuracy:.4f} kappa {score.kappa:.3f} F1 {score.macro_f1:.3f} "
        f"bout F1 {score.macro_bout_f1:.3f} ({each}), {seconds:.0f} s"
    )


def by_video(dataset: Dataset, models: list[str], folds: int) -> None:
    """Whole videos left out, two at a time."""
    order = np.random.default_rng(0).permutation(len(dataset))
    for model in models:
        scores = []
        for fold in range(folds):
            out = set(order[fold::folds].tolist())
            parts = dataset.with_split(["test" if index in out else "train" for index in range(len(dataset))])
            started = time.perf_counter()
            done = fit(model_kind(f"behaviour_{model}"), parts, {}, TrainingConfig(), progress=False)
            scores.append(done.evaluation.scores["test"])
            print(row(f"{model}, fold {fold}", scores[-1], time.perf_counter() - started), flush=True)
        means = [np.mean([getattr(s, of) for s in scores]) for of in ("accuracy", "macro_f1", "macro_bout_f1")]
        print(f"{model}, whole videos: accuracy {means[0]:.4f} F1 {means[1]:.3f} bout F1 {means[2]:.3f}", flush=True)


def by_frame(dataset: Dataset, seeds: int) -> None:
    """Frames divided at random, 80 to 20 (leaks); the boosted trees alone, without bouts."""
    x, y = samples_of(windowed(dataset), 10**9)
    for seed in range(seeds):
        order = np.random.default_rng(seed).permutation(len(y))
        train, test = np.split(order, [round(0.8 * len(y))])
        network = model_kind("behaviour_boost").build(x.shape[1], len(CLASSES), seed=seed)
        fit_boost(network, x[train[:120_000]], y[train[:120_000]])
        given = np.concatenate([network.predict(part, verbose=0).argmax(1) for part in np.array_split(x[test], 20)])
        print(f"boost, frames at random, seed {seed}: accuracy {(given == y[test]).mean():.4f}", flush=True)


def freezing(model: str) -> None:
    """One mouse learned, the other asked, and back, on the points that both files have.

    The videos have 50 and 30 frames a second (the cue of the second one, 901 frames, is the usual 30 s) and other
    scales, so that speeds are those of body lengths; freezing is about motion alone.
    """
    source = shared_folder() / "data" / "behaviour" / "freezing"
    names = ("nose", "left ear", "right ear", "mid back", "tail base")
    files = {
        "demo1": (
            ("Nose", "Left Ear", "Right Ear", "Mid-Back", "Tailbase"),
            50.0,
            ".mat.mat",
        ),
        "demo2": (("nose", "l_ear", "r_ear", "midback", "tailbase"), 30.0, ".mat"),
    }
    cleaning = Cleaning(likelihood=0.6, bridge=0.5, smooth=0.1, rate=30.0, body_lengths=True)
    how = [
        ImportSettings(
            fps, points=names, renamed=tuple(zip(points, names, strict=True)), classes=("Freezing", "none"),
            none="none", cleaning=cleaning, features=("speed", "motion", "acceleration", "turning"),
        )
        for points, fps, _ in files.values()
    ]  # fmt: skip
    tracks = [source / f"{mouse}_tracking.csv" for mouse in files]
    labels = [source / f"hB_{mouse}_manual_annotations{ending}" for mouse, (*_, ending) in files.items()]
    mice = import_recordings(tracks, labels, how, "freezing")
    for parts in (("train", "test"), ("test", "train")):
        started = time.process_time()
        done = fit(model_kind(f"behaviour_{model}"), mice.with_split(parts), {}, TrainingConfig(), progress=False)
        score, learned = done.evaluation.scores["test"], parts.index("train")
        asked = f"demo{learned + 1} learned, demo{2 - learned} asked"
        print(row(f"{model}, {asked}", score, time.process_time() - started), flush=True)


def main() -> None:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("rats", "frames", "freezing"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--folds", type=int, default=7)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--models", default="boost,stumps,forest")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    models = given.models.split(",")
    if given.what == "freezing":
        for model in models:
            freezing(model)
    elif given.what == "frames":
        by_frame(rats(given.folder), given.seeds)
    else:
        by_video(rats(given.folder), models, given.folds)


if __name__ == "__main__":
    main()
