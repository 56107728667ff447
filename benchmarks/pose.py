"""How well and how fast key points are found: generated flies and worms, a mouse, two flies; and how fast.

    python benchmarks/pose.py sample --labels 10 100 500 --animals fly worm
    python benchmarks/pose.py openfield --seeds 0 1 2
    python benchmarks/pose.py clip
    python benchmarks/pose.py speed
    python benchmarks/pose.py memory

Prints the targets beside the measured figures. `openfield` and `clip` read data/pose beside the
reference files.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from machine import describe, fastest, peak_memory, shared_folder

from datasets.dataset import Dataset
from datasets.pose.formats.label_files import load_labels
from datasets.pose.importing import ImportSettings, chosen_pairs, labelled_dataset
from datasets.pose.sampling.splits import choose_frames, divide_frames, labelled_rows, picked
from datasets.pose.skeleton import Skeleton
from surrogates.pose.augmentation import augment
from surrogates.pose.demo import labelled_sample, strangers_in
from surrogates.pose.finder import find_keypoints
from surrogates.pose.page import mean_pose
from surrogates.pose.prediction import keypoint_finder
from surrogates.pose.scores import PoseScore, score_keypoints
from surrogates.pose.tracking import track_video
from surrogates.registry import model_kind
from surrogates.runs.fitting import Fit, fit
from surrogates.runs.model_file import ModelSignature
from surrogates.training.configuration import TrainingConfig

TARGETS = {10: 70.0, 100: 85.0}
"""Share of key points (%) within 2.5 % of the body length, by labelled frames."""
PUBLISHED = {10: 74.0, 100: 85.0, 1000: 87.0}
"""The same within 2.5 px of 192 (Pereira et al. 2019)."""

FEW_POSTURES = {"rotation": 180.0, "scale": 0.2, "contrast": 0.3, "bend": 0.1}
"""How images are changed that show two postures only, where others will test."""


def trained(dataset: Dataset, epochs: int, seed: int, **augmentation: float) -> Fit:
    """The small network on a dataset, with its usual steps."""
    config = TrainingConfig(epochs=epochs, learning_rate=model_kind("pose_small").learning_rate, seed=seed)
    return fit(model_kind("pose_small"), dataset, augmentation, config, progress=False)


def text(name: str, score: PoseScore, seconds: float) -> str:
    """The figures of a split in one line."""
    keypoints = score.keypoints
    near = ", ".join(f"{100 * share:.1f} % within {100 * float(key):g} %" for key, share in keypoints.near.items())
    return (
        f"{name}: median {keypoints.median:.2f}, 90 % {keypoints.p90:.2f}, 95 % {keypoints.p95:.2f} px; {near} of "
        f"the body length; mAP {score.precision:.3f}; {score.frames} frames; {seconds:.0f} s of training"
    )


def sample(given: argparse.Namespace) -> None:
    """Generated animals: half of the test frames show individuals that were learned."""
    for animal in given.animals:
        for labels in given.labels:
            dataset = labelled_sample(animal, labels, 200, given.seed)
            test, strangers = dataset.by_split()["test"], strangers_in(dataset)
            done = trained(dataset, given.epochs, given.seed)
            print(text(f"{animal}, {labels} labels", done.evaluation.scores["test"], done.training.seconds), flush=True)
            coarse = find_keypoints(
                done.model, ModelSignature.of(test, "pose_small"), test, refine=False, progress=False
            )
            score = score_keypoints(test, coarse)["test"].keypoints
            print(f"    highest pixels: median {score.median:.2f} px, {100 * score.near['0.025']:.1f} % within 2.5 %")
            keypoints = find_keypoints(done.model, ModelSignature.of(test, "pose_small"), strangers, progress=False)
            print(text("    individuals that were not learned", score_keypoints(strangers, keypoints)["test"], 0))
            mean = score_keypoints(test, mean_pose(dataset, test))["test"].keypoints
            target = f"target {TARGETS[labels]:g} %" if labels in TARGETS else "no target"
            published = f", published {PUBLISHED[labels]:g} % of other flies" if labels in PUBLISHED else ""
            print(f"    mean pose: {100 * mean.near['0.025']:.1f} % within 2.5 %; {target}{published}", flush=True)


def openfield(given: argparse.Namespace) -> None:
    """The mouse of DeepLabCut's example: 95 % of the frames train, 5 % test, at a fraction of the resolution."""
    (tracks,) = load_labels(shared_folder() / "data" / "pose" / "dlc_openfield-Pranav-2018-10-30")
    settings = ImportSettings(scale=given.scale, grey=True)
    dataset = chosen_pairs(labelled_dataset([tracks], settings, "openfield", "DeepLabCut"), [("leftear", "rightear")])
    for seed in given.seeds:
        parts = divide_frames(dataset, {"train": 0.95, "test": 0.05}, seed)
        done = trained(parts, given.epochs, seed, rotation=180.0, shift=0.1, scale=0.2)
        print(text(f"openfield at {given.scale:g}, seed {seed}", done.evaluation.scores["test"], done.training.seconds))
        away = errors(done, "test") / given.scale
        within = ", ".join(f"{100 * (away <= px).mean():.1f} % within {px} px" for px in (5, 10, 20))
        print(f"    in 640 x 480: median {np.median(away):.2f} px, target 5; {within}", flush=True)


