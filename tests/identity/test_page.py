"""The page on which identities are corrected: what it serves, saves and refuses."""

import io

import numpy as np
import pytest
from PIL import Image

from datasets.identity.identity_file import load_identities, load_page_arrays
from datasets.video.video import open_video
from neuron_models.foundation.errors import InputError
from surrogates.identity.correction.server import Correction, make_app


@pytest.fixture
def served(identities, swimmers, tmp_path):
    tracks = load_identities(identities)
    out = tmp_path / "c.h5"
    correction = Correction(tracks, load_page_arrays(identities), open_video(swimmers[0]), out)
    return correction, make_app(correction, "secret").test_client(), out


def test_an_exchange_is_on_the_disk_and_can_be_undone(served, identities):
    _, client, out = served
    before = load_identities(identities)
    state = client.get("/secret/state").get_json()
    assert state["animals"] == list(before.names)
    assert state["frames"] == 90
    given = {"version": 0, "exchanges": [["animal1", "animal3", 40]]}
    state = client.post("/secret/exchanges", json=given).get_json()
    assert state["version"] == 1
    assert state["exchanges"] == [["animal1", "animal3", 40]]
    after = load_identities(out)
    np.testing.assert_array_equal(after.xy[:40], before.xy[:40])
    np.testing.assert_array_equal(after.xy[40:, [0, 2]], before.xy[40:, [2, 0]])
    assert client.post("/secret/exchanges", json={"version": 1, "exchanges": []}).status_code == 200
    np.testing.assert_array_equal(load_identities(out).xy, before.xy)


def test_frames_and_places_are_those_of_the_video(served, swimmers):
    correction, client, _ = served
    picture = np.asarray(Image.open(io.BytesIO(client.get("/secret/frame/12").data)).convert("L"), float)
    assert np.abs(picture - open_video(swimmers[0], grey=True)[12, 0]).mean() < 4
    places = client.get("/secret/places/12").get_json()
    for place in places:
        np.testing.assert_allclose([place["x"], place["y"]], correction.tracks.xy[12, place["animal"]], atol=1e-4)
    assert client.get("/secret/places/900").status_code == 409


def test_the_least_sure_crossings_come_first(served):
    correction, client, _ = served
    odds = {(each.first, each.last): each.odds for each in correction.tracks.crossings if len(each.animals) > 1}
    listed = [(each["first"], each["last"]) for each in client.get("/secret/state").get_json()["crossings"]]
    assert sorted(listed) == sorted(odds)
    assert [odds[each] for each in listed] == sorted(odds.values())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"version": 7, "exchanges": []}, "another page has changed"),
        ({"version": 0, "exchanges": [["animal1", "rex", 4]]}, "there is no animal 'rex'"),
        ({"version": 0, "exchanges": [["animal1", "animal2", 900]]}, "there is no frame 900"),
        ({"version": 0, "exchanges": [["animal1", 4]]}, "exchange 1 is two names and a frame"),
        ({"version": 0, "exchanges": "x"}, "exchanges are a list"),
        ({"version": True, "exchanges": []}, "a version is a whole number"),
        ([1], "exchanges come as an object"),
    ],
)
def test_other_exchanges_are_refused(served, given, said):
    answer = served[1].post("/secret/exchanges", json=given)
    assert answer.status_code == 409
    assert said in answer.get_json()["error"]
    assert not served[2].exists()


def test_the_page_is_reached_by_its_token_alone(served):
    _, client, _ = served
    for name in ("", "correction.js", "correction.css"):
        answer = client.get(f"/secret/{name}")
        assert answer.status_code == 200
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert client.get("/").status_code == 404
    assert client.post("/secret/exchanges", json={}, headers={"Origin": "http://evil.example"}).status_code == 403


def test_a_page_without_its_video_says_so(identities, tmp_path):
    correction = Correction(load_identities(identities), {}, None, tmp_path / "c.h5")
    assert correction.state()["pictures"] is False
    with pytest.raises(InputError, match="not at hand"):
        correction.frame(0)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ("{old} --out {new}.csv", "ends in .h5"),
        ("{old} --out {old}", "exists"),
        ("{truth} --out {new}.h5", "not identities"),
        ("{old} --video {new}.mp4 --out {new}.h5", "there is no such video"),
        ("{old} --port 70000 --out {new}.h5", "less than or equal to 65535"),
    ],
)
def test_wrong_input_is_one_line(wormtwin, swimmers, identities, tmp_path, arguments, text):
    given = arguments.format(truth=swimmers[1], old=identities, new=tmp_path / "new")
    status, _, err = wormtwin("identity", "page", *given.split())
    assert status == 2
    assert text in err.splitlines()[-1]


@pytest.mark.slow
def test_people_exchange_animals_in_a_browser(served, browser, shown_whole):
    import threading

    from werkzeug.serving import make_server

    correction, _, out = served
    server = make_server("127.0.0.1", 0, make_app(correction, "secret"), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        address = f"http://127.0.0.1:{server.server_port}/secret/"
        tab = browser.new_page()
        faults = []
        tab.on("pageerror", lambda error: faults.append(str(error)))
        tab.goto(address)
        tab.locator("#where", has_text="of 89").wait_for()
        tab.locator("#time").click(position={"x": 200, "y": 8})
        tab.select_option("#first", label="animal1")
        tab.select_option("#second", label="animal2")
        tab.click("#exchange")
        tab.get_by_text("Saved", exact=True).wait_for()
        frame = correction.exchanges[0].frame
        assert f"Frame {frame} of 89" == tab.locator("#where").text_content()
        assert out.exists()
        tab.keyboard.press("u")
        tab.get_by_text("None yet.").wait_for()
        assert correction.exchanges == ()
        assert not faults
        tab.close()
        shown_whole(address)
    finally:
        server.shutdown()
