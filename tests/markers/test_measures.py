"""Bouts, strokes, phases, scores and files against closed forms."""

import numpy as np
import pandas as pd
import pytest

from datasets.dataset import PointTracks
from datasets.markers.bouts import BoutSettings, grooming, snout_holds
from datasets.markers.clicks import Click, read_clicks, write_clicks
from datasets.markers.files import read_bouts, read_places
from datasets.markers.mtrack_file import read_mtrack, write_mtrack
from datasets.markers.scoring import fitted_onto, runs_of, score_bouts, score_marks, similarity_fit
from datasets.markers.trajectories import trajectory_table
from neuron_models.foundation.errors import InputError

FPS = 60.0


def paws(hz=6.0, lag=0.0, frames=600, first=180, end=420, distance=20.0) -> PointTracks:
    """Two paws that stroke between two frames, 20 px from a snout that lies 90 px before the body."""
    t = np.arange(frames) / FPS
    on = (np.arange(frames) >= first) & (np.arange(frames) < end)
    xy = np.zeros((frames, 1, 4, 2))
    for k, phase in enumerate((0.0, lag)):
        xy[:, 0, k, 0] = np.where(on, 290 - distance + 6 * np.sin(2 * np.pi * hz * t - phase), 240)
        xy[:, 0, k, 1] = 195 + 10 * k
    xy[:, 0, 2], xy[:, 0, 3] = (200, 200), (290, 200)
    return PointTracks("p", ("left", "right", "body", "snout"), ("a",), xy, FPS)


def test_bouts_are_where_paws_stroke_near_the_snout():
    ((first, end),) = runs_of(grooming(paws(), BoutSettings())).tolist()
    assert abs(first - 180) <= 15  # half the window of the rhythm
    assert abs(end - 420) <= 15
    assert not grooming(paws(hz=1.5), BoutSettings()).any()  # too slow
    assert not grooming(paws(distance=200.0), BoutSettings(near=30.0)).any()  # elsewhere
    assert grooming(paws(distance=200.0), BoutSettings(snout="")).any()  # by rhythm alone


def test_a_snout_that_is_taken_for_something_else_is_not_looked_at():
    """In a quarter of the frames it lies twice as far from the body as it can: a shadow touches a dark animal."""
    lost = paws()
    lost.xy[::4, 0, 3] = (380, 200)
    assert not snout_holds(lost, BoutSettings())
    assert snout_holds(paws(), BoutSettings())
    assert snout_holds(lost, BoutSettings(near=30.0))
    alone = grooming(paws(), BoutSettings(snout=""))
    assert alone.any()
    np.testing.assert_array_equal(grooming(lost, BoutSettings()), alone)


def test_bouts_need_what_they_go_by():
    with pytest.raises(InputError, match="there is no point 'paw'"):
        grooming(paws(), BoutSettings(left="paw"))
    slow = PointTracks("p", paws().points, ("a",), paws().xy, 12.0)
    with pytest.raises(InputError, match="strokes of 9 Hz need more than 18 frames a second"):
        grooming(slow, BoutSettings())


@pytest.mark.parametrize(("hz", "lag"), [(4.0, 0.0), (6.0, np.pi / 2), (7.5, np.pi)])
def test_strokes_and_phase_are_those_of_the_sines(hz, lag):
    tracks = paws(hz, lag, first=0, end=600)
    table = trajectory_table(tracks, ("left", "right"), [(0, 600)])
    assert table.strokes.to_numpy() == pytest.approx([hz, hz], rel=0.01)
    measured = np.radians(table.phase[1])
    assert np.cos(measured - lag) == pytest.approx(1.0, abs=0.01)
    assert table.steady[1] > 0.95
    assert table.path[0] == pytest.approx(
        4 * 6 * hz * 10, rel=0.06
    )  # four amplitudes a turn, less by the turns between frames


def test_a_gap_counts_neither_as_path_nor_as_seen():
    tracks = paws(first=0, end=0)
    tracks.xy[100:200, 0, 0] = np.nan
    tracks.xy[200:, 0, 0, 0] += 500.0
    table = trajectory_table(tracks, ("left",), [(0, 600)])
    assert table.path[0] == 0
    assert table.seen[0] == pytest.approx(5 / 6)


def test_bouts_are_matched_one_to_one():
    score = score_bouts([(0, 10), (20, 30), (50, 60)], [(1, 10), (24, 40)])
    assert (score.true, score.found, score.matched) == (2, 3, 1)
    assert score.f1 == pytest.approx(2 / 5)
    assert score_bouts([], []).f1 == 1.0


