"""Recordings of postures and the datasets that they become."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.posture.recording import (
    AmplitudeRecording,
    PostureRecording,
    amplitudes_dataset,
    angles_dataset,
    recordings_of,
)
from datasets.store import load_dataset, save_dataset
from neuron_models.foundation.errors import InputError


def recording(name="w1", frames=20, segments=8, gap=(), *, placed=True, fps=10.0, seed=0):
    rng = np.random.default_rng(seed)
    angles = rng.normal(size=(frames, segments))
    angles -= angles.mean(axis=1, keepdims=True)
    angles[list(gap)] = np.nan
    mean = rng.normal(size=frames)
    mean[list(gap)] = np.nan
    centroid = rng.normal(size=(frames, 2)) if placed else None
    if placed:
        centroid[list(gap)] = np.nan
    return PostureRecording(name, angles, mean, fps, "N2", f"{name} animal", centroid, 1.1 if placed else None, "test")


@given(st.integers(1, 4), st.integers(0, 5), st.booleans(), st.integers(0, 100))
def test_recordings_come_back_from_their_dataset(count, gaps, placed, seed):
    rng = np.random.default_rng(seed)
    given = [recording(f"w{i}", 20 + i, gap=rng.choice(20, gaps), placed=placed, seed=seed + i) for i in range(count)]
    for before, after in zip(given, recordings_of(angles_dataset(given, "some")), strict=True):
        assert (before.name, before.strain, before.individual, before.length) == (
            after.name,
            after.strain,
            after.individual,
            after.length,
        )
        assert after.fps == pytest.approx(before.fps)
        np.testing.assert_array_equal(before.angles, after.angles)
        np.testing.assert_array_equal(before.mean_angle, after.mean_angle)
        assert (before.centroid is None) == (after.centroid is None)
        if placed:
            np.testing.assert_array_equal(before.centroid, after.centroid)


def test_gaps_survive_the_file_and_no_window_spans_one(tmp_path):
    dataset = angles_dataset([recording(frames=30, gap=(10,))], "some")
    save_dataset(dataset, tmp_path / "some.h5")
    again = load_dataset(tmp_path / "some.h5")
    assert list(again.trials[0].valid().nonzero()[0]) == [i for i in range(30) if i != 10]
    assert sorted(again.windows(5, 1).start) == [*range(5), *range(11, 25)]
    assert again.extra["posture"] == "angles"


def test_a_place_is_kept_only_where_all_have_one():
    both = angles_dataset([recording("a"), recording("b", placed=False)], "some")
    assert both.x_names[-1] == "mean_angle"


def test_amplitudes_with_and_without_turns():
    one = AmplitudeRecording("a", np.ones((5, 2)), 10.0, np.zeros(5))
    other = AmplitudeRecording("b", np.ones((6, 2)), 10.0)
    assert amplitudes_dataset([one], "some", {"method": "pca"}).x_names == ("a1", "a2", "turn")
    assert amplitudes_dataset([one, other], "some").x_names == ("a1", "a2")
    with pytest.raises(InputError, match="holds postures as amplitudes, not as angles"):
        recordings_of(amplitudes_dataset([one], "some"))


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: angles_dataset([], "x"), "there is no recording"),
        (lambda: angles_dataset([recording(), recording()], "x"), "more than once: w1"),
        (lambda: angles_dataset([recording(), recording("b", fps=30.0)], "x"), "frame rates from 10 to 30 Hz"),
        (lambda: angles_dataset([recording(), recording("b", segments=9)], "x"), "midlines of 9 and of 10 points"),
        (lambda: angles_dataset([recording(gap=range(20))], "x"), "'w1' has no frame with a midline"),
        (lambda: recording(fps=float("nan")), "frame rate must be > 0 Hz, got nan"),
    ],
)
def test_what_cannot_be_used_is_reported(make, text):
    with pytest.raises(InputError, match=text):
        make()
