"""Labels of people and predictions in one file, animals that were followed only at times, and other skeletons."""

from datetime import UTC, datetime

import numpy as np
import pytest
import sleap_io

from datasets.pose.formats.export_files import save_labels
from datasets.pose.formats.label_files import load_labels
from datasets.pose.formats.nwb_poses import Session
from datasets.store import load_dataset

ANT = sleap_io.Skeleton(["head", "tail"], [("head", "tail")])


def person(at, track=None, corrects=None):
    made = sleap_io.Instance.from_numpy(np.array([[at, at], [at + 10.0, at]]), skeleton=ANT, track=track)
    made.from_predicted = corrects
    return made


def network(at, track=None, score=0.8):
    xy = np.array([[at, at], [at + 10.0, at]])
    return sleap_io.PredictedInstance.from_numpy(
        xy, skeleton=ANT, point_scores=np.array([0.7, 0.9]), score=score, track=track
    )


def saved(folder, frames, tracks=()):
    video = sleap_io.Video("ants.mp4", open_backend=False)
    labels = sleap_io.Labels(
        [sleap_io.LabeledFrame(video, k, each) for k, each in enumerate(frames)],
        videos=[video],
        skeletons=[ANT],
        tracks=list(tracks),
    )
    path = folder / "ants.slp"
    sleap_io.save_slp(labels, str(path), verbose=False)
    return path


@pytest.mark.parametrize("followed", [True, False])
@pytest.mark.parametrize("first", [True, False])
def test_a_correction_takes_the_place_of_what_it_corrects(first, followed, tmp_path):
    track = sleap_io.Track("A") if followed else None
    wrong = network(20.0, track)
    right = person(50.0, track, wrong)
    path = saved(
        tmp_path, [[right, wrong] if first else [wrong, right], [network(21.0, track)]], [track] if track else ()
    )
    (tracks,) = load_labels(path)
    assert tracks.xy[:, 0, 0, 0].tolist() == [50, 21]
    assert tracks.predicted().tolist() == [[False], [True]]
    assert np.isnan(tracks.scores[0]).all()
    assert tracks.scores[1, 0] == pytest.approx([0.7, 0.9])
    text = sleap_io.load_slp(str(path), open_videos=False)
    if followed:  # the other reader gives the person's label too
        assert np.allclose(tracks.xy, text.numpy())


def test_who_made_it_and_its_scores_stay(tmp_path):
    path = saved(tmp_path, [[person(10.0), network(40.0, score=0.6)], [network(11.0, score=0.5), person(41.0)]])
    (tracks,) = load_labels(path)
    for kind, suffix in (("slp", ".slp"), ("analysis", ".h5"), ("dlc", ".csv"), ("nwb", ".nwb")):
        session = Session(datetime(2024, 5, 31, tzinfo=UTC))
        (again,) = load_labels(save_labels([tracks], tmp_path / f"again{suffix}", kind, session))
        assert np.allclose(again.xy, tracks.xy)
        assert again.predicted().tolist() == tracks.predicted().tolist() == [[False, True], [True, False]]
        assert np.allclose(again.scores, tracks.scores, equal_nan=True)
    (again,) = load_labels(tmp_path / "again.slp")
    assert np.allclose(again.instance_scores, [[np.nan, 0.6], [0.5, np.nan]], equal_nan=True)
    written = sleap_io.load_slp(str(tmp_path / "again.slp"), open_videos=False)
    kinds = [[type(each) is sleap_io.Instance for each in frame.instances] for frame in written.labeled_frames]
    assert kinds == [[True, False], [False, True]]


def test_a_dataset_tells_what_a_network_labelled(wormtwin, movie, tmp_path):
    path = saved(tmp_path, [[person(20.0), network(40.0)], [network(21.0)]])
    out = tmp_path / "o.h5"
    status, text, _ = wormtwin("pose", "import", path, "--video", movie, "--size", 16, "--out", out)
    assert status == 0
    assert "Labels: 1 of people, 2 predicted by a network" in text
    assert load_dataset(out).extra["predicted"] == 2
    (stored,) = load_dataset(out).extra["crop"].values()
    assert stored["predicted"] == [False, True, True]


