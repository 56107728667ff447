"""The page's requests: what is changed, kept, refused, offered and saved."""

import errno
import io
import os
import shutil

import numpy as np
import pytest
from PIL import Image

from datasets.pose.formats.label_files import load_labels
from datasets.pose.labelling.guesses import Guesses, save_guesses
from datasets.pose.labelling.session import open_labelling
from datasets.store import load_dataset
from datasets.video.video import open_video

AT = {"do": "mark", "film": "flies", "frame": 0, "animal": "animal"}


def change(client, *changes, page="one"):
    return client.post("/secret/change", json={"page": page, "changes": list(changes)})


def test_every_change_is_on_the_disk_before_it_counts(served, mark, movie):
    labelling, _, client = served
    assert change(client, mark(3, "head", 13, 30), mark(3, "legL", 9, 8, "occluded")).get_json() == {"version": 2}
    assert change(client, mark(3, "legR", 0, 0, "absent")).get_json() == {"version": 3}
    copy = labelling.journal.folder.with_name("copy")
    shutil.copytree(labelling.journal.folder, copy)  # as a kill would leave it
    again = open_labelling(copy)
    answer = again.book.of(("flies", 3), "animal")
    assert {name: each.state for name, each in answer.items()} == {
        "head": "visible",
        "legL": "occluded",
        "legR": "absent",
    }
    assert again.book.status(("flies", 3)) == "whole"
    assert client.get("/secret/frame?film=flies&frame=3").get_json()["marks"]["animal"]["head"][:2] == [13, 30]
    again.journal.close()


def test_frames_are_shown_as_they_are(served, movie):
    _, _, client = served
    shown = np.asarray(Image.open(io.BytesIO(client.get("/secret/picture?film=flies&frame=7").data)))
    assert np.array_equal(shown, open_video(movie)[7][0])
    state = client.get("/secret/state").get_json()
    assert state["films"] == [{"name": "flies", "frames": 40, "height": 60, "width": 90}]
    assert state["offered"][:2] == [["flies", 0], ["flies", 1]]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"do": "mark", "film": "x", "frame": 0}, "there is no film 'x'"),
        ({"do": "mark", "film": "flies", "frame": 40}, "flies has 40 frames, there is no frame 40"),
        ({"do": "mark", "film": "flies", "frame": 0, "animal": "cat"}, "there is no animal 'cat'"),
        ({**AT, "marks": {"tail": None}}, "no key point 'tail'"),
        (
            {**AT, "marks": {"head": [95, 3, "visible", "person"]}},
            "head at (95, 3) lies outside of the frame of 90 x 60 px: mark it absent",
        ),
        (
            {**AT, "marks": {"head": ["a", 3, "visible", "me"]}},
            "a mark is [x, y, state, maker]",
        ),
        ({"do": "skeleton", "skeleton": {"joints": ["a", "a"]}}, "a skeleton names a key point more than once: a"),
        ({"do": "skeleton", "skeleton": {"joints": []}}, "a skeleton needs at least one keypoint"),
        ({"do": "animals", "names": []}, "animals are a list of one name or more"),
        ({"do": "pool", "frames": []}, "not a page's to change"),
        ({"do": "dance"}, "there is no change 'dance'"),
    ],
)  # fmt: skip
def test_what_is_no_change_is_refused_in_one_line(served, given, said):
    labelling, _, client = served
    answer = change(client, given)
    assert answer.status_code == 409
    assert said in answer.get_json()["error"]
    assert "\n" not in answer.get_json()["error"]
    assert labelling.version == 0


