"""Swelling waves: their statistics, what they leave alone, and that a generator keeps to a ring that it learned on."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.posture.recording import AmplitudeRecording, amplitudes_dataset
from surrogates.posture.network.augmentation import scale_amplitudes, wander
from surrogates.posture.network.free_run import generate
from surrogates.posture.network.generated import draw_seeds
from surrogates.posture.network.segments import segments
from surrogates.registry import train_model
from surrogates.training.configuration import TrainingConfig


def circling(worms: int, frames: int, seed: int = 0):
    """Worms whose two amplitudes go round on a circle at a speed that wanders, with some noise."""
    rng = np.random.default_rng(seed)
    recordings = []
    for number in range(worms):
        phase = np.cumsum(0.3 + 0.1 * wander(frames, 1.0, 0.95, rng)) + 7 * rng.random()
        x = 2 * np.stack([np.cos(phase), np.sin(phase)], axis=1) + 0.1 * rng.standard_normal((frames, 2))
        recordings.append(AmplitudeRecording(f"w{number}", x, 10.0, strain="A", individual=f"w{number}"))
    return amplitudes_dataset(recordings, "circling")


def test_a_wander_has_the_variance_and_memory_asked_for():
    drawn = np.array([wander(40, 0.3, 0.9, np.random.default_rng(seed)) for seed in range(20_000)])
    np.testing.assert_allclose(drawn.std(axis=0), 0.3, rtol=0.03)
    assert np.mean(drawn[:, 5] * drawn[:, 8]) == pytest.approx(0.09 * 0.9**3, rel=0.05)


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 0.9), st.floats(0.0, 0.99))
def test_swelling_scales_about_the_mean_and_fades_in_what_follows(seed, size, kept):
    cut = segments(circling(2, 80))
    made = scale_amplitudes(cut, seed, size, kept)
    mean = np.concatenate([trial.x for trial in cut]).mean(axis=0)
    for before, after in zip(cut, made, strict=True):
        away = np.asarray(before.x) - mean
        scale = ((after.x - mean) * away).sum(axis=1) / (away**2).sum(axis=1)
        np.testing.assert_allclose(after.x - mean, scale[:, None] * away, atol=1e-9)
        following = 1 + kept * (scale - 1)
        np.testing.assert_allclose(after.y - mean, following[:, None] * (before.y - mean), atol=1e-9)
        assert (after.split, after.group) == (before.split, before.group)


def test_swelling_is_that_of_its_seed():
    cut = segments(circling(2, 80))
    one, same, other = (scale_amplitudes(cut, seed).trials[0].x for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.allclose(one, other)


@pytest.mark.slow
def test_a_free_run_keeps_to_the_ring_that_was_learned():
    data = circling(6, 1200)
    config = TrainingConfig(epochs=20, batch_size=8, learning_rate=0.01)
    model, _ = train_model("posture_lstm", data, config, {"units": 16, "components": 2, "dropout": 0.0})
    frames = np.stack([seed.frames for seed in draw_seeds(data, 10)])
    run = generate(model, frames, 600)[:, 50:]
    radius = np.hypot(run[..., 0], run[..., 1])
    assert radius.mean() == pytest.approx(2.0, abs=0.2)
    assert radius.std() < 0.6  # 0.86 where nothing swells in training: such a run fills the disc
