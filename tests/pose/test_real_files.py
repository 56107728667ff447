"""Labels of SLEAP, DeepLabCut and LEAP as their tools wrote them."""

import numpy as np
import pytest

from datasets.pose.crops import crops_of
from datasets.pose.formats.label_files import load_labels
from datasets.pose.importing import ImportSettings, labelled_dataset, needed_size
from neuron_models.foundation.errors import InputError

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def folder(shared):
    return shared / "data" / "pose"


def test_two_flies_of_a_sleap_project(folder):
    (tracks,) = load_labels(folder / "clip.slp")
    assert tracks.xy.shape == (1500, 2, 13, 2)
    assert tracks.animals == ("female", "male")
    assert ("wingL", "wingR") in tracks.skeleton.pairs
    assert len(tracks.skeleton.edges) == 12
    size = needed_size(tracks)
    dataset = labelled_dataset([tracks], ImportSettings(size=size), "flies")
    assert [trial.x.shape for trial in dataset] == [(1500, 1, size, size)] * 2
    assert dataset.dt == 40
    back = crops_of(dataset)["clip:male"].to_video(np.asarray(dataset.trials[1].y[:]))
    assert np.allclose(back, tracks.xy[:, 1], atol=1e-4, equal_nan=True)
    for trial in dataset:  # flies are bright, their middle too
        image, (thorax, *_) = trial.x[700][0], np.round(trial.y[700, 1:2]).astype(int)
        assert image[thorax[1], thorax[0]] > 100 > image.mean()


def test_a_deeplabcut_project(folder):
    (tracks,) = load_labels(folder / "dlc_openfield-Pranav-2018-10-30")
    assert tracks.skeleton.keypoints == ("snout", "leftear", "rightear", "tailbase")
    assert tracks.skeleton.pairs == (("leftear", "rightear"),)
    assert tracks.xy[0, 0, 0] == pytest.approx((21.521, 265.428))  # the first row of its table
    dataset = labelled_dataset([tracks], ImportSettings(scale=0.25), "mouse")
    trial = dataset.trials[0]
    assert trial.x.shape == (116, 1, 120, 160)
    rows = [0, 50, 100]
    images, tail = trial.x[rows], np.round(trial.y[rows, 3]).astype(int)
    for image, (x, y) in zip(images[:, 0], tail, strict=True):  # a dark mouse on a bright floor
        assert image[max(0, y - 3) : y + 4, max(0, x - 3) : x + 4].min() < 60 < image.mean()


def test_leap_labels_need_their_video(folder):
    (tracks,) = load_labels(folder / "BermanFlies_k10_n150.labels.mat")
    assert tracks.xy.shape == (1500, 1, 32, 2)
    assert len(tracks.skeleton.edges) == 25
    assert len(tracks.skeleton.pairs) == 14
    assert 0 <= np.nanmin(tracks.xy) < np.nanmax(tracks.xy) < 192
    with pytest.raises(InputError, match=r"the labels have no images: .*2018-05-03_cluster.* is not there: .*--video"):
        labelled_dataset([tracks], ImportSettings(size=192), "flies")


def test_predictions_of_sleap(folder, wormtwin, tmp_path):
    (tracks,) = load_labels(folder / "predictions.analysis.h5")
    assert tracks.xy.shape == (3000, 2, 13, 2)
    out = tmp_path / "t.csv"
    status, text, _ = wormtwin("pose", "convert", folder / "predictions.analysis.h5", "--out", out)
    assert status == 0
    assert "3000 frames" in text
    assert np.allclose(load_labels(out)[0].xy, tracks.xy, equal_nan=True)
    (labels,) = load_labels(folder / "minimal_instance.slp")
    assert labels.xy[0, 0, 0] == pytest.approx((92.652, 202.726), abs=1e-3)


@pytest.mark.slow
def test_flies_that_sit_still_for_two_thirds_of_the_time_are_found(folder):
    from datasets.segmentation.regions import SegmentSettings, find_blobs, learn_scene
    from datasets.video.background import difference
    from datasets.video.video import open_video

    (tracks,) = load_labels(folder / "clip.slp")
    video = open_video(folder / "clip.mp4")
    thorax = tracks.xy[:, :, tracks.skeleton.keypoints.index("thorax")]
    still = np.linalg.norm(thorax - np.median(thorax, axis=0), axis=-1) < 40
    assert (still.mean(axis=0) > 0.6).all()
    scene = learn_scene(video, 2, SegmentSettings(), frames=30)
    for frame in range(0, 1500, 150):
        found = find_blobs(difference(video[frame], scene.background), scene)
        middle = np.nanmean(tracks.xy[frame], axis=1)
        away = [np.linalg.norm(middle - (blob.x, blob.y), axis=-1) for blob in found]
        assert len(found) == 2
        assert np.min(away, axis=0).max() < 15  # of about 95 px
