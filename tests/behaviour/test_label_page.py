"""The page of labels: what it serves, what it saves, what it refuses."""

import numpy as np
import pytest

from datasets.behaviour.label_files import load_behaviour_labels
from datasets.behaviour.labels import Bout
from datasets.dataset import PointTracks
from neuron_models.foundation.errors import InputError
from surrogates.behaviour.labelling.server import Labelling, make_app


@pytest.fixture
def tracks() -> PointTracks:
    xy = np.arange(240.0).reshape(60, 1, 2, 2)
    xy[5, 0, 1] = np.nan
    return PointTracks("walk", ("nose", "tail"), ("a",), xy, 30.0)


@pytest.fixture
def served(tracks, tmp_path):
    labelling = Labelling(tracks, ("rest", "walk"), (), tmp_path / "l.csv", (Bout("walk", 3, 9),))
    return labelling, make_app(labelling, "secret").test_client(), tmp_path / "l.csv"


def test_every_change_is_on_the_disk(served):
    _, client, path = served
    state = client.get("/secret/state").get_json()
    assert state["predicted"] == [{"behaviour": "walk", "start": 3, "end": 9}]
    sent = [{"behaviour": "walk", "start": 3, "end": 9}, {"behaviour": "rest", "start": 0, "end": 3}]
    assert client.post("/secret/bouts", json={"version": 0, "bouts": sent}).get_json() == {"version": 1}
    assert load_behaviour_labels(path, 30.0).bouts == (Bout("rest", 0, 3), Bout("walk", 3, 9))
    answer = client.post("/secret/bouts", json={"version": 0, "bouts": []})
    assert answer.status_code == 409
    assert "another page has changed the labels" in answer.get_json()["error"]
    assert len(load_behaviour_labels(path, 30.0).bouts) == 2


def test_points_come_with_their_gaps(served):
    sent = served[1].get("/secret/points?first=4&end=6").get_json()["points"]
    assert sent == [[[[16.0, 17.0], [18.0, 19.0]]], [[[20.0, 21.0], None]]]


@pytest.mark.parametrize(
    ("bouts", "said"),
    [
        ("x", "bouts are a list"),
        ([1], "a bout is an object of a behaviour"),
        ([{"behaviour": "fly", "start": 0, "end": 2}], "'fly' is none of rest, walk"),
        ([{"behaviour": "rest", "start": 0, "end": 99}], "lies past the last frame, 59"),
        ([{"behaviour": "rest", "start": 4, "end": 4}], "ends before it begins"),
        ([{"behaviour": "rest", "start": "a", "end": 4}], "start is a whole number, got 'a'"),
        ([{"behaviour": "rest", "start": 0, "end": 5}, {"behaviour": "walk", "start": 4, "end": 9}], "overlaps"),
    ],
)
def test_bouts_that_are_none_are_refused_and_nothing_is_written(served, bouts, said):
    _, client, path = served
    answer = client.post("/secret/bouts", json={"version": 0, "bouts": bouts})
    assert answer.status_code == 409
    assert said in answer.get_json()["error"]
    assert not path.exists()


def test_only_the_one_who_knows_the_path_gets_in(served):
    _, client, _ = served
    assert client.get("/").status_code == 404
    assert client.get("/secret/", headers={"Host": "evil.example"}).status_code == 400
    for name in ("", "label.js", "label.css"):
        answer = client.get(f"/secret/{name}")
        assert answer.status_code == 200
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "there is no clip" in client.get("/secret/clip").get_json()["error"]
    assert client.get("/secret/points?first=0&end=9000").status_code == 409


def test_what_a_page_cannot_serve_is_refused(tracks, tmp_path):
    for options, said in (
        ({"classes": ()}, "keys for 1 to 9 behaviours, got 0"),
        ({"bouts": (Bout("fly", 0, 2),)}, "'fly' is none of rest"),
        ({"video": tmp_path / "clip.avi"}, "browsers play .mp4"),
        ({"video": tmp_path / "clip.mp4"}, "there is no such file"),
    ):
        arguments = {"classes": ("rest",), "bouts": (), **options}
        with pytest.raises(InputError, match=said):
            Labelling(tracks, arguments.pop("classes"), arguments.pop("bouts"), tmp_path / "l.csv", **arguments)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--port", 70000), "less than or equal to 65535"),
        (("--out", "l.txt"), "labels are saved as .csv"),
        (("--predicted", "no.csv"), "there is no such file"),
    ],
)
def test_wrong_calls_are_one_line(recordings, wormtwin, refused, tmp_path, options, said):
    call = {"--classes": "rest,walk", "--out": tmp_path / "l.csv", "--port": 0, **dict([options])}
    refused(wormtwin("behaviour", "label", recordings[0][0], *(each for pair in call.items() for each in pair)), said)
