"""What worms do: features of worms whose speed, bends and turns are known, and those of Tierpsy."""

import h5py
import numpy as np
import pandas as pd
import pytest

from datasets.dataset import contiguous_runs
from datasets.posture.feature_tables import frame_table, worm_table
from datasets.posture.features import REGIONS, UNKNOWN, measure, midbody_speed, motion_bouts, omega_turns
from datasets.posture.generator.sample import SampleSettings, sample_worm
from datasets.posture.locomotion.path import LinearDrag, with_path
from datasets.posture.recording import PostureRecording, angles_dataset
from datasets.store import save_dataset


def sliding(speed=0.2, frames=100, fps=10.0, length=1.0, waves=1.0):
    """A sine along x, its head at low x, that slides as it is with the head in front: speed in mm/s."""
    index = (np.arange(48) + 0.5) / 48
    angles = np.repeat(0.5 * np.cos(2 * np.pi * waves * index)[None], frames, axis=0)
    angles -= angles.mean(axis=1, keepdims=True)
    centroid = np.column_stack([-speed * np.arange(frames) / fps, np.zeros(frames)])
    return PostureRecording("w", angles, np.zeros(frames), fps, "N2", "w", centroid, length)


@pytest.mark.parametrize("fps", [4.0, 10.0, 25.0])
@pytest.mark.parametrize("speed", [0.2, -0.2])
def test_a_sliding_sine_has_the_speed_it_slides_with(fps, speed):
    features = measure(sliding(speed, fps=fps, length=1.25))
    inside = np.isfinite(features.speed)
    assert inside.sum() == 100 - max(1, round(fps / 2))
    assert features.speed[inside] == pytest.approx(speed)
    assert features.relative_speed[inside] == pytest.approx(speed / 1.25)
    assert features.speed_units == "mm/s"
    assert set(features.motion[inside]) == {np.sign(speed)}
    assert not features.omega.any()
    assert not features.from_shape


def test_a_crawling_wave_goes_as_fast_as_its_path():
    index, time = (np.arange(24) + 0.5) / 24, np.arange(300)[:, None] / 10
    angles = 0.8 * np.cos(2 * np.pi * (1.5 * index - 0.4 * time))
    mean = angles.mean(axis=1)
    recording = PostureRecording("w", angles - mean[:, None], mean, 10.0)
    features = measure(recording)
    way = np.hypot(*with_path(recording, LinearDrag(100.0)).centroid[-1]) / 29.9
    assert features.from_shape
    assert features.speed_units == "lengths/s"
    assert np.nanmedian(features.speed) == pytest.approx(way, rel=0.1)
    assert (features.motion == 1).mean() > 0.95
    reversed_in_time = PostureRecording("w", recording.angles[::-1], mean[::-1], 10.0)
    assert (measure(reversed_in_time).motion == -1).mean() > 0.95


def test_bends_and_curvature_of_an_arc():
    """On an arc that turns by 2 rad from tail to head each bend is a twelfth of it; to the left is positive."""
    angles = np.repeat(np.linspace(1, -1, 48)[None], 3, axis=0) * 48 / 47
    features = measure(PostureRecording("w", angles, np.zeros(3), 10.0))
    turn = -np.diff(angles[0]).mean()
    assert features.curvature == pytest.approx(48 * turn)
    assert features.bends == pytest.approx(4 * turn)
    assert features.bends.shape == (3, len(REGIONS))


def test_the_head_alone_bends():
    angles = np.zeros((2, 48))
    angles[:, :4] = 0.6
    bends = measure(PostureRecording("w", angles - angles.mean(), np.zeros(2), 10.0)).bends
    assert bends[0, 0] == pytest.approx(np.mean([0.6, 0.45, 0.3, 0.15]))
    assert bends[0, 1:] == pytest.approx([0.0] * 4, abs=1e-12)


def test_bouts_last_more_than_half_a_second_and_bridge_a_quarter():
    speed = np.zeros(60)
    speed[10:16] = 0.05  # 6 frames at 10 Hz
    speed[20:25] = 0.06  # 5 frames
    speed[30:36] = -0.3
    speed[33] = np.nan
    motion = motion_bouts(speed, 10.0)
    assert (motion[10:16] == 1).all()
    assert (motion[20:25] == UNKNOWN).all()
    assert (motion[30:36] == -1).all()
    assert (motion[:10] == 0).all()
    assert (motion[16:20] == UNKNOWN).all()
    assert (motion_bouts(np.full(20, 0.04), 10.0) == UNKNOWN).all()


