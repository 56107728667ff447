"""Networks that have learned to find key points: training, evaluation, report, wrong commands."""

import json

import imageio.v3 as iio
import numpy as np
import pytest

from datasets.pose.crops import Crops
from datasets.pose.formats.tracks_file import load_tracks
from datasets.pose.labelled import Labelled, keypoints_dataset
from datasets.pose.skeleton import Skeleton
from datasets.store import load_dataset, save_dataset
from datasets.video.cropping import oriented_matrices
from surrogates.pose.demo_video import errors
from surrogates.pose.evaluation import PoseEvaluation
from surrogates.pose.finder import find_keypoints
from surrogates.pose.models import POSE_MODELS
from surrogates.pose.page import write_pose_report
from surrogates.pose.scores import score_keypoints
from surrogates.runs.fitting import Fit
from surrogates.runs.model_file import load_model
from surrogates.training.configuration import Training

SIZE = (40, 48)


def test_training_finds_fish(trained, wormtwin, saved_figures):
    text = json.loads((trained / "run" / "scores.json").read_text())
    assert (text["settings"]["bend"], text["settings"]["rotation"]) == (0.001, 15.0)
    scores = text["scores"]["test"]
    assert scores["keypoints"]["median"] < 2.0
    assert scores["keypoints"]["number"] == 24 * 4
    status, out, _ = wormtwin("evaluate", "--data", trained / "fish.h5", "--model", trained / "run" / "model.keras",
                              "--plot", trained / "circles.png")  # fmt: skip
    assert status == 0
    assert f"{scores['keypoints']['median']:.2f}" in out
    (axes,) = saved_figures["circles.png"].axes
    assert len(axes.images) == 1
    radii = np.array([circle.get_radius() for circle in axes.patches]).reshape(4, 2)  # two circles a key point
    assert (radii[:, 0] < radii[:, 1]).all()
    assert (trained / "run" / "history.png").exists()
    head = (trained / "run" / "history.csv").read_text().splitlines()[0]
    assert "val_pixels" in head


def test_a_dataset_survives_training_and_storage(trained):
    assert load_dataset(trained / "fish.h5").extra["skeleton"]["pairs"] == [["finL", "finR"]]


def test_the_report_tells_how_well_keypoints_are_found(trained, tmp_path, shown_whole):
    model, signature = load_model(trained / "run" / "model.keras")
    fish = load_dataset(trained / "fish.h5")
    found = find_keypoints(model, signature, fish, progress=False)
    training = Training(
        {"loss": [2.0, 1.0], "val_loss": [2.0, 1.5], "pixels": [3.0, 2.0], "val_pixels": [3.0, 2.5]}, 1, 9.0
    )
    evaluation = PoseEvaluation(fish, found, score_keypoints(fish, found))
    done = Fit(POSE_MODELS["pose_small"], model, training, fish, signature, evaluation)
    text = write_pose_report(done, "pose_small", tmp_path).read_text()
    assert "Of 96 key points in 24 test frames" in text
    assert "mean pose of the training frames" in text
    assert "nan" not in text.lower().split("<svg")[0]
    assert {path.stem for path in (tmp_path / "figures").glob("*.png")} == {
        "circles", "examples", "shares", "by-keypoint", "history"
    }  # fmt: skip
    shown_whole(tmp_path / "report.html")


def test_predictions_of_crops_return_to_the_video(trained, tmp_path, wormtwin, draw_fish, skeleton):
    images, keypoints = draw_fish(9, 77)
    matrices = oriented_matrices(np.full((9, 2), 200.0), SIZE, angle=np.linspace(0, 6, 9), scale=2.0)
    crops = Crops("arena.mp4", np.arange(3, 12), np.zeros(9, int), matrices)
    fish = keypoints_dataset("new", [Labelled("one", images, None, crops)], skeleton, kind="crops", fps=30.0)
    data = save_dataset(fish, tmp_path / "crops.h5")
    command = ("pose", "predict", "--model", trained / "run" / "model.keras", "--data", data)
    assert wormtwin(*command, "--out", tmp_path / "tracks.h5")[0] == 0
    tracks = load_tracks(tmp_path / "tracks.h5")
    assert tracks.video == "arena.mp4"
    assert tracks.frames.tolist() == list(range(3, 12))
    away = np.linalg.norm(tracks.xy[:, 0] - crops.to_video(keypoints), axis=-1)
    assert np.median(away) < 3.0  # of pixels half as large
    status, _, _ = wormtwin(*command, "--out", tmp_path / "tracks.h5")  # whole already, of the same job
    assert (status, load_tracks(tmp_path / "tracks.h5").frames.tolist()) == (0, list(range(3, 12)))


