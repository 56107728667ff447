"""Labelling: the time of a change, and a network that learns the labels of a real fly as the page trains it.

python benchmarks/pose_labelling.py change                     # processor and wall time of a change, fsync included
python benchmarks/pose_labelling.py fly LEARNED EPOCHS FILTERS  # the first labels learned, error on those that are left
python benchmarks/pose_labelling.py gait FOLDER EPOCHS FILTERS # all labels learned, the whole video tracked, its gait
"""

import csv
import sys
import tempfile
import time
from itertools import chain
from pathlib import Path

import numpy as np
from machine import describe, shared_folder

from datasets.pose.labelling.guesses import load_guesses
from datasets.pose.labelling.saving import dataset_of_book
from datasets.pose.labelling.session import Labelling, open_labelling
from datasets.pose.skeleton import Skeleton
from datasets.store import save_dataset
from run_experiments import run
from surrogates.pose.labelling.training import BackgroundTraining

LABELS = Path(__file__).parents[1] / "tests" / "pose" / "labelling" / "fly_labels.csv"
LEGS = tuple(f"{segment}_{side}" for side in "LR" for segment in ("front", "middle", "hind"))
FLY = Skeleton(("head", "abdomen", *LEGS), (("head", "abdomen"),), tuple(zip(LEGS[:3], LEGS[3:], strict=True)))
FILM = "fly_leap_test"


def _labels() -> dict[int, dict[str, list]]:
    """The marks of each frame by key point."""
    found: dict[int, dict[str, list]] = {}
    with LABELS.open() as file:
        for row in csv.DictReader(file):
            known = [float(row["x"]), float(row["y"]), "visible"] if row["x"] else [None, None, "absent"]
            found.setdefault(int(row["frame"]), {})[row["keypoint"]] = [*known, "person"]
    return found


def _begun(folder: str) -> Labelling:
    path = shared_folder() / "data" / "pose" / "fly_video" / f"{FILM}.mp4"
    return open_labelling(path, Path(folder) / "l", skeleton=FLY)


def _change(frame: int, marks: dict[str, list]) -> dict:
    return {"do": "mark", "film": FILM, "frame": frame, "animal": "animal", "marks": marks}


def change() -> None:
    """Every label a change of its own."""
    with tempfile.TemporaryDirectory() as folder:
        labelling = _begun(folder)
        changes = [_change(frame, {name: mark}) for frame, marks in _labels().items() for name, mark in marks.items()]
        wall, processor = time.perf_counter(), time.process_time()
        for each in changes:
            labelling.change("page", [each])
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        print(f"{len(changes)} changes: {1e3 * processor / len(changes):.2f} ms of the processor a change, ", end="")
        print(f"{1e3 * wall / len(changes):.2f} ms on the clock")


def fly(learned: int, epochs: int, filters: int) -> None:
    """Train on the first labels as the page does, and compare its guesses with the labels that are left."""
    with tempfile.TemporaryDirectory() as folder:
        labelling, labels = _begun(folder), _labels()
        frames = list(labels)
        labelling.change("page", [_change(frame, labels[frame]) for frame in frames[:learned]])
        training = BackgroundTraining(labelling, epochs, filters)
        training.start()
        while training.running():
            time.sleep(1)
        guesses = load_guesses(labelling.journal.folder)
        if guesses is None:
            sys.exit(f"no network: {training.state()}")
        errors: dict[str, list[float]] = {name: [] for name in FLY.keypoints}
        for frame in frames[learned:]:
            row = guesses.row((FILM, frame))
            for k, name in enumerate(guesses.keypoints):
                x, y, *_ = labels[frame][name]
                if x is not None:
                    errors[name].append(float(np.hypot(*(guesses.xy[row, k] - (x, y)))))
        for name, each in {**errors, "all": list(chain(*errors.values()))}.items():
            near = ", ".join(f"{100 * np.mean(np.array(each) <= most):.0f} % within {most} px" for most in (2.5, 5, 10))
            print(f"{name}: {len(each)} labels, median {np.median(each):.2f} px, {near}")


def gait(folder: str, epochs: int, filters: int) -> None:
    """Learn all labels, track the whole video and measure its gait, each by the command that a user would give."""
    labelling, labels = _begun(folder), _labels()
    labelling.change("page", [_change(frame, marks) for frame, marks in labels.items()])
    labels_file, out = Path(folder) / "labels.h5", Path(folder) / "network"
    save_dataset(dataset_of_book(labelling.book, labelling.source, "fly", whole=True), labels_file)
    video = shared_folder() / "data" / "pose" / "fly_video" / f"{FILM}.mp4"
    size = ("--epochs", str(epochs), "--filters", str(filters))
    for command in (
        ("train", "--data", str(labels_file), "--model", "pose_small", *size, "--out", str(out)),
        ("pose", "predict", "--model", str(out / "model.keras"), "--video", str(video), "--out", f"{folder}/tracks.h5"),
        ("pose", "gait", f"{folder}/tracks.h5", "--speed", "legs", "--legs", ",".join(LEGS), "--out", f"{folder}/gait"),
    ):
        started = time.process_time()
        if run(command) != 0:
            sys.exit(f"wormtwin {' '.join(command)} has failed")
        print(f"{' '.join(command[:2])}: {time.process_time() - started:.0f} s of the processor")


if __name__ == "__main__":
    print(describe())
    what, *words = sys.argv[1:]
    if what == "gait":
        gait(words[0], *map(int, words[1:]))
    else:
        {"change": change, "fly": fly}[what](*map(int, words))
