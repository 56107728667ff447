"""Gaits: published examples, and flies whose gait is known."""

import numpy as np
import pandas as pd
import pytest

from datasets.pose.formats.tracks_file import save_tracks
from datasets.pose.gait.coordination import steps_of
from datasets.pose.gait.gaits import GAITS, find_gaits
from datasets.pose.gait.tables import animals_table, measure_gait, phases_table
from datasets.pose.gait.walking import GaitSettings, Walk, walks_of
from datasets.pose.generator.fly_gaits import OFFSETS
from datasets.pose.generator.fly_legs import LEGS
from datasets.pose.generator.sample import ANIMALS
from datasets.pose.generator.video import ArenaSettings, make_video
from datasets.pose.skeleton import Skeleton
from datasets.pose.tracks import Tracks

AXIS = ("abdomen", "head")


def tracks_of(video) -> Tracks:
    keypoints = np.stack([body.keypoints for body in video.bodies], axis=1)
    names = tuple(f"fly{k + 1}" for k in range(len(video.bodies)))
    return Tracks("flies", ANIMALS["fly"].skeleton, np.arange(len(video)), keypoints, None, names, video.fps)


@pytest.fixture(scope="module")
def flies():
    return make_video(ArenaSettings(frames=4000, width=900, height=800, animals=3, seed=4, gait="mixed"))


def walk_of(stance, along=None, speed=5.0) -> Walk:
    stance = np.asarray(stance, bool)
    along = np.where(stance, -speed, speed) if along is None else along
    frames = len(stance)
    return Walk(
        "fly", 100.0, LEGS, along, stance, np.ones(frames, bool), np.full(frames, speed), np.ones(frames, bool), "mm/s"
    )


@pytest.mark.shared
def test_the_published_examples_have_their_gait(shared):
    from scipy.io import loadmat

    walks = []
    for name in ("Tripod", "Tetrapod"):
        file = loadmat(shared / "data" / "pose" / "leap_gait" / f"{name}Example.mat", simplify_cells=True)
        np.testing.assert_array_equal(file["example_vel"].T < 0, file["example_stance"].T)
        walks.append(walk_of(file["example_stance"].T, file["example_vel"].T))
    gaits = find_gaits(walks)
    for index, states in enumerate(gaits.by_walk):
        assert (states == index).mean() >= 0.95


def test_known_gaits_are_found(flies):
    gait = measure_gait(walks_of(tracks_of(flies), GaitSettings(LEGS, AXIS)))
    names = {"tripod": 0, "tetrapod": 1, "wave": 2}
    pairs = [
        (names[true], state)
        for body, states in zip(flies.bodies, gait.gaits.by_walk, strict=True)
        for true, state in zip(body.gait, states, strict=True)
        if true and state >= 0
    ]
    assert len(pairs) > 2000
    assert np.mean([true == state for true, state in pairs]) >= 0.97
    table = animals_table(gait)
    for name in ("tripod speed", "tetrapod speed"):
        assert (table[name] > table[{"tripod speed": "tetrapod speed", "tetrapod speed": "other speed"}[name]]).all()


def test_phases_are_those_that_were_drawn():
    video = make_video(ArenaSettings(frames=2500, width=600, height=600, animals=1, seed=2, gait="tetrapod"))
    gait = measure_gait(walks_of(tracks_of(video), GaitSettings(LEGS, AXIS)))
    phases = phases_table(gait)
    expected = (np.array(OFFSETS["tetrapod"][0]) - OFFSETS["tetrapod"]) % 1.0
    off = np.abs((phases["phase"] - expected + 0.5) % 1.0 - 0.5)
    assert off.max() < 0.06
    assert phases["strength"].min() > 0.9


def test_steps_of_a_square_wave_are_counted_exactly():
    one = np.array([True] * 6 + [False] * 4)
    stance = np.stack([np.roll(np.tile(one, 10), 5 * (k % 2)) for k in range(6)], axis=1)
    steps = steps_of(walk_of(stance))
    assert {(s.swing, s.stance, s.duty) for s in steps} == {(4, 6, 0.6)}
    assert len([s for s in steps if s.leg == LEGS[0]]) == 9
    assert steps[0].length == pytest.approx(4 * 5.0 / 100)


