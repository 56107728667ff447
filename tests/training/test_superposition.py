"""Mixtures of training trials: they are what the linear system answers, and count where both trials do."""

import numpy as np
import pytest
from scipy.signal import lfilter

from neuron_models.foundation.errors import InputError
from surrogates.training.superposition import superposed


@pytest.fixture
def answered():
    """Stimuli, and what a filter with a rest of -0.065 answers."""
    x = np.random.default_rng(0).normal(size=(4, 50, 1))
    x[:, 0] = 0
    return x, lfilter([0, 1], [1, -0.8], x, axis=1) - 0.065, None


def test_a_mixture_is_what_the_system_answers(answered):
    x, y, _ = superposed(answered, 6, seed=3)
    assert x.shape == (10, 50, 1)
    np.testing.assert_array_equal(x[:4], answered[0])
    np.testing.assert_allclose(y, lfilter([0, 1], [1, -0.8], x, axis=1) - 0.065, atol=1e-12)
    assert 0.5 < x[4:].std() / x[:4].std() < 1.5
    np.testing.assert_array_equal(superposed(answered, 6, seed=3)[0], x)
    assert superposed(answered, 0) is answered


def test_samples_count_where_both_do(answered):
    x, y, _ = answered
    weight = np.ones((4, 50))
    weight[0, 30:] = weight[1, 20:] = weight[2, 10:] = weight[3, 5:] = 0
    both = superposed((x, y, weight), 5)[2]
    assert both.mean() == pytest.approx(1.0)
    assert {int((row > 0).sum()) for row in both[4:]} <= {5, 10, 20}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda x, y: (x[:1], y[:1]), "mixes two training trials"),
        (lambda x, y: (x, y + np.arange(4)[:, None, None]), "begin at rest"),
    ],
)
def test_what_cannot_be_mixed_is_refused(answered, change, words):
    with pytest.raises(InputError, match=words):
        superposed((*change(*answered[:2]), None), 3)