def test_wrong_token_origin_host_and_place_are_refused(served):
    _, _, client = served
    assert client.get("/").status_code == client.get("/wrong/state").status_code == 404
    assert "open the address that wormtwin printed" in client.get("/wrong/").get_json()["error"]
    assert client.get("/secret/", headers={"Host": "evil.example"}).status_code == 400
    answer = client.post("/secret/hold", json={"page": "a"}, headers={"Origin": "http://evil.example"})
    assert answer.status_code == 403
    assert "another origin (http://evil.example)" in answer.get_json()["error"]
    assert client.post("/secret/hold", json={"page": "a"}, headers={"Origin": "http://localhost"}).status_code == 200
    for query, said in (("film=flies&frame=x", "a whole number"), ("film=flies&frame=99", "no frame 99")):
        answer = client.get(f"/secret/picture?{query}")
        assert answer.status_code == 409
        assert said in answer.get_json()["error"]
    for name in ("", "label.js", "view.js", "saving.js", "panels.js", "skeleton.js", "label.css"):
        assert "default-src 'none'" in client.get(f"/secret/{name}").headers["Content-Security-Policy"]


def test_a_second_page_is_told_and_may_take_over(served, mark):
    _, _, client = served
    assert client.post("/secret/hold", json={"page": "one"}).get_json()["held"]
    assert not client.post("/secret/hold", json={"page": "two"}).get_json()["held"]
    refused = change(client, mark(0, "head", 1, 1), page="two")
    assert refused.status_code == 409
    assert "another page labels here now" in refused.get_json()["error"]
    assert client.post("/secret/hold", json={"page": "two", "take": True}).get_json()["held"]
    assert change(client, mark(0, "head", 1, 1), page="two").status_code == 200
    assert change(client, mark(0, "head", 2, 2), page="one").status_code == 409
    client.post("/secret/hold", json={"page": "two", "leave": True})
    assert client.post("/secret/hold", json={"page": "one"}).get_json()["held"]


def test_a_full_disk_loses_nothing_that_was_saved(served, mark, monkeypatch):
    labelling, _, client = served
    assert change(client, mark(1, "head", 5, 5)).status_code == 200
    real, room = os.pwrite, [20]

    def pwrite(file, data, at):
        if room[0] <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        room[0] -= len(data[: room[0]])
        return real(file, data[:20], at)

    monkeypatch.setattr(os, "pwrite", pwrite)
    answer = change(client, mark(1, "legL", 6, 6))
    assert answer.status_code == 507
    assert "no space left on device" in answer.get_json()["error"]
    monkeypatch.setattr(os, "pwrite", real)
    assert labelling.version == 1
    assert change(client, mark(1, "legR", 7, 7)).status_code == 200
    copy = shutil.copytree(labelling.journal.folder, labelling.journal.folder.with_name("copy"))
    again = open_labelling(copy)
    assert sorted(again.book.of(("flies", 1), "animal")) == ["head", "legR"]
    again.journal.close()


def test_a_skeleton_is_made_changed_and_its_labels_come_along(served, mark):
    labelling, _, client = served
    change(client, mark(2, "head", 4, 5), mark(2, "legL", 6, 7))
    bones = {"joints": ["nose", "legL"], "edges": [], "pairs": []}
    assert change(client, {"do": "skeleton", "skeleton": bones, "renamed": {"head": "nose"}}).status_code == 200
    assert sorted(labelling.book.of(("flies", 2), "animal")) == ["legL", "nose"]
    assert labelling.book.status(("flies", 2)) == "whole"
    change(client, {"do": "animals", "names": ["male", "female"], "renamed": {"animal": "male"}})
    assert change(client, mark(2, "nose", 8, 9, animal="female")).status_code == 200
    assert labelling.book.status(("flies", 2)) == "part"
    (tracks,) = load_labels(labelling.journal.folder)
    assert tracks.animals == ("male", "female")
    assert tracks.xy[0, :, 0].tolist() == [[4, 5], [8, 9]]
    assert client.post("/secret/train", json={}).get_json()["error"].startswith("0 frames labelled whole")


