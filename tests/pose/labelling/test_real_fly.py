"""Labels of a real fly, made on the page from enlarged frames: they lie on the fly, and a network learns from them."""

import csv
import time
from pathlib import Path

import numpy as np
import pytest

from datasets.pose.labelling.guesses import load_guesses
from datasets.pose.labelling.session import open_labelling
from datasets.pose.skeleton import Skeleton
from datasets.video.video import open_video
from surrogates.pose.labelling.training import BackgroundTraining

pytestmark = pytest.mark.shared
LEGS = tuple(f"{segment}_{side}" for side in "LR" for segment in ("front", "middle", "hind"))
FLY = Skeleton(("head", "abdomen", *LEGS), (("head", "abdomen"),), tuple(zip(LEGS[:3], LEGS[3:], strict=True)))


@pytest.fixture(scope="module")
def film(shared):
    path = shared / "data" / "pose" / "fly_video" / "fly_leap_test.mp4"
    if not path.is_file():
        pytest.skip(f"there is no {path}")
    return path


@pytest.fixture(scope="module")
def labels():
    """(x, y) or None by frame and key point, in the order in which the frames were offered."""
    found = {}
    with (Path(__file__).parent / "fly_labels.csv").open() as file:
        for row in csv.DictReader(file):
            place = (float(row["x"]), float(row["y"])) if row["x"] else None
            found.setdefault(int(row["frame"]), {})[row["keypoint"]] = place
    return found


def changes(labels, frames, film):
    for frame in frames:
        marks = {
            name: [None, None, "absent", "person"] if place is None else [*place, "visible", "person"]
            for name, place in labels[frame].items()
        }
        yield {"do": "mark", "film": film, "frame": frame, "animal": "animal", "marks": marks}


def test_the_labels_lie_on_the_fly(film, labels):
    video, near = open_video(film), []
    assert len(labels) == 46
    assert all(set(marks) == set(FLY.keypoints) for marks in labels.values())
    for frame, marks in list(labels.items())[::4]:
        image = video[frame][0]
        for x, y in filter(None, marks.values()):
            row, column = round(y), round(x)
            around = image[max(0, row - 3) : row + 4, max(0, column - 3) : column + 4]
            near.append(int(around.min()))
    assert np.mean(np.array(near) < 248) > 0.95  # the ground is 255, the tips of legs are faint


@pytest.mark.long
def test_a_network_trained_on_thirty_finds_the_others(film, labels, tmp_path):
    labelling = open_labelling(film, tmp_path / "l", skeleton=FLY)
    frames = list(labels)
    assert [frame for _, frame, _ in labelling.book.pool[:46]] == frames  # as they were offered
    labelling.change("test", list(changes(labels, frames[:30], "fly_leap_test")))
    training = BackgroundTraining(labelling, epochs=6, filters=16)
    training.start()
    while training.running():
        time.sleep(1)
    assert training.state().get("done"), training.state()
    guesses = load_guesses(labelling.journal.folder)
    errors = []
    for frame in frames[30:]:
        row = guesses.row(("fly_leap_test", frame))
        for k, name in enumerate(guesses.keypoints):
            if labels[frame][name] is not None:
                errors.append(np.hypot(*(guesses.xy[row, k] - labels[frame][name])))
    labelling.journal.close()
    assert np.median(errors) < 8