def test_a_similarity_is_found_again():
    rng = np.random.default_rng(0)
    points = rng.uniform(0, 100, (30, 2))
    turn = np.array([[0.0, -1.0], [1.0, 0.0]])
    scale, found, shift = similarity_fit(points, 2.5 * points @ turn.T + [7, -3])
    assert scale == pytest.approx(2.5)
    np.testing.assert_allclose(found, turn, atol=1e-9)
    np.testing.assert_allclose(shift, [7, -3], atol=1e-9)


def test_scores_join_by_name_and_frame_and_see_swaps(tmp_path):
    path = tmp_path / "truth.csv"
    path.write_text("frame,mark,x,y\n2,right,50,10\n2,left,10,10\n4,left,,\n5,left,13,14\n")
    truth = read_places(path)
    xy = np.full((6, 1, 2, 2), np.nan)
    xy[2, 0], xy[5, 0, 1] = [(10, 10), (50, 10)], (10, 10)  # the points are right, left: swapped in frame 2
    found = PointTracks("f", ("right", "left"), ("a",), xy, 30.0)
    left, right = sorted(score_marks(found, truth), key=lambda each: each.mark)
    assert (left.frames, left.hidden, left.reported, left.swapped) == (2, 1, 1.0, 1)
    assert right.swapped == 1
    assert left.rmse == pytest.approx(np.sqrt((40**2 + 5**2) / 2))
    path.write_text("frame,mark,x,y\n2,right,50,10\n2,")
    with pytest.raises(InputError, match="line 3: the mark has no name"):
        read_places(path)
    short = PointTracks("f", ("left",), ("a",), xy[:3, :, 1:], 30.0)
    with pytest.raises(InputError, match="the tracks end at 2"):
        score_marks(short, truth)


def test_mtrack_text_goes_out_and_comes_back(tmp_path):
    tracks = paws(frames=40, first=0, end=40)
    tracks.xy[5:9, 0, 0] = np.nan
    write_mtrack(tracks, tmp_path / "o.txt", [(100.0, 50.0)])
    found = read_mtrack(tmp_path / "o.txt")
    assert found.points == ("left", "right", "body")
    np.testing.assert_array_equal(np.isnan(found.xy[:, 0, 0, 0]), np.isnan(tracks.xy[:, 0, 0, 0]))
    np.testing.assert_allclose(found.xy[:, 0] + [100, 50], np.rint(tracks.xy[:, 0, :3]), atol=1e-9)
    fitted = fitted_onto(found, tracks)
    assert np.nanmax(np.abs(fitted.xy - tracks.xy[:, :, :3])) < 1.0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not a text of M-Track"),
        ("a b c\n1 2 3\n", "not a text of M-Track"),
        ("{head}\n", "has no rows"),
        ("{head}\n1 1 0 0 0 0 0 0 0\n1 1 0 0 0 0 0 0 0\n", "frame 1 twice"),
        ("{head}\n1.5 1 0 0 0 0 0 0 0\n", "whole numbers"),
        ("{head}\n1 1 x 0 0 0 0 0 0\n", "not a text of M-Track"),
    ],
)
def test_other_texts_are_refused(text, said, tmp_path):
    head = "FrameNum MouseNum LeftX LeftY RightX RightY MouseAngle MouseX MouseY"
    (tmp_path / "o.txt").write_text(text.format(head=head))
    with pytest.raises(InputError, match=said):
        read_mtrack(tmp_path / "o.txt")


@pytest.mark.parametrize("name", ["c.csv", "c.json"])
def test_clicks_come_back(name, tmp_path):
    clicks = (Click(3, "left", 1.5, 2.0), Click(7, "right", 4.0, 5.25))
    write_clicks(clicks, tmp_path / name)
    assert read_clicks(tmp_path / name) == clicks


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("frame,mark,x\n1,a,2\n", "no column y"),
        ("frame,mark,x,y\n", "no clicks"),
        ("frame,mark,x,y\n1.5,a,2,3\n", "row 1 is no click"),
        ("frame,mark,x,y\n1,a,2,3\n1,,2,3\n", "row 2 is no click"),
        ("frame,mark,x,y\n1,a,-2,3\n", "row 1 is no click"),
        ("frame,mark,x,y\n1,a,nan,3\n", "row 1 is no click"),
    ],
)
def test_other_tables_are_no_clicks(text, said, tmp_path):
    (tmp_path / "c.csv").write_text(text)
    with pytest.raises(InputError, match=said):
        read_clicks(tmp_path / "c.csv")


def test_a_bout_ends_after_it_begins(tmp_path):
    pd.DataFrame({"first_frame": [3], "end_frame": [3]}).to_csv(tmp_path / "b.csv", index=False)
    with pytest.raises(InputError, match="to a later one"):
        read_bouts(tmp_path / "b.csv")
