"""`wormtwin identity repair`: exchanges put into true tracks at known places are found and undone."""

import json

import numpy as np
import pytest

from datasets.dataset import PointTracks
from datasets.identity.repairing.exchanges import chain_odds
from datasets.identity.repairing.putting_together import named_as_before
from datasets.topics import read_point_tracks, write_point_tracks

NAMES = ("ann", "bob", "cleo")


def two_points(xy):
    """A head and a tail at each centre, so that key points can be told from one another."""
    apart = np.array([3.0, 1.0])
    return np.stack([xy + apart, xy - apart], axis=2)


def exchanged(xy, frame, first, second, until=None):
    out = xy.copy()
    out[frame:until, [first, second]] = xy[frame:until, [second, first]]
    return out


def closest(xy, pair):
    return int(np.linalg.norm(xy[10:-10, pair[0]] - xy[10:-10, pair[1]], axis=-1).argmin()) + 10


def written(xy, file, video, fps=30.0, to=""):
    scores = np.random.default_rng(0).uniform(0.5, 1, xy.shape[:3])
    points = PointTracks("swim", ("head", "tail"), NAMES[: xy.shape[1]], xy, fps, scores=scores, video=str(video))
    write_point_tracks(points, file, to)
    return scores


@pytest.mark.parametrize(("name", "to"), [("t.slp", ""), ("t.h5", "tracks"), ("t.csv", "dlc")])
def test_exchanges_at_known_frames_are_undone(wormtwin, swimmers, tmp_path, name, to):
    video, truth = swimmers
    true = read_point_tracks(truth)[0].xy[:, :, 0]
    close, far = closest(true, (0, 1)), 70
    swapped = exchanged(exchanged(two_points(true), close, 0, 1), far, 1, 2)
    scores = written(swapped, tmp_path / name, video, to=to)
    out, table = tmp_path / f"fixed{name[1:]}", tmp_path / "table.json"
    status, said, err = wormtwin(
        "identity", "repair", tmp_path / name, "--video", video, "--no-appearance", "--out", out, "--table", table,
        *(("--to", to) if to == "dlc" else ()),
    )  # fmt: skip
    assert status == 0, err
    fixed = read_point_tracks(out)[0]
    assert fixed.points == ("head", "tail")
    assert set(fixed.animals) == set(NAMES)
    who = np.argmin([[np.abs(fixed.xy[20, k] - two_points(true)[20, j]).sum() for j in range(3)] for k in range(3)], 1)
    np.testing.assert_allclose(fixed.xy, two_points(true)[:, who], atol=0.01)
    rows = [row for row in json.loads(table.read_text()) if row["exchanged"]]
    assert len(rows) == 2
    by_frame = dict(zip(sorted((close, far)), sorted(row["frame"] for row in rows), strict=True))
    assert by_frame[far] == far
    assert abs(by_frame[close] - close) <= 1
    assert "2 exchanges undone" in said
    if to == "tracks":  # each score went with its point
        assert fixed.scores is not None
        source = np.abs(swapped[far][None] - fixed.xy[far][:, None]).sum(axis=(2, 3)).argmin(axis=1)
        np.testing.assert_allclose(fixed.scores[far], scores[far][source], atol=1e-6)


def test_sound_tracks_stay_as_they_are(wormtwin, swimmers, tmp_path):
    video, truth = swimmers
    xy = two_points(read_point_tracks(truth)[0].xy[:, :, 0])
    xy[30:36, 1] = np.nan  # a gap is not an exchange
    written(xy, tmp_path / "t.slp", video)
    status, said, err = wormtwin(
        "identity", "repair", tmp_path / "t.slp", "--video", video, "--no-appearance", "--out", tmp_path / "f.slp"
    )
    assert status == 0, err
    assert "0 exchanges undone" in said
    np.testing.assert_allclose(read_point_tracks(tmp_path / "f.slp")[0].xy, xy, atol=0.01)


def test_broken_tracks_of_one_animal_are_joined(wormtwin, swimmers, tmp_path):
    video, truth = swimmers
    true = two_points(read_point_tracks(truth)[0].xy[:, :, 0])[:, :2]
    xy = np.full((len(true), 3, 2, 2), np.nan)
    xy[:, 0], xy[:50, 1], xy[52:, 2] = true[:, 0], true[:50, 1], true[52:, 1]
    written(xy, tmp_path / "t.slp", video)
    status, said, err = wormtwin(
        "identity", "repair", tmp_path / "t.slp", "--video", video, "--no-appearance", "--out", tmp_path / "f.slp"
    )
    assert status == 0, err
    fixed = read_point_tracks(tmp_path / "f.slp")[0]
    assert fixed.animals == ("ann", "bob")
    true[50:52, 1] = np.nan
    np.testing.assert_allclose(fixed.xy, true, atol=0.01)
    assert "0 exchanges undone" in said


