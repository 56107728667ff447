"""Eigenworms against scikit-learn and against sources that were mixed, and amplitudes there and back."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.dataset import Dataset, Trial
from datasets.posture.eigenworm_fit import fit_eigenworms
from datasets.posture.eigenworms import (
    Eigenworms,
    amplitudes_from,
    amplitudes_of,
    angles_from,
    as_json,
    eigenworms_of,
    on_segments,
    pooled_angles,
    postures_of,
    reconstruction,
)
from datasets.posture.midlines import angles_of, midlines_of
from datasets.posture.recording import AmplitudeRecording, PostureRecording, amplitudes_dataset, angles_dataset
from neuron_models.foundation.errors import InputError


def mixed(frames=4000, segments=16, seed=0):
    """Angles of four independent sources, two of them flat and two peaked, and the shapes that they weigh."""
    rng = np.random.default_rng(seed)
    sources = np.stack(
        [
            1.5 * np.sqrt(2) * np.sin(rng.uniform(0, 2 * np.pi, frames)),
            1.4 * np.sqrt(12) * rng.uniform(-0.5, 0.5, frames),
            1.3 * rng.laplace(size=frames) / np.sqrt(2),
            1.2 * rng.exponential(size=frames),
        ],
        axis=1,
    )
    along = (np.arange(segments) + 0.5) / segments
    shapes = np.stack([np.cos(np.pi * (k + 1) * along) + 0.2 * k * along for k in range(4)])
    shapes -= shapes.mean(axis=1, keepdims=True)
    shapes /= np.linalg.norm(shapes, axis=1, keepdims=True)
    return sources @ shapes + 0.01 * rng.normal(size=(frames, segments)), shapes


def worms(count=2, frames=300, segments=48, gap=()):
    angles, _ = mixed(count * frames, segments)
    angles = 0.3 * (angles - angles.mean(axis=1, keepdims=True))
    found = []
    for i in range(count):
        mine = angles[i * frames : (i + 1) * frames].copy()
        mean = np.cumsum(np.random.default_rng(i).normal(size=frames)) * 0.05
        mine[list(gap)] = np.nan
        mean[list(gap)] = np.nan
        found.append(PostureRecording(f"w{i}", mine, mean, 10.0, "N2", f"animal {i}", length=1.0 + i))
    return found


def test_pca_is_that_of_scikit_learn():
    from sklearn.decomposition import PCA

    angles, _ = mixed()
    found, theirs = fit_eigenworms(angles, 4, "pca"), PCA(4).fit(angles)
    assert np.allclose(found.variance_explained, theirs.explained_variance_ratio_)
    assert np.allclose(np.abs((found.shapes * theirs.components_).sum(axis=1)), 1)
    assert np.allclose(found.mean, theirs.mean_)
    back = theirs.inverse_transform(theirs.transform(angles))
    assert np.allclose(angles_from(amplitudes_from(angles, found), found), back)
    assert reconstruction(angles, found).error == pytest.approx(np.sqrt(((angles - back) ** 2).mean()))


def test_ica_finds_the_shapes_that_were_mixed():
    angles, shapes = mixed()
    found = fit_eigenworms(angles, 4, "ica")
    likeness = np.abs(found.shapes @ shapes.T).max(axis=1)
    assert likeness.min() > 0.99
    assert np.abs(fit_eigenworms(angles, 4, "pca").shapes @ shapes.T).max(axis=1).min() < 0.95
    assert found.variance_explained.sum() == pytest.approx(reconstruction(angles, found).variance_explained)


@pytest.mark.parametrize("method", ["pca", "ica"])
def test_order_and_sign_do_not_depend_on_the_frames_order_or_on_chance(method):
    angles, _ = mixed()
    found = fit_eigenworms(angles, 4, method)
    for seed in range(3):
        np.random.seed(seed)
        again = fit_eigenworms(np.random.default_rng(seed).permutation(angles), 4, method)
        assert np.allclose(again.shapes, found.shapes, atol=1e-6)
    mirrored = fit_eigenworms(-angles, 4, method)
    assert np.allclose(mirrored.shapes, found.shapes, atol=1e-6)
    assert (np.diff(found.variance_explained) <= 0).all()
    assert np.allclose(np.linalg.norm(found.shapes, axis=1), 1)


@given(st.integers(1, 16), st.sampled_from(["pca", "ica"]), st.integers(0, 20))
def test_amplitudes_come_back_by_least_squares(count, method, seed):
    rng = np.random.default_rng(seed)
    shapes = np.linalg.qr(rng.normal(size=(16, 16)))[0][:count] + 0.1
    eigenworms = Eigenworms(shapes, rng.normal(size=16), method, np.full(count, 0.1))
    amplitudes = rng.normal(size=(5, count))
    amplitudes[2] = np.nan
    assert np.allclose(amplitudes_from(angles_from(amplitudes, eigenworms), eigenworms), amplitudes, equal_nan=True)


def test_sixteen_angles_are_those_between_every_third_of_49_points():
    recording = worms(1)[0]
    third = midlines_of(recording.angles, recording.mean_angle)[:, ::3]
    pieces = np.diff(third, axis=1)
    angles, mean = on_segments(recording, 16)
    assert np.allclose(np.exp(1j * (angles + mean[:, None])), np.exp(1j * np.arctan2(pieces[..., 1], pieces[..., 0])))
    assert np.allclose(angles, angles_of(third, 16)[0], atol=0.02)  # whose pieces differ in length


def test_a_dataset_of_angles_becomes_amplitudes_and_angles_again():
    dataset = angles_dataset(worms(gap=(100, 101)), "two worms")
    eigenworms = fit_eigenworms(pooled_angles(dataset), 6, "pca", "two worms")
    amplitudes = amplitudes_of(dataset, eigenworms)
    assert amplitudes.x_names == ("a1", "a2", "a3", "a4", "a5", "a6", "turn")
    assert (~amplitudes.trials[0].valid()).nonzero()[0].tolist() == [0, 100, 101, 102]  # turns need the frame before
    assert amplitudes.trials[0].group == "animal 0"
    kept = json.loads(json.dumps(amplitudes.extra))
    assert np.allclose(eigenworms_of(amplitudes).shapes, kept["eigenworms"]["shapes"])
    for before, after in zip(worms(gap=(100, 101)), postures_of(amplitudes), strict=True):
        angles, mean = on_segments(before, 16)
        here = np.isfinite(after.mean_angle)
        assert np.allclose(after.angles[here], angles[here], atol=0.05)
        late = slice(103, None)
        assert np.allclose(after.mean_angle[late] - after.mean_angle[103], mean[late] - mean[103])
        assert (after.strain, after.individual, after.length) == (before.strain, before.individual, before.length)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: fit_eigenworms(mixed()[0], 17), "1 to 16 eigenworms of 16 segments, not 17"),
        (lambda: fit_eigenworms(mixed()[0], 0), "not 0"),
        (lambda: fit_eigenworms(mixed()[0][:6], 6), "need more than 6 frames, there are 6"),
        (lambda: fit_eigenworms(np.full((9, 16), np.nan), 4), "more than 4 frames, there are 0"),
        (lambda: fit_eigenworms(np.ones((99, 16)), 4), "do not differ in 4 ways"),
        (lambda: fit_eigenworms(mixed()[0], 4, "nmf"), "by ica or pca, not by 'nmf'"),
        (lambda: angles_from(np.ones((3, 2)), fit_eigenworms(mixed()[0], 4)), "2 amplitudes a frame .* 4 eigenworms"),
        (
            lambda: pooled_angles(amplitudes_dataset([AmplitudeRecording("a", np.ones((5, 2)), 10.0)], "x")),
            "not as ang",
        ),
        (
            lambda: eigenworms_of(amplitudes_dataset([AmplitudeRecording("a", np.ones((5, 2)), 10.0)], "x")),
            "not say of",
        ),
        (lambda: eigenworms_of(angles_dataset(worms(), "x")), "as angles, not as amplitudes"),
        (lambda: eigenworms_of(damaged(shapes=[[1.0, "a"]])), "its eigenworms are damaged"),
        (lambda: eigenworms_of(damaged(mean=[1.0])), "do not fit a mean of 1 segments|damaged"),
        (lambda: eigenworms_of(damaged(mean=[np.nan] * 16)), "must be finite"),
    ],
)
def test_what_cannot_be_used_is_reported(make, text):
    with pytest.raises(InputError, match=text):
        make()


def test_climbing_comes_to_the_same_as_the_fixed_point(monkeypatch):
    angles, _ = mixed()
    settled = fit_eigenworms(angles, 4)
    monkeypatch.setattr("datasets.posture.eigenworm_fit.FIXED_POINT_STEPS", 1)
    assert np.abs(fit_eigenworms(angles, 4).shapes @ settled.shapes.T).max(axis=1).min() > 0.99


def test_gaussian_amplitudes_stay_those_of_the_variance():
    """Of noise no direction is independent of the others: ICA still gives six shapes that explain what PCA does."""
    noise = np.random.default_rng(0).normal(size=(3000, 16)) * np.linspace(1, 2, 16)
    found, plain = fit_eigenworms(noise, 6), fit_eigenworms(noise, 6, "pca")
    assert found.variance_explained.sum() == pytest.approx(plain.variance_explained.sum())
    assert np.linalg.matrix_rank(found.shapes) == 6


def test_ica_is_that_of_scikit_learn():
    from sklearn.decomposition import FastICA

    angles, _ = mixed()
    theirs = FastICA(4, algorithm="deflation", fun="cube", whiten="unit-variance", tol=1e-12, random_state=0).fit(
        angles
    )
    shapes = theirs.mixing_.T / np.linalg.norm(theirs.mixing_.T, axis=1, keepdims=True)
    assert (
        np.abs(fit_eigenworms(angles, 4).shapes @ shapes.T).max(axis=1).min() > 0.998
    )  # whose search starts elsewhere


def damaged(**wrong):
    stored = as_json(fit_eigenworms(mixed()[0], 4)) | wrong
    return Dataset(
        "x", (Trial("a", np.ones((3, 4))),), 100.0, tuple("abcd"), extra={"posture": "amplitudes", "eigenworms": stored}
    )


# --- The command


@pytest.fixture
def angles_file(tmp_path):
    from datasets.store import save_dataset

    return save_dataset(angles_dataset(worms(), "two worms"), tmp_path / "angles.h5")


def test_the_command_fits_saves_draws_and_reuses(wormtwin, angles_file, tmp_path, saved_figures):
    from datasets.store import load_dataset

    status, out, err = wormtwin("posture", "eigenworms", angles_file, "--out", tmp_path / "a.h5", "--count", 4)
    assert (status, err) == (0, "")
    assert "a4" in out
    assert "reconstruction error" in out
    first = load_dataset(tmp_path / "a.h5")
    named = {axes.get_title(): axes for axes in saved_figures["a.png"].axes}
    for number, shape in enumerate(eigenworms_of(first).shapes, start=1):
        (axes,) = [axes for title, axes in named.items() if title.startswith(f"a{number}: ")]
        np.testing.assert_allclose(axes.lines[-1].get_ydata(), shape)
    assert len(first.x_names) == 5
    again = tmp_path / "b.h5"
    picture = tmp_path / "b.svg"
    arguments = ("--use", tmp_path / "a.h5", "--plot", picture)
    assert wormtwin("posture", "eigenworms", angles_file, "--out", again, *arguments)[0] == 0
    assert picture.exists()
    np.testing.assert_array_equal(load_dataset(again).trials[0].x[:], first.trials[0].x[:])


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--method", "nmf"), "--method must be one of ica, pca, got 'nmf'"),
        (("--count", 0), "not 0"),
        (("--use", "x.h5", "--count", 3), "--use takes eigenworms as they are"),
        (("--plot", "x.bmp"), "picture's name ends in"),
    ],
)
def test_wrong_options_are_one_line(wormtwin, angles_file, tmp_path, arguments, text):
    status, _, err = wormtwin("posture", "eigenworms", angles_file, "--out", tmp_path / "a.h5", *arguments)
    assert status == 2
    assert text in err
    assert len(err.strip().splitlines()) == 1
    assert not (tmp_path / "a.h5").exists()


@pytest.mark.shared
def test_six_shapes_tell_a_real_worm(shared):
    from datasets.posture.recordings import load_recordings

    dataset = load_recordings([shared / "data" / "posture" / "wormpose_skeletons.h5"]).dataset
    angles = pooled_angles(dataset)
    for method in ("ica", "pca"):
        found = reconstruction(angles, fit_eigenworms(angles, 6, method))
        assert found.variance_explained > 0.98  # Li et al. 2017
        assert found.error < 0.05