def test_a_fold_is_an_omega_turn_even_when_its_middle_is_hidden():
    angles = np.zeros((60, 48))
    fold = np.where(np.arange(48) < 24, 1.3, -1.3)
    angles[10:25] = fold
    angles[15:20] = np.nan  # half a second
    angles[40:45] = fold  # too short
    assert [tuple(s) for s in contiguous_runs(omega_turns(angles, 10.0))] == [(10, 25)]
    angles[12:24] = np.nan  # longer than trackers lose one
    assert not omega_turns(angles, 10.0).any()


def test_speed_and_bouts_do_not_reach_across_a_gap():
    recording = sliding()
    recording.angles[40:58] = np.nan
    recording.angles[59] = np.nan  # a single frame between gaps has no speed
    features = measure(recording)
    assert list(np.flatnonzero(np.isnan(features.speed))) == [0, 1, *range(37, 62), 97, 98, 99]
    assert (features.motion[37:62] == UNKNOWN).all()
    assert np.isnan(features.bends[40:58]).all()


def test_generated_actions_are_seen():
    worm = sample_worm(SampleSettings(duration=600.0, gaps=0.0), "N2", 3)
    features = measure(worm.recording)
    for action, code in ((0, 1), (1, -1), (2, 0)):
        done = worm.actions.action == action
        inner = np.convolve(done, np.ones(21), "same") > 20.5  # a second from where the action changes
        named = inner & (features.motion != UNKNOWN)
        assert named.sum() > 50
        assert (features.motion[named] == code).mean() > 0.9
    for first, last in contiguous_runs(features.omega):
        assert (worm.actions.action[first:last] == 3).any()


@pytest.mark.shared
def test_bouts_are_those_of_tierpsy(shared):
    """Its motion modes from its own midbody speed and length; 20 Hz is the frame rate that its bouts speak for."""
    with h5py.File(shared / "data" / "posture" / "tierpsy_features_one_worm.hdf5") as file:
        table = pd.DataFrame(file["features_timeseries"][:])
    table = table[table["frame_number"] >= 0]
    speed = (table["midbody_speed"] / table["length"].mean()).interpolate().to_numpy()
    modes, motion = table["motion_modes"].to_numpy(), motion_bouts(speed, 20.0)
    named = np.isfinite(modes)
    for code in (1, -1, 0):
        assert (motion[named & (modes == code)] == code).mean() > 0.96
    both = named & (motion != UNKNOWN)
    assert (motion[both] == modes[both]).mean() > 0.995


def test_tables_hold_what_was_measured():
    recording = sliding()
    features = measure(recording)
    frames, worms = frame_table(recording, features), worm_table([recording])
    assert len(frames) == 100
    assert frames["speed_mm_per_s"].to_numpy() == pytest.approx(features.speed, nan_ok=True)
    assert frames["motion"][50] == "forward"
    assert worms.loc[0, "speed_p50"] == pytest.approx(0.2)
    assert worms.loc[0, "forward_share"] == 1.0
    assert worms.loc[0, "reversals_per_min"] == 0.0


def test_the_command_writes_tables_and_a_picture(wormtwin, tmp_path):
    settings = SampleSettings(strains=("N2", "CB4856"), worms=2, duration=20.0)
    worms = [sample_worm(settings, name, i).recording for name in settings.strains for i in range(2)]
    save_dataset(angles_dataset(worms, "some"), tmp_path / "some.h5")
    status, printed, _ = wormtwin("posture", "features", tmp_path / "some.h5", "--out", tmp_path / "out")
    assert status == 0
    assert "4 worms" in printed
    frames, table = pd.read_csv(tmp_path / "out" / "frames.csv"), pd.read_csv(tmp_path / "out" / "worms.csv")
    assert len(frames) == 4 * 200
    assert list(table["strain"]) == ["N2", "N2", "CB4856", "CB4856"]
    expected = worm_table(worms)["speed_p50"].to_numpy()
    assert table["speed_p50"].to_numpy() == pytest.approx(expected, rel=1e-3)
    assert (tmp_path / "out" / "features.png").stat().st_size > 10_000


def test_the_command_tells_a_file_that_holds_no_midlines(wormtwin, tmp_path, linear_response):
    save_dataset(linear_response(), tmp_path / "other.h5")
    status, _, text = wormtwin("posture", "features", tmp_path / "other.h5", "--out", tmp_path / "out")
    assert status == 2
    assert "holds no postures, not as angles" in text
    assert not (tmp_path / "out").exists()


def test_too_few_frames_have_no_speed():
    lines = np.zeros((3, 49, 2))
    assert np.isnan(midbody_speed(lines, 10.0)).all()
