"""`wormtwin identity report` and `correct`: a page that names the commands, and the commands."""

import html
import re
import shlex

import numpy as np
import pytest

from datasets.identity.correcting import Exchange, correct
from datasets.identity.identity_file import load_identities, load_page_arrays, save_identities
from datasets.identity.trajectories import Crossing, Trajectories


def test_the_page_shows_animals_and_crossings(wormtwin, identities, tmp_path):
    status, said, err = wormtwin("identity", "report", identities, "--out", tmp_path / "r.html")
    assert status == 0, err
    page = (tmp_path / "r.html").read_text()
    tracks = load_identities(identities)
    assert all(name in page for name in tracks.names)
    shown = [crossing for crossing in tracks.crossings if len(crossing.animals) > 1]
    assert shown
    for crossing in shown[:6]:
        assert f"Frames {crossing.first} to {crossing.last}" in page
    assert "data:image/png" in page  # the frames about a crossing
    assert "<script" not in page
    assert "r.html" in said


def test_a_command_of_the_page_corrects(wormtwin, identities, tmp_path, monkeypatch):
    assert wormtwin("identity", "report", identities, "--out", tmp_path / "r.html")[0] == 0
    commands = re.findall(r"wormtwin (identity correct [^<]+)<", html.unescape((tmp_path / "r.html").read_text()))
    assert commands
    words = shlex.split(commands[0])
    out = tmp_path / "c.h5"
    words[words.index("--out") + 1] = str(out)
    status, _, err = wormtwin(*words)
    assert status == 0, err
    first, second, frame = words[words.index("--exchange") + 1].split(",")
    before, after = load_identities(identities), load_identities(out)
    a, b, n = before.names.index(first), before.names.index(second), int(frame)
    np.testing.assert_array_equal(after.xy[:n], before.xy[:n])
    np.testing.assert_array_equal(after.xy[n:, a], before.xy[n:, b])
    np.testing.assert_array_equal(after.xy[n:, b], before.xy[n:, a])
    assert any("by hand" in note for note in after.notes)


def test_a_page_without_its_video_says_so(wormtwin, tmp_path):
    xy = np.random.default_rng(0).normal(0, 5, (40, 2, 2))
    meeting = Crossing(10, 14, (0, 1), 1.0)
    tracks = Trajectories(xy, np.zeros((40, 2), int), np.ones((40, 2)), 30.0, 10.0, "gone.mp4", (meeting,), 0.9)
    points = np.concatenate([np.zeros((9, 8)), np.ones((9, 8))]) + np.random.default_rng(1).normal(0, 0.1, (18, 8))
    arrays = {"points": points, "point_animal": np.repeat([0, 1], 9), "point_frame": np.arange(18)}
    save_identities(tracks, tmp_path / "t.h5", arrays)
    status, _, err = wormtwin("identity", "report", tmp_path / "t.h5", "--out", tmp_path / "r.html")
    assert status == 0, err
    page = (tmp_path / "r.html").read_text()
    assert "not at hand" in page
    assert "3 to 1 (doubtful)" in page
    assert "identities-map" in page


def test_an_exchange_reaches_all_that_the_page_draws():
    tracks = Trajectories(
        np.arange(40.0).reshape(10, 2, 2), np.zeros((10, 2), int), np.ones((10, 2)), 30.0, 10.0, "v.mp4",
        (Crossing(2, 3, (0,), 1.0), Crossing(6, 7, (1,), 1.0)),
    )  # fmt: skip
    arrays = {
        "fragments": np.array([[0, 9, 0, 1], [0, 4, 1, 1], [6, 9, 1, 1], [7, 8, -1, 0]]),
        "point_animal": np.array([0, 1, 0, -1]),
        "point_frame": np.array([1, 6, 7, 8]),
    }
    corrected, changed = correct(tracks, arrays, [Exchange("animal1", "animal2", 5)])
    wanted = [[0, 4, 0, 1], [0, 4, 1, 1], [5, 9, 1, 1], [6, 9, 0, 1], [7, 8, -1, 0]]
    assert changed["fragments"].tolist() == wanted
    assert changed["point_animal"].tolist() == [0, 0, 1, -1]
    assert [crossing.animals for crossing in corrected.crossings] == [(0,), (0,)]
    again, back = correct(corrected, changed, [Exchange("animal2", "animal1", 5)])
    np.testing.assert_array_equal(again.xy, tracks.xy)
    assert back["point_animal"].tolist() == arrays["point_animal"].tolist()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ("report {old} --out {new}.txt", "ends in .html"),
        ("report {truth} --out {new}.html", "not identities"),
        ("report {old} --video {new}.mp4 --out {new}.html", "there is no such video"),
        ("correct {old} --exchange animal1,animal2 --out {new}.h5", "two animals and a frame"),
        ("correct {old} --exchange animal1,rex,20 --out {new}.h5", "there is no animal 'rex'"),
        ("correct {old} --exchange animal1,animal1,20 --out {new}.h5", "with itself"),
        ("correct {old} --exchange animal1,animal2,900 --out {new}.h5", "there is no frame 900"),
        ("correct {old} --exchange animal1,animal2,20 --out {old}", "exists"),
    ],
)
def test_wrong_input_is_one_line(wormtwin, swimmers, identities, tmp_path, arguments, text):
    given = arguments.format(truth=swimmers[1], old=identities, new=tmp_path / "new")
    status, _, err = wormtwin("identity", *given.split())
    assert status == 2
    assert text in err.splitlines()[-1]
    assert not list(tmp_path.iterdir())


def test_the_map_is_kept_through_a_correction(identities):
    arrays = load_page_arrays(identities)
    _, changed = correct(load_identities(identities), arrays, [Exchange("animal1", "animal2", 30)])
    assert set(changed) == set(arrays)
    np.testing.assert_array_equal(changed["nearest"], arrays["nearest"])
