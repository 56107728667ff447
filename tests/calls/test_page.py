"""The page: what it serves, what it saves, what it refuses."""

import io

import numpy as np
import pytest
import soundfile

from datasets.calls.tables.reading import read_calls
from surrogates.calls.correction.server import Correction, make_app


@pytest.fixture
def served(ten_seconds, tmp_path):
    sample, recording = ten_seconds
    correction = Correction(recording, sample.calls, tmp_path / "c.csv")
    return correction, make_app(correction, "secret").test_client(), tmp_path / "c.csv"


def test_every_change_is_on_the_disk(served):
    correction, client, path = served
    state = client.get("/secret/state").get_json()
    kept = state["calls"][1:]
    kept[0]["label"] = "mine"
    answer = client.post("/secret/calls", json={"version": 0, "calls": kept})
    assert answer.get_json() == {"version": 1}
    read = read_calls(path).calls
    assert len(read) == len(state["calls"]) - 1
    assert read[0].label == "mine"
    refused = client.post("/secret/calls", json={"version": 0, "calls": []})
    assert refused.status_code == 409
    assert "another page has changed the calls" in refused.get_json()["error"]
    assert len(read_calls(path).calls) == len(read) == len(correction.calls)


def test_sound_is_slowed_and_pictures_are_drawn(served):
    correction, client, _ = served
    sound, rate = soundfile.read(io.BytesIO(client.get("/secret/sound?start=1&stop=2&slower=20").data))
    assert (len(sound), rate) == (250_000, 12_500)
    from PIL import Image

    image = np.asarray(Image.open(io.BytesIO(client.get("/secret/picture?start=0&stop=2").data)))
    assert image.shape == (correction.spectrogram.bins, 2000)
    assert image.min() < 40  # a call
    assert np.median(image) > 200  # the background


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("picture?start=0&stop=100", "at most 20 s"),
        ("picture?start=2&stop=1", "from an earlier to a later time"),
        ("picture?start=90&stop=91", "the recording ends at 10 s"),
        ("sound?start=x&stop=1", "start is a number, got 'x'"),
        ("sound?start=0&stop=1&slower=0", "slowed 1 to 200 times, got 0"),
    ],
)
def test_what_cannot_be_shown_is_told(served, address, said):
    answer = served[1].get(f"/secret/{address}")
    assert answer.status_code == 409
    assert said in answer.get_json()["error"]


@pytest.mark.parametrize(
    "calls",
    ["x", [1], [{"start": 2, "stop": 1}], [{"start": 1, "stop": 99}], [{"start": 1, "stop": 2, "label": "a\nb"}]],
)
def test_calls_that_are_none_are_refused_and_nothing_is_written(served, calls):
    _, client, path = served
    assert client.post("/secret/calls", json={"version": 0, "calls": calls}).status_code == 409
    assert not path.exists()


def test_only_the_one_who_knows_the_path_gets_in(served):
    _, client, _ = served
    assert client.get("/").status_code == 404
    assert client.get("/other/state").status_code == 404
    assert client.get("/secret/", headers={"Host": "evil.example"}).status_code == 400
    for name in ("", "calls.js", "calls.css"):
        answer = client.get(f"/secret/{name}")
        assert answer.status_code == 200
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