@pytest.mark.slow
def test_looks_tell_who_came_back(wormtwin, tmp_path):
    """Both animals vanish for longer than motion can bridge, and come back exchanged."""
    from datasets.identity.generator import SwimmerSettings, make_swimmers
    from datasets.rendering.files import save_video

    film = make_swimmers(SwimmerSettings(2, 200, 24.0, 0.0, 150, 3))
    save_video(film, tmp_path / "v.mp4")
    true = two_points(film.xy)
    true[80:125] = np.nan
    written(exchanged(true, 125, 0, 1), tmp_path / "t.slp", tmp_path / "v.mp4")
    status, said, err = wormtwin(
        "identity", "repair", tmp_path / "t.slp", "--video", tmp_path / "v.mp4", "--batches", "100",
        "--out", tmp_path / "f.slp",
    )  # fmt: skip
    assert status == 0, err
    fixed = read_point_tracks(tmp_path / "f.slp")[0].xy
    np.testing.assert_allclose(fixed[:80], true[:80], atol=0.01)
    np.testing.assert_allclose(fixed[125:], true[125:], atol=0.01)
    assert "1 exchange undone, 0 of" in said


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ("{tracks} --video {short} --out {new}.slp", "is it the video of these tracks?"),
        ("{half} --video {video} --out {new}.slp", "is it the video of these tracks?"),
        ("{elsewhere} --video {video} --out {new}.slp", "lie on something that differs"),
        ("{one} --video {video} --out {new}.slp", "follows 1 animal"),
        ("{tracks} --video {video} --animals 2 --out {new}.slp", "--animals must be 3 to 3"),
        ("{tracks} --video {video} --animals 1 --out {new}.slp", "--animals must be 2 to 200"),
        ("{tracks} --video {video} --out {tracks}", "exists"),
        ("{tracks} --video {video} --table {new}.txt --out {new}.slp", "ends in .csv or .json"),
        ("{tracks} --video {new}.mp4 --out {new}.slp", "there is no such video"),
        ("{video} --video {video} --out {new}.slp", "swim.mp4"),
        ("{tracks} --video {video} --to mat --out {new}.mat", "--to must be one of"),
        ("{tracks} --video {video} --out {new}.xyz", "must end in"),
    ],
)
def test_wrong_input_is_one_line(wormtwin, swimmers, tmp_path, arguments, text):
    video, truth = swimmers
    xy = two_points(read_point_tracks(truth)[0].xy[:, :, 0])
    files = {name: tmp_path / f"{name}.h5" for name in ("tracks", "half", "one", "elsewhere")}
    for name, values in zip(files, (xy, xy[:40], xy[:, :1], 0 * xy + 900.0), strict=True):
        written(values, files[name], video)
    short = tmp_path / "short"
    if "{short}" in arguments:
        import imageio.v3

        from datasets.video.video import open_video

        short.mkdir()
        for number, frame in enumerate(open_video(video, grey=True)[:30]):
            imageio.v3.imwrite(short / f"{number:02d}.png", frame[0])
    given = arguments.format(**files, video=video, short=short, new=tmp_path / "new")
    status, _, err = wormtwin("identity", "repair", *given.split(), "--no-appearance")
    assert status == 2
    assert text in err.splitlines()[-1]
    assert not list(tmp_path.glob("new.*[!l]"))


def test_the_odds_of_a_chain_are_those_of_all_its_states():
    rng = np.random.default_rng(1)
    sections, motion = rng.normal(0, 2, 4), rng.normal(0, 2, 3)
    states = np.array(np.meshgrid(*[[0, 1]] * 4)).reshape(4, -1).T
    weight = np.array([np.exp(sections[state == 0].sum() + motion[state[1:] == state[:-1]].sum()) for state in states])
    same = [weight[states[:, k] == states[:, k + 1]].sum() for k in range(3)]
    np.testing.assert_allclose(chain_odds(sections, motion), [np.log(s / (weight.sum() - s)) for s in same])


def test_animals_keep_the_name_that_most_of_their_places_have():
    from datasets.identity.fragments import Fragments

    first, last = np.array([0, 0, 10, 10]), np.array([9, 9, 99, 99])
    rows = tuple(np.arange(b - a + 1) for a, b in zip(first, last, strict=True))
    fragments = Fragments(rows, first, last, np.ones(4, bool), np.zeros((0, 2), int), np.arange(4))
    names = named_as_before(fragments, np.array([0, 1, 0, 1]), np.array([0, 1, 1, 0]), (2, 2))
    assert names.tolist() == [1, 0]
