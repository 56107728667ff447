"""Small files of others on which readers fell, with the right answers of other readers."""

import shutil

import cv2
import numpy as np
import pandas as pd
import pytest

from datasets.pose.crops import crops_of
from datasets.pose.formats.label_files import load_labels
from datasets.store import load_dataset
from datasets.video.video import open_video

pytestmark = pytest.mark.shared


@pytest.fixture
def case(shared, tmp_path, monkeypatch):
    """Work in a copy of a case's folder."""

    def enter(name):
        source = shared / "cases" / "behaviour" / name
        if not source.is_dir():
            pytest.skip(f"there is no {source}")
        shutil.copytree(source, tmp_path / name)
        monkeypatch.chdir(tmp_path / name)

    return enter


def imported(wormtwin, *arguments):
    status, text, error = wormtwin("pose", "import", *arguments, "--out", "x.h5")
    assert status == 0, error
    return load_dataset("x.h5"), text


def test_a_project_with_a_deleted_image(case, wormtwin):
    case("dlc-deleted-image")
    dataset, text = imported(wormtwin, "proj_deleted", "--size", 320)
    assert "img0001.png" in text
    table = pd.read_csv("proj_deleted/labeled-data/m4s1/CollectedData_Pranav.csv", header=[0, 1, 2], index_col=0)
    kept = table.drop("labeled-data/m4s1/img0001.png").dropna(how="all")
    (trial,) = dataset
    keypoints = crops_of(dataset)[trial.name].to_video(np.asarray(trial.y[:]))
    assert np.allclose(keypoints.reshape(len(kept), -1), kept.to_numpy(), atol=1e-3, equal_nan=True)
    whole, _ = imported(wormtwin, "proj", "--size", 320)
    assert np.array_equal(whole.trials[0].x[[0, 2, 3, 4, 5]], trial.x[:])


def test_a_folder_with_one_more_image(case):
    case("labels-folder")
    same, more = (load_labels("small_robot_siv.slp", folder)[0] for folder in ("same", "more"))
    assert np.array_equal(same.footage[:], more.footage[:])
    assert [path.name for path in more.footage.reader.paths] == ["robot0.jpg", "robot1.jpg", "robot2.jpg"]


@pytest.mark.parametrize("name", ["corrected_user_first", "corrected_user_last", "corrected_untracked"])
def test_corrections(name, case, wormtwin):
    case("slp-corrected")
    assert wormtwin("pose", "convert", f"{name}.slp", "--out", "x.csv")[0] == 0
    table = pd.read_csv("x.csv", header=[0, 1, 2], index_col=0)["wormtwin"]["head"]
    assert table["x"].tolist() == [50, 20]
    assert np.isnan(table["likelihood"][0])
    assert table["likelihood"][1] == pytest.approx(0.8)


def test_one_that_was_not_followed(case, wormtwin):
    case("slp-partly-tracked")
    dataset, _ = imported(wormtwin, "one_untracked.slp", "--size", 32)
    assert {trial.name: len(trial) for trial in dataset} == {"a:A": 6, "a:B": 5, "a:untracked 1": 1}


@pytest.mark.parametrize("name", ["late", "jitter", "node"])
def test_rows_are_frames(name, case, wormtwin):
    case("nwb-pose-times")
    status, text, _ = wormtwin("pose", "convert", f"{name}.nwb", "--out", "x.csv")
    assert status == 0
    table = pd.read_csv("x.csv", header=[0, 1, 2], index_col=0)
    assert table.index.tolist() == list(range(len(table)))
    assert ("ear" in text) == (name == "node")


@pytest.mark.parametrize(
    ("folder", "film", "number"),
    [
        ("video-avi-h264", "x264def.avi", 120),
        ("video-mpg", "m2.mpg", 120),
        ("video-trimmed", "trim.mp4", 107),
        ("video-trimmed", "base.mp4", 120),
    ],
)
def test_films_are_read_whole(folder, film, number, case):
    case(folder)
    video = open_video(film)
    frames = list(video.frames(range(len(video))))
    assert len(frames) == number
    assert np.array_equal(open_video(film)[number - 3], frames[-3])
    if film == "trim.mp4":
        assert np.array_equal(frames[0], open_video("base.mp4")[13])


def test_a_film_that_is_turned(case, wormtwin):
    case("video-rotated")
    dataset, _ = imported(wormtwin, "rot90.slp", "--size", 16, "--colour")
    (crops,) = crops_of(dataset).values()
    left, top = crops.matrices[0, :, 2].astype(int)
    shown = cv2.VideoCapture("rot90.mp4").read()[1][top : top + 16, left : left + 16, ::-1]
    assert np.abs(dataset.trials[0].x[0].astype(int) - shown.transpose(2, 0, 1)).mean() < 2
    assert (np.abs(shown.astype(int) - (200, 40, 40)).max(axis=2) < 40).mean() > 0.3


def test_coco_in_the_folder_where_one_works(case, wormtwin):
    case("coco-here")
    dataset, _ = imported(wormtwin, "two.json", "--size", 64)
    assert [len(trial) for trial in dataset] == [2]
