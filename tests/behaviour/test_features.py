"""Features: invariances that hold exactly, and windows against loops."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.behaviour.features import frame_features
from datasets.behaviour.windows import STATISTICS, window_features, window_names
from datasets.dataset import PointTracks
from neuron_models.foundation.errors import InputError


def tracks(xy, fps=30.0) -> PointTracks:
    names = tuple(f"p{k}" for k in range(xy.shape[2]))
    return PointTracks("r", names, tuple("ab"[: xy.shape[1]]), xy, fps)


@pytest.fixture
def pair():
    rng = np.random.default_rng(0)
    xy = np.cumsum(rng.normal(size=(80, 2, 4, 2)), axis=0) + rng.normal(0, 30, (1, 2, 4, 2))
    xy[:, 1] += 300.0
    xy[10:14, 0, 2] = np.nan
    return xy


def test_nothing_changes_when_animals_are_exchanged_turned_or_moved(pair):
    values, names = frame_features(tracks(pair))
    swapped = pair.copy()
    swapped[::3] = swapped[::3, ::-1]
    np.testing.assert_array_equal(frame_features(tracks(pair[:, ::-1]))[0], values)
    angle = 0.7
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    np.testing.assert_allclose(frame_features(tracks(pair @ turn.T + 50))[0], values, rtol=2e-4, atol=1e-3)
    np.testing.assert_array_equal(frame_features(tracks(swapped))[0], values)
    assert len(set(names)) == len(names)
    assert all(name.endswith(")") for name in names)  # its unit


def test_lengths_and_speeds_are_what_they_say():
    frames = np.arange(60)
    xy = np.zeros((60, 1, 2, 2))
    xy[:, 0, :, 0] = frames[:, None] * 2.0 + np.array([30.0, 0.0])
    values, names = frame_features(tracks(xy, fps=10.0))
    column = dict(zip(names, values.T, strict=True))
    np.testing.assert_allclose(column["p0 to p1 (px)"], 30.0)
    np.testing.assert_allclose(column["speed (px/s)"][3:-3], 20.0, rtol=1e-5)


def test_three_animals_are_refused():
    with pytest.raises(InputError, match="features are those of one or two animals, the tracks have 3"):
        frame_features(PointTracks("r", ("p",), ("a", "b", "c"), np.zeros((5, 3, 1, 2)), 30.0))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 4))
def test_windows_are_those_of_a_loop(seed, radius):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(20, 3)).astype(np.float32)
    values[rng.random(values.shape) < 0.2] = np.nan
    found = window_features(values, 10.0, (radius / 10,))[:, 3:].reshape(20, len(STATISTICS), 3)
    for t in range(20):
        part = values[max(0, t - radius) : t + radius + 1].astype(float)
        after, before = values[t + 1 : t + radius + 1].astype(float), values[max(0, t - radius) : t].astype(float)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # NumPy warns of columns without any number
            expected = [np.nanmean(part, 0), np.nanstd(part, 0), np.nanmin(part, 0), np.nanmax(part, 0)]
        for index, each in enumerate(expected):
            np.testing.assert_allclose(found[t, index], each, rtol=1e-3, atol=1e-5)
        if len(after) and len(before) and np.isfinite(after).all() and np.isfinite(before).all():
            np.testing.assert_allclose(found[t, 4], after.mean(0) - before.mean(0), rtol=1e-3, atol=1e-5)


def test_a_swing_has_its_amplitude():
    values = 3.0 * np.sin(2 * np.pi * np.arange(200) / 21)[:, None]
    names = window_names(["x"], (1.0,))
    at = names.index("x: harmonic over 2 s")
    np.testing.assert_allclose(window_features(values, 10.0, (1.0,))[20:-20, at], 3.0, rtol=1e-3)


def test_a_window_of_no_frame_is_refused():
    with pytest.raises(InputError, match=r"a window of 0.25 s at 1 frames a second holds no frame"):
        window_features(np.zeros((5, 1)), 1.0)


def test_speeds_over_rest_are_the_same_at_another_scale_and_one_at_rest(pair):
    """A tenth of the frames is no faster than rest, whose logarithm is that of 1 and what is added to it."""
    (once, names), (again, _) = (frame_features(tracks(k * pair), over_rest=True) for k in (1.0, 7.0))
    chosen = [index for index, name in enumerate(names) if "over rest" in name]
    assert len(chosen) == 2 * 3 * 4
    assert frame_features(tracks(pair))[1] == tuple(name for name in names if "over rest" not in name)
    np.testing.assert_allclose(once[:, chosen], again[:, chosen], atol=1e-3)
    both = np.concatenate([once[:, chosen[0]], once[:, chosen[1]]])
    assert np.quantile(both, 0.1) == pytest.approx(np.log(1.05), abs=0.02)
    with pytest.raises(InputError, match="stand quite still"):
        frame_features(tracks(np.repeat(pair[:1], 80, axis=0)), over_rest=True)
