"""Whether a network that begins from photographs finds key points better when few frames are labelled.

    python benchmarks/pose_transfer.py --data openfield clip --labels 10 25 --seeds 0 1 2 3 4

Three networks learn the same labels: `pose_transfer`, the same network from random weights, and `pose_small` with four
times as many steps, which takes about as long. One in five labels validates. All are tested on the same frames,
which none has learned. A gain is claimed only where the interval of the difference leaves zero out: over the frames by
the bootstrap, and with three seeds or more also over the seeds by Student's t. Most of a short run is compiling: set
JAX_COMPILATION_CACHE_DIR, and --keep for what is finished. Reads data/pose beside the reference files.
"""

import argparse
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from machine import describe, shared_folder
from scipy.stats import t as student

from datasets.dataset import Dataset
from datasets.pose.formats.label_files import load_labels
from datasets.pose.importing import ImportSettings, chosen_pairs, labelled_dataset
from datasets.pose.sampling.splits import choose_frames, labelled_rows, picked
from surrogates.registry import model_kind
from surrogates.runs.fitting import fit
from surrogates.training.configuration import TrainingConfig

NETWORKS: Mapping[str, tuple[str, dict[str, Any], int]] = {
    "pretrained": ("pose_transfer", {"weights": "imagenet"}, 1),
    "random": ("pose_transfer", {"weights": "random"}, 1),
    "pose_small": ("pose_small", {}, 4),
}
"""The model, its settings, and how many times as many steps it takes."""
SETTINGS = {"rotation": 180.0}


def openfield(scale: float) -> Dataset:
    """The mouse of DeepLabCut's example, whole frames."""
    (tracks,) = load_labels(shared_folder() / "data" / "pose" / "dlc_openfield-Pranav-2018-10-30")
    dataset = labelled_dataset([tracks], ImportSettings(scale=scale, grey=True), "openfield", "DeepLabCut")
    return chosen_pairs(dataset, [("leftear", "rightear")])


def clip(scale: float) -> Dataset:
    """Two flies of a SLEAP project, a crop each."""
    (tracks,) = load_labels(shared_folder() / "data" / "pose" / "clip.slp")
    size = 32 * round(192 * scale / 32)
    return labelled_dataset([tracks], ImportSettings(size=size, scale=scale, grey=True), "clip", "SLEAP")


def divided(dataset: Dataset, labels: int, tested: int, seed: int) -> Dataset:
    """So many labelled frames, one in five of which validates, and the test frames: the same for every seed."""
    rows = labelled_rows(dataset)
    order = np.random.default_rng(0).permutation(len(rows))
    test, free = order[:tested], order[tested:]
    own = np.random.default_rng(seed).permutation(free)[:labels]
    checked = max(1, labels // 5)
    parts = {"validation": own[:checked], "train": own[checked:], "test": test}
    picks = [pick for part, at in parts.items() for pick in picked([rows[i] for i in sorted(at)], part)]
    return choose_frames(dataset, picks)


def errors(dataset: Dataset, name: str, given: argparse.Namespace, seed: int) -> tuple[np.ndarray, float]:
    """The mean distance of each test frame, in pixels of the video, and the seconds of the processor."""
    model, settings, times = NETWORKS[name]
    kind = model_kind(model)
    kind = replace(kind, objective=replace(kind.objective, batches=given.batches, at_once=8))
    config = TrainingConfig(epochs=given.epochs * times, batch_size=8, learning_rate=kind.learning_rate, seed=seed)
    started = time.process_time()
    done = fit(kind, dataset, {**settings, **SETTINGS}, config, progress=False)
    seconds = time.process_time() - started
    away = [
        np.linalg.norm(found.points - np.asarray(trial.y[:]), axis=-1)
        for trial, found in zip(done.dataset, done.evaluation.found, strict=True)
        if trial.split == "test"
    ]
    return np.nanmean(np.concatenate(away), axis=1), seconds


def kept_errors(
    dataset: Dataset, name: str, given: argparse.Namespace, seed: int, about: str
) -> tuple[np.ndarray, float]:
    """`errors`, or what a run of the same settings before left in the folder that keeps them."""
    if given.keep is None:
        return errors(dataset, name, given, seed)
    path = given.keep / f"{about} {name} {given.epochs}x{given.batches} {given.scale:g} {given.tested}.npz"
    if not path.exists():
        away, seconds = errors(dataset, name, given, seed)
        given.keep.mkdir(parents=True, exist_ok=True)
        np.savez(path, away=away, seconds=seconds)
    with np.load(path) as done:
        return done["away"], float(done["seconds"])


def interval(differences: np.ndarray) -> tuple[float, float]:
    """95 % of the median difference, by 2,000 samples of the frames."""
    rng = np.random.default_rng(0)
    drawn = differences[rng.integers(0, len(differences), (2000, len(differences)))]
    low, high = np.percentile(np.median(drawn, axis=1), (2.5, 97.5))
    return float(low), float(high)


def report(name: str, away: Mapping[str, np.ndarray]) -> None:
    """The difference of each other network's errors from the pretrained one's, over frames and over seeds."""
    for other in ("random", "pose_small"):
        differences = away[other] - away["pretrained"]
        low, high = interval(differences.mean(axis=0))
        word = "a gain" if low > 0 else "a loss" if high < 0 else "no difference shown"
        print(f"    {other} - pretrained: median {np.median(differences):.2f} px, {low:.2f} to {high:.2f}: {word}")
        seeds = np.median(differences, axis=1)
        if len(seeds) >= 3:
            half = student.ppf(0.975, len(seeds) - 1) * seeds.std(ddof=1) / np.sqrt(len(seeds))
            print(f"        over {len(seeds)} seeds: {seeds.mean():.2f} +- {half:.2f} px")


def main() -> None:
    """Read the command line and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", default=["openfield", "clip"], choices=["openfield", "clip"])
    parser.add_argument("--labels", nargs="+", type=int, default=[10, 25])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    parser.add_argument("--scale", type=float, default=0.5, help="of the video's resolution")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--batches", type=int, default=20, help="of 8 images, an epoch")
    parser.add_argument("--tested", type=int, default=60, help="frames")
    parser.add_argument("--keep", type=Path, help="a folder of finished runs, which are not run again")
    given = parser.parse_args()
    print(describe(), flush=True)
    for name in given.data:
        dataset = {"openfield": openfield, "clip": clip}[name](given.scale)
        for labels in given.labels:
            found: dict[str, list[np.ndarray]] = {network: [] for network in NETWORKS}
            for seed in given.seeds:
                parts = divided(dataset, labels, given.tested, seed)
                for network, away in found.items():
                    frames, seconds = kept_errors(parts, network, given, seed, f"{name} {labels} {seed}")
                    away.append(frames / given.scale)
                    median = np.median(away[-1])
                    text = f"{name}, {labels} labels, seed {seed}, {network}: median {median:.2f} px of the video"
                    print(f"{text}, {seconds:.0f} s", flush=True)
            report(name, {network: np.stack(away) for network, away in found.items()})


if __name__ == "__main__":
    main()
