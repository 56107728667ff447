"""Midlines to angles and back, swaps of head and tail, and subsampling, against closed forms."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from datasets.dataset import contiguous_runs
from datasets.posture.midlines import (
    angles_of,
    lengths_of,
    midlines_of,
    resampled,
    unwrapped,
)
from datasets.posture.recording import AmplitudeRecording, PostureRecording
from datasets.posture.subsampling import lowpassed, subsampled
from datasets.posture.swaps import mended
from neuron_models.foundation.errors import InputError


def crawling(frames=200, points=49, *, fps=30.0, speed=0.2, seed=0):
    """A worm of length 1 whose body follows a sine at `speed` lengths a second along x; head first."""
    rng = np.random.default_rng(seed)
    along = np.linspace(0, 1, points)
    phase = rng.uniform(0, 2 * np.pi) + 2 * np.pi * speed * np.arange(frames) / fps
    angles = np.pi + 0.6 * np.cos(phase[:, None] + 2 * np.pi * 1.3 * (along[1:] + along[:-1]) / 2)
    centroid = np.stack([speed * np.arange(frames) / fps, np.zeros(frames)], axis=1)
    return midlines_of(angles, centroid=centroid)


# --- Angles


@pytest.mark.parametrize("segments", [16, 48, 5])
def test_the_angles_of_an_arc_grow_evenly(segments):
    """A circle's tangent turns in proportion to arclength, however unevenly its points are spread."""
    turn, indices = 1.7 * np.pi, np.linspace(0, 1, 2001) ** 2
    arc = np.stack([np.sin(turn * indices), 1 - np.cos(turn * indices)], axis=1)[None]
    angles, mean = angles_of(arc, segments)
    middles = (np.arange(segments) + 0.5) / segments
    assert np.allclose(angles[0], turn * (middles - 0.5), atol=1e-3)
    assert mean[0] == pytest.approx(turn / 2, abs=1e-3)


def test_the_angles_of_a_sine_are_its_slope():
    x = np.linspace(0, 2 * np.pi, 4001)
    line = np.stack([x, 0.5 * np.sin(x)], axis=1)[None]
    along = np.concatenate([[0], np.cumsum(np.hypot(np.diff(x), np.diff(line[0, :, 1])))])
    segments = 200
    angles, mean = angles_of(line, segments)
    middles = np.interp((np.arange(segments) + 0.5) / segments * along[-1], along, x)
    assert np.allclose(angles[0] + mean[0], np.arctan(0.5 * np.cos(middles)), atol=2e-3)


smooth = st.integers(2, 60).flatmap(lambda segments: arrays(float, (4, segments), elements=st.floats(-1.2, 1.2)))


@given(smooth, st.floats(-3, 3), st.floats(0.1, 5))
def test_midlines_and_angles_are_inverse(angles, heading, length):
    angles = angles - angles.mean(axis=1, keepdims=True)
    mean = heading + 0.1 * np.arange(4)
    centroid = np.arange(8.0).reshape(4, 2)
    points = midlines_of(angles, mean, centroid=centroid, length=length)
    assert np.allclose(lengths_of(points), length)
    assert np.allclose(points.mean(axis=1), centroid)
    again, heading_again = angles_of(points, angles.shape[1])
    assert np.allclose(again, angles, atol=1e-6)
    assert np.allclose(np.exp(1j * heading_again), np.exp(1j * mean), atol=1e-6)


@given(smooth, st.floats(-np.pi, np.pi), st.floats(0.2, 5), st.floats(-9, 9))
def test_a_turned_moved_and_scaled_worm_has_the_same_shape(angles, turn, scale, shift):
    points = midlines_of(angles)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    before, heading = angles_of(points, 12)
    after, turned = angles_of(scale * points @ rotation.T + shift, 12)
    assert np.allclose(after, before, atol=1e-5)
    assert np.allclose(np.exp(1j * turned), np.exp(1j * (heading + turn)), atol=1e-5)


