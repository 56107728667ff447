"""`pose label`: what it refuses before it serves, what it tells at its end, and what comes of its folder."""

import socket

import numpy as np
import pytest

from datasets.pose.formats.export_files import save_labels
from datasets.pose.formats.label_files import load_labels
from datasets.pose.labelling.journal import Journal
from datasets.pose.labelling.session import open_labelling
from datasets.store import load_dataset


@pytest.fixture
def stopped(monkeypatch):
    """What serves stops at once, as by Ctrl-C; gives what would have been served."""
    seen = []

    monkeypatch.setattr("surrogates.pages.serving.serve_app", lambda make, port: seen.append(make))
    return seen


def test_what_cannot_be_labelled_is_one_line(wormtwin, refused, movie, tmp_path):
    begin = ("pose", "label", movie, "--out", tmp_path / "l")
    refused(wormtwin(*begin, "--keypoints", "a,a"), "names a key point more than once: a")
    refused(wormtwin(*begin, "--keypoints", "a", "--edges", "a:b"), "a skeleton's edge names 'b'")
    refused(wormtwin(*begin, "--edges", "a:b"), "--edges and --pairs go with --keypoints")
    refused(wormtwin(*begin, "--keypoints", "a", "--pairs", "a"), "--pairs looks like")
    refused(wormtwin(*begin, "--epochs", "0"), "--epochs must be >= 1")
    refused(wormtwin("pose", "label", tmp_path / "none.mp4"), "there is no such file")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused(wormtwin(*begin, "--port", taken.getsockname()[1]), "cannot be had", "give another by --port")
    assert not (tmp_path / "l").exists()


def test_a_folder_that_is_being_labelled_is_refused(wormtwin, refused, movie, tmp_path, stopped):
    assert wormtwin("pose", "label", movie, "--out", tmp_path / "l", "--port", 0)[0] == 0
    journal = Journal(tmp_path / "l")
    refused(wormtwin("pose", "label", tmp_path / "l", "--port", 0), "is being labelled by", "label a copy")
    journal.close()


def test_it_goes_on_and_tells_what_was_labelled(wormtwin, movie, tmp_path, stopped, whole):
    assert (
        wormtwin("pose", "label", movie, "--out", tmp_path / "l", "--keypoints", "head,legL,legR", "--port", 0)[0] == 0
    )
    begun = open_labelling(tmp_path / "l")
    begun.change("page", [*whole(2), {"do": "time", "film": "flies", "frame": 2, "seconds": 7.5, "changes": 3}])
    begun.journal.close()
    status, text, _ = wormtwin("pose", "label", tmp_path / "l", "--port", 0)
    assert status == 0
    assert "1 frame labelled (3 by person)" in text
    assert (tmp_path / "l" / "times.csv").read_text().splitlines()[1].startswith("flies,2,7.5,3,")
    assert (tmp_path / "l" / "times.png").is_file()
    assert wormtwin("pose", "import", tmp_path / "l", "--out", tmp_path / "d.h5")[0] == 0
    assert load_dataset(tmp_path / "d.h5").extra["crop"]["flies"]["makers"] == [[1, 1, 1]]


def test_one_frame_without_a_skeleton_opens(tmp_path):
    from PIL import Image

    Image.fromarray(np.full((20, 30), 90, np.uint8)).save(tmp_path / "one.png")
    begun = open_labelling(tmp_path / "one.png", tmp_path / "l")
    assert begun.book.pool == [("one", 0, 0)]
    assert begun.book.skeleton is None
    begun.journal.close()


def test_a_dataset_of_crops_comes_back_with_its_labels_and_in_pixels_of_its_video(tracks, movie, tmp_path, wormtwin):
    save_labels([tracks], tmp_path / "t.slp", "slp")
    assert wormtwin("pose", "import", tmp_path / "t.slp", "--size", 24, "--out", tmp_path / "d.h5")[0] == 0
    begun = open_labelling(tmp_path / "d.h5")
    assert list(begun.films) == ["flies:one", "flies:two"]
    begun.journal.close()
    (again,) = load_labels(tmp_path / "d.labels")
    assert again.animals == ("one", "two")
    assert np.array_equal(again.frames, tracks.frames)
    assert np.allclose(again.xy, tracks.xy, atol=0.01, equal_nan=True)


def test_a_label_that_another_tool_moved_is_that_tools(served_labels, tmp_path):
    (labels,) = load_labels(served_labels)
    assert labels.makers[0, 0].tolist() == [2, 1, 1]
    text = served_labels.read_text().replace("14.0", "15.0", 1)
    served_labels.write_text(text)
    (moved,) = load_labels(served_labels)
    assert moved.xy[0, 0, 0, 0] == 15
    assert moved.makers[0, 0, 0] == 1


@pytest.fixture
def served_labels(begun, whole, mark, tmp_path):
    """A table of DeepLabCut of one frame, with an accepted guess, and who made its labels beside it."""
    begun.change("page", [*whole(4), mark(4, "head", 14, 30, maker="accepted")])
    (tracks,) = load_labels(begun.journal.folder)
    return save_labels([tracks], tmp_path / "labels.csv", "dlc")
