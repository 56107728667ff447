"""Labelled frames of videos into datasets."""

import numpy as np

from datasets.pose.crops import crops_of
from datasets.pose.cutting import CutFrames
from datasets.pose.formats.export_files import save_labels
from datasets.pose.importing import ImportSettings, labelled_dataset
from datasets.pose.labelled import keypoints_of, skeleton_of
from datasets.pose.skeleton import Skeleton
from datasets.pose.tracks import Tracks
from datasets.store import load_dataset
from datasets.video.video import open_video


def same(a, b, **tolerance):
    return np.allclose(a, b, equal_nan=True, **tolerance)


def test_import_crops_each_animal(wormtwin, tracks, movie, tmp_path, saved_figures):
    labels = save_labels([tracks], tmp_path / "t.slp", "slp")
    out = tmp_path / "labels.h5"
    status, text, _ = wormtwin("pose", "import", labels, "--size", 24, "--out", out, "--picture", tmp_path / "p.png")
    assert status == 0
    assert "25 labelled images" in text
    trial, row = load_dataset(out).trials[0], 0
    shown = {axes.get_title(): axes for axes in saved_figures["p.png"].axes}
    axes = shown[f"{trial.name}, {row}"]
    image = np.asarray(trial.x[row])
    np.testing.assert_array_equal(axes.images[0].get_array().squeeze(), image.transpose(1, 2, 0).squeeze())
    np.testing.assert_allclose(axes.collections[0].get_offsets(), keypoints_of(trial)[row])
    dataset = load_dataset(out, lazy=True)
    assert dataset.task == "keypoints"
    assert skeleton_of(dataset) == tracks.skeleton
    assert [trial.name for trial in dataset] == ["flies:one", "flies:two"]
    assert [len(trial) for trial in dataset] == [13, 12]
    video, whole = open_video(movie)[:], tracks.xy[:, 0]
    crops = crops_of(dataset)["flies:one"]
    assert same(crops.to_video(np.asarray(dataset.trials[0].y[:])), whole, atol=1e-5)
    left, top = crops.matrices[6, :, 2].astype(int)
    assert np.array_equal(dataset.trials[0].x[6], video[crops.frames[6], :, top : top + 24, left : left + 24])
    status, text, _ = wormtwin("dataset", "info", out)
    assert status == 0
    assert "keypoints" in text
    assert "24 x 24" in text
    assert "wingL" in text


def test_crops_are_scaled_and_turned(tracks):
    settings = ImportSettings(size=32, scale=2.0, heading=("head", "wingL"))
    dataset = labelled_dataset([tracks], settings, "flies")
    first = dataset.trials[0]
    assert dataset.extra["left_out"] == "1 animal without head or wingL"
    direction = np.diff(np.asarray(first.y[:])[:, :2], axis=1)[:, 0]
    assert same(direction, [(2 * np.hypot(4, 5), 0)] * 13, atol=1e-4)
    spot = [np.average(np.argwhere(image[0] > 170), axis=0)[::-1] for image in first.x[:]]
    assert same(spot, first.y[:, 0], atol=0.5)


def test_whole_frames_are_filled_up(tracks):
    one = Tracks(**{**vars(tracks), "xy": tracks.xy[:, :1], "animals": ("one",)})
    dataset = labelled_dataset([one], ImportSettings(scale=0.5), "flies")
    assert dataset.extra["pose"] == "frames"
    assert dataset.trials[0].x.shape == (13, 1, 32, 48)  # 30 x 45, filled up to multiples of 8
    spot = [np.argwhere(image[0] > 150).mean(axis=0)[::-1] for image in dataset.trials[0].x[:]]
    assert same(spot, dataset.trials[0].y[:, 0], atol=0.4)
    assert isinstance(dataset.trials[0].x, CutFrames)  # nothing was read before


def test_what_cannot_be_imported(wormtwin, refused, tracks, movie, tmp_path):
    labels, out = save_labels([tracks], tmp_path / "t.slp", "slp"), tmp_path / "o.h5"
    call = ("pose", "import", labels, "--out", out)
    refused(wormtwin(*call), "2 animals in a frame", "--size", "needs 16")
    refused(wormtwin(*call, "--size", 64), "larger than a frame", "90 x 60")
    refused(wormtwin(*call, "--size", 30), "multiple of 8", "30")
    refused(wormtwin(*call, "--size", "big"), "--size must be a number of pixels or 'auto', got 'big'")
    refused(wormtwin(*call, "--size", 24, "--scale", 0), "--scale", "0")
    refused(wormtwin(*call, "--size", 24, "--heading", "head"), "two key points")
    refused(wormtwin(*call, "--size", 24, "--heading", "tail,head"), "no key point 'tail'", "head, wingL, wingR")
    refused(wormtwin(*call, "--size", 24, "--pairs", "wingL-wingR"), "--pairs looks like")
    refused(wormtwin("pose", "import", tmp_path / "none.slp", "--out", out), "no such file")
    refused(wormtwin("pose", "import", movie, "--out", out), "labels are read from .slp")
    (tmp_path / "bad.slp").write_text("nothing")
    refused(wormtwin("pose", "import", tmp_path / "bad.slp", "--out", out), "bad.slp: no labels can be read")
    other = Tracks(**{**vars(tracks), "skeleton": Skeleton(("nose", "wingL", "wingR"))})
    another = save_labels([other], tmp_path / "u.slp", "slp")
    refused(wormtwin("pose", "import", labels, another, "--out", out, "--size", 24), "without head and with nose")
    beyond = Tracks(**{**vars(tracks), "frames": tracks.frames + 10, "footage": None})
    late = save_labels([beyond], tmp_path / "late.slp", "slp")
    refused(
        wormtwin("pose", "import", late, "--out", out, "--size", 24), "40 frames and 3 labelled ones lie beyond", "47"
    )
    gone = Tracks(**{**vars(tracks), "video": "gone.mp4", "footage": None})
    without = save_labels([gone], tmp_path / "gone.slp", "slp")
    refused(wormtwin("pose", "import", without, "--out", out, "--size", 24), "gone.mp4 is not there", "--video")
    assert not out.exists()
    assert wormtwin("pose", "import", without, "--video", movie, "--out", out, "--size", 24)[0] == 0
