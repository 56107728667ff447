"""`wormtwin pose predict` on whatever a user gives it: short videos, aligned crops, lost animals, other skeletons."""

import numpy as np
import pytest

from datasets.pose.formats.tracks_file import load_tracks
from datasets.pose.labelled import Labelled, keypoints_dataset
from datasets.pose.skeleton import Skeleton
from datasets.store import save_dataset
from datasets.video.video import open_video
from surrogates.registry import model_kind
from surrogates.runs.model_file import ModelSignature, save_model


def labelled(keypoints, size):
    images = np.random.default_rng(0).integers(0, 255, (4, 1, *size)).astype(np.uint8)
    indices = np.random.default_rng(1).uniform(1, min(size) - 2, (4, len(keypoints), 2))
    return keypoints_dataset("made", [Labelled("one", images, indices)], Skeleton(keypoints), kind="frames")


def untrained(folder, size):
    """A tiny network of three key points with its first weights."""
    known = labelled(("head", "wingL", "wingR"), size)
    network = model_kind("pose_small").for_data(known, filters=2, seed=0)
    return save_model(network, folder / f"{size[0]}.keras", ModelSignature.of(known, "pose_small"))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """For images of 24 x 24 pixels."""
    return untrained(tmp_path_factory.mktemp("small"), (24, 24))


@pytest.fixture(scope="module")
def frame_model(tmp_path_factory):
    """For the frames of the drawn movie."""
    return untrained(tmp_path_factory.mktemp("whole"), (60, 90))


def test_a_video_that_ends_early_leaves_the_tracks_of_its_frames(wormtwin, refused, frame_model, short_movie, tmp_path):
    out = tmp_path / "tracks.h5"
    refused(wormtwin("pose", "predict", "--model", frame_model, "--video", short_movie, "--out", out), "ends early")
    tracks = load_tracks(out)
    assert tracks.frames.tolist() == list(range(len(open_video(short_movie).readable())))
    assert np.isfinite(tracks.xy).all()


def test_aligned_crops_are_looked_at_and_lost_animals_stay_lost(wormtwin, model, movie, tmp_path):
    table = tmp_path / "places.csv"
    table.write_text("\n".join(["frame,x,y", *(f"{frame},{15 + frame},30" for frame in range(0, 40, 2))]))
    align = ("pose", "align", movie, "--centroids", table, "--out", tmp_path / "crops.h5", "--size", 24)
    assert wormtwin(*align)[0] == 0
    call = ("pose", "predict", "--model", model, "--data", tmp_path / "crops.h5", "--out", tmp_path / "t.h5")
    status, text, error = wormtwin(*call)
    assert status == 0, error
    assert str(movie) in text
    tracks = load_tracks(tmp_path / "t.h5")
    assert tracks.xy.shape == (40, 1, 3, 2)
    assert np.isnan(tracks.xy[1::2]).all()
    assert np.isnan(tracks.scores[1::2]).all()
    centres = np.stack([15.0 + np.arange(0, 40, 2), np.full(20, 30.0)], -1)
    assert np.abs(tracks.xy[::2, 0] - centres[:, None]).max() <= 12


def test_what_does_not_fit_the_model_is_reported(wormtwin, refused, model, movie, tmp_path):
    call = ("pose", "predict", "--model", model, "--out", tmp_path / "t.h5")
    refused(wormtwin(*call, "--video", movie), "24 x 24 pixels, these have 90 x 60")
    refused(wormtwin(*call, "--video", tmp_path / "none.mp4"), "none.mp4: there is no such")
    bird = save_dataset(labelled(("beak", "wingL", "wingR"), (24, 24)), tmp_path / "bird.h5")
    refused(wormtwin(*call, "--data", bird), "key points of another skeleton: without head and with beak")
    refused(wormtwin("evaluate", "--model", model, "--data", bird), "key points of another skeleton")
    assert not list(tmp_path.glob("t.h5*"))
