"""Classifiers of behaviours on real recordings: rats by whole videos and by frames, and freezing mice.

`python benchmarks/behaviour.py rats FOLDER [--folds 7] [--models boost,stumps,forest]` leaves two of the 14 videos out
at a time. `frames` divides single frames at random instead, which leaks, since frames of one bout are on both sides;
the authors' own figure (.7436, LightGBM) was measured that way. `active` labels pieces in rounds
(`--every 5 --rounds 25`), `freezing` learns from one mouse and asks the other, `speed` times window features. Frames
are thinned (`--every`), since neighbours say nearly the same. Reads data/behaviour beside the reference files.
"""

import argparse
import gzip
import time
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
from machine import shared_folder

from datasets.behaviour.cleaning import Cleaning
from datasets.behaviour.importing import ImportSettings, import_recordings, labels_of
from datasets.behaviour.scoring import Agreement
from datasets.behaviour.windows import STATISTICS, window_names
from datasets.dataset import Dataset
from surrogates.behaviour.boosting import fit_boost, fit_forest
from surrogates.behaviour.samples import WindowArray, windowed
from surrogates.behaviour.stumps import fit_stumps
from surrogates.behaviour.suggestion import LONGEST, pieces, proposed
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
    return import_recordings(
        tracks, labels, ImportSettings(30.0, classes=CLASSES, cleaning=Cleaning(bridge=0.2)), "rats"
    )


@dataclass(frozen=True, eq=False)
class Thinned:
    """Window features of every so many frames of all videos, their classes, and the video of each."""

    x: np.ndarray
    y: np.ndarray
    video: np.ndarray


def thinned(dataset: Dataset, every: int) -> Thinned:
    """Labelled frames of all videos, thinned."""
    started = time.process_time()
    xs, ys, videos = [], [], []
    for index, trial in enumerate(windowed(dataset)):
        labels = labels_of(trial)
        rows = np.arange(0, len(labels), every)
        rows = rows[labels[rows] >= 0]
        xs.append(trial.x[rows])
        ys.append(labels[rows])
        videos.append(np.full(len(rows), index))
    x = np.concatenate(xs)
    print(f"{x.shape[0]} frames of {x.shape[1]} features, {time.process_time() - started:.0f} s of CPU", flush=True)
    return Thinned(x, np.concatenate(ys), np.concatenate(videos))


def row(name: str, score: Agreement, seconds: float) -> str:
    """A line of scores."""
    each = " ".join(f"{behaviour.behaviour} {behaviour.f1:.3f}" for behaviour in score.by_behaviour)
    return (
        f"{name}: accuracy {score.accuracy:.4f} kappa {score.kappa:.3f} F1 {score.macro_f1:.3f} "
        f"bout F1 {score.macro_bout_f1:.3f} ({each}), {seconds:.0f} s of CPU"
    )


def fitted(model: str, x: np.ndarray, y: np.ndarray, rounds: int, seed: int = 0):
    """A model of trees fitted to samples."""
    kind, fits = model_kind(f"behaviour_{model}"), {"boost": fit_boost, "stumps": fit_stumps, "forest": fit_forest}
    network = kind.build(x.shape[1], len(CLASSES), **{"trees" if model == "forest" else "rounds": rounds, "seed": seed})
    fits[model](network, x, y)
    return network


