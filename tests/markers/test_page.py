"""The page on which marks are clicked: what it serves, saves and refuses."""

import io

import numpy as np
import pytest
from PIL import Image

from datasets.markers.clicks import read_clicks
from datasets.video.video import open_video
from neuron_models.foundation.errors import InputError
from surrogates.markers.picking.server import Picking, make_app


@pytest.fixture
def served(sample, tmp_path):
    picking = Picking(open_video(sample.video), tmp_path / "c.csv", ("left", "right"), 4)
    return picking, make_app(picking, "secret").test_client(), tmp_path / "c.csv"


def test_clicks_are_on_the_disk_and_masks_show_the_marks(served, sample):
    picking, client, path = served
    state = client.get("/secret/state").get_json()
    assert state["marks"] == ["left", "right", "animal"]
    frame = state["frames"][1]
    assert client.get(f"/secret/mask/{frame}").get_json()["error"] == "click on left first"
    rows = [{"frame": c.frame, "mark": c.mark, "x": c.x, "y": c.y} for c in sample.clicks]
    assert client.post("/secret/clicks", json={"version": 0, "clicks": rows}).get_json() == {"version": 1}
    assert set(read_clicks(path)) == set(sample.clicks)
    mask = np.asarray(Image.open(io.BytesIO(client.get(f"/secret/mask/{frame}").data)))
    assert mask.shape == (264, 264, 4)
    for k in (0, 1):
        x, y = sample.truth.xy[frame, k]
        assert np.isnan(x) or mask[round(y), round(x), 3] > 0
    picture = np.asarray(Image.open(io.BytesIO(client.get(f"/secret/frame/{frame}").data)))
    np.testing.assert_array_equal(picture, open_video(sample.video)[frame].transpose(1, 2, 0))
    again = Picking(open_video(sample.video), path, ("left", "right"), 4)
    assert len(again.clicks) == len(picking.clicks) == len(sample.clicks)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"version": 5, "clicks": []}, "another page has changed"),
        ({"version": 0, "clicks": [{"frame": 0, "mark": "tail", "x": 1, "y": 1}]}, "the marks are left, right"),
        ({"version": 0, "clicks": [{"frame": 0, "mark": "left", "x": 900, "y": 1}]}, "outside of the video"),
        ({"version": 0, "clicks": [{"frame": 0}]}, "click 1 is no click"),
        ({"version": 0, "clicks": "x"}, "a list"),
        ([1], "an object"),
    ],
)
def test_other_clicks_are_refused(served, given, said):
    answer = served[1].post("/secret/clicks", json=given)
    assert answer.status_code == 409
    assert said in answer.get_json()["error"]
    assert not served[2].exists()


def test_the_page_is_reached_by_its_token_alone(served):
    assert served[1].get("/secret/").status_code == 200
    assert b"pick.js" in served[1].get("/secret/").data
    for name in ("pick.css", "pick.js"):
        assert served[1].get(f"/secret/{name}").status_code == 200
    assert served[1].get("/other/").status_code == 404
    assert served[1].get("/secret/frame/1").status_code == 409


def test_a_grey_video_has_no_marks(sample, tmp_path):
    with pytest.raises(InputError, match="is grey"):
        Picking(open_video(sample.video, grey=True), tmp_path / "c.csv", ("left",), 3)


PAINTED = """(colour) => {
  const view = document.getElementById("view");
  const data = view.getContext("2d").getImageData(0, 0, view.width, view.height);
  let number = 0;
  for (let i = 0; i < data.data.length; i += 4) {
    number += colour.every((value, k) => Math.abs(data.data[i + k] - value) < 60);
  }
  return number;
}"""


def test_masks_are_seen_on_the_page(served, sample, browser):
    import threading

    from werkzeug.serving import make_server

    from surrogates.pages.serving import HOST

    picking, _, _ = served
    picking.save(sample.clicks, 0)
    server = make_server(HOST, 0, make_app(picking, "secret"), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        tab = browser.new_page(viewport={"width": 390, "height": 844})
        faults = []
        tab.on("pageerror", lambda error: faults.append(str(error)))
        tab.goto(f"http://{HOST}:{server.server_port}/secret/")
        yellow, blue = [255, 214, 0], [0, 229, 255]
        tab.wait_for_selector("body[data-shown=frame]")
        before = [tab.evaluate(PAINTED, colour) for colour in (yellow, blue)]
        tab.keyboard.press("m")
        tab.wait_for_selector("body[data-shown=masks]")
        after = [tab.evaluate(PAINTED, colour) for colour in (yellow, blue)]
        assert min(now - then for now, then in zip(after, before, strict=True)) > 20
        tab.keyboard.press("m")
        tab.wait_for_selector("body[data-shown=frame]")
        again = [tab.evaluate(PAINTED, colour) for colour in (yellow, blue)]
        assert all(then - now > 20 for now, then in zip(again, after, strict=True))
        tab.close()
        assert faults == []
    finally:
        server.shutdown()
        thread.join()
