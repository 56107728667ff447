"""The commands, one after the other, and what they refuse."""

import pandas as pd
import pytest

from datasets.topics import read_point_tracks


@pytest.fixture(scope="module")
def tracked(sample, tracks, tmp_path_factory):
    from datasets.markers.files import write_marks

    path = tmp_path_factory.mktemp("out") / "t.h5"
    write_marks(tracks, path)
    return path


def test_from_clicks_to_scores(sample, wormtwin, tmp_path):
    video, clicks, truth = (str(sample.folder / name) for name in ("video.mp4", "clicks.csv", "truth.csv"))
    out, bouts, table = (str(tmp_path / name) for name in ("t.h5", "b.csv", "p.csv"))
    status, said, error = wormtwin("markers", "track", video, "--clicks", clicks, "--out", out)
    assert status == 0, error
    assert "150 frames" in said
    assert wormtwin("markers", "bouts", out, "--out", bouts)[0] == 0
    assert wormtwin("markers", "trajectories", out, "--out", table)[0] == 0
    assert set(pd.read_csv(table).mark) == {"left", "right"}
    true = str(sample.folder / "bouts.csv")
    status, said, _ = wormtwin("markers", "evaluate", out, "--truth", truth, "--bouts", bouts, "--true-bouts", true)
    assert status == 0
    assert "F1 1.000" in said
    assert wormtwin("markers", "track", video, "--clicks", clicks, "--out", out)[0] == 2


@pytest.mark.parametrize("name", ["t.slp", "t.csv", "t.txt", "t.nwb"])
def test_tracks_go_to_other_tools(tracked, name, wormtwin, tmp_path):
    out = tmp_path / name
    status, _, error = wormtwin("markers", "convert", str(tracked), "--out", str(out))
    assert status == 0, error
    (found,) = read_point_tracks(out)
    assert {"left", "right"} <= set(found.points)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["track", "{video}", "--clicks", "{clicks}", "--out", "x.mov"], "must end in"),
        (["track", "{video}", "--clicks", "none.csv", "--out", "x.h5"], "there is no such file"),
        (["track", "{video}", "--clicks", "{clicks}", "--cage", "1,2,3", "--out", "x.h5"], "--cage looks like"),
        (["track", "{video}", "--clicks", "{clicks}", "--memory", "0", "--out", "x.h5"], "--memory must be > 0"),
        (["bouts", "{tracks}", "--paws", "a,b,c", "--out", "x.csv"], "one mark or two"),
        (["bouts", "{tracks}", "--band", "9-3", "--out", "x.csv"], "from a lower to a higher"),
        (["bouts", "{tracks}", "--begin", "0.2", "--out", "x.csv"], "--hold is at most --begin"),
        (["trajectories", "{tracks}", "--paws", "tail", "--out", "x.csv"], "there is no point 'tail'"),
        (["evaluate", "{tracks}", "--truth", "{clicks}", "--rename", "left"], "--rename looks like"),
        (["evaluate", "{tracks}", "--truth", "{clicks}", "--bouts", "b.csv"], "go together"),
        (["make-sample", "--size", "9", "--out", "x"], "--size looks like"),
        (["make-sample", "--size", "90x90", "--out", "x"], "as much room"),
        (["make-sample", "--coat", "pink", "--out", "x"], "white, brown, black"),
        (["convert", "{tracks}", "--out", "x.txt", "--to", "slp"], "does not go with the name"),
    ],
)
def test_what_cannot_be_done_is_one_line(words, said, sample, tracked, wormtwin, refused, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {"video": sample.video, "clicks": sample.folder / "clicks.csv", "tracks": tracked}
    refused(wormtwin("markers", *(word.format(**names) for word in words)), said)
    assert not any(tmp_path.iterdir())