def test_mistakes_are_one_line(trained, tmp_path, wormtwin, draw_fish, skeleton):
    model = trained / "run" / "model.keras"
    images, keypoints = draw_fish(6, 1)
    bird = Skeleton(("beak", "tail", "wingL", "wingR"))
    other = keypoints_dataset("birds", [Labelled("b", images, keypoints)], bird, kind="crops")
    save_dataset(other, tmp_path / "birds.h5")
    nothing = keypoints_dataset("blank", [Labelled("b", images, None, split="train")], skeleton, kind="crops")
    save_dataset(nothing, tmp_path / "blank.h5")
    predict = ("pose", "predict", "--model", model, "--out", tmp_path / "t.h5")
    for command, text in (
        ((*predict, "--data", tmp_path / "birds.h5"), "key points of another skeleton: without nose, finL"),
        (predict, "give either --video or --data"),
        ((*predict, "--data", trained / "fish.h5", "--batch", 0), "a batch must have 1 image"),
        (("evaluate", "--model", model, "--data", tmp_path / "birds.h5"), "another skeleton"),
        (("train", "--model", "pose_small", "--data", tmp_path / "blank.h5", "--out", tmp_path / "r"),
         "no key point is labelled in its train split"),
        (("train", "--model", "gru", "--data", trained / "fish.h5", "--out", tmp_path / "r"), "lists those that do"),
        (("train", "--model", "gru", "--preset", "fast", "--data", trained / "fish.h5", "--out", tmp_path / "r"),
         "gru has no presets: give --epochs"),
        (("pose", "study", "colour", "--data", trained / "fish.h5", "--out", tmp_path / "r"), "there is no study"),
    ):  # fmt: skip
        status, _, err = wormtwin(*command)
        assert status == 2, command
        assert text in err
        assert len(err.strip().splitlines()) == 1


def test_a_video_of_another_size_is_reported(trained, tmp_path, wormtwin):
    video = tmp_path / "frames"
    video.mkdir()
    from imageio.v3 import imwrite

    for k in range(3):
        imwrite(video / f"{k}.png", np.full((30, 30), 9 * k, np.uint8))
    model = trained / "run" / "model.keras"
    status, _, err = wormtwin("pose", "predict", "--model", model, "--video", video, "--out", tmp_path / "t.h5")
    assert status == 2
    assert "trained on images of 48 x 40 pixels, these have 30 x 30" in err


@pytest.mark.slow
def test_the_demo_learns_flies(tmp_path, wormtwin):
    status, out, _ = wormtwin("pose", "demo", "--out", tmp_path, "--epochs", 4)
    assert status == 0
    assert (tmp_path / "report.html").exists()
    scores = json.loads((tmp_path / "scores.json").read_text())["scores"]["test"]
    assert scores["keypoints"]["near"]["0.1"] > 0.5
    assert str(tmp_path / "report.html") in out
    assert "100.0 % of the animals were found" in (tmp_path / "report.html").read_text()
    assert load_tracks(tmp_path / "tracks.h5").xy.shape == (600, 2, 17, 2)
    drawn = iio.imread(tmp_path / "drawn.mp4", index=0).astype(int)
    assert (np.ptp(drawn, axis=-1) > 60).sum() > 100  # the skeletons have colours, the animals none


def test_found_animals_belong_to_the_nearest_ones():
    truth = np.random.default_rng(0).uniform(0, 100, (5, 3, 4, 2))
    found = truth[:, [2, 0, 1]] + np.array([3.0, 4.0])
    found[1:3, 0] = np.nan
    away = errors(found, truth)
    np.testing.assert_allclose(away[[0, 3, 4]], 5.0)
    assert np.isnan(away[1:3, 0]).all()
    np.testing.assert_allclose(away[:, 1:], 5.0)