def test_a_leg_that_is_lost_cuts_the_walk(flies):
    tracks = tracks_of(flies)
    whole = walks_of(tracks, GaitSettings(LEGS, AXIS))[0]
    first, end = max(whole.bouts(), key=lambda bout: bout[1] - bout[0])
    middle = (first + end) // 2
    tracks.xy[middle, 0, tracks.skeleton.keypoints.index("hind_L")] = np.nan
    cut = walks_of(tracks, GaitSettings(LEGS, AXIS, shortest=0.05))[0]
    assert not cut.walking[middle]
    assert cut.walking[first + 2 : middle - 2].all()


def test_the_command_leaves_tables_and_pictures(flies, wormtwin, tmp_path, coloured):
    file, out = save_tracks(tracks_of(flies), tmp_path / "flies.h5"), tmp_path / "gait"
    status, printed, error = wormtwin("pose", "gait", file, "--mm-per-pixel", 0.04, "--out", out)
    assert status == 0, error
    assert "tripod index" in printed
    steps, frames = (pd.read_csv(out / f"{name}.csv") for name in ("steps", "frames"))
    assert set(frames["gait"].dropna()) == set(GAITS)
    assert len(frames) == 3 * len(flies)
    assert len(steps) > 300
    for name in ("footfalls", "by_speed"):
        assert coloured(out / f"{name}.png", "#FCFCFA") < 0.98


SIX = Skeleton(("abdomen", "head", *LEGS), (("abdomen", "head"),), ())


def straight(pixels: float, fps: float = 100.0, frames: int = 300) -> Tracks:
    """A body that slides along with its legs held still."""
    at = np.arange(frames)[:, None] * pixels
    x = at + np.array([0.0, 40.0, *range(6)])
    xy = np.stack([x, np.broadcast_to(np.arange(8.0), x.shape)], axis=-1)[:, None]
    return Tracks("slide", SIX, np.arange(frames), xy, None, ("one",), fps)


@pytest.mark.parametrize(
    ("tracks", "options", "said"),
    [
        (straight(0.0), (), "no animal ever walks ahead faster than 0.5 body lengths/s for more than 0.5 s"),
        (straight(0.0), (), "take --speed legs"),
        (straight(-1.0), (), "100 % of the time one goes backward: exchange the ends of --axis"),
        (straight(1.0, fps=20.0), (), "has 20 frames a second: steps of up to 15 Hz need 30 frames a second"),
        (straight(1.0, frames=1), (), "slide has 1 frame: walking needs many"),
        (straight(1.0), ("--legs", "front_L,front_X"), "there is no key point 'front_X'"),
        (straight(1.0), ("--legs", "front_L,middle_L,hind_L"), "as many left legs as right ones, got 3 legs"),
        (straight(1.0), ("--legs", "front_L,front_L"), "front_L"),
        (straight(1.0), ("--axis", "head"), "--axis names two key points, such as abdomen,head, got 'head'"),
        (straight(1.0), ("--speed", "wind"), "speed must be one of track, legs, got 'wind'"),
        (straight(1.0), ("--mm-per-pixel", 0), "the scale must be > 0 mm a pixel, got 0"),
    ],
)
def test_wrong_input_is_one_line(tracks, options, said, wormtwin, refused, tmp_path):
    file = save_tracks(tracks, tmp_path / "tracks.h5")
    refused(wormtwin("pose", "gait", file, *options, "--out", tmp_path / "out"), said)
    assert not (tmp_path / "out").exists()


def test_gaits_are_known_names(wormtwin, refused, tmp_path):
    call = ("pose", "make-sample", "--out", tmp_path / "s.h5", "--video", tmp_path / "v")
    refused(wormtwin(*call, "--video-gait", "gallop"), "must be one of tripod, tetrapod, wave, mixed, got 'gallop'")
    refused(wormtwin(*call, "--animal", "worm", "--video-gait", "wave"), "a worm has no gait")


def test_the_sample_says_which_gait_each_frame_shows(wormtwin, tmp_path):
    call = (
        "pose",
        "make-sample",
        "--out",
        tmp_path / "s.h5",
        "--frames",
        5,
        "--video",
        tmp_path / "v",
        "--video-frames",
        60,
    )
    status, printed, error = wormtwin(*call, "--video-gait", "wave")
    assert status == 0, error
    assert "v.gaits.csv" in printed
    table = pd.read_csv(tmp_path / "v.gaits.csv", keep_default_na=False)
    assert len(table) == 2 * 60
    assert set(table["gait"]) <= {"", "wave"}
    assert (table.loc[table["gait"] == "wave", "behaviour"] == "walk").all()
