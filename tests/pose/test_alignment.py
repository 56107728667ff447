"""Egocentric alignment of whole videos, against the exact places of the generator and of drawn shapes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.pose.alignment.align import AlignmentSettings, align_video
from datasets.pose.alignment.following import FOUND
from datasets.pose.crops import Crops, crops_of
from datasets.pose.generator.video import ArenaSettings, make_video
from datasets.store import StoredArray, load_dataset
from datasets.video.cropping import oriented_matrices
from datasets.video.video import open_video
from neuron_models.foundation.errors import InputError
from neuron_models.foundation.resumable import partial_folder


class Played:
    """A video that notes the most frames that were asked for at once."""

    def __init__(self, frames):
        self.frames, self.most = frames, 0
        self.shape, self.dtype = frames.shape, frames.dtype

    def __len__(self):
        return len(self.frames)

    def __getitem__(self, index):
        found = self.frames[index]
        self.most = max(self.most, len(found) if found.ndim == 4 else 1)
        return found


@pytest.fixture(scope="module")
def worms():
    """Two worms that crawl for 7 seconds, and their exact places."""
    video = make_video(ArenaSettings("worm", 70, 220, 160, 2, 56.0, seed=1))
    return video, Played(video[:])


@pytest.fixture(scope="module")
def aligned(worms, tmp_path_factory):
    out = tmp_path_factory.mktemp("aligned") / "crops.h5"
    return align_video(worms[1], "worms", out, AlignmentSettings(size=80, animals=2), 10.0)


@given(st.floats(-9, 9), st.floats(-1e3, 1e3), st.floats(-1e3, 1e3), st.integers(8, 300))
def test_crops_return_to_the_video(angle, x, y, size):
    matrices = oriented_matrices(np.array([[x, y]]), (size, size), np.array([angle]))
    crops = Crops("v", np.zeros(1, int), np.zeros(1, int), matrices)
    points = np.random.default_rng(0).uniform(-500, 500, (1, 7, 2))
    assert np.abs(crops.to_video(crops.to_crop(points)) - points).max() < 1e-9


def test_two_worms_are_found_where_they_are(worms, aligned):
    video, (dataset, found) = worms[0], aligned
    centre = np.stack([body.centre for body in video.bodies], axis=1)
    order = [int(np.argmin(np.linalg.norm(centre[0] - index, axis=-1))) for index in found.centre[0]]
    assert sorted(order) == [0, 1]
    assert (found.status == FOUND).all()
    assert np.median(np.linalg.norm(found.centre - centre[:, order], axis=-1)) < 3
    heading = np.stack([body.heading for body in video.bodies], axis=1)[:, order]
    off = np.rad2deg(np.abs((found.heading - heading + np.pi) % (2 * np.pi) - np.pi))
    assert off.max() < 60  # heads are never taken for tails
    assert np.median(off) < 15
    for trial, k in zip(dataset, order, strict=True):
        crops, keypoints = crops_of(dataset)[trial.name], video.bodies[k].keypoints
        inside = crops.to_crop(keypoints)
        assert np.abs(crops.to_video(inside) - keypoints).max() < 1e-9
        assert (inside[:, 0, 0] > inside[:, -1, 0]).mean() > 0.95  # the head is on the right
        image = np.asarray(trial.x[40])[0].astype(float)
        x, y = np.round(inside[40, 2:7]).astype(int).T
        assert image[y, x].mean() < np.median(image) - 20  # the key points lie on the dark worm in the crop too


def test_a_video_is_aligned_a_few_frames_at_a_time(tmp_path):
    frames = np.full((300, 1, 40, 90), 180, np.uint8)
    for k in range(300):
        frames[k, 0, 17:23, k // 4 : 16 + k // 4] = 40
    video = Played(frames)
    dataset, _ = align_video(video, "v", tmp_path / "a.h5", AlignmentSettings(size=24), 1.0)
    assert video.most <= 64
    assert isinstance(dataset.trials[0].x, StoredArray)  # the crops are on the disk
    assert dataset.trials[0].valid().all()


@pytest.mark.parametrize("at", [2, 3])
def test_an_alignment_that_was_stopped_goes_on(worms, aligned, tmp_path, monkeypatch, at):
    out, video = tmp_path / "crops.h5", worms[1]
    settings = AlignmentSettings(size=80, animals=2)
    real = Played.__getitem__

    seen = []

    def stops(self, index):
        if isinstance(index, slice) and index.start == 64:
            seen.append(index)
            if len(seen) == at:  # the first time, it asks what the video holds
                raise KeyboardInterrupt
        return real(self, index)

    monkeypatch.setattr("datasets.pose.alignment.align.FRAMES_AT_A_TIME", 32)
    with monkeypatch.context() as patched:
        patched.setattr(Played, "__getitem__", stops)
        with pytest.raises(KeyboardInterrupt):
            align_video(video, "worms", out, settings, 10.0)
    assert partial_folder(out).exists()
    with pytest.raises(InputError, match="beginning of another alignment"):
        align_video(video, "worms", out, AlignmentSettings(size=64, animals=2), 10.0)
    dataset, _ = align_video(video, "worms", out, settings, 10.0)
    assert not partial_folder(out).exists()
    for trial, other in zip(dataset, aligned[0], strict=True):
        assert np.array_equal(trial.x[:], other.x[:])
    assert dataset.extra["crop"] == aligned[0].extra["crop"]


@pytest.mark.parametrize(
    ("video", "settings", "text"),
    [
        (np.zeros((5, 1, 40, 60), np.uint8), {"size": 50}, "60 x 40"),
        (np.zeros((0, 1, 40, 60), np.uint8), {"size": 16}, "no frames"),
        (np.full((5, 3, 41, 63), 90, np.uint8), {"size": 16}, "no animal found"),
    ],
)
def test_videos_that_cannot_be_aligned_are_reported(tmp_path, video, settings, text):
    with pytest.raises(InputError, match=text):
        align_video(Played(video), "v", tmp_path / "a.h5", AlignmentSettings(**settings), 1.0)


def test_colour_and_odd_sizes_are_aligned(tmp_path):
    frames = np.full((30, 3, 81, 97), 180, np.uint8)
    for k in range(30):
        frames[k, :, 40:46, 10 + 2 * k : 26 + 2 * k] = 40
    dataset, found = align_video(Played(frames), "v", tmp_path / "a.h5", AlignmentSettings(size=31), 1.0)
    assert dataset.x_names == ("red", "green", "blue")
    assert found.centre[:, 0, 0] == pytest.approx(17.5 + 2 * np.arange(30), abs=0.6)
    assert np.cos(found.heading[:, 0]) == pytest.approx(np.ones(30), abs=0.01)


def test_the_command_aligns_a_video(wormtwin, refused, tmp_path):
    film = ("--video", tmp_path / "clip", "--video-frames", 30, "--video-animals", 1, "--video-size", "161x135")
    wormtwin("pose", "make-sample", "--out", tmp_path / "l.h5", "--animal", "worm", "--frames", 5, *film)
    options = ("--out", tmp_path / "crops.h5", "--size", 80, "--picture", tmp_path / "a.png")
    status, text, error = wormtwin("pose", "align", tmp_path / "clip", *options)
    assert status == 0, error
    assert "30 frames of 1 animal" in text
    dataset = load_dataset(tmp_path / "crops.h5")
    assert dataset.trials[0].x.shape == (30, 1, 80, 80)
    assert not partial_folder(tmp_path / "crops.h5").exists()
    status, text, _ = wormtwin("dataset", "info", tmp_path / "crops.h5")
    assert status == 0
    assert "Crops of 80 x 80 pixels, grey, no labels" in text
    command = ("pose", "align", tmp_path / "clip", "--out", tmp_path / "b.h5")
    refused(wormtwin(*command, "--size", 500), "larger than the frame of 161 x 135")
    refused(wormtwin(*command, "--animals", 0), "animals must be 1 to 1000, got 0")
    refused(wormtwin(*command, "--picture", tmp_path / "a.txt"), "a picture's name ends in .png")
    refused(wormtwin("pose", "align", tmp_path / "none.mp4", "--out", tmp_path / "b.h5"), "no such video")
    refused(wormtwin(*command[:3], "--out", tmp_path / "b.txt"), "a dataset file's name ends in .h5")
    refused(wormtwin(*command[:3], "--out", tmp_path / "crops.h5"), "exists: delete it")
    assert not list(tmp_path.glob("b*"))


def test_a_video_that_ends_early_is_aligned_as_far_as_it_goes(wormtwin, refused, short_movie, tmp_path):
    call = ("pose", "align", short_movie, "--out", tmp_path / "a.h5", "--size", 24)
    refused(wormtwin(*call), "ends early: it announces 40 frames")
    dataset, number = load_dataset(tmp_path / "a.h5"), len(open_video(short_movie).readable())
    assert len(dataset.trials[0]) == number
    assert np.median(np.asarray(dataset.trials[0].x)[:, 0, 11:13, 11:13]) > 200  # the bright spot is in the middle
    indices = crops_of(dataset)["animal1"].to_video(np.full((number, 1, 2), 11.5))
    assert np.abs(indices[:, 0] - np.stack([10 + np.arange(number), np.full(number, 30)], -1)).max() < 1.5
    assert not partial_folder(tmp_path / "a.h5").exists()