def probabilities(network, x: np.ndarray) -> np.ndarray:
    """The probabilities of each class."""
    return np.concatenate([network.predict(part, verbose=0) for part in np.array_split(x, max(1, len(x) // 4000))])


def confusion(true: np.ndarray, given: np.ndarray) -> np.ndarray:
    """Frames by true and given class."""
    return np.bincount(true * len(CLASSES) + given, minlength=len(CLASSES) ** 2).reshape(len(CLASSES), -1)


def macro_f1(matrix: np.ndarray) -> np.ndarray:
    """The mean F1 over classes of confusions (..., class, class)."""
    hits = np.diagonal(matrix, axis1=-2, axis2=-1)
    return (2 * hits / np.maximum(matrix.sum(-1) + matrix.sum(-2), 1)).mean(-1)


def by_video(data: Thinned, models: list[str], folds: int, rounds: int) -> None:
    """Whole videos left out, two at a time; intervals resample the videos."""
    videos = len(np.unique(data.video))
    order = np.random.default_rng(0).permutation(videos)
    draws = np.random.default_rng(1).integers(0, videos, (2000, videos))
    first = np.zeros(0)
    for model in [*models, "prior"]:
        started, by_each = time.process_time(), np.zeros((videos, len(CLASSES), len(CLASSES)), int)
        for fold in range(folds):
            out = np.isin(data.video, order[fold::folds])
            if model == "prior":
                given = np.full(int(out.sum()), np.bincount(data.y[~out]).argmax())
            else:
                given = probabilities(fitted(model, data.x[~out], data.y[~out], rounds), data.x[out]).argmax(1)
            for video in order[fold::folds]:
                its = data.video[out] == video
                by_each[video] = confusion(data.y[out][its], given[its])
        f1, resampled = macro_f1(by_each.sum(0)), macro_f1(by_each[draws].sum(1))
        first = first if len(first) else resampled
        low, high = np.quantile(resampled, (0.025, 0.975))
        less = np.quantile(first - resampled, (0.025, 0.975))
        accuracy = np.trace(by_each.sum(0)) / by_each.sum()
        print(
            f"{model}, {folds} folds of whole videos: accuracy {accuracy:.4f} F1 {f1:.3f} [{low:.3f}, {high:.3f}], "
            f"{models[0]} less it [{less[0]:.3f}, {less[1]:.3f}], {time.process_time() - started:.0f} s of CPU",
            flush=True,
        )


def by_frame(data: Thinned, models: list[str], seeds: int, rounds: int) -> None:
    """Frames divided at random, 80 to 20 (leaks)."""
    for model in models:
        for seed in range(seeds):
            train, test = np.split(np.random.default_rng(seed).permutation(len(data.y)), [round(0.8 * len(data.y))])
            given = probabilities(fitted(model, data.x[train], data.y[train], rounds, seed), data.x[test]).argmax(1)
            f1 = macro_f1(confusion(data.y[test], given))
            accuracy = (given == data.y[test]).mean()
            print(f"{model}, frames at random (leaks), seed {seed}: accuracy {accuracy:.4f} F1 {f1:.3f}", flush=True)


JUDGED = ((10, 11), (6, 9), (12, 8, 1))
"""The videos left out in each fold: 43 and 46; 35 and 42; 5, 40 and 1."""
SHARES = (0.05, 0.10, 0.15)


def smaller(data: Thinned) -> Thinned:
    """The means over 1 and 3 s and the spread over 3 s alone: as many features as many rounds have time for."""
    width = data.x.shape[1] // (1 + 3 * len(STATISTICS))
    blocks = (1 + len(STATISTICS), 1 + 2 * len(STATISTICS), 2 + 2 * len(STATISTICS))
    return replace(data, x=np.concatenate([data.x[:, width * k : width * (k + 1)] for k in blocks], axis=1))


def active(data: Thinned, seeds: int, rounds: int, step: float) -> None:
    """Pieces labelled in rounds, chosen as `behaviour suggest` does or at random; the share of the F1 of all labels.

    The seven videos of `JUDGED` are left out in turn, in three folds; the others chose the rule. The first round knows
    no labels and is drawn at random. A piece costs the bouts that it shows, so that one with two counts twice.
    """
    longest = round(LONGEST / step)
    folds = [Pool.of(data, held, longest) for held in JUDGED]
    full = sum(_confusion(data, fold, fold.rows[::4], rounds, 0)[0] for fold in folds)
    print(f"all {', '.join(str(fold.bouts) for fold in folds)} bouts: F1 {macro_f1(full):.3f}", flush=True)
    for seed, how in product(range(seeds), ("suggested", "random")):
        each = sum(_rounds(data, fold, how, rounds, seed) for fold in folds)
        ratios = macro_f1(each) / macro_f1(full)
        told = ", ".join(f"{share:.0%} {ratio:.3f}" for share, ratio in zip(SHARES, ratios, strict=True))
        print(f"{how}, seed {seed}, share of bouts and of the F1 of all: {told}", flush=True)


@dataclass(frozen=True, eq=False)
class Pool:
    """What may be labelled where some videos are left out: frames, the piece of each, what pieces cost, all bouts."""

    held: tuple[int, ...]
    rows: np.ndarray
    piece: np.ndarray
    cost: np.ndarray
    bouts: int

    @classmethod
    def of(cls, data: Thinned, held: tuple[int, ...], longest: int) -> "Pool":
        """All frames of the other videos, in pieces of at most so many."""
        rows = np.flatnonzero(~np.isin(data.video, held))
        spans = [span for video in np.unique(data.video[rows]) for span in pieces(data.video == video, longest)]
        piece = np.concatenate([np.full(end - first, index) for index, (first, end) in enumerate(spans)])
        cost = np.array([1 + np.count_nonzero(np.diff(data.y[first:end])) for first, end in spans])
        change = (np.diff(data.y[rows]) != 0) | (np.diff(data.video[rows]) != 0)
        return cls(held, rows, piece, cost, 1 + int(change.sum()))


def _confusion(data: Thinned, pool: Pool, rows: np.ndarray, rounds: int, seed: int) -> tuple:
    """The confusion of the videos left out by a model of these samples, and the model."""
    network = fitted("boost", data.x[rows], data.y[rows], rounds, seed)
    out = np.flatnonzero(np.isin(data.video, pool.held))[::3]
    return confusion(data.y[out], probabilities(network, data.x[out]).argmax(1)), network


def _rounds(data: Thinned, pool: Pool, how: str, rounds: int, seed: int) -> np.ndarray:
    """The confusion (share, true class, given class) of the videos left out after each round."""
    rng, known = np.random.default_rng(100 + seed), np.zeros(len(pool.cost), bool)
    order, out = rng.permutation(len(known)), []
    for share in SHARES:
        for piece in order:
            if pool.cost[known].sum() >= round(share * pool.bouts):
                break
            known[piece] = True
        matrix, network = _confusion(data, pool, pool.rows[known[pool.piece]], rounds, seed)
        out.append(matrix)
        free = np.flatnonzero(~known)
        order = rng.permutation(free)
        if how == "suggested" and share < SHARES[-1]:
            chances = probabilities(network, data.x[pool.rows])
            sums = np.stack([np.bincount(pool.piece, column) for column in chances.T], axis=1)
            order = free[proposed(sums[free].argmax(1), len(free), seed + len(out))]
    return np.stack(out)


def speed() -> None:
    """CPU seconds of 1,000 window features of 300,000 frames in two recordings' worth, and in 8; memory in both."""
    from resource import RUSAGE_SELF, getrusage

    frames = np.random.default_rng(0).normal(size=(300_000, 33)).astype(np.float32).cumsum(axis=0)
    width = len(window_names([str(k) for k in range(33)]))
    for parts in (1, 2, 8):
        started = time.process_time()
        for part in np.array_split(frames, parts):
            array = WindowArray(part, 30.0, width)
            for first in range(0, len(part), 8192):
                array[first : first + 8192]
        peak = getrusage(RUSAGE_SELF).ru_maxrss / 2**20
        print(f"{parts} recordings: {width} features, {time.process_time() - started:.1f} s of CPU, {peak:.2f} GiB")


def freezing(model: str) -> None:
    """One mouse trains, the other tests, and back, on the points that both files have.

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
    cleaning = Cleaning(likelihood=0.6, bridge=0.5, rate=30.0, body_lengths=True)
    how = [
        ImportSettings(
            fps, points=names, renamed=tuple(zip(points, names, strict=True)), classes=("Freezing", "none"),
            none="none", cleaning=cleaning, over_rest=True, features=("over rest",),
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
        probabilities = f"trained on demo{learned + 1}, tested on demo{2 - learned}"
        print(row(f"{model}, {probabilities}", score, time.process_time() - started), flush=True)


def main() -> None:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("rats", "frames", "active", "freezing", "speed"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--folds", type=int, default=7)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--every", type=int, default=15, help="one frame in so many is looked at")
    parser.add_argument("--rounds", type=int, default=80, help="trees or stumps of each behaviour")
    parser.add_argument("--models", default="boost,stumps,forest")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    models = given.models.split(",")
    if given.what == "freezing":
        for model in models:
            freezing(model)
    elif given.what == "speed":
        speed()
    else:
        data = thinned(rats(given.folder), given.every)
        runs = {
            "rats": lambda: by_video(data, models, given.folds, given.rounds),
            "frames": lambda: by_frame(data, models, given.seeds, given.rounds),
            "active": lambda: active(smaller(data), given.seeds, given.rounds, given.every / 30),
        }
        runs[given.what]()


if __name__ == "__main__":
    main()
