"""Networks and the maps that they learn."""

import itertools

import jax
import numpy as np
import pytest
from scipy.stats import norm

from surrogates.backend import keras
from surrogates.pose.maps import MapEntropy, MapError, Peaks, PixelError, spread
from surrogates.pose.models import POSE_MODELS
from surrogates.pose.networks import leap_cnn
from surrogates.registry import model_kind

SIZE = (40, 48)


def test_leap_is_the_published_network():
    model = leap_cnn(1, 32, size=(192, 192))
    layers = [layer for layer in model.layers if layer.name not in ("image", "white_is_one")]
    assert len(layers) == 15
    assert [type(layer).__name__ for layer in layers if "onv2D" not in type(layer).__name__] == ["MaxPooling2D"] * 2
    widths = [1, 64, 64, 64, 128, 128, 128, 256, 256, 256, 128, 128, 128, 32]
    weights = sum(9 * a * b + b for a, b in itertools.pairwise(widths))
    assert model.count_params() == weights
    assert model.output_shape == (None, 192, 192, 32)
    assert layers[-1].activation is keras.activations.linear


@pytest.mark.parametrize("name", POSE_MODELS)
def test_maps_stand_for_squares_of_the_image(name, fish):
    kind = model_kind(name)
    model = kind.for_data(fish, filters=8, seed=3)
    high, wide = model.input_shape[1:3]
    assert high >= SIZE[0]
    assert wide >= SIZE[1]
    stride = kind.objective.loss.stride
    assert model.output_shape[-3:] == (high // stride, wide // stride, 4)
    again = kind.for_data(fish, filters=8, seed=3)
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), again.get_weights(), strict=True))


@pytest.mark.parametrize("loss", [MapError(2), MapEntropy(2)])
def test_a_perfect_map_has_the_least_loss_and_peaks_at_the_label(loss):
    y = np.array([[[10.3, 7.6, 1], [21.0, 16.5, 1], [0, 0, 0]]], np.float32)
    centre, width = (y[0, :, :2] + 0.5) / 2 - 0.5, spread(16, 24, loss.sigma)
    down, across = (norm.pdf(np.arange(n)[:, None], centre[:, axis], width) for n, axis in ((16, 1), (24, 0)))
    maps = (down[:, None] * across * 2 * np.pi * width**2)[None].astype(np.float32)
    logs = isinstance(loss, MapEntropy)
    given = np.log(np.maximum(maps, 1e-30)) if logs else maps
    judge = jax.jit(loss)
    best, worse = float(judge(y, given)[0]), float(judge(y, np.roll(given, 1, axis=2))[0])
    assert worse > best + 1e-4
    if not logs:
        assert best == pytest.approx(0, abs=1e-9)
    found = np.asarray(jax.jit(Peaks(2, logs))(given))
    assert np.allclose(found[0, :2, :2], y[0, :2, :2], atol=0.02)
    assert (found[0, :2, 2] > 0.6).all()
    coarse = np.asarray(jax.jit(Peaks(2, logs, refine=False))(given))
    assert np.array_equal(coarse[0, :2, :2] % 2, np.full((2, 2), 0.5))
    assert float(jax.jit(PixelError(loss))(y, given)[0]) < 1


@pytest.mark.parametrize("loss", [MapError(1), MapEntropy(1)])
def test_a_keypoint_without_label_is_not_learned_as_absent(loss):
    rng = np.random.default_rng(0)
    y = np.array([[[5, 5, 1], [0, 0, 0]]], np.float32)
    maps = rng.random((1, 12, 12, 2)).astype(np.float32)
    other = maps.copy()
    other[..., 1] = rng.random((1, 12, 12))
    judge = jax.jit(loss)
    assert judge(y, maps) == pytest.approx(judge(y, other))


def test_a_peak_on_the_border_stays_there():
    maps = np.zeros((1, 8, 9, 1), np.float32)
    maps[0, 0, 8] = 1
    assert jax.jit(Peaks())(maps)[0, 0].tolist() == [8, 0, 1]