def test_labels_outside_of_their_images_are_counted(wormtwin, movie, tmp_path):
    wide = sleap_io.Instance.from_numpy(np.array([[10.0, 20.0], [40.0, 20.0]]), skeleton=ANT)
    path = saved(tmp_path, [[person(20.0)], [wide], [wide]])
    out, picture = tmp_path / "o.h5", tmp_path / "o.png"
    do = ("pose", "import", path, "--video", movie, "--size", 16, "--out", out, "--picture", picture)
    status, text, _ = wormtwin(*do)
    assert status == 0
    assert "Left out: 4 key points outside of their images (the widest animal needs --size 40)" in text
    assert "1 labelled image, and 2 without a label" in text
    (tmp_path / "none").mkdir()
    text = wormtwin(*do[:2], saved(tmp_path / "none", [[wide]]), *do[3:])[1]
    assert "0 labelled images, and 1 without a label" in text
    assert "No picture: there is no labelled image" in text


def test_one_animal_that_nobody_followed_leaves_the_tracks(tmp_path):
    a, b = sleap_io.Track("A"), sleap_io.Track("B")
    frames = [[network(20.0 + k, a), network(60.0 + k, b)] for k in range(3)] + [[network(23.0, a), person(63.0)]]
    (tracks,) = load_labels(saved(tmp_path, frames, (a, b)))
    assert tracks.animals == ("A", "B", "untracked 1")
    assert tracks.xy[:, 0, 0, 0].tolist() == [20, 21, 22, 23]
    assert np.array_equal(tracks.xy[:, 1, 0, 0], [60, 61, 62, np.nan], equal_nan=True)
    assert np.array_equal(tracks.xy[:, 2, 0, 0], [np.nan] * 3 + [63], equal_nan=True)
    written = sleap_io.load_slp(str(save_labels([tracks], tmp_path / "t.slp", "slp")), open_videos=False)
    assert [each.track.name if each.track else None for each in written.labeled_frames[3].instances] == ["A", None]
    assert [track.name for track in written.tracks] == ["A", "B"]


def test_two_of_one_track_in_a_frame_and_tracks_of_one_name(tmp_path):
    a, b = sleap_io.Track("A"), sleap_io.Track("A")
    (tracks,) = load_labels(saved(tmp_path, [[network(20.0, a), network(30.0, a)], [network(60.0, b)]], (a, b)))
    assert tracks.animals == ("A 1", "A 2", "untracked 1")
    assert np.array_equal(tracks.xy[..., 0, 0], [[20, np.nan, 30], [np.nan, 60, np.nan]], equal_nan=True)


def test_instances_of_another_skeleton_are_joined_by_name_or_left_out(tmp_path):
    turned, fly = sleap_io.Skeleton(["tail", "head"]), sleap_io.Skeleton(["wing"])
    other = sleap_io.Instance.from_numpy(np.array([[9.0, 9.0], [5.0, 5.0]]), skeleton=turned)
    stranger = sleap_io.Instance.from_numpy(np.ones((1, 2)), skeleton=fly)
    video = sleap_io.Video("ants.mp4", open_backend=False)
    frames = [[stranger, person(1.0)], [person(2.0)], [other]]
    labels = sleap_io.Labels(
        [sleap_io.LabeledFrame(video, k, each) for k, each in enumerate(frames)],
        videos=[video],
        skeletons=[fly, ANT, turned],
    )
    sleap_io.save_slp(labels, str(tmp_path / "t.slp"), verbose=False)
    (tracks,) = load_labels(tmp_path / "t.slp")
    assert tracks.skeleton.keypoints == ("head", "tail")
    assert tracks.xy[:, 0, 0, 0].tolist() == [1, 2, 5]
    assert tracks.notes == ("1 animal of another skeleton",)


def test_frames_that_are_stored_with_the_labels(tracks, movie, tmp_path):
    labels = sleap_io.load_slp(str(save_labels([tracks], tmp_path / "t.slp", "slp")))
    package = tmp_path / "t.pkg.slp"
    sleap_io.save_slp(labels, str(package), embed="user", verbose=False)
    (found,) = load_labels(package)
    assert np.array_equal(found.frames, tracks.frames)
    assert np.allclose(found.xy, tracks.xy, equal_nan=True)
    assert found.footage is not None
    shown = next(iter(found.footage.frames([int(tracks.frames[3])])))
    assert np.abs(shown[0].astype(int) - tracks.footage[int(tracks.frames[3])][0]).max() < 12