def test_resampling_puts_points_at_equal_arclength():
    corner = np.array([[[0.0, 0.0], [3.0, 0.0], [3.0, 1.0]]])
    expected = [[0, 0], [1, 0], [2, 0], [3, 0], [3, 1]]
    assert np.allclose(resampled(corner, 5)[0], expected)
    assert np.isnan(resampled(np.full((2, 4, 2), np.nan), 5)).all()


def test_frames_without_a_midline_are_gaps():
    points = crawling(6)
    points[1, 4] = np.nan
    points[3, 7] = points[3, 8]
    angles, mean = angles_of(points, 16)
    assert np.isnan(mean).nonzero()[0].tolist() == np.isnan(angles).any(axis=1).nonzero()[0].tolist() == [1, 3]
    np.testing.assert_array_equal(angles[[0, 2, 4, 5]], angles_of(points[[0, 2, 4, 5]], 16)[0])


@pytest.mark.parametrize(
    ("points", "text"),
    [
        (np.full((5, 4, 2), np.nan), "all 5 frames are NaN"),
        (np.ones((5, 4, 2)), "5 of 5 have the same point twice in a row"),
        (np.concatenate([np.ones((2, 4, 2)), np.full((3, 4, 2), np.nan)]), "2 of 5 have the same point .* lack points"),
        (np.ones((5, 2, 2)), r"at least 3 points, 2\), got the shape \(5, 2, 2\)"),
    ],
)
def test_recordings_without_a_midline_are_reported(points, text):
    with pytest.raises(InputError, match=text):
        angles_of(points, 16)


@given(st.lists(st.booleans(), max_size=30))
def test_stretches_cover_what_is_valid(flags):
    valid = np.array(flags, dtype=bool)
    found = contiguous_runs(valid)
    inside = np.zeros(len(valid), dtype=bool)
    for first, after in found:
        inside[first:after] = True
    assert (inside == valid).all()
    assert all(b[0] > a[1] for a, b in pairwise(found))


@given(arrays(float, st.integers(1, 40), elements=st.floats(-1, 1)), st.sets(st.integers(0, 39), max_size=5))
def test_unwrapping_undoes_wrapping_within_stretches(steps, gaps):
    true = np.cumsum(steps)
    true[[i for i in gaps if i < len(true)]] = np.nan
    wrapped = np.angle(np.exp(1j * true))
    for first, after in contiguous_runs(np.isfinite(true)):
        expected = true[first:after] - true[first] + wrapped[first]
        assert np.allclose(unwrapped(wrapped)[first:after], expected)


# --- Swaps


def test_swapped_frames_are_found_and_mended():
    right = crawling(400)
    wrong = np.zeros(400, dtype=bool)
    wrong[[50, 51, 52, 200]] = True
    wrong[300:340] = True
    given = np.where(wrong[:, None, None], right[:, ::-1], right)
    given[[100, 101, 310]] = np.nan
    found, swaps = mended(given, 30.0)
    here = np.isfinite(given).all(axis=(1, 2))
    np.testing.assert_array_equal(found[here], right[here])
    assert swaps.count == 43
    assert swaps.swapped.tolist() == [[50, 53], [200, 201], [300, 310], [311, 340]]


def test_a_swap_over_a_short_gap_is_found_by_place_and_over_a_long_one_the_file_is_believed():
    right = crawling(300)
    for gap, wrong in ((slice(100, 110), 200), (slice(100, 160), 0)):
        given = right.copy()
        given[250:] = right[250:, ::-1]
        given[gap] = np.nan
        _, swaps = mended(given, 30.0)
        assert swaps.swapped.tolist() == [[250, 300]]
        given = right.copy()
        given[gap.stop :] = right[gap.stop :, ::-1]
        given[gap] = np.nan
        _, swaps = mended(given, 30.0)
        assert swaps.count == (100 if wrong else 0)  # the shorter part is called wrong