def guessed(labelling, confidence, threshold=0.4):
    rows = len(confidence)
    xy = np.arange(rows * 6, dtype=float).reshape(rows, 3, 2)
    where = np.arange(rows)
    names = ("head", "legL", "legR")
    found = Guesses(("flies",), names, np.zeros(rows, int), where, xy, np.array(confidence), threshold)
    save_guesses(found, labelling.journal.folder)


def test_guesses_are_guesses_until_they_are_accepted(served, mark):
    labelling, _, client = served
    guessed(labelling, [[0.9, 0.9, 0.9], [0.9, 0.5, 0.1], [0.5, 0.5, 0.5]])
    answer = client.get("/secret/frame?film=flies&frame=1").get_json()
    assert answer["marks"] == {"animal": {}}
    assert answer["guesses"]["animal"] == {"head": [6, 7, 0.9], "legL": [8, 9, 0.5], "legR": [None, None, 0.1]}
    state = client.get("/secret/state").get_json()
    assert state["status"] == [["flies", frame, "guess"] for frame in range(3)]
    assert state["offered"][:3] == [["flies", 2], ["flies", 1], ["flies", 0]]  # the most doubtful first
    assert load_labels_fails(labelling.journal.folder)
    change(client, mark(1, "head", 6, 7, maker="accepted"), mark(1, "legL", 8, 9.5))
    (tracks,) = load_labels(labelling.journal.folder)
    assert tracks.makers.tolist() == [[[2, 1, 0]]]
    assert client.get("/secret/state").get_json()["offered"][:2] == [["flies", 2], ["flies", 0]]


def load_labels_fails(folder):
    with pytest.raises(ValueError, match="no labelled key points"):
        load_labels(folder)
    return True


def test_times_are_kept_by_frame(served, whole):
    _, _, client = served
    for seconds in (12.0, 3.0):
        change(client, {"do": "time", "film": "flies", "frame": 1, "seconds": seconds, "changes": 4})
    change(client, *whole(1), {"do": "time", "film": "flies", "frame": 2, "seconds": 5.0, "changes": 4})
    answer = client.post("/secret/hold", json={"page": "one"}).get_json()
    assert answer["times"] == {"seconds": [15.0, 5.0], "median": 10.0}
    assert answer["labelled"] == 1


@pytest.mark.parametrize("kind", ["dataset", "tracks", "slp", "analysis", "dlc", "nwb", "coco"])
def test_labels_go_out_in_every_format_with_who_made_them(served, mark, whole, kind, nan_equal):
    _, _, client = served
    change(client, *whole(4), *whole(9)[:2], mark(9, "legR", 0, 0, "absent"))
    change(client, mark(4, "legL", 14, 24, maker="accepted"), mark(4, "legR", 14, 36, "occluded"))
    path = client.post("/secret/save", json={"kind": kind}).get_json()["path"]
    if kind == "dataset":
        dataset = load_dataset(path)
        assert dataset.extra["missing"] == "absent"
        assert dataset.extra["crop"]["flies"]["makers"] == [[1, 2, 1], [1, 1, 1]]
        assert nan_equal(dataset.trials[0].y[0], [[14, 30], [14, 24], [14, 36]])
        return
    (again,) = load_labels(path)
    order = [again.skeleton.keypoints.index(name) for name in ("head", "legL", "legR")]
    assert nan_equal(again.xy[:, 0, order], [[[14, 30], [14, 24], [14, 36]], [[19, 30], [19, 24], [np.nan] * 2]])
    assert again.makers[:, 0, order].tolist() == [[1, 2, 1], [1, 1, 1]]
    assert again.occluded[:, 0, order].tolist() == [[False, False, True], [False] * 3]


def test_what_cannot_be_saved_is_told(served):
    _, _, client = served
    for kind, said in (("slp", "nothing is labelled yet"), ("xml", "saved as one of dataset, tracks")):
        answer = client.post("/secret/save", json={"kind": kind})
        assert answer.status_code == 409
        assert said in answer.get_json()["error"]