def clip(given: argparse.Namespace) -> None:
    """Two flies of a SLEAP project: the last third of the frames tests, the end of the others chooses the epoch."""
    settings = ImportSettings(size=given.size, scale=given.scale, grey=True)
    (tracks,) = load_labels(shared_folder() / "data" / "pose" / "clip.slp")
    dataset = labelled_dataset([tracks], settings, "clip", "SLEAP")
    rows, last = labelled_rows(dataset), 2 * len(tracks.frames) // 3
    frame = {row: dataset.extra["crop"][dataset.trials[row[0]].name]["frames"][row[1]] for row in rows}
    known = sorted((row for row in rows if frame[row] < last), key=frame.__getitem__)
    learned, checked = known[: -len(known) // 10], known[-len(known) // 10 :]
    picks = [*picked(learned, "train"), *picked(checked, "validation")]
    picks += picked([row for row in rows if frame[row] >= last][:: given.every], "test")
    done = trained(choose_frames(dataset, picks), given.epochs, given.seed, **FEW_POSTURES)
    print(
        text(
            f"clip, crops of {given.size} px at {given.scale:g}", done.evaluation.scores["test"], done.training.seconds
        )
    )
    for split in ("validation", "test"):
        score = done.evaluation.scores[split]
        print(f"    in the video: {split} median {score.keypoints.median / given.scale:.2f} px, target 3 of test")
    by_keypoint = {
        name: f"{each.median / given.scale:.1f}" for name, each in done.evaluation.scores["test"].by_keypoint.items()
    }
    print("    by key point: " + ", ".join(f"{name} {median}" for name, median in by_keypoint.items()))


def errors(done: Fit, split: str) -> np.ndarray:
    """Distances of all labelled key points of a split, px."""
    distances = [
        np.linalg.norm(keypoints.points - np.asarray(trial.y[:]), axis=-1)
        for trial, keypoints in zip(done.dataset, done.evaluation.found, strict=True)
        if trial.split == split
    ]
    away = np.concatenate(distances)
    return away[np.isfinite(away)]


def speed(given: argparse.Namespace) -> None:
    """A batch of the small network: augmentation, a step of Keras's; and frames a second of finding key points."""
    dataset = labelled_sample("fly", 40, 3, 0)
    kind = model_kind("pose_small")
    learned = dataset.by_split()["train"]
    model = kind.for_data(learned, seed=0)
    x, y, _ = kind.objective.arrays(learned)  # type: ignore[misc]
    x, y = x[:32], y[:32]
    change, rng = augment(learned), np.random.default_rng(0)
    print(f"augmentation of 32 images of 96 x 96: {1e3 * fastest(lambda: change(x, y, None, rng), 5):.1f} ms")
    model.compile("adam", loss=kind.objective.loss)
    changed = change(x, y, None, rng)
    print(f"a step of Keras's train_on_batch: {1e3 * fastest(lambda: model.train_on_batch(*changed[:2]), 5):.1f} ms")
    from surrogates.training.jax_program import compiled_training

    program, steps = compiled_training(model, kind.objective.loss), 8
    arrays = (np.tile(changed[0], (steps, 1, 1, 1)), np.tile(changed[1], (steps, 1, 1)), None)
    few = tuple(None if a is None else a[:1] for a in arrays)

    def whole() -> None:
        program.fit(model.get_weights(), arrays, few, epochs=1, batch_size=32, learning_rate=1e-3)

    print(f"a step inside one JAX program: {1e3 * fastest(whole, 2) / steps:.1f} ms, without augmentation")
    for name, side, keypoints in (("pose_small", 96, 11), ("leap_cnn", 192, 32)):
        finding(name, side, keypoints, given.batches)
    print(f"peak memory {peak_memory():.0f} MiB")


def finding(name: str, side: int, keypoints: int, batches: int) -> None:
    """Frames a second of a network, peaks and transfers included."""
    kind = model_kind(name)
    model = kind.build(1, keypoints, size=(side, side), seed=0)
    find = keypoint_finder(model, kind.objective.loss, (side, side))
    images = np.random.default_rng(0).integers(0, 255, (32, 1, side, side)).astype(np.uint8)
    seconds = fastest(lambda: find(images), batches)
    print(f"{name} at {side} x {side}, {keypoints} key points, batch 32: {32 / seconds:.1f} frames/s", flush=True)


class Noise:
    """A video of noise that no memory holds."""

    path, fps = "noise.mp4", 100.0

    def __init__(self, frames: int, side: int) -> None:
        self.shape = (frames, 1, side, side)
        self._images = np.random.default_rng(0).integers(0, 255, (64, 1, side, side)).astype(np.uint8)

    def __len__(self) -> int:
        return self.shape[0]

    def frames(self, indices: Sequence[int]) -> Iterator[np.ndarray]:
        """The frames at some places."""
        return (self._images[index % 64].copy() for index in indices)


def memory(given: argparse.Namespace) -> None:
    """Peak memory after a tenth of a video of 100,000 frames, and after all of it."""
    kind, side = model_kind("pose_small"), 48
    model = kind.build(1, 4, size=(side, side), filters=4)
    find, skeleton = keypoint_finder(model, kind.objective.loss, (side, side)), Skeleton(tuple("abcd"))
    with tempfile.TemporaryDirectory() as folder:
        for frames in (10_000, 100_000):
            track_video(find, Noise(frames, side), skeleton, Path(folder) / f"{frames}.h5", key="noise")  # type: ignore[arg-type]
            print(f"peak memory after {frames} frames: {peak_memory():.0f} MiB", flush=True)


_EPOCHS: dict[str, Any] = {"type": int, "default": 15}
_SEED: dict[str, Any] = {"type": int, "default": 0}
KINDS: dict[Callable[[argparse.Namespace], None], dict[str, dict[str, Any]]] = {
    sample: {
        "labels": {"type": int, "nargs": "+", "default": [10, 100, 500]},
        "animals": {"nargs": "+", "default": ["fly", "worm"]},
        "epochs": _EPOCHS,
        "seed": _SEED,
    },
    openfield: {
        "scale": {"type": float, "default": 0.25},
        "seeds": {"type": int, "nargs": "+", "default": [0, 1, 2]},
        "epochs": _EPOCHS,
    },
    clip: {
        "size": {"type": int, "default": 112},
        "scale": {"type": float, "default": 0.7},
        "every": {"type": int, "default": 5, "help": "of the test frames, one in so many"},
        "epochs": {"type": int, "default": 22},
        "seed": _SEED,
    },
    speed: {"batches": {"type": int, "default": 2}},
    memory: {},
}
"""What there is to measure, and the options of each."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one of the benchmarks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    kinds = parser.add_subparsers(required=True)
    for run, options in KINDS.items():
        own = kinds.add_parser(run.__name__, help=run.__doc__)
        own.set_defaults(run=run)
        for name, how in options.items():
            own.add_argument(f"--{name}", **how)
    given = parser.parse_args(arguments)
    print(describe(), flush=True)
    started = time.process_time()
    given.run(given)
    print(f"{time.process_time() - started:.0f} s of processor time in all")


if __name__ == "__main__":
    main()