def test_an_omega_turn_that_was_not_seen_is_no_swap():
    before, after = crawling(100), crawling(100)[:, ::-1]
    unseen = np.full((60, 49, 2), np.nan)
    given = np.concatenate([before, unseen, after - after[0].mean(axis=0) + before[-1].mean(axis=0)])
    assert mended(given, 30.0)[1].count == 0


def test_nothing_to_compare():
    assert mended(np.full((3, 5, 2), np.nan), 30.0)[1].count == 0


# --- Subsampling


def wave(frequency, seconds=60.0, fps=30.0):
    return np.sin(2 * np.pi * frequency * np.arange(int(seconds * fps)) / fps)


def posture(signal, fps, gap=()):
    angles = np.stack([signal, -signal], axis=1)
    angles[list(gap)] = np.nan
    mean = np.where(np.isnan(angles[:, 0]), np.nan, 0.1 * np.arange(len(signal)))
    return PostureRecording("w", angles, mean, fps, centroid=np.stack([mean, -mean], axis=1), length=1.0)


@pytest.mark.parametrize("fps", [30.0, 25.0, 29.97, 14.0])
def test_slow_waves_pass_and_fast_ones_vanish(fps):
    """Below 4 Hz a sine keeps its value at the times of the new frames, to 0.2 %; above 5 Hz nothing is left."""
    for frequency in (0.3, 1.0, 3.0):
        new = subsampled(posture(wave(frequency, fps=fps), fps), 10.0)
        expected = np.sin(2 * np.pi * frequency * np.arange(len(new.angles)) / 10)
        inner = slice(20, -20)
        assert np.abs(new.angles[inner, 0] - expected[inner]).max() < 2e-3
        assert np.allclose(new.mean_angle, 0.1 * fps / 10 * np.arange(len(new.angles)), atol=1e-6)
        assert np.allclose(new.centroid[:, 1], -new.mean_angle, atol=1e-6)
    fast = subsampled(posture(wave(6.0, fps=fps), fps), 10.0)
    assert np.abs(fast.angles[20:-20]).max() < 2e-3
    assert fast.fps == 10.0


@given(st.lists(st.booleans(), min_size=1, max_size=80), st.sampled_from([11.0, 15.0, 25.0, 30.0]))
def test_gaps_stay_gaps_and_touch_nothing_else(flags, fps):
    """A stretch, however short, gives what it gives alone; no NaN spreads."""
    valid = np.array(flags, dtype=bool)
    x = np.where(valid[:, None], np.random.default_rng(len(flags)).normal(size=(len(flags), 2)), np.nan)
    new = subsampled(AmplitudeRecording("w", x, fps), 10.0).amplitudes
    times = np.arange(len(new)) * fps / 10
    inside = np.zeros(len(new), dtype=bool)
    for first, after in contiguous_runs(valid):
        here = (times >= first - 1e-6) & (times <= after - 1 + 1e-6)
        inside |= here
        alone = np.full_like(x, np.nan)
        alone[first:after] = x[first:after]
        np.testing.assert_array_equal(subsampled(AmplitudeRecording("w", alone, fps), 10.0).amplitudes[here], new[here])
    assert (np.isfinite(new).all(axis=1) == inside).all()


@pytest.mark.parametrize("frames", [1, 2, 3, 500])
def test_lines_stay_as_they_are(frames):
    line = np.stack([np.full(frames, 2.0), 3.0 - 0.5 * np.arange(frames)], axis=1)
    assert np.allclose(lowpassed(line, 30.0, 10.0), line)


def test_lower_rates_are_kept():
    recording = posture(wave(1.0, fps=8.0), 8.0)
    assert subsampled(recording, 10.0) is recording
    with pytest.raises(InputError, match="frame rate must be > 0 Hz, got nan"):
        subsampled(recording, float("nan"))
